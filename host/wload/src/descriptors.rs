//! File descriptors: each open connection is one, and the usual limit of a shell is 1,024.
//!
//! Upstream: commands that open many connections. Downstream: the process's own limit, raised as far
//! as it may be without being root; what is still short is said before the run.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors of everything that is no connection: files, wake-ups, the terminal.
const OF_PROCESS: u64 = 64;

/// Raises the soft limit to the hard one; answers how many descriptors there may be, none when there
/// is no limit.
pub(crate) fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        // Some systems have a lower limit beside it; then it stays as it was.
        Err(_) => limit.current,
    }
}

/// A warning when not every user can have a connection.
pub(crate) fn shortage(users: u32, allowed: Option<u64>) -> Option<String> {
    let needed = u64::from(users) + OF_PROCESS;
    let allowed = allowed.filter(|allowed| *allowed < needed)?;
    Some(format!(
        "{users} users need {needed} file descriptors, this process may have {allowed}: the others \
         will fail to connect; `ulimit -n {needed}` allows it (as root), fewer users need fewer"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_said_with_both_numbers() {
        let text = shortage(1_000, Some(1_024)).unwrap();
        assert!(text.contains("1064") && text.contains("1024"), "{text}");
        assert_eq!(shortage(960, Some(1_024)), None);
        assert_eq!(shortage(1_000_000, None), None);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let allowed = raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, allowed);
    }
}
