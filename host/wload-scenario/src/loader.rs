//! From bytes to a scenario that can run: checked, compiled, described, with its pool of instances.
//!
//! Upstream: the command line (bytes of a component, options). Downstream: `instance.rs` makes users
//! from a [`Scenario`]. Two steps, because the number of users may depend on what the scenario says
//! of itself: [`Compiled`], then [`Scenario`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, Store};
use wload_core::isolation::Isolation;
use wload_core::limits::{
    GuestLimits, INSTANCES_GROWN_MAX, INSTANCES_GROWTH_MAX, InstanceLimits, LoadLimits,
};
use wload_core::user_class::{ScenarioInfo, Share, UserClass};
use wload_http::BaseUrl;

use crate::bindings::exports::wload::scenario::{hibernation, hooks, shape, users};
use crate::cache::{self, Cache, CacheOutcome, MachineCode};
use crate::compile::{CompileJob, Compiler};
use crate::compute;
use crate::engine::{self, EpochTicker, Lodging, MemoryLayout};
use crate::error::{Cause, ScenarioError};
use crate::kept::KeptValues;
use crate::machine_needs::MachineNeeds;
use crate::memory_gauge::MemoryGauge;
use crate::stack::StackRelease;
use crate::store_state::{Identity, StoreState};
use crate::tables::{DataSource, Tables};
use crate::{describe, interfaces};

mod admission;

pub use admission::CONTRACT_VERSION;
use admission::{check_bytes, check_contract};

/// Handles of a store beyond those that have limits: standard streams, and handles that exist only
/// during a call.
const HANDLES_SPARE: usize = 1_000;
/// How to compile.
#[derive(Clone, Copy)]
pub struct CompileOptions<'a> {
    /// About how many users there will be: decides the layout of memories.
    pub users_hint: u32,
    /// Limits of the component.
    pub load: LoadLimits,
    /// Limits of one user.
    pub limits: GuestLimits,
    /// Where compiled components are kept; none: they are not.
    pub cache_folder: Option<&'a Path>,
    /// Who compiles.
    pub compiler: &'a dyn Compiler,
}

/// What the command line grants to a scenario beyond the contract.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// Folders it may see.
    pub dirs: Vec<DirGrant>,
    /// Environment variables it may see.
    pub env: Vec<(String, String)>,
}

/// A folder that a scenario may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirGrant {
    /// The folder on this machine.
    pub host: PathBuf,
    /// Its name for the scenario.
    pub guest: String,
    /// It may also write there.
    pub is_writable: bool,
}

/// What a run adds to a compiled component.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// The most users that will be alive at once.
    pub users_max: u32,
    /// What the scenario declared, perhaps with fewer classes and tasks.
    pub info: Arc<ScenarioInfo>,
    /// What it may see.
    pub grants: Grants,
    /// Where its tables are.
    pub data: DataSource,
    /// Values of its options, defaults filled in.
    pub options: BTreeMap<String, String>,
    /// Base URL for every user, instead of what its class says.
    pub target_host: Option<String>,
    /// For random numbers.
    pub seed: u64,
    /// How users and instances belong together.
    pub isolation: Isolation,
    /// Limits of the instances that users take turns in.
    pub instances: InstanceLimits,
}

/// A component that is compiled and has said what it is.
pub struct Compiled {
    code: MachineCode,
    component: Component,
    layout: MemoryLayout,
    limits: GuestLimits,
    info: ScenarioInfo,
    imports: Vec<String>,
    exports: Vec<String>,
    cache: CacheOutcome,
    cache_problem: Option<String>,
}

/// A scenario, ready to make users; cheap to clone.
#[derive(Clone)]
pub struct Scenario {
    pub(crate) inner: Arc<ScenarioInner>,
}

pub(crate) struct ScenarioInner {
    pub(crate) pre: InstancePre<StoreState>,
    pub(crate) stacks: StackRelease,
    pub(crate) users: users::GuestIndices,
    pub(crate) shape: Option<shape::GuestIndices>,
    pub(crate) hooks: Option<hooks::GuestIndices>,
    pub(crate) hibernation: Option<hibernation::GuestIndices>,
    pub(crate) isolation: Isolation,
    pub(crate) instances: InstanceLimits,
    pub(crate) memory: Arc<MemoryGauge>,
    /// Instances that there may be at once, in all cores.
    pub(crate) places: u32,
    pub(crate) limits: Arc<GuestLimits>,
    pub(crate) grants: Grants,
    pub(crate) shared: Arc<Shared>,
    _ticker: EpochTicker,
}

/// What all users of a scenario share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) info: Arc<ScenarioInfo>,
    pub(crate) tables: Tables,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) seed: u64,
    /// The base URL of each class, and that of shape and hooks at the end.
    pub(crate) bases: Vec<Option<(String, BaseUrl)>>,
    /// What users keep beside their saved states.
    pub(crate) kept: Arc<KeptValues>,
}

