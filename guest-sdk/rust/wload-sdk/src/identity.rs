//! Which user this is.
//!
//! Upstream: the host. Downstream: tasks that act differently per user.

use crate::bindings::wload::scenario::identity;

/// Which user this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Unique in the run; the first is 0.
    pub id: u64,
    /// Index of its class, in the order of `scenario!`.
    pub class: u32,
    /// 0 for the first user of its class, and so on.
    pub class_index: u64,
}

/// The user that runs here. A load shape and hooks run outside of users: there this panics.
pub fn current() -> Identity {
    let user = identity::current();
    Identity { id: user.id, class: user.class, class_index: user.class_index }
}
