//! How a state is made, and how it is put aside while its user waits.
//!
//! Upstream: `user.rs` and `task.rs`, where types are known; the macros, which find out by [`Probe`] what a
//! type can. Downstream: `runtime/save.rs`, where types are known no more. Invariant: a state of size
//! 0 can always be saved, because there is nothing in it.

use std::any::{Any, type_name};
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;

/// A state whose type is no longer known.
pub(crate) type AnyState = Box<dyn Any>;

/// What is known of the type of a state.
#[derive(Clone, Copy)]
pub(crate) struct StateType {
    pub(crate) make: fn() -> AnyState,
    type_name: fn() -> &'static str,
    is_empty: bool,
    saving: Saving,
}

/// Whether a state can be saved, and how.
#[derive(Clone, Copy)]
pub struct Saving(Kind);

#[derive(Clone, Copy)]
enum Kind {
    Never,
    /// The author does not want it.
    Pinned,
    Serde {
        save: fn(&dyn Any, &mut Vec<u8>) -> Result<(), String>,
        restore: fn(&mut &[u8]) -> Result<AnyState, String>,
    },
}

/// Why a state cannot be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    Pinned,
    /// This type is not `Serialize`, or cannot be read back.
    Type(&'static str),
}

impl StateType {
    /// What is known without asking whether `T` is `Serialize`.
    pub(crate) fn of<T: Default + 'static>() -> Self {
        Self {
            make: || Box::new(T::default()),
            type_name: type_name::<T>,
            is_empty: size_of::<T>() == 0,
            saving: Saving::NEVER,
        }
    }

    pub(crate) fn with(mut self, saving: Saving) -> Self {
        self.saving = saving;
        self
    }

    /// There is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// The name of the type, without the path to it. What it is generic over stays as it is.
    pub(crate) fn name(&self) -> &'static str {
        let full = (self.type_name)();
        let path_end = full.find('<').unwrap_or(full.len());
        full[..path_end].rfind("::").map_or(full, |place| &full[place + 2..])
    }

    /// What stands in the way of saving it.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        match self.saving.0 {
            Kind::Pinned => Some(Obstacle::Pinned),
            Kind::Never if !self.is_empty => Some(Obstacle::Type(self.name())),
            Kind::Never | Kind::Serde { .. } => None,
        }
    }

    /// Appends the state.
    pub(crate) fn save(&self, state: &dyn Any, out: &mut Vec<u8>) -> Result<(), String> {
        match self.saving.0 {
            _ if self.is_empty => Ok(()),
            Kind::Serde { save, .. } => save(state, out).map_err(|why| self.failed(&why)),
            Kind::Never | Kind::Pinned => Err(self.failed("it cannot be saved")),
        }
    }

    /// Takes the state that [`save`](Self::save) appended from the front.
    pub(crate) fn restore(&self, input: &mut &[u8]) -> Result<AnyState, String> {
        match self.saving.0 {
            _ if self.is_empty => Ok((self.make)()),
            Kind::Serde { restore, .. } => restore(input).map_err(|why| self.failed(&why)),
            Kind::Never | Kind::Pinned => Err(self.failed("it cannot be restored")),
        }
    }

    fn failed(&self, why: &str) -> String {
        format!("`{}`: {why}", self.name())
    }
}

impl Saving {
    /// Nobody said that it can be.
    pub(crate) const NEVER: Self = Self(Kind::Never);
    /// The author says that it cannot be.
    pub(crate) const PINNED: Self = Self(Kind::Pinned);

    /// By `serde`.
    pub(crate) const fn of<T: Serialize + DeserializeOwned + 'static>() -> Self {
        Self(Kind::Serde { save: save::<T>, restore: restore::<T> })
    }
}

fn save<T: Serialize + 'static>(state: &dyn Any, out: &mut Vec<u8>) -> Result<(), String> {
    let state: &T = state.downcast_ref().expect("a state is saved by its own type");
    codec::encode(state, out)
}

fn restore<T: DeserializeOwned + 'static>(input: &mut &[u8]) -> Result<AnyState, String> {
    codec::decode::<T>(input).map(|state| -> AnyState { Box::new(state) })
}

/// Finds out whether `T` is `Serialize` and `DeserializeOwned`: `Probe::<T>::SAVING`.
///
/// A constant of the type itself comes before one of a trait. The first is there only where `T` can
/// be saved; where it cannot, the name means that of [`NotSaved`].
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T: Serialize + DeserializeOwned + 'static> Probe<T> {
    /// By `serde`.
    pub const SAVING: Saving = Saving::of::<T>();
}

/// What [`Probe`] says of a type that cannot be saved.
pub trait NotSaved {
    /// Not at all.
    const SAVING: Saving = Saving::NEVER;
}

impl<T> NotSaved for Probe<T> {}

impl std::fmt::Debug for Saving {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self.0 {
            Kind::Never => "Never",
            Kind::Pinned => "Pinned",
            Kind::Serde { .. } => "Serde",
        })
    }
}
