//! What wasmtime keeps for one user beside the guest's memory.
//!
//! Upstream: `instance.rs` makes one per instance. Downstream: `interfaces/` and WASI read and
//! change it. Ends with the instance; exchanges that were not judged are recorded then.
//! Invariant: [`UserState`] never leaves its core's thread. wasmtime asks for `Send`, so it is
//! wrapped in a type that checks the thread.

use std::rc::Rc;
use std::sync::Arc;

use send_wrapper::SendWrapper;
use slab::Slab;
use wasmtime::ResourceLimiter;
use wasmtime_wasi::{FsPerms, ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wload_core::event::LogLevel;
use wload_core::ids::{ClassId, UserId};
use wload_core::limits::GuestLimits;
use wload_core::random::UserRandom;
use wload_http::HttpClient;

use crate::compute::ComputeMeter;
use crate::core_context::{CoreContext, UserSignals};
use crate::error::{Cause, ScenarioError};
use crate::guest_log::{GuestLog, LogLines, PanicLines};
use crate::interfaces::http::{OpenExchange, Template};
use crate::kept::KeptValue;
use crate::loader::{Grants, Shared};

/// The stream of random numbers that the guest draws from; the engine's own choices have another.
const GUEST_STREAM: u64 = 0x6775_6573_7400_0001;

/// `T` of `Store<T>`.
pub(crate) struct StoreState {
    table: ResourceTable,
    wasi: WasiCtx,
    limits: Arc<GuestLimits>,
    pub(crate) compute: ComputeMeter,
    /// Bytes of all linear memories.
    memory_bytes: usize,
    /// The export that runs must not use the host: `save`, `restore`, `reset`.
    is_closed: bool,
    /// Absent while `describe` runs: then only log, clocks and random numbers work.
    user: Option<SendWrapper<UserState>>,
}

/// What belongs to an instance, with the user that lives in it.
pub(crate) struct UserState {
    pub(crate) core: Rc<CoreContext>,
    pub(crate) log: Rc<GuestLog>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) resident: Box<Resident>,
    pub(crate) exchanges: Slab<OpenExchange>,
    pub(crate) templates: Slab<Template>,
    /// Bytes of what is in `templates`.
    pub(crate) template_bytes: usize,
    /// Exchanges that wait for a verdict.
    pub(crate) judged_open: u32,
    pub(crate) limits: Arc<GuestLimits>,
    /// Bytes of the bodies of `exchanges`.
    pub(crate) held_body_bytes: u64,
    /// Metrics and tables in the guest's hands.
    pub(crate) handles_open: usize,
    /// The call that runs is a task or a start: it ends when the user is being stopped. A stop
    /// hook may still send.
    pub(crate) is_stoppable: bool,
}

/// What is a user's own, and goes with it when it is saved.
pub(crate) struct Resident {
    pub(crate) signals: Rc<UserSignals>,
    pub(crate) client: HttpClient,
    pub(crate) random: UserRandom,
    pub(crate) identity: Option<Identity>,
    /// What was refused since the user is being stopped.
    pub(crate) refusals: u32,
    /// What it keeps beside its saved state.
    pub(crate) kept: Slab<Arc<KeptValue>>,
}

/// Which user this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Unique in the run.
    pub id: UserId,
    /// Its class.
    pub class: ClassId,
    /// Its number in the class.
    pub class_index: u64,
}

/// What a guest did that the contract does not allow; it traps.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(pub(crate) String);

/// A trap with this text.
pub(crate) fn misuse(message: impl Into<String>) -> wasmtime::Error {
    wasmtime::Error::new(Misuse(message.into()))
}

impl StoreState {
    /// For `describe`: a guest without user, network and output.
    pub(crate) fn without_user(
        limits: Arc<GuestLimits>,
        compute: ComputeMeter,
        panic: &PanicLines,
    ) -> Self {
        Self {
            table: handle_table(&limits),
            wasi: wasi(&limits).stderr(panic.output()).build(),
            limits,
            compute,
            memory_bytes: 0,
            is_closed: false,
            user: None,
        }
    }

    /// For a user, or for the instance of a shape or of hooks.
    pub(crate) fn for_user(
        limits: Arc<GuestLimits>,
        compute: ComputeMeter,
        user: UserState,
        grants: &Grants,
    ) -> Result<Self, ScenarioError> {
        let mut wasi = wasi(&limits);
        wasi.stdout(LogLines::new(user.log.clone(), LogLevel::Info));
        wasi.stderr(LogLines::new(user.log.clone(), LogLevel::Error));
        for (name, value) in &grants.env {
            wasi.env(name, value);
        }
        for dir in &grants.dirs {
            let perms = if dir.is_writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            wasi.preopened_dir(&dir.host, &dir.guest, perms).map_err(|error| {
                ScenarioError::Grant { path: dir.host.clone(), source: Cause::of(&error) }
            })?;
        }
        Ok(Self {
            table: handle_table(&limits),
            wasi: wasi.build(),
            limits,
            compute,
            memory_bytes: 0,
            is_closed: false,
            user: Some(SendWrapper::new(user)),
        })
    }

    /// The limits of this instance.
    pub(crate) fn limits(&self) -> &GuestLimits {
        &self.limits
    }

