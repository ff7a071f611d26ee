//! Name resolution, with a memory: one lookup a minute per core and name, not one per connection.
//!
//! Upstream: `connect.rs`. Downstream: the system's resolver. Addresses need no lookup.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::error::HttpError;

/// How long an answer is believed: long enough that a run does not load the resolver, short enough
/// that a target which moves is followed.
const TTL: Duration = Duration::from_secs(60);
/// Names that are remembered; when there are more, all are forgotten.
const NAMES_MAX: usize = 1_000;

/// Answers of the resolver.
#[derive(Debug, Default)]
pub(crate) struct DnsCache {
    answers: RefCell<HashMap<(Rc<str>, u16), (Instant, Rc<[SocketAddr]>)>>,
}

impl DnsCache {
    /// The addresses of a name, never empty.
    pub(crate) async fn resolve(
        &self,
        host: &Rc<str>,
        port: u16,
    ) -> Result<Rc<[SocketAddr]>, HttpError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok([SocketAddr::new(address, port)].into());
        }
        let key = (host.clone(), port);
        if let Some((since, addresses)) = self.answers.borrow().get(&key)
            && since.elapsed() < TTL
        {
            return Ok(addresses.clone());
        }
        let failed = || HttpError::Dns(host.to_string());
        let found = tokio::net::lookup_host((&**host, port)).await.map_err(|_| failed())?;
        let addresses: Rc<[SocketAddr]> = found.collect();
        if addresses.is_empty() {
            return Err(failed());
        }
        let mut answers = self.answers.borrow_mut();
        if answers.len() >= NAMES_MAX {
            answers.clear();
        }
        answers.insert(key, (Instant::now(), addresses.clone()));
        Ok(addresses)
    }
}
