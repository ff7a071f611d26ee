//! The target: `wload demo-target` on its own core, asked for its counts beside the load.
//!
//! Upstream: `measure`. Downstream: the process; one line to its stdin is answered by one line of JSON, so
//! that the questions cost no connection and count as no request. It ends when its stdin closes,
//! so it ends with us, however we end.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::machine::Machine;
use super::process;

/// A running target.
pub(super) struct Target {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    url: String,
}

/// What it has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) received: u64,
    /// Answered with a status from 400 on.
    pub(super) failed: u64,
}

impl Target {
    /// Starts it; when this returns it can be reached.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(machine: &Machine, wload: &Path, flags: &[&str]) -> Result<Self> {
        let mut words: Vec<OsString> = machine.on_target_core().into();
        words.push(wload.into());
        words.extend(["demo-target", "--port", "0", "--seed", "1", "--control"].map(Into::into));
        words.extend(flags.iter().map(OsString::from));
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start the demo target")?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("stdout is piped a few lines above");
        let mut this = Self { child, stdin, stdout: BufReader::new(stdout), url: String::new() };
        this.url = this.line()?;
        Ok(this)
    }

    /// Where it listens, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU seconds that it has used.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        process::cpu_seconds(self.pid())
    }

    /// What was counted since the last reset.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn total(&mut self) -> Result<Total> {
        let answer = self.ask("total")?;
        total_of(&answer).with_context(|| format!("`{answer}` is no total"))
    }

    /// How long each answer since the last reset really took, in microseconds.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn service_times_us(&mut self) -> Result<Vec<u64>> {
        let answer = self.ask("counts")?;
        let times = answer["service_times_us"].as_array().context("the counts have no times")?;
        Ok(times.iter().filter_map(Value::as_u64).collect())
    }

    /// Forgets what was counted.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn reset(&mut self) -> Result<()> {
        self.ask("reset").map(drop)
    }

    fn ask(&mut self, question: &str) -> Result<Value> {
        let stdin = self.stdin.as_mut().context("the target was stopped")?;
        writeln!(stdin, "{question}").context("failed to ask the target")?;
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("the target answered `{line}`"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line).context("failed to read from the target")?;
        if read == 0 {
            let status = self.child.wait().context("failed to wait for the target")?;
            bail!("the demo target ended with {status}");
        }
        Ok(line.trim().to_owned())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stdin = None;
        // What it says at its end is of no use here.
        let _ = self.child.wait();
    }
}

fn total_of(answer: &Value) -> Option<Total> {
    let by_status = answer["by_status"].as_object()?;
    let failed = by_status
        .iter()
        .filter(|(status, _)| status.as_str() >= "400")
        .filter_map(|(_, count)| count.as_u64())
        .sum();
    Some(Total { received: answer["received"].as_u64()?, failed })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn failures_are_answers_from_400_on() {
        let answer = json!({ "received": 9, "by_status": { "200": 5, "404": 1, "500": 2 } });
        assert_eq!(total_of(&answer), Some(Total { received: 9, failed: 3 }));
        assert_eq!(total_of(&json!({ "error": "no" })), None);
    }
}
