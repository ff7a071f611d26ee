//! What a target is asked to be: where it listens, how slow it is and how often it fails.
//!
//! Upstream: `latency`. Downstream: `server`, which starts a target from it.

use std::net::{Ipv4Addr, SocketAddr};

use crate::error::TargetError;
use crate::latency::Latency;
use crate::limits::MAX_THREADS;

/// How a target behaves. The default is a fast one without errors on a free port of this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetConfig {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// How many threads answer requests.
    pub threads: usize,
    /// How long every counted request takes.
    pub latency: Latency,
    /// The share of counted requests that are answered 500, from 0 to 1.
    pub error_rate: f64,
    /// The share of orders that are answered 409, from 0 to 1.
    pub out_of_stock_rate: f64,
    /// Whether to speak HTTPS, with a self-signed certificate made at the start.
    pub tls: bool,
    /// Whether to offer HTTP/2 where TLS is spoken.
    pub http2: bool,
    /// Where the sequence of chances starts: the same seed and the same order of requests give the same answers.
    pub seed: u64,
}

impl Default for TargetConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            threads: 1,
            latency: Latency::None,
            error_rate: 0.0,
            out_of_stock_rate: 0.0,
            tls: false,
            http2: false,
            seed: 1,
        }
    }
}

impl TargetConfig {
    /// Says what is wrong with this configuration, if anything.
    pub(crate) fn check(&self) -> Result<(), TargetError> {
        if self.threads == 0 || self.threads > MAX_THREADS {
            return Err(TargetError::Threads { found: self.threads });
        }
        check_rate("error_rate", self.error_rate)?;
        check_rate("out_of_stock_rate", self.out_of_stock_rate)?;
        self.latency.check()?;
        Ok(())
    }
}

fn check_rate(name: &'static str, found: f64) -> Result<(), TargetError> {
    // A NaN is in no range, so it is refused here as well.
    if (0.0..=1.0).contains(&found) { Ok(()) } else { Err(TargetError::Rate { name, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_accepted_and_values_out_of_range_are_not() {
        assert!(TargetConfig::default().check().is_ok());
        for threads in [0, MAX_THREADS + 1] {
            let config = TargetConfig { threads, ..TargetConfig::default() };
            assert!(matches!(
                config.check(),
                Err(TargetError::Threads { found }) if found == threads
            ));
        }
        for rate in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let config = TargetConfig { error_rate: rate, ..TargetConfig::default() };
            let text = config.check().unwrap_err().to_string();
            assert!(text.contains("as error_rate: expected"), "{text}");
        }
    }
}