    /// The user, or a trap that says why there is none.
    pub(crate) fn user(&mut self) -> wasmtime::Result<&mut UserState> {
        if self.is_closed {
            return Err(misuse(
                "`hibernation` may not use the host: requests, events, data and sleeping belong into tasks",
            ));
        }
        self.owner()
    }

    /// The same for what is allowed everywhere: giving handles back.
    pub(crate) fn owner(&mut self) -> wasmtime::Result<&mut UserState> {
        match &mut self.user {
            Some(user) => Ok(user),
            None => Err(misuse(
                "`describe` may not use the host: requests, events, data, options and sleeping belong into tasks",
            )),
        }
    }

    /// Whether the export that is called next must do without the host.
    pub(crate) fn set_closed(&mut self, is_closed: bool) {
        self.is_closed = is_closed;
    }

    /// Bytes of all linear memories.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Nothing of the user is left in the host's part of the instance: no handle of any kind, WASI's
    /// streams and files included.
    pub(crate) fn is_clean(&mut self) -> bool {
        self.table.is_empty() && self.user_if_any().is_none_or(|user| user.is_clean())
    }

    /// The user, if there is one.
    pub(crate) fn user_if_any(&mut self) -> Option<&mut UserState> {
        self.user.as_deref_mut()
    }
}

/// What WASI offers to every instance.
fn wasi(limits: &GuestLimits) -> WasiCtxBuilder {
    let mut wasi = WasiCtxBuilder::new();
    // More than a guest could hold; `trap.rs` knows what WASI says of it.
    wasi.max_random_size(limits.memory_bytes_max as u64);
    wasi
}

/// The handles that WASI keeps for one user.
fn handle_table(limits: &GuestLimits) -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(limits.handles_open_max);
    table
}

impl WasiView for StoreState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl ResourceLimiter for StoreState {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired <= self.limits.memory_bytes_max {
            self.memory_bytes += desired.saturating_sub(current);
            return Ok(true);
        }
        Err(misuse(format!(
            "needs more than {} KiB of memory (`--limit memory`)",
            self.limits.memory_bytes_max >> 10
        )))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // What a component starts with was counted when the pool was made.
        if current == 0 || desired <= self.limits.table_elements_max {
            return Ok(true);
        }
        Err(misuse(format!(
            "needs a table of more than {} elements (`--limit table-elements`)",
            self.limits.table_elements_max
        )))
    }
}

impl UserState {
    /// The guest holds none of our handles.
    fn is_clean(&self) -> bool {
        self.exchanges.is_empty() && self.templates.is_empty() && self.handles_open == 0
    }

    /// Another user moves in; the one that moves out is returned.
    pub(crate) fn move_in(&mut self, resident: Box<Resident>) -> Box<Resident> {
        self.log.set_origin(resident.identity);
        std::mem::replace(&mut self.resident, resident)
    }

    /// The base URL of the user, as it was written.
    pub(crate) fn target_host(&self) -> Option<&str> {
        let place = self.shared.base_place(self.resident.identity);
        Some(&self.shared.bases.get(place)?.as_ref()?.0)
    }

    /// The guest gets a handle more.
    pub(crate) fn open_handle(&mut self) -> wasmtime::Result<()> {
        self.handles_open += 1;
        if self.handles_open > self.limits.handles_open_max {
            return Err(misuse(format!(
                "holds more than {} handles (`--limit open-handles`)",
                self.limits.handles_open_max
            )));
        }
        Ok(())
    }

    /// The guest gives one back.
    pub(crate) fn close_handle(&mut self) {
        self.handles_open = self.handles_open.saturating_sub(1);
    }

    /// The call into the guest is over: what waits for a verdict is recorded now.
    pub(crate) fn end_call(&mut self) {
        if self.judged_open > 0 {
            self.record_unjudged();
        }
    }
}

impl Drop for UserState {
    fn drop(&mut self) {
        self.resident.count_interrupted(&self.core);
        let streams = self.interrupt_streams() as usize;
        self.end_call();
        for _ in 0..streams {
            self.core.recorder.borrow_mut().record_interrupted();
        }
    }
}

impl Resident {
    /// A user; none for the instances of shape and hooks.
    pub(crate) fn new(
        core: &Rc<CoreContext>,
        shared: &Shared,
        signals: Rc<UserSignals>,
        identity: Option<Identity>,
    ) -> Box<Self> {
        let base = shared.bases.get(shared.base_place(identity)).cloned().flatten();
        let mut client = HttpClient::new(core.http.clone(), base.map(|(_, base)| base));
        client.set_trace(core.is_traced);
        let id = identity.map_or(UserId(u64::MAX), |user| user.id);
        Box::new(Self {
            signals,
            client,
            random: UserRandom::new(shared.seed ^ GUEST_STREAM, id),
            identity,
            refusals: 0,
            kept: Slab::new(),
        })
    }

    /// Requests whose end was not waited for are counted.
    pub(crate) fn count_interrupted(&mut self, core: &CoreContext) {
        for _ in self.client.take_interrupted_all() {
            core.recorder.borrow_mut().record_interrupted();
        }
    }
}
