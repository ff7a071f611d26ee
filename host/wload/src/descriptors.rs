//! File descriptors: each open connection is one, and the usual limit of a shell is 1,024.
//!
//! Upstream: commands that open many connections. Downstream: the process's own limit, raised as far
//! as it may be without being root; what is still short then is said by `machine.rs`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Some systems have a lower limit beside it; then it stays as it was, and `machine.rs` sees it.
    let _ = setrlimit(Resource::Nofile, raised);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