impl Shared {
    /// The place of a user in `bases`; of none: shape and hooks.
    pub(crate) fn base_place(&self, identity: Option<Identity>) -> usize {
        identity.map_or(self.info.classes.len(), |user| user.class.index())
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Compiled").field("imports", &self.imports).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Scenario").field("shared", &self.inner.shared).finish_non_exhaustive()
    }
}

impl Compiled {
    /// Checks, compiles (or takes from the cache) and asks the component what it is.
    ///
    /// # Errors
    /// [`ScenarioError`] when the bytes are no scenario, or `describe` fails or lies.
    pub async fn new(bytes: &[u8], options: &CompileOptions<'_>) -> Result<Self, ScenarioError> {
        check_bytes(bytes, options.load.component_bytes_max)?;
        let layout = MemoryLayout::choose(options.users_hint, &options.limits);
        let fail = |error: wasmtime::Error| ScenarioError::Compile { source: Cause::of(&error) };
        let engine = engine::compiling(layout, &options.limits).map_err(fail)?;
        let cache = options.cache_folder.map(|folder| Cache::new(folder.to_owned()));
        let mut cache_problem = None;
        let (code, outcome) = match cache.as_ref().and_then(|cache| cache.get(&engine, bytes)) {
            Some(code) => (code, CacheOutcome::Hit),
            None => {
                let job = CompileJob { users_hint: options.users_hint, limits: options.limits };
                let code = options.compiler.compile(bytes, job)?;
                let kept = cache.as_ref().and_then(|cache| {
                    cache.put(&engine, bytes, &code).unwrap_or_else(|error| {
                        cache_problem = Some(error.to_string());
                        None
                    })
                });
                (kept.unwrap_or(MachineCode::Bytes(code)), CacheOutcome::Compiled)
            }
        };
        let component = cache::deserialize(&engine, &code).map_err(fail)?;
        let ty = component.component_type();
        let imports: Vec<String> = ty.imports(&engine).map(|(name, _)| name.to_owned()).collect();
        let exports: Vec<String> = ty.exports(&engine).map(|(name, _)| name.to_owned()).collect();
        check_contract(&imports, &exports)?;
        let info = describe::described_in_time(&engine, &component, options).await?;
        let limits = options.limits;
        Ok(Self {
            code,
            component,
            layout,
            limits,
            info,
            imports,
            exports,
            cache: outcome,
            cache_problem,
        })
    }

    /// What the scenario declares.
    #[must_use]
    pub fn info(&self) -> &ScenarioInfo {
        &self.info
    }

    /// The interfaces it imports, with versions.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// The interfaces it exports, with versions.
    #[must_use]
    pub fn exports(&self) -> &[String] {
        &self.exports
    }

    /// Whether it had been compiled before.
    #[must_use]
    pub fn cache(&self) -> CacheOutcome {
        self.cache
    }

    /// Why the compiled component could not be kept; a run goes on without.
    #[must_use]
    pub fn cache_problem(&self) -> Option<&str> {
        self.cache_problem.as_deref()
    }

    /// What so many users will take from the machine, in so many [`instance_places`].
    #[must_use]
    pub fn machine_needs(&self, users: u32, places: u32) -> MachineNeeds {
        // A component without an answer cannot be prepared either, and that error says why.
        let memories_each = self.component.resources_required().map_or(1, |it| it.num_memories);
        let address_space = self.layout.address_space(places, memories_each, &self.limits);
        MachineNeeds::new(users, places, memories_each, address_space)
    }

