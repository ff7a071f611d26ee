//! Names to addresses, with a cache per core.
//!
//! Upstream: `connect`. Downstream: the resolver of the operating system, on tokio's blocking threads.
//! Invariants: one lookup per name at a time, however many users wait for it (ten thousand that start
//! at once ask once); failures are kept shortly; the number of names is bounded.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use tokio::sync::OnceCell;
use tokio::time::Instant;
use wload_core::limits::{DNS_FAILURE_TTL, DNS_NAMES_MAX, DNS_TTL};

use crate::error::HttpError;

#[derive(Debug, Default)]
pub(crate) struct DnsCache {
    names: RefCell<HashMap<String, Rc<Name>>>,
}

/// One name; empty while its lookup is under way.
#[derive(Debug, Default)]
struct Name {
    answer: OnceCell<Answer>,
    /// Connections so far, for taking turns.
    turn: Cell<usize>,
}

#[derive(Debug)]
struct Answer {
    addresses: Result<Vec<IpAddr>, HttpError>,
    at: Instant,
}

impl DnsCache {
    /// The addresses of a host in the order in which they should be tried.
    pub(crate) async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, HttpError> {
        if let Ok(ip) = host.parse() {
            return Ok(vec![ip]);
        }
        let name = self.name(host);
        let answer = name.answer.get_or_init(|| look_up(host)).await;
        let mut addresses = answer.addresses.clone()?;
        let turn = name.turn.replace(name.turn.get().wrapping_add(1));
        take_turns(&mut addresses, turn);
        Ok(addresses)
    }

    fn name(&self, host: &str) -> Rc<Name> {
        let mut names = self.names.borrow_mut();
        if let Some(name) = names.get(host)
            && name.answer.get().is_none_or(Answer::is_fresh)
        {
            return Rc::clone(name);
        }
        if names.len() >= DNS_NAMES_MAX {
            names.retain(|_, name| name.answer.get().is_none_or(Answer::is_fresh));
        }
        let name = Rc::new(Name::default());
        // A full cache of fresh names: this one is resolved, but not kept.
        if names.len() < DNS_NAMES_MAX || names.contains_key(host) {
            names.insert(host.to_owned(), Rc::clone(&name));
        }
        name
    }
}

impl Answer {
    fn is_fresh(&self) -> bool {
        let ttl = if self.addresses.is_ok() { DNS_TTL } else { DNS_FAILURE_TTL };
        self.at.elapsed() < ttl
    }
}

async fn look_up(host: &str) -> Answer {
    let failed = || HttpError::Dns(host.to_owned());
    let addresses = match tokio::net::lookup_host((host, 0)).await {
        Ok(found) => {
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in found {
                if !addresses.contains(&address.ip()) {
                    addresses.push(address.ip());
                }
            }
            if addresses.is_empty() { Err(failed()) } else { Ok(addresses) }
        }
        Err(_) => Err(failed()),
    };
    Answer { addresses, at: Instant::now() }
}

/// Rotates the leading addresses of one family, so that a target with several addresses gets its
/// connections evenly; the order of the families stays the resolver's.
fn take_turns(addresses: &mut [IpAddr], turn: usize) {
    let Some(first) = addresses.first() else { return };
    let is_ipv6 = first.is_ipv6();
    let run = addresses.iter().take_while(|address| address.is_ipv6() == is_ipv6).count();
    addresses[..run].rotate_left(turn % run);
}

#[cfg(test)]
mod tests {
    use super::*;
    use wload_core::limits::DNS_NAMES_MAX;

    fn answered(addresses: Result<Vec<IpAddr>, HttpError>) -> Rc<Name> {
        let answer = Answer { addresses, at: Instant::now() };
        Rc::new(Name { answer: OnceCell::new_with(Some(answer)), turn: Cell::new(0) })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_one_family_take_turns() {
        let list = [ip("::1"), ip("::2"), ip("10.0.0.1"), ip("10.0.0.2")];
        for (turn, expected) in [(0, ["::1", "::2"]), (1, ["::2", "::1"]), (2, ["::1", "::2"])] {
            let mut addresses = list;
            take_turns(&mut addresses, turn);
            assert_eq!(addresses[..2], expected.map(ip));
            assert_eq!(addresses[2..], list[2..]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_used_again_until_they_are_old() {
        let cache = DnsCache::default();
        let failed = || Err(HttpError::Dns("bad.test".into()));
        cache.names.borrow_mut().insert("good.test".into(), answered(Ok(vec![ip("10.0.0.1")])));
        cache.names.borrow_mut().insert("bad.test".into(), answered(failed()));
        assert_eq!(cache.resolve("good.test").await, Ok(vec![ip("10.0.0.1")]));
        assert_eq!(cache.resolve("bad.test").await, failed());
        tokio::time::advance(DNS_FAILURE_TTL).await;
        assert!(cache.name("good.test").answer.get().is_some());
        assert!(cache.name("bad.test").answer.get().is_none());
        tokio::time::advance(DNS_TTL).await;
        assert!(cache.name("good.test").answer.get().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_cache_is_bounded() {
        let cache = DnsCache::default();
        for number in 0..DNS_NAMES_MAX {
            let name = answered(Ok(vec![ip("10.0.0.1")]));
            cache.names.borrow_mut().insert(format!("{number}.test"), name);
        }
        cache.name("one-more.test");
        assert!(!cache.names.borrow().contains_key("one-more.test"));
        tokio::time::advance(DNS_TTL).await;
        cache.name("one-more.test");
        assert_eq!(cache.names.borrow().len(), 1);
    }
}
