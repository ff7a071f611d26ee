//! How users and instances belong together (`wit/hibernation.wit` has what each mode guarantees).
//!
//! Upstream: `--isolation`. Downstream: the pool of instances of each core, and the report.

use std::fmt;

/// Who lives in an instance, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// A user keeps one instance for its whole life.
    Pinned,
    /// Instances serve one user after the other; users are saved while they wait.
    #[default]
    Reuse,
    /// An instance is given to one user only; users are saved while they wait.
    Fresh,
}

impl Isolation {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Pinned, Self::Reuse, Self::Fresh];

    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Reuse => "reuse",
            Self::Fresh => "fresh",
        }
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