    /// Reserves the places for the users and loads the tables.
    ///
    /// # Errors
    /// [`ScenarioError`] when the machine does not carry so many users, a table or a granted folder
    /// cannot be read, or a class has a malformed base URL.
    pub fn prepare(self, settings: RunSettings) -> Result<Scenario, ScenarioError> {
        let places = instance_places(
            settings.users_max,
            &settings.info,
            settings.isolation,
            &settings.instances,
        );
        let pool = |error: wasmtime::Error| ScenarioError::Pool {
            users: places,
            source: Cause::of(&error),
        };
        let needs = self.component.resources_required().ok_or_else(|| {
            ScenarioError::NotAScenario { found: "core modules as imports".into() }
        })?;
        let (memories, isolation) = (needs.num_memories, settings.isolation);
        let lodging = Lodging::choose(places, memories, isolation, &settings.instances);
        let engine = engine::running(self.layout, &self.limits, lodging, &needs).map_err(pool)?;
        let fail = |error: wasmtime::Error| ScenarioError::Compile { source: Cause::of(&error) };
        let component = cache::deserialize(&engine, &self.code).map_err(fail)?;
        let pre = link(&engine, &component)?;
        let fail =
            |error: wasmtime::Error| ScenarioError::Instantiate { source: Cause::of(&error) };
        let users = users::GuestIndices::new(&pre).map_err(fail)?;
        let shape = settings
            .info
            .has_shape
            .then(|| shape::GuestIndices::new(&pre))
            .transpose()
            .map_err(fail)?;
        let hooks = settings
            .info
            .has_hooks
            .then(|| hooks::GuestIndices::new(&pre))
            .transpose()
            .map_err(fail)?;
        let is_saved = settings.info.classes.iter().any(|class| class.pinned.is_none());
        let hibernation = (settings.isolation != Isolation::Pinned && is_saved)
            .then(|| hibernation::GuestIndices::new(&pre))
            .transpose()
            .map_err(fail)?;
        let stacks = StackRelease::new(&engine).map_err(fail)?;
        let ticker = start_ticker(&engine)?;
        let (isolation, instances) = (settings.isolation, settings.instances);
        let shared = Arc::new(Shared {
            tables: Tables::load(&settings.info.tables, &settings.data)?,
            bases: base_urls(&settings)?,
            options: settings.options,
            seed: settings.seed,
            info: settings.info,
            kept: KeptValues::new(instances.kept_values_bytes_max),
        });
        let (limits, grants) = (Arc::new(self.limits), settings.grants);
        Ok(Scenario {
            inner: Arc::new(ScenarioInner {
                pre,
                stacks,
                users,
                shape,
                hooks,
                hibernation,
                isolation,
                instances,
                memory: Arc::new(MemoryGauge::new(instances.kept_bytes_max)),
                places,
                limits,
                grants,
                shared,
                _ticker: ticker,
            }),
        })
    }
}

impl Scenario {
    /// What the scenario declares, as it runs.
    #[must_use]
    pub fn info(&self) -> &Arc<ScenarioInfo> {
        &self.inner.shared.info
    }

    /// How users and instances belong together.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        self.inner.isolation
    }

    /// The limits of each of its users.
    #[must_use]
    pub fn limits(&self) -> &GuestLimits {
        &self.inner.limits
    }
}

/// How many instances there may be at once for so many users: one each, unless all can be saved.
#[must_use]
pub fn instance_places(
    users_max: u32,
    info: &ScenarioInfo,
    isolation: Isolation,
    limits: &InstanceLimits,
) -> u32 {
    let is_pinned = |class: &UserClass| class.pinned.is_some() && class.share != Share::Weight(0.0);
    if isolation == Isolation::Pinned || info.classes.iter().any(is_pinned) {
        return users_max;
    }
    let grown = limits.kept_max.saturating_mul(INSTANCES_GROWTH_MAX).min(INSTANCES_GROWN_MAX);
    users_max.min(limits.kept_max.max(grown))
}

pub(crate) fn start_ticker(engine: &Engine) -> Result<EpochTicker, ScenarioError> {
    EpochTicker::start(engine).map_err(|error| ScenarioError::Instantiate {
        source: Cause(format!("no thread for the epoch: {error}")),
    })
}

pub(crate) fn link(
    engine: &Engine,
    component: &Component,
) -> Result<InstancePre<StoreState>, ScenarioError> {
    let mut linker = Linker::new(engine);
    interfaces::add_to_linker(&mut linker)
        .map_err(|error| ScenarioError::Instantiate { source: Cause::of(&error) })?;
    linker
        .instantiate_pre(component)
        .map_err(|error| ScenarioError::UnknownImport { source: Cause::of(&error) })
}

/// A store with limits and deadlines on.
pub(crate) fn new_store(engine: &Engine, state: StoreState) -> Store<StoreState> {
    let limits = *state.limits();
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    store.set_hostcall_fuel(limits.call_bytes_max);
    // Each kind of handle has a limit of its own with a better message; this one is never reached.
    let handles = limits.exchanges_open_max + limits.templates_max + 2 * limits.handles_open_max;
    store.set_max_component_handles(handles + HANDLES_SPARE);
    store.epoch_deadline_callback(compute::on_deadline);
    store.set_epoch_deadline(1);
    store
}

/// The base URL of each class; the last is that of shape and hooks.
fn base_urls(settings: &RunSettings) -> Result<Vec<Option<(String, BaseUrl)>>, ScenarioError> {
    let of_classes = settings.info.classes.iter().map(|class| class.target_host.as_ref());
    of_classes
        .chain([None])
        .map(|of_class| {
            let Some(text) = settings.target_host.as_ref().or(of_class) else { return Ok(None) };
            let base = BaseUrl::parse(text).map_err(|error| ScenarioError::Export {
                export: "describe",
                message: format!("base URL `{text}`: {error}"),
            })?;
            Ok(Some((text.clone(), base)))
        })
        .collect()
}
