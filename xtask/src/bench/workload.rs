//! The kinds of load, and what each asks of the target and of a tool.
//!
//! Upstream: the names that were typed. Downstream: `measure` makes one [`Job`] of each case, and each tool
//! says how it does it or why it cannot.

/// A kind of load, in the order of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Workload {
    /// One small answer, again and again.
    Get,
    /// The five steps of a shop.
    Shop,
    /// One large answer.
    Body,
    /// The small answer over TLS.
    Https,
    /// The small answer over HTTP/2 and TLS.
    Http2,
    /// What a tool says about a target whose times are known.
    Latency,
    /// Users who wait.
    Waiting1000,
    /// More users who wait.
    Waiting5000,
    /// Many users who wait.
    Waiting10000,
    /// What a request costs with more and more users.
    Curve,
    /// What wload says about a target whose times are known, with less and less of its core to spare.
    Accuracy,
}

/// What each user does. Each tool has it in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `GET /ok`.
    Get,
    /// `GET /bytes/102400`.
    Read,
    /// `GET /ok`, then ten seconds of nothing.
    Wait,
    /// Log in, list, view, cart, order; JSON both ways.
    Shop,
}

impl Action {
    /// What the classes of scenarios and scripts for this action are called, in every language.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Get => "Getter",
            Self::Read => "Reader",
            Self::Wait => "Waiter",
            Self::Shop => "Shopper",
        }
    }

    /// The one URL that is asked for, below the target's; none where a tool needs a program to do it.
    pub(crate) fn path(self) -> Option<&'static str> {
        match self {
            Self::Get => Some("/ok"),
            Self::Read => Some("/bytes/102400"),
            Self::Wait | Self::Shop => None,
        }
    }
}

/// How the target is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// HTTP/2 over TLS.
    Http2,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// CPU time of each request.
    Cost,
    /// Cost, and reported percentiles beside the true ones.
    Accuracy,
    /// Memory of each user.
    Memory,
    /// Cost, and how late the tool's own timers were.
    Lag,
    /// Reported percentiles beside the true ones, how busy the tool was, and whether it said so.
    Saturation,
}

impl Measure {
    /// Whether the target's own times are asked for.
    pub(crate) fn has_true_times(self) -> bool {
        matches!(self, Self::Accuracy | Self::Saturation)
    }

    /// Whether a tool has to come to its own end, since it reports only there.
    pub(crate) fn needs_report(self) -> bool {
        matches!(self, Self::Accuracy | Self::Lag | Self::Saturation)
    }
}

/// One run to make: this many users do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) users: u32,
    pub(crate) action: Action,
    pub(crate) protocol: Protocol,
    pub(crate) measure: Measure,
}

/// Times of the target that the reported ones are compared with: a long tail, as real ones have.
const LATENCY: &str = "lognormal:10ms,0.4";

impl Workload {
    pub(crate) const ALL: [Self; 11] = [
        Self::Get,
        Self::Shop,
        Self::Body,
        Self::Https,
        Self::Http2,
        Self::Latency,
        Self::Waiting1000,
        Self::Waiting5000,
        Self::Waiting10000,
        Self::Curve,
        Self::Accuracy,
    ];

    /// As it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Shop => "shop",
            Self::Body => "body",
            Self::Https => "https",
            Self::Http2 => "http2",
            Self::Latency => "latency",
            Self::Waiting1000 => "waiting-1000",
            Self::Waiting5000 => "waiting-5000",
            Self::Waiting10000 => "waiting-10000",
            Self::Curve => "curve",
            Self::Accuracy => "accuracy",
        }
    }

    /// For people, as a heading.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Get => "GET, 2 bytes back, 64 users in a closed loop",
            Self::Shop => "Shop: log in, list, view, cart, order with JSON, 64 users",
            Self::Body => "GET, 100 KiB back, 64 users",
            Self::Https => "GET over TLS, 64 users",
            Self::Http2 => "GET over HTTP/2 and TLS, 64 users with a connection each",
            Self::Latency => "Reported against true response times, 16 users",
            Self::Waiting1000 => "1,000 users who wait: one GET, then 10 s of nothing",
            Self::Waiting5000 => "5,000 users who wait: one GET, then 10 s of nothing",
            Self::Waiting10000 => "10,000 users who wait: one GET, then 10 s of nothing",
            Self::Curve => "Cost of a GET with more and more users in a closed loop",
            Self::Accuracy => "Reported against true response times, up to the end of the core",
        }
    }

    /// The runs of one round.
    pub(crate) fn cases(self) -> Vec<Case> {
        let get = Case {
            users: 64,
            action: Action::Get,
            protocol: Protocol::Http,
            measure: Measure::Cost,
        };
        let waiting = |users| Case { users, action: Action::Wait, measure: Measure::Memory, ..get };
        match self {
            Self::Get => vec![get],
            Self::Shop => vec![Case { action: Action::Shop, ..get }],
            Self::Body => vec![Case { action: Action::Read, ..get }],
            Self::Https => vec![Case { protocol: Protocol::Https, ..get }],
            Self::Http2 => vec![Case { protocol: Protocol::Http2, ..get }],
            Self::Latency => vec![Case { users: 16, measure: Measure::Accuracy, ..get }],
            // One user first: the rest of the process, which is no user's.
            Self::Waiting1000 => vec![waiting(1), waiting(1_000)],
            Self::Waiting5000 => vec![waiting(1), waiting(5_000)],
            Self::Waiting10000 => vec![waiting(1), waiting(10_000)],
            Self::Curve => {
                let case = |users| Case { users, measure: Measure::Lag, ..get };
                [10, 100, 1_000, 10_000, 100_000].map(case).to_vec()
            }
            Self::Accuracy => {
                let case = |users| Case { users, measure: Measure::Saturation, ..get };
                [16, 100, 200, 300, 400, 500, 600, 700].map(case).to_vec()
            }
        }
    }

    /// What the target is told besides where to listen.
    pub(crate) fn target_flags(self) -> &'static [&'static str] {
        match self {
            Self::Https => &["--tls"],
            Self::Http2 => &["--tls", "--http2"],
            Self::Latency | Self::Accuracy => &["--latency", LATENCY],
            _ => &[],
        }
    }

    /// Whether users wait, so that it matters where they do.
    pub(crate) fn has_waits(self) -> bool {
        self.cases().iter().any(|case| case.action == Action::Wait)
    }

    /// Whether other tools do it, too.
    pub(crate) fn has_peers(self) -> bool {
        self != Self::Accuracy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_memory_has_something_to_be_compared_with() {
        let mut names = Workload::ALL.map(Workload::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Workload::ALL.len());
        for workload in Workload::ALL {
            let cases = workload.cases();
            let is_memory = cases.iter().any(|case| case.measure == Measure::Memory);
            assert!(!is_memory || (cases.len() == 2 && cases[0].users == 1), "{workload:?}");
        }
    }
}
