//! hey: Go's own HTTP client, one request of one kind.
//!
//! Upstream: the Debian package. Downstream: its `Latency distribution`, in seconds with four digits.

use std::ffi::OsString;

use anyhow::Result;

use super::{Installed, Job, Said, Tool, debian, one_url, words};
use crate::bench::statistics::PERCENTILES;
use crate::bench::workload::Protocol;
use crate::command::{output, program};
use crate::repository::Repository;

pub(super) struct Hey;

impl Tool for Hey {
    fn name(&self) -> &'static str {
        "hey"
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let path = debian(repository, "hey", "hey")?;
        // It cannot say its own version.
        let words = ["--show", "--showformat=${Version}", "hey"];
        let version = output(program("dpkg-query", repository.root(), words));
        let version = version.unwrap_or_else(|_| "unknown".to_owned());
        Ok(Installed { program: path, version })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        let Job { case, seconds, .. } = job;
        let mut all = words(&[&"-c", &case.users, &"-z", &format!("{seconds}s")]);
        if case.protocol == Protocol::Http2 {
            return Err("it sends all its HTTP/2 requests over one connection");
        }
        if case.protocol == Protocol::Https {
            // Else it sends the port within the name of the server, which is no name.
            all.extend(words(&[&"-host", &"localhost"]));
        }
        all.push(one_url(job)?);
        Ok(all)
    }

    fn percentiles_us(&self, said: &Said) -> Option<[f64; 2]> {
        percentiles_us(&said.stdout)
    }
}

fn percentiles_us(output: &str) -> Option<[f64; 2]> {
    let mut found = [0.0; 2];
    for (slot, percent) in found.iter_mut().zip(PERCENTILES) {
        // Some versions print the percent sign twice.
        let label = format!("{percent}%");
        let line = output.lines().find_map(|line| line.trim().strip_prefix(label.as_str()))?;
        let seconds = line.split_whitespace().find_map(|word| word.parse::<f64>().ok())?;
        *slot = seconds * 1e6;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_distribution_is_read() {
        let output = "Latency distribution:\n  10%% in 0.0003 secs\n  50%% in 0.0064 secs\n  99%% in 0.0090 secs\n";
        assert_eq!(percentiles_us(output), Some([6400.0, 9000.0]));
        assert_eq!(percentiles_us("Error distribution:"), None);
    }
}
