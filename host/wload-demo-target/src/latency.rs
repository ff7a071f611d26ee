//! How long an answer takes.
//!
//! Upstream: `chance`. Downstream: `server`, which waits before every counted answer with `alarm`.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::error::LatencyError;
use crate::limits::{MAX_LATENCY, MAX_SIGMA};

/// How long a target takes for a request, from the last byte of the request on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Latency {
    /// As fast as it can.
    #[default]
    None,
    /// Always the same time.
    Fixed(Duration),
    /// One of two times, by chance.
    Bimodal {
        /// The usual time.
        fast: Duration,
        /// The rare time.
        slow: Duration,
        /// The share of requests that take the rare time, from 0 to 1.
        slow_share: f64,
    },
    /// Around a median, with a long tail: the logarithm is normal. The percentile of rank `q` is the median times
    /// `exp(sigma * z)`, where `z` is the normal distribution's own of that rank.
    Lognormal {
        /// Half of all requests take less.
        median: Duration,
        /// How long the tail is: at 0.4, one of a hundred takes 2.5 medians.
        sigma: f64,
    },
    /// At once, except that all answers stop for a while again and again. The first stall begins one
    /// interval after the start or the last reset.
    Stall {
        /// From the start of one stall to the start of the next.
        every: Duration,
        /// How long one stall takes.
        length: Duration,
    },
}

impl Latency {
    /// When a request that was received at `received` may be answered; `epoch` is where stalls count from.
    pub(crate) fn deadline(&self, received: Instant, epoch: Instant, chance: &Chance) -> Instant {
        match *self {
            Latency::None => received,
            Latency::Fixed(time) => received + time,
            Latency::Bimodal { fast, slow, slow_share } => {
                received + if chance.happens(slow_share) { slow } else { fast }
            }
            Latency::Lognormal { median, sigma } => {
                // The longest is a chance of one in 10^53 with the longest tail; nobody waits for it.
                let time = median.as_secs_f64() * (sigma * chance.normal()).exp();
                received + Duration::from_secs_f64(time.min(MAX_LATENCY.as_secs_f64()))
            }
            Latency::Stall { every, length } => {
                let since = received.saturating_duration_since(epoch);
                let into = Duration::from_nanos_u128(since.as_nanos() % every.as_nanos().max(1));
                if since >= every && into < length { received + (length - into) } else { received }
            }
        }
    }

    /// Says which value is out of range, if any.
    pub(crate) fn check(&self) -> Result<(), LatencyError> {
        let limited = |time: Duration| {
            if time <= MAX_LATENCY {
                Ok(())
            } else {
                Err(LatencyError::TooLong { text: show_duration(time) })
            }
        };
        match *self {
            Latency::None => Ok(()),
            Latency::Fixed(time) => limited(time),
            Latency::Bimodal { fast, slow, slow_share } => {
                limited(fast)?;
                limited(slow)?;
                if (0.0..=1.0).contains(&slow_share) {
                    Ok(())
                } else {
                    Err(LatencyError::BadShare { text: slow_share.to_string() })
                }
            }
            Latency::Lognormal { median, sigma } => {
                limited(median)?;
                if (0.0..=MAX_SIGMA).contains(&sigma) {
                    Ok(())
                } else {
                    Err(LatencyError::BadSigma { text: sigma.to_string() })
                }
            }
            Latency::Stall { every, length } => {
                limited(length)?;
                if length < every {
                    Ok(())
                } else {
                    Err(LatencyError::EndlessStall {
                        every: show_duration(every),
                        length: show_duration(length),
                    })
                }
            }
        }
    }
}

impl FromStr for Latency {
    type Err = LatencyError;

    fn from_str(text: &str) -> Result<Self, LatencyError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let values: Vec<&str> =
            if rest.is_empty() { Vec::new() } else { rest.split(',').map(str::trim).collect() };
        let wrong_count =
            |form| LatencyError::WrongCount { text: text.to_owned(), found: values.len(), form };
        let latency = match kind.trim() {
            "none" if !text.contains(':') => Latency::None,
            "none" => return Err(wrong_count("none")),
            "fixed" => match values[..] {
                [time] => Latency::Fixed(parse_duration(time)?),
                _ => return Err(wrong_count("fixed:10ms")),
            },
            "bimodal" => match values[..] {
                [fast, slow, share] => Latency::Bimodal {
                    fast: parse_duration(fast)?,
                    slow: parse_duration(slow)?,
                    slow_share: share
                        .parse()
                        .map_err(|_| LatencyError::BadShare { text: share.to_owned() })?,
                },
                _ => return Err(wrong_count("bimodal:5ms,50ms,0.1")),
            },
            "lognormal" => match values[..] {
                [median, sigma] => Latency::Lognormal {
                    median: parse_duration(median)?,
                    sigma: sigma
                        .parse()
                        .map_err(|_| LatencyError::BadSigma { text: sigma.to_owned() })?,
                },
                _ => return Err(wrong_count("lognormal:10ms,0.4")),
            },
            "stall" => match values[..] {
                [every, length] => Latency::Stall {
                    every: parse_duration(every)?,
                    length: parse_duration(length)?,
                },
                _ => return Err(wrong_count("stall:5s,500ms")),
            },
            _ => {
                return Err(LatencyError::UnknownKind { text: text.to_owned() });
            }
        };
        latency.check()?;
        Ok(latency)
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Latency::None => out.write_str("none"),
            Latency::Fixed(time) => write!(out, "fixed:{}", show_duration(time)),
            Latency::Bimodal { fast, slow, slow_share } => {
                let (fast, slow) = (show_duration(fast), show_duration(slow));
                write!(out, "bimodal:{fast},{slow},{slow_share}")
            }
            Latency::Lognormal { median, sigma } => {
                write!(out, "lognormal:{},{sigma}", show_duration(median))
            }
            Latency::Stall { every, length } => {
                let (every, length) = (show_duration(every), show_duration(length));
                write!(out, "stall:{every},{length}")
            }
        }
    }
}

