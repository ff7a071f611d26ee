//! What a target that misbehaves did, and what it does next.
//!
//! Upstream: its connections. Downstream: tests, which compare it with what wload says.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::steps::{Asked, Step, good};
use super::wire::Request;
use super::{Kind, Way, http2};

/// Where a redirect leads that leads to itself; its requests are hops of an exchange and no exchanges.
pub(super) const HOP_PATH: &str = "/again";

/// What a target did in one way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Answers that misbehaved.
    pub answers: u64,
    /// Of them: those that ended a connection which had served before, without a byte, under a request
    /// that may be repeated. A client repeats it on a new connection, and nobody notices.
    pub repeated: u64,
    /// Requests that followed its redirects.
    pub hops: u64,
}

/// The counts of one target.
#[derive(Debug)]
pub(super) struct Counts {
    kinds: Vec<&'static Kind>,
    every: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    requests: u64,
    /// Requests that are no hops.
    exchanges: u64,
    good: u64,
    by_kind: Vec<Tally>,
}

impl Counts {
    /// One exchange in `every` misbehaves, in these ways by turns.
    pub(super) fn new(kinds: Vec<&'static Kind>, every: u64) -> Self {
        let by_kind = vec![Tally::default(); kinds.len()];
        Self { kinds, every, state: Mutex::new(State { by_kind, ..State::default() }) }
    }

    /// The way of a target that has one, else one of them.
    pub(super) fn first(&self) -> &'static Kind {
        self.kinds[0]
    }

    /// What is done about this request; it is counted as done. `before`: requests on its connection so far.
    pub(super) fn next(&self, request: &Request, before: u64) -> Vec<Step> {
        let mut state = self.state();
        state.requests += 1;
        if request.path.starts_with(HOP_PATH) {
            return self.hop(&mut state, request);
        }
        let number = state.exchanges;
        state.exchanges += 1;
        let turn = number / self.every;
        let place = usize::try_from(turn).expect("a small number") % self.kinds.len();
        let is_its_turn = number % self.every == self.every - 1;
        let round = turn / self.kinds.len() as u64;
        let asked = Asked { path: &request.path, before, stream: request.stream, round };
        let misbehaviour = match self.kinds[place].way {
            Way::Answer(answer) if is_its_turn => answer(&asked),
            _ => None,
        };
        let Some(steps) = misbehaviour else {
            state.good += 1;
            return if request.stream == 0 { good() } else { http2::good(request.stream) };
        };
        let tally = &mut state.by_kind[place];
        tally.answers += 1;
        let is_unanswered =
            matches!(steps[0], Step::Close | Step::Cut | Step::Reset | Step::Refuse(_));
        tally.repeated += u64::from(is_unanswered && before > 0 && request.is_idempotent);
        steps
    }

    /// The next step of a chain of redirects: the kind that sends to this path is the one that answers.
    fn hop(&self, state: &mut State, request: &Request) -> Vec<Step> {
        let asked = Asked { path: &request.path, before: 0, stream: request.stream, round: 0 };
        for (kind, tally) in self.kinds.iter().zip(&mut state.by_kind) {
            if let Way::Answer(answer) = kind.way
                && request.path.ends_with(kind.name)
                && let Some(steps) = answer(&asked)
            {
                tally.hops += 1;
                return steps;
            }
        }
        good()
    }

    pub(super) fn tally(&self, kind: &Kind) -> Tally {
        let place = self.kinds.iter().position(|own| own.name == kind.name);
        place.map(|place| self.state().by_kind[place]).unwrap_or_default()
    }

    pub(super) fn requests(&self) -> u64 {
        self.state().requests
    }

    pub(super) fn good(&self) -> u64 {
        self.state().good
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
