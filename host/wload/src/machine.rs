//! Does this machine carry the run? All that is short is said at once, before it starts.
//!
//! Upstream: `run`, which knows the users and what their component needs. Downstream: an error when
//! the run would abort or could not even reserve its places, warnings when some of its users would fail.
//! Each says what is needed, what is there, what would happen, and the command that mends it.
//! Pure: what the machine has is an argument, [`Machine::read`] is the only look at it.

mod found;

use wload_core::units::bytes_text;
use wload_scenario::MachineNeeds;

use crate::error::CliError;

pub(crate) use found::Machine;

/// Descriptors of everything that is no connection: files, wake-ups, the terminal.
const DESCRIPTORS_OF_PROCESS: u64 = 64;
/// The widest range of local ports: those below are for servers of the system.
const PORTS_WIDEST: &str = "1024 65535";
/// How many ports are in it.
const PORTS_MAX: u64 = 65_535 - 1_024 + 1;

/// What a run asks of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Users that will be there at once. None: only a load shape knows, and there are places for more
    /// users than it may ever ask for.
    pub(crate) users: Option<u32>,
    /// Users that there is room for.
    pub(crate) users_max: u32,
    /// Places that are reserved.
    pub(crate) places: u32,
    /// What these places need.
    pub(crate) needs: MachineNeeds,
    /// Addresses of this machine that connections come from; each has the same ports.
    pub(crate) source_addresses: u64,
}

/// One thing that is short.
#[derive(Debug, PartialEq, Eq)]
struct Shortage {
    /// The run makes no sense.
    is_fatal: bool,
    text: String,
}

/// Compares what is asked with what is there; answers warnings.
///
/// # Errors
/// When the run cannot be: with all that is short, also what would only be a warning.
pub(crate) fn check(asked: &Asked, machine: &Machine) -> Result<Vec<String>, CliError> {
    let of_places = [maps(asked, machine), address_space(asked, machine)];
    let of_users = asked.users.map_or([None, None, None], |users| {
        [descriptors(users, machine), ports(users, asked, machine), memory(users, asked, machine)]
    });
    let short: Vec<Shortage> = of_places.into_iter().chain(of_users).flatten().collect();
    let is_fatal = short.iter().any(|shortage| shortage.is_fatal);
    let texts = short.into_iter().map(|shortage| shortage.text).collect();
    if !is_fatal {
        return Ok(texts);
    }
    let message = format!("this machine does not carry {} users", asked.users_max);
    Err(CliError::broken(message).with_details(texts))
}

fn maps(asked: &Asked, machine: &Machine) -> Option<Shortage> {
    let (places, needed) = (asked.places, asked.needs.maps);
    let found = machine.maps.filter(|found| *found < needed)?;
    let fit = found.saturating_sub(asked.needs.maps_of_process) / asked.needs.maps_of_user;
    let text = format!(
        "memory maps: {places} instances need {needed}, a process may have {found}, enough for {fit}; \
         `sysctl -w vm.max_map_count={needed}` (as root) allows it"
    );
    Some(Shortage { is_fatal: true, text })
}

fn address_space(asked: &Asked, machine: &Machine) -> Option<Shortage> {
    let (places, needed) = (asked.places, asked.needs.address_space_bytes);
    let found = machine.address_space_bytes.filter(|found| *found < needed)?;
    let text = format!(
        "address space: {places} instances reserve {}, this process may have {}; `ulimit -v unlimited` \
         allows it (most of it is never used)",
        bytes_text(needed),
        bytes_text(found)
    );
    Some(Shortage { is_fatal: true, text })
}

fn descriptors(users: u32, machine: &Machine) -> Option<Shortage> {
    let needed = u64::from(users) + DESCRIPTORS_OF_PROCESS;
    let found = machine.descriptors.filter(|found| *found < needed)?;
    let text = format!(
        "file descriptors: {users} users need {needed}, this process may have {found}; {} of them \
         will fail to connect; `ulimit -n {needed}` (as root) allows it",
        (needed - found).min(u64::from(users))
    );
    Some(Shortage { is_fatal: false, text })
}

/// A connection takes a local port, and a port may be used once for each address of this machine and of
/// the target.
fn ports(users: u32, asked: &Asked, machine: &Machine) -> Option<Shortage> {
    let needed = u64::from(users);
    let of_address = machine.ports?;
    let found = of_address.saturating_mul(asked.source_addresses);
    if found >= needed {
        return None;
    }
    let sources = needed.div_ceil(of_address.max(1));
    let widest = PORTS_MAX.saturating_mul(asked.source_addresses);
    let wider = if needed <= widest {
        format!("`sysctl -w net.ipv4.ip_local_port_range=\"{PORTS_WIDEST}\"` (as root), ")
    } else {
        String::new()
    };
    let text = format!(
        "local ports: {users} users need {needed}, this machine has {found} for each address of the \
         target; if it has one address, {} of them will fail to connect; {wider}`--source-address` with \
         {sources} addresses of this machine, or a target with more addresses allows it",
        needed - found
    );
    Some(Shortage { is_fatal: false, text })
}

