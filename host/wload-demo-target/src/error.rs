//! What can go wrong when a target is configured and started.
//!
//! Every text reads after "failed to".
//! Upstream: nothing. Downstream: `config`, `latency`, `tls`, `server` and the caller of `DemoTarget::start`.

use std::io;
use std::net::SocketAddr;

use crate::limits::{MAX_LATENCY, MAX_SIGMA, MAX_THREADS};

/// Why a text is not a latency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LatencyError {
    /// The word before the colon is unknown, or there is none.
    #[error(
        "read latency `{text}`: expected `none`, `fixed:10ms`, `bimodal:5ms,50ms,0.1`, `lognormal:10ms,0.4` or `stall:5s,500ms`"
    )]
    UnknownKind {
        /// The whole text.
        text: String,
    },
    /// The number of values after the colon is wrong.
    #[error("read latency `{text}`: it has {found} values, expected the form `{form}`")]
    WrongCount {
        /// The whole text.
        text: String,
        /// How many values it has.
        found: usize,
        /// An example of the right form.
        form: &'static str,
    },
    /// A duration cannot be read.
    #[error(
        "read duration `{text}`: expected a number with its unit, as in `500us`, `10ms` or `1.5s`"
    )]
    BadDuration {
        /// The value.
        text: String,
    },
    /// A duration is longer than the target ever waits.
    #[error("wait for `{text}`: expected at most {}s", MAX_LATENCY.as_secs())]
    TooLong {
        /// The value.
        text: String,
    },
    /// The share of slow answers is not a share.
    #[error("read share `{text}` of slow answers: expected a number from 0 to 1, as in `0.1`")]
    BadShare {
        /// The value.
        text: String,
    },
    /// The length of a tail is out of range.
    #[error(
        "read `{text}` as the sigma of a lognormal latency: expected a number from 0 to {MAX_SIGMA}"
    )]
    BadSigma {
        /// The value.
        text: String,
    },
    /// Stalls would follow one another without a pause.
    #[error("stall for {length} every {every}: expected a length shorter than the interval")]
    EndlessStall {
        /// From the start of one stall to the start of the next.
        every: String,
        /// How long one stall takes.
        length: String,
    },
}

/// Why a target cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The number of threads is out of range.
    #[error("run the demo target on {found} threads: expected 1 to {MAX_THREADS}")]
    Threads {
        /// The number asked for.
        found: usize,
    },
    /// A rate is not a share.
    #[error("use {found} as {name}: expected a number from 0 to 1")]
    Rate {
        /// Which rate.
        name: &'static str,
        /// Its value.
        found: f64,
    },
    /// The latency is out of range.
    #[error("use the latency of the demo target")]
    Latency(#[from] LatencyError),
    /// The address cannot be listened on.
    #[error("listen on {addr} as the demo target")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A thread or its runtime cannot be made.
    #[error("start thread {index} of the demo target")]
    Thread {
        /// Which of the threads, from 0.
        index: usize,
        /// What the system said.
        source: io::Error,
    },
    /// The thread that ends waits cannot be made.
    #[error("start the alarm of the demo target")]
    Alarm {
        /// What the system said.
        source: io::Error,
    },
    /// The certificate cannot be made.
    #[error("make the certificate of the demo target")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refuses the certificate.
    #[error("use the certificate of the demo target")]
    Tls(#[from] tokio_rustls::rustls::Error),
}