fn parse_duration(text: &str) -> Result<Duration, LatencyError> {
    let bad = || LatencyError::BadDuration { text: text.to_owned() };
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
    let (number, unit) = text.split_at(unit_at);
    let nanos_per_unit = match unit {
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return Err(bad()),
    };
    let number: f64 = number.parse().map_err(|_| bad())?;
    let seconds = (number * nanos_per_unit).round() / 1e9;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| LatencyError::TooLong { text: text.to_owned() })
}

fn show_duration(time: Duration) -> String {
    let micros = time.as_nanos() as f64 / 1e3;
    if micros >= 1e6 {
        format!("{}s", micros / 1e6)
    } else if micros >= 1e3 {
        format!("{}ms", micros / 1e3)
    } else {
        format!("{micros}us")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn every_form_is_read_and_shown_alike() {
        for (text, latency) in [
            ("none", Latency::None),
            ("fixed:10ms", Latency::Fixed(10 * MS)),
            ("fixed:250us", Latency::Fixed(Duration::from_micros(250))),
            ("fixed:1.5s", Latency::Fixed(1500 * MS)),
            (
                "bimodal:5ms,50ms,0.1",
                Latency::Bimodal { fast: 5 * MS, slow: 50 * MS, slow_share: 0.1 },
            ),
            ("lognormal:10ms,0.4", Latency::Lognormal { median: 10 * MS, sigma: 0.4 }),
            ("stall:5s,500ms", Latency::Stall { every: 5000 * MS, length: 500 * MS }),
        ] {
            assert_eq!(text.parse(), Ok(latency), "{text}");
            assert_eq!(latency.to_string(), text);
        }
    }

    #[test]
    fn broken_texts_are_refused_with_what_would_be_right() {
        for (text, part) in [
            ("", "read latency ``"),
            ("slow", "expected `none`"),
            ("none:1", "it has 1 values"),
            ("fixed", "it has 0 values, expected the form `fixed:10ms`"),
            ("fixed:1ms,2ms", "has 2 values"),
            ("fixed:10", "read duration `10`"),
            ("fixed:ms", "read duration `ms`"),
            ("fixed:-1ms", "read duration `-1ms`"),
            ("fixed:1.2.3ms", "read duration"),
            ("fixed:1e9s", "read duration"),
            ("fixed:61s", "at most 60s"),
            ("fixed:99999999999999999999999999s", "at most 60s"),
            ("bimodal:1ms,2ms", "has 2 values"),
            ("bimodal:1ms,2ms,x", "read share `x`"),
            ("bimodal:1ms,2ms,NaN", "read share `NaN`"),
            ("bimodal:1ms,2ms,1.5", "read share `1.5`"),
            ("lognormal:1ms", "has 1 values"),
            ("lognormal:1ms,x", "read `x` as the sigma"),
            ("lognormal:1ms,-1", "read `-1` as the sigma"),
            ("lognormal:1ms,3", "expected a number from 0 to 2"),
            ("stall:1s,1s", "stall for 1s every 1s"),
            ("stall:0s,0s", "stall for 0us every 0us"),
        ] {
            let error = text.parse::<Latency>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_stall_holds_what_arrives_in_it_until_it_ends() {
        let latency: Latency = "stall:100ms,30ms".parse().unwrap();
        let epoch = Instant::now();
        let chance = Chance::new(1);
        for (arrives, answered) in
            [(0, 0), (20, 20), (99, 99), (100, 130), (129, 130), (130, 130), (210, 230)]
        {
            let deadline = latency.deadline(epoch + arrives * MS, epoch, &chance);
            assert_eq!(deadline, epoch + answered * MS, "{arrives}");
        }
    }

    #[test]
    fn the_slow_share_is_met() {
        let latency: Latency = "bimodal:1ms,9ms,0.25".parse().unwrap();
        let (now, chance) = (Instant::now(), Chance::new(7));
        let slow =
            (0..10_000).filter(|_| latency.deadline(now, now, &chance) == now + 9 * MS).count();
        assert!((2_300..2_700).contains(&slow), "{slow}");
    }

    #[test]
    fn the_percentiles_of_a_long_tail_are_those_of_the_formula() {
        let latency: Latency = "lognormal:10ms,0.4".parse().unwrap();
        let (now, chance) = (Instant::now(), Chance::new(7));
        let mut times: Vec<f64> = (0..100_000)
            .map(|_| (latency.deadline(now, now, &chance) - now).as_secs_f64() * 1e3)
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        for (rank, z) in [(50_000, 0.0), (90_000, 1.281_55), (99_000, 2.326_35)] {
            let expected = 10.0 * f64::exp(0.4 * z);
            assert!((times[rank] / expected - 1.0).abs() < 0.02, "{rank}: {}", times[rank]);
        }
    }
}