fn memory(users: u32, asked: &Asked, machine: &Machine) -> Option<Shortage> {
    // There may be room for more users than there will be.
    let needed = asked.needs.memory_bytes / u64::from(asked.users_max.max(1)) * u64::from(users);
    let found = machine.memory_bytes.filter(|found| *found < needed)?;
    let fit = u64::try_from(u128::from(users) * u128::from(found) / u128::from(needed))
        .unwrap_or(u64::from(users));
    let text = format!(
        "memory: {users} users need about {}, {} are available; the system may end the run \
         before its time; `--users {fit}` is what fits",
        bytes_text(needed),
        bytes_text(found)
    );
    Some(Shortage { is_fatal: false, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNLIMITED: Machine = Machine {
        descriptors: None,
        maps: None,
        ports: None,
        memory_bytes: None,
        address_space_bytes: None,
    };

    fn asked(users: u32) -> Asked {
        let needs = MachineNeeds {
            maps: 2_000 + 6 * u64::from(users),
            maps_of_user: 6,
            maps_of_process: 2_000,
            address_space_bytes: u64::from(users) << 32,
            memory_bytes: u64::from(users) * (120 << 10),
        };
        Asked { users: Some(users), users_max: users, places: users, needs, source_addresses: 1 }
    }

    #[track_caller]
    fn check_warnings(users: u32, machine: &Machine, expected: &[&[&str]]) {
        let found = check(&asked(users), machine).unwrap();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (text, parts) in found.iter().zip(expected) {
            for part in *parts {
                assert!(text.contains(part), "no `{part}` in {text}");
            }
        }
    }

    #[test]
    fn a_machine_without_limits_carries_everybody() {
        check_warnings(1_000_000, &UNLIMITED, &[]);
    }

    #[test]
    fn all_that_is_short_is_said_at_once_with_numbers_and_commands() {
        let machine = Machine {
            descriptors: Some(1_024),
            maps: Some(65_530),
            ports: Some(28_232),
            memory_bytes: Some(1 << 30),
            address_space_bytes: Some(1 << 40),
        };
        let error = check(&asked(30_000), &machine).unwrap_err();
        assert_eq!(error.exit_code(), crate::exit_code::BROKEN);
        let expected = "this machine does not carry 30000 users
  memory maps: 30000 instances need 182000, a process may have 65530, enough for 10588; `sysctl -w vm.max_map_count=182000` (as root) allows it
  address space: 30000 instances reserve 117.2 TiB, this process may have 1.0 TiB; `ulimit -v unlimited` allows it (most of it is never used)
  file descriptors: 30000 users need 30064, this process may have 1024; 29040 of them will fail to connect; `ulimit -n 30064` (as root) allows it
  local ports: 30000 users need 30000, this machine has 28232 for each address of the target; if it has one address, 1768 of them will fail to connect; `sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"` (as root), `--source-address` with 2 addresses of this machine, or a target with more addresses allows it
  memory: 30000 users need about 3.4 GiB, 1.0 GiB are available; the system may end the run before its time; `--users 8738` is what fits";
        assert_eq!(error.text(), expected);
    }

    #[test]
    fn a_run_that_may_still_make_sense_is_only_warned_of() {
        let few = Machine { descriptors: Some(1_024), ..UNLIMITED };
        check_warnings(960, &few, &[]);
        check_warnings(961, &few, &[&["need 1025", "may have 1024", "; 1 of them", "-n 1025`"]]);
        let none = Machine { descriptors: Some(3), ..UNLIMITED };
        check_warnings(1, &none, &[&["; 1 of them will fail"]]);
        let ports = Machine { ports: Some(28_232), ..UNLIMITED };
        check_warnings(28_232, &ports, &[]);
        check_warnings(64_512, &ports, &[&["36280 of them will fail", "ip_local_port_range"]]);
        check_warnings(
            64_513,
            &ports,
            &[&["one address, 36281", "connect; `--source-address` with 3 "]],
        );
        let three = Asked { source_addresses: 3, ..asked(64_513) };
        assert_eq!(check(&three, &ports).unwrap(), [""; 0]);
    }

    #[test]
    fn users_that_are_saved_need_the_maps_of_their_instances_and_memory_of_their_own() {
        let needs = MachineNeeds { memory_bytes: 100 << 20, ..asked(100).needs };
        let saved = Asked { users: Some(5_000), users_max: 10_000, needs, ..asked(100) };
        let machine = Machine { maps: Some(2_600), memory_bytes: Some(50 << 20), ..UNLIMITED };
        assert_eq!(check(&saved, &machine).unwrap(), [""; 0]);
        let machine = Machine { memory_bytes: Some((50 << 20) - 10_000), ..machine };
        assert_eq!(check(&saved, &machine).unwrap().len(), 1);
    }

    #[test]
    fn places_of_a_load_shape_are_no_users_and_need_their_maps_anyway() {
        let small =
            Machine { descriptors: Some(64), ports: Some(1), memory_bytes: Some(1), ..UNLIMITED };
        let shape = Asked { users: None, ..asked(10_000) };
        assert_eq!(check(&shape, &small).unwrap(), [""; 0]);
        let error = check(&shape, &Machine { maps: Some(1_000), ..small }).unwrap_err().text();
        assert!(error.contains("enough for 0;"), "{error}");
        assert!(!error.contains("descriptors"), "{error}");
    }
}
