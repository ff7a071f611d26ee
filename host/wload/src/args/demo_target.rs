//! What may be typed after `wload demo-target`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Command};

/// The subcommand.
pub(crate) fn command() -> Command {
    DemoTargetArgs::augment_args(Command::new("demo-target"))
        .about("Serve a small shop to test against")
        .long_about(None)
}

/// Arguments of `wload demo-target`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoTargetArgs {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    /// Port to listen on; 0: any free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Threads that serve
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) threads: usize,
    /// Time that each answer takes: none, fixed:10ms, bimodal:5ms,50ms,0.1 (one of ten is slow),
    /// lognormal:10ms,0.4 (a median and a long tail) or stall:5s,500ms (every 5 s everything stands still)
    #[arg(long, value_name = "LATENCY", default_value = "none")]
    pub(crate) latency: String,
    /// Share of requests that are answered with status 500
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) error_rate: f64,
    /// Share of orders that find nothing left
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) out_of_stock_rate: f64,
    /// Start of the sequence of chances; the same seed and order of requests give the same answers
    /// [default: another one each time]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Serve https with a certificate made for this run
    #[arg(long)]
    pub(crate) tls: bool,
    /// Offer HTTP/2 there, too
    #[arg(long, requires = "tls")]
    pub(crate) http2: bool,
    /// Write that certificate to this PEM file
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) cert_out: Option<PathBuf>,
    /// Answer each line on stdin with a line of JSON: `total`, `counts` or `reset`, as benchmarks ask;
    /// stop when stdin is closed
    #[arg(long, conflicts_with = "until_stdin_closes")]
    pub(crate) control: bool,
    /// Stop when stdin is closed
    #[arg(long)]
    pub(crate) until_stdin_closes: bool,
}
