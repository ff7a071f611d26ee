//! `wload demo-target`: the small shop, until Ctrl-C or until stdin is closed.
//!
//! Upstream: what was typed. Downstream: a [`DemoTarget`] on threads of its own. Invariant: the first
//! line on stdout is its URL, written when it can be reached, so that a script may wait for it. With
//! `--control` each line of stdin is answered by one on stdout: benchmarks read counts beside the load.

use std::net::SocketAddr;

use serde_json::json;
use tokio::sync::mpsc;
use wload_demo_target::{DemoTarget, TargetConfig};

use crate::args::demo_target::DemoTargetArgs;
use crate::commands::runtime;
use crate::descriptors;
use crate::env::Env;
use crate::error::CliError;
use crate::exit_code;
use crate::printer::Printer;
use crate::signals;

/// Serves; answers the exit code.
///
/// # Errors
/// When a value is wrong, the port is taken, or the certificate cannot be written.
pub(super) fn demo_target(
    env: &Env,
    printer: &Printer,
    args: &DemoTargetArgs,
) -> Result<u8, CliError> {
    descriptors::raise();
    let latency = args.latency.parse().map_err(|error| {
        CliError::usage(format!("--latency: `{}`", args.latency)).caused_by(&error)
    })?;
    let config = TargetConfig {
        bind: SocketAddr::new(args.bind, args.port),
        threads: args.threads,
        latency,
        error_rate: args.error_rate,
        out_of_stock_rate: args.out_of_stock_rate,
        tls: args.tls,
        http2: args.http2,
        seed: args.seed.unwrap_or(env.seed),
    };
    let mut target = DemoTarget::start(config)
        .map_err(|error| CliError::broken("failed to start the demo target").caused_by(&error))?;
    if let (Some(path), Some(pem)) = (&args.cert_out, target.certificate_pem()) {
        std::fs::write(path, pem).map_err(|error| {
            let shown = path.display();
            CliError::broken(format!("failed to write the certificate to `{shown}`"))
                .caused_by(&error)
        })?;
    }
    runtime()?.block_on(async {
        // Before its URL is known, so that nobody who has read it can be too early.
        let end = signals::listen_for_end()?;
        printer.data(&format!("{}\n", target.url()))?;
        wait_for_end(printer, &target, args, end).await
    })?;
    target.stop();
    let total = target.counts().total;
    let errors: u64 = total.by_status.range(400..).map(|(_, count)| count).sum();
    printer.talk(&format!(
        "demo target: {} requests received, {} answered in full, {errors} answered with status 400 \
         and more",
        total.received, total.completed
    ));
    Ok(exit_code::PASSED)
}

/// Waits for a signal, or, when asked to, for the end of stdin; answers its lines until then.
async fn wait_for_end(
    printer: &Printer,
    target: &DemoTarget,
    args: &DemoTargetArgs,
    end: impl Future<Output = ()>,
) -> Result<(), CliError> {
    if !args.until_stdin_closes && !args.control {
        end.await;
        return Ok(());
    }
    // One line at a time: who asks waits for the answer.
    let (sender, mut lines) = mpsc::channel(1);
    // Not joined: reading stdin cannot be interrupted, and the process ends next.
    std::thread::Builder::new()
        .name("wload-stdin".to_owned())
        .spawn(move || {
            for line in std::io::stdin().lines().map_while(Result::ok) {
                // Nobody listens when a signal came first.
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        })
        .map_err(|error| CliError::broken("failed to watch stdin").caused_by(&error))?;
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => return Ok(()),
            line = lines.recv() => {
                let Some(line) = line else { return Ok(()) };
                if args.control {
                    printer.data(&format!("{}\n", answer(target, line.trim())))?;
                }
            }
        }
    }
}

/// What a line of stdin asks for, as JSON.
fn answer(target: &DemoTarget, line: &str) -> serde_json::Value {
    match line {
        "total" => json!(target.total()),
        "counts" => json!(target.counts()),
        "reset" => {
            target.reset();
            json!({})
        }
        line => json!({
            "error": format!("found `{line}`: expected `total`, `counts` or `reset`"),
        }),
    }
}
