//! The generator watches itself: how busy its cores are and how late its timers fire.
//!
//! Upstream: the clock and `/proc`, on each core's own thread. Downstream: the health part of
//! snapshots, a warning, and the verdict. A generator that is late measures itself, not the target.

use std::time::Duration;

use tokio::time::Instant;
use wload_core::histogram::Histogram;
use wload_core::ids::CoreId;
use wload_core::isolation::Isolation;
use wload_core::snapshot::{CoreHealth, GeneratorHealth, InstanceCounts};

/// How often lag is measured: a hundred wake-ups a second cost a core under 0.1 %.
pub(crate) const LAG_PERIOD: Duration = Duration::from_millis(10);
/// CPU time is looked at over at least this long: a core that starts a thousand users is busy for some
/// milliseconds, and that is no bottleneck.
const CPU_INTERVAL_MIN: Duration = Duration::from_millis(800);
/// A core that is busier than this is saturated (Locust warns at 90 %, too).
const CPU_SATURATED: f64 = 0.9;
/// Timers that are later than this for one in a hundred are the generator's own delay.
const LAG_SATURATED_US: u64 = 50_000;

/// Measures one core, on its own thread.
pub(crate) struct CoreMonitor {
    core: CoreId,
    since: Instant,
    cpu_since: Option<Duration>,
    /// Of the last interval that was long enough.
    cpu: f64,
    cpu_max: f64,
    lag: Histogram,
    /// The same over the whole run.
    lag_of_run: Histogram,
    lag_us_max: u64,
}

impl CoreMonitor {
    pub(crate) fn new(core: CoreId) -> Self {
        Self {
            core,
            since: Instant::now(),
            cpu_since: thread_cpu_time(),
            cpu: 0.0,
            cpu_max: 0.0,
            lag: Histogram::default(),
            lag_of_run: Histogram::default(),
            lag_us_max: 0,
        }
    }

    /// A timer that was due at `due` fires now.
    pub(crate) fn timer_fired(&mut self, due: Instant) {
        let late = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.lag.add(late, 1);
        self.lag_of_run.add(late, 1);
        self.lag_us_max = self.lag_us_max.max(late);
    }

    /// The interval since the last report ends.
    pub(crate) fn report(&mut self, users: u32, instances: InstanceCounts) -> CoreHealth {
        self.measure_cpu();
        let health = CoreHealth {
            core: self.core,
            cpu: self.cpu,
            cpu_max: self.cpu_max,
            lag_us_p99: p99(&self.lag),
            lag_us_max: self.lag_us_max,
            lag_us_p99_run: p99(&self.lag_of_run),
            users,
            instances,
        };
        self.lag = Histogram::default();
        health
    }

    fn measure_cpu(&mut self) {
        let wall = self.since.elapsed();
        if wall < CPU_INTERVAL_MIN {
            return;
        }
        let cpu_now = thread_cpu_time();
        let used = match (self.cpu_since, cpu_now) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => Duration::ZERO,
        };
        self.cpu = used.div_duration_f64(wall).min(1.0);
        self.cpu_max = self.cpu_max.max(self.cpu);
        (self.since, self.cpu_since) = (Instant::now(), cpu_now);
    }
}

fn p99(lag: &Histogram) -> u64 {
    let rank = lag.count().saturating_mul(99) / 100;
    let last = lag.count().saturating_sub(1);
    lag.at_ranks(&[rank.min(last)]).first().copied().unwrap_or(0)
}

/// CPU time of the calling thread; none where the system does not say.
fn thread_cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Remembers the health of all cores, and whether the generator was ever the bottleneck.
#[derive(Debug, Default)]
pub(crate) struct HealthLog {
    latest: GeneratorHealth,
    saturated: Option<String>,
    has_grown: bool,
}

impl HealthLog {
    /// A core's report; a text the first time that the generator is the bottleneck, or needs more
    /// instances than planned.
    pub(crate) fn add(&mut self, health: CoreHealth) -> Option<String> {
        let text = saturation(&health);
        let growth = self.growth(&health);
        match self.latest.cores.iter_mut().find(|core| core.core == health.core) {
            Some(core) => *core = health,
            None => {
                self.latest.cores.push(health);
                self.latest.cores.sort_by_key(|core| core.core);
            }
        }
        if self.saturated.is_some() || text.is_none() {
            return growth;
        }
        self.saturated = text;
        self.saturated.clone()
    }

    /// A text the first time that a core needs more instances than should be kept.
    fn growth(&mut self, health: &CoreHealth) -> Option<String> {
        let InstanceCounts { kept_max, live, pinned, .. } = health.instances;
        if self.has_grown || live.saturating_sub(pinned) <= kept_max {
            return None;
        }
        self.has_grown = true;
        Some(format!(
            "core {} has more tasks under way than instances are kept: {live} instead of {kept_max}; \
             `--limit instances` sets how many in all",
            health.core
        ))
    }

    /// Of a run with this isolation.
    pub(crate) fn new(isolation: Isolation) -> Self {
        let latest = GeneratorHealth { isolation, cores: Vec::new() };
        Self { latest, ..Self::default() }
    }

    pub(crate) fn latest(&self) -> &GeneratorHealth {
        &self.latest
    }

    pub(crate) fn saturation(&self) -> Option<String> {
        self.saturated.clone()
    }
}

fn saturation(health: &CoreHealth) -> Option<String> {
    let advice =
        "response times may be wload's own delay: use fewer users, more cores or more machines";
    if health.cpu > CPU_SATURATED {
        let percent = (health.cpu * 100.0).round();
        return Some(format!(
            "CPU usage above 90%! core {} is {percent}% busy; {advice}",
            health.core
        ));
    }
    if health.lag_us_p99 > LAG_SATURATED_US {
        let late = health.lag_us_p99 / 1_000;
        return Some(format!(
            "core {} is late: its timers fire up to {late} ms after they are due; {advice}",
            health.core
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(cpu: f64, lag_us_p99: u64) -> CoreHealth {
        CoreHealth {
            core: CoreId(0),
            cpu,
            cpu_max: cpu,
            lag_us_p99,
            lag_us_max: lag_us_p99,
            lag_us_p99_run: lag_us_p99,
            users: 1,
            instances: InstanceCounts::default(),
        }
    }

    #[test]
    fn saturation_is_said_once_and_remembered() {
        let mut log = HealthLog::default();
        assert_eq!(log.add(health(0.5, 1_000)), None);
        assert!(log.add(health(0.97, 1_000)).unwrap().contains("97% busy"));
        assert_eq!(log.add(health(0.99, 90_000)), None);
        assert!(log.saturation().unwrap().contains("core 0"));
        assert!((log.latest().cores[0].cpu - 0.99).abs() < 1e-9);
    }

    #[test]
    fn late_timers_are_a_bottleneck_though_the_core_is_idle() {
        assert!(saturation(&health(0.1, 60_000)).unwrap().contains("60 ms"));
        assert_eq!(saturation(&health(0.1, 5_000)), None);
    }
}
