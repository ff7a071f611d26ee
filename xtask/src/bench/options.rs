//! What may be typed after `cargo xtask bench`.
//!
//! Upstream: the words after the task's name. Downstream: `bench` runs what these options say.
//! Every name is checked here, so that a mistake costs no build.

use std::path::PathBuf;

use super::tools;
use super::workload::Workload;

/// Rounds when nothing is said: the fewest that have a median which is not an extreme.
const ROUNDS: usize = 3;
/// Most rounds: a night of them.
const ROUNDS_MAX: usize = 100;
/// Seconds that are measured of each run when nothing is said: with CPU time counted in hundredths, 0.2 % of
/// a busy core.
const SECONDS: u64 = 5;
/// Most seconds of one run: every run of a load ends.
const SECONDS_MAX: u64 = 600;

/// What to measure, and where to write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BenchOptions {
    /// In the order they are shown; never empty.
    pub(crate) workloads: Vec<Workload>,
    /// Names of the other tools.
    pub(crate) peers: Vec<&'static str>,
    /// How often each tool runs each workload.
    pub(crate) rounds: usize,
    /// How long each run is measured.
    pub(crate) seconds: u64,
    /// Also write all figures here.
    pub(crate) json: Option<PathBuf>,
    /// Also write the table into the README and the documentation.
    pub(crate) update_readme: bool,
}

impl Default for BenchOptions {
    fn default() -> Self {
        Self {
            workloads: Workload::ALL.to_vec(),
            peers: tools::PEERS.to_vec(),
            rounds: ROUNDS,
            seconds: SECONDS,
            json: None,
            update_readme: false,
        }
    }
}

impl BenchOptions {
    /// What to type to get the same, without what was only written elsewhere.
    pub(crate) fn command(&self) -> String {
        let mut words = vec!["cargo xtask bench".to_owned()];
        let all = Self::default();
        if self.workloads != all.workloads {
            words.extend(self.workloads.iter().map(|workload| workload.name().to_owned()));
        }
        if self.peers != all.peers {
            let names =
                if self.peers.is_empty() { "none".to_owned() } else { self.peers.join(",") };
            words.push(format!("--peers {names}"));
        }
        words.push(format!("--rounds {} --seconds {}", self.rounds, self.seconds));
        words.join(" ")
    }

    /// Reads the words.
    ///
    /// # Errors
    /// A message that names the word which is not understood, and what may stand there.
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut workloads = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("`{word}` without a value"));
            match word.as_str() {
                "--peers" => options.peers = peers(value()?)?,
                "--rounds" => options.rounds = number(word, value()?, ROUNDS_MAX)?,
                "--seconds" => options.seconds = number(word, value()?, SECONDS_MAX)?,
                "--json" => options.json = Some(value()?.into()),
                "--update-readme" => options.update_readme = true,
                name => workloads.push(workload(name)?),
            }
        }
        if !workloads.is_empty() {
            workloads.sort_unstable();
            workloads.dedup();
            options.workloads = workloads;
        }
        Ok(options)
    }
}

fn workload(name: &str) -> Result<Workload, String> {
    Workload::ALL.into_iter().find(|workload| workload.name() == name).ok_or_else(|| {
        let names = Workload::ALL.map(Workload::name).join(", ");
        format!("there is no workload `{name}`; there are {names}")
    })
}

/// The names of a list with commas, in our order; `none` is nobody.
fn peers(list: &str) -> Result<Vec<&'static str>, String> {
    let named: Vec<&str> = list.split(',').map(str::trim).filter(|name| *name != "none").collect();
    if let Some(unknown) = named.iter().find(|name| !tools::PEERS.contains(name)) {
        let names = tools::PEERS.join(", ");
        return Err(format!("there is no peer `{unknown}`; there are {names} and `none`"));
    }
    Ok(tools::PEERS.into_iter().filter(|name| named.contains(name)).collect())
}

fn number<N>(flag: &str, text: &str, max: N) -> Result<N, String>
where
    N: std::str::FromStr + PartialOrd + From<u8> + std::fmt::Display,
{
    let number = text.parse().ok().filter(|number| (N::from(1)..=max).contains(number));
    number.ok_or_else(|| format!("`{flag} {text}`; expected a number from 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<BenchOptions, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        BenchOptions::parse(&words)
    }

    #[test]
    fn nothing_typed_means_everything() {
        let options = parse("").unwrap();
        assert_eq!(options, BenchOptions::default());
        assert_eq!(options.workloads.len(), Workload::ALL.len());
    }

    #[test]
    fn names_come_in_our_order_and_once() {
        let options = parse("shop get shop --peers oha,wrk --rounds 5 --seconds 2").unwrap();
        assert_eq!(options.workloads, [Workload::Get, Workload::Shop]);
        assert_eq!(options.peers, ["wrk", "oha"]);
        assert_eq!((options.rounds, options.seconds), (5, 2));
        let again = "cargo xtask bench get shop --peers wrk,oha --rounds 5 --seconds 2";
        assert_eq!(options.command(), again);
        assert!(parse("--peers none").unwrap().peers.is_empty());
    }

    #[test]
    fn what_is_not_understood_is_named_with_what_would_be() {
        for (words, part) in [
            ("gets", "there is no workload `gets`; there are get, shop"),
            ("--peers wrk,ab", "there is no peer `ab`; there are wrk"),
            ("--rounds", "`--rounds` without a value"),
            ("--rounds 0", "`--rounds 0`; expected a number from 1"),
            ("--seconds 601", "`--seconds 601`"),
            ("--seconds x", "`--seconds x`"),
        ] {
            let error = parse(words).unwrap_err();
            assert!(error.contains(part), "{words}: {error}");
        }
    }
}
