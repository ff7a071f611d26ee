//! `wload:scenario/http`: from a guest's request to one entry of the statistics.
//!
//! Upstream: the guest, through `http/send.rs`. Downstream: the user's
//! [`HttpClient`](wload_http::HttpClient), then the recorder; answers are in `http/answers.rs`.
//! Invariants: each exchange that left is recorded exactly once, unless it is silent; an exchange
//! that was refused because the user is being stopped never left; one whose end nobody waited for
//! is counted as interrupted.

use std::rc::Rc;
use std::time::Duration;

use wasmtime::component::Resource;
use wload_core::cancel::StopPhase;
use wload_core::failure::judged_failure;
use wload_core::limits::{
    MESSAGE_BYTES_MAX, REQUEST_METHOD_BYTES_MAX, REQUEST_NAME_BYTES_MAX, STOPPING_REFUSALS_MAX,
};
use wload_core::request_key::{KeyId, cut};
use wload_core::sample::Sample;
use wload_http::{Exchange, HttpError, Opened, ParallelRequest, PreparedRequest, RequestBody};

use crate::bindings::wload::scenario::http::{self, Recording, Reply};
use crate::core_context::ObservedRequest;
use crate::store_state::{UserState, misuse};

mod answers;
mod convert;
mod send;

/// An exchange in the guest's hands: its number is the place in the user's slab.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct ExchangeHandle;
/// A template in the guest's hands: its number is the place in the user's slab.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct TemplateHandle;

/// What a prepared request takes beside its texts, about.
const TEMPLATE_BYTES: usize = 1 << 10;

/// A request that was prepared.
pub(crate) struct Template {
    request: Rc<PreparedRequest>,
    label: Label,
    /// What it counts for in `UserState::template_bytes`.
    bytes: usize,
}

/// How an exchange is recorded.
#[derive(Clone)]
struct Label {
    method: Rc<str>,
    name: Rc<str>,
    key: KeyId,
    recording: Recording,
}

/// An exchange that the guest holds.
pub(crate) struct OpenExchange {
    outcome: Outcome,
    label: Label,
    ended: Duration,
    /// It is `judged` and not recorded yet.
    is_pending: bool,
    verdict: Option<Verdict>,
}

/// What the guest said of an exchange.
pub(crate) enum Verdict {
    Success,
    /// A reason, which the table of failures shows as Locust would.
    Failure(String),
    /// The text of the table itself.
    FailureText(String),
    /// It is not recorded.
    Discard,
}

impl OpenExchange {
    /// Of the body that is kept for the guest.
    fn body_bytes(&self) -> u64 {
        match &self.outcome {
            Outcome::Done(exchange) => exchange.body.len() as u64,
            Outcome::Open(_) | Outcome::Stopping | Outcome::Invalid(_) => 0,
        }
    }
}

/// What became of a request.
enum Outcome {
    /// It left, or tried to.
    Done(Box<Exchange>),
    /// Its body is read by the guest.
    Open(Box<wload_http::OpenExchange>),
    /// It was never sent: the user is being stopped.
    Stopping,
    /// It was never sent: it is malformed.
    Invalid(HttpError),
}

impl UserState {
    /// True: the user is being stopped and nothing new may begin. A guest that goes on asking
    /// traps.
    pub(crate) fn refuses(&mut self) -> wasmtime::Result<bool> {
        if !self.is_stoppable || self.resident.signals.phase() < StopPhase::Stop {
            return Ok(false);
        }
        self.resident.refusals += 1;
        if self.resident.refusals > STOPPING_REFUSALS_MAX {
            return Err(misuse("the user is being stopped, but its task does not return"));
        }
        Ok(true)
    }

    fn label(&self, spec: &http::RequestSpec) -> Label {
        // What is kept for a user is cut before it is kept.
        let name = cut(spec.name.as_deref().unwrap_or(&spec.url), REQUEST_NAME_BYTES_MAX);
        let method = cut(&spec.method, REQUEST_METHOD_BYTES_MAX);
        let key = self.core.recorder.borrow_mut().intern(method, name);
        Label { method: method.into(), name: name.into(), key, recording: spec.recording }
    }

    async fn exchange(
        &mut self,
        request: &PreparedRequest,
        label: Label,
        values: &[String],
        body: RequestBody,
    ) -> wasmtime::Result<Reply> {
        let exchange = self.resident.client.send(request, values, body).await;
        self.conclude(label, exchange)
    }

    /// All at once; the outer error is a trap.
    async fn exchange_all(
        &mut self,
        requests: Vec<ParallelRequest>,
        labels: Vec<Label>,
    ) -> wasmtime::Result<Result<Vec<Reply>, HttpError>> {
        let exchanges = match self.resident.client.send_all(requests).await {
            Ok(exchanges) => exchanges,
            Err(error) => return Ok(Err(error)),
        };
        let replies = labels.into_iter().zip(exchanges);
        replies
            .map(|(label, exchange)| self.conclude(label, Box::new(exchange)))
            .collect::<Result<_, _>>()
            .map(Ok)
    }

    /// Up to the head of the response.
    async fn open(
        &mut self,
        request: &PreparedRequest,
        label: Label,
        values: &[String],
        body: RequestBody,
    ) -> wasmtime::Result<Reply> {
        let opened = match self.resident.client.open(request, values, body).await {
            Opened::Open(opened) => opened,
            Opened::Failed(exchange) => return self.conclude(label, exchange),
        };
        let status = opened.status();
        let is_pending = label.recording == Recording::Judged;
        let ended = self.core.clock.elapsed();
        let outcome = Outcome::Open(opened);
        let open = OpenExchange { outcome, label, ended, is_pending, verdict: None };
        Ok(Reply { status, failed: status >= 400, exchange: self.hold(open)? })
    }

    /// An exchange has ended: recorded, unless the guest judges it, and held for the guest.
    fn conclude(&mut self, label: Label, mut exchange: Box<Exchange>) -> wasmtime::Result<Reply> {
        if exchange.is_refused()
            && let Some(error) = exchange.error.take()
        {
            return self.refused(label, Outcome::Invalid(error));
        }
        let ended = self.core.clock.elapsed();
        let (status, failed) = self.account(&label, &exchange, ended);
        let is_pending = label.recording == Recording::Judged;
        let outcome = Outcome::Done(exchange);
        let open = OpenExchange { outcome, label, ended, is_pending, verdict: None };
        Ok(Reply { status, failed, exchange: self.hold(open)? })
    }

    /// Shows and records an exchange that has ended; its status, and whether it failed.
    fn account(&self, label: &Label, exchange: &Exchange, ended: Duration) -> (u16, bool) {
        let failure = exchange.failure(&label.name);
        if exchange.repeats > 0 {
            self.core.recorder.borrow_mut().record_repeated(exchange.repeats);
        }
        if let Some(observe) = &self.core.observe {
            observe(&ObservedRequest {
                method: &label.method,
                name: &label.name,
                exchange,
                failure: failure.as_deref(),
            });
        }
        if label.recording == Recording::Automatic {
            self.record(label, exchange, ended, failure.as_deref());
        }
        (exchange.status, failure.is_some())
    }

    /// The next piece of an opened exchange; at its end it is an exchange like any other.
    async fn read_chunk(&mut self, place: usize) -> wasmtime::Result<Option<Vec<u8>>> {
        let open =
            self.exchanges.get_mut(place).ok_or_else(|| misuse("unknown exchange handle"))?;
        let Outcome::Open(stream) = &mut open.outcome else { return Ok(None) };
        if let Some(chunk) = stream.next_chunk().await {
            return Ok(Some(chunk.to_vec()));
        }
        if let Outcome::Open(stream) = std::mem::replace(&mut open.outcome, Outcome::Stopping) {
            let exchange = stream.finish().await;
            self.end_stream(place, exchange);
        }
        Ok(None)
    }

    /// An opened exchange that nobody reads any more.
    fn abandon(&mut self, place: usize) {
        let Some(open) = self.exchanges.get_mut(place) else { return };
        if !matches!(open.outcome, Outcome::Open(_)) {
            return;
        }
        if let Outcome::Open(stream) = std::mem::replace(&mut open.outcome, Outcome::Stopping) {
            self.end_stream(place, stream.abandon());
        }
    }

    fn end_stream(&mut self, place: usize, exchange: Exchange) {
        let ended = self.core.clock.elapsed();
        let label = self.exchanges[place].label.clone();
        self.account(&label, &exchange, ended);
        let open = &mut self.exchanges[place];
        open.ended = ended;
        open.outcome = Outcome::Done(Box::new(exchange));
    }

    /// The user is dropped: opened exchanges that had not ended are counted as interrupted, in
    /// whatever call it was.
    pub(crate) fn interrupt_streams(&mut self) -> u32 {
        let is_open = |open: &OpenExchange| match &open.outcome {
            Outcome::Open(stream) => stream.is_under_way(),
            Outcome::Done(_) | Outcome::Stopping | Outcome::Invalid(_) => false,
        };
        let places: Vec<usize> = self
            .exchanges
            .iter()
            .filter(|(_, open)| is_open(open))
            .map(|(place, _)| place)
            .collect();
        for &place in &places {
            let open = self.exchanges.remove(place);
            self.judged_open -= u32::from(open.is_pending);
        }
        u32::try_from(places.len()).unwrap_or(u32::MAX)
    }

    fn record(&self, label: &Label, exchange: &Exchange, ended: Duration, failure: Option<&str>) {
        self.core.recorder.borrow_mut().record(&Sample {
            key: label.key,
            ended,
            response_time: Some(exchange.timings.total),
            response_length: exchange.body_size,
            failure,
        });
    }

    fn hold(&mut self, open: OpenExchange) -> wasmtime::Result<Resource<ExchangeHandle>> {
        if open.is_pending {
            self.judged_open += 1;
        }
        self.held_body_bytes += open.body_bytes();
        if self.exchanges.capacity() == 0 {
            // Most users hold one at a time.
            self.exchanges.reserve_exact(1);
        }
        let place = self.exchanges.insert(open);
        let limits = &self.limits;
        if self.exchanges.len() > limits.exchanges_open_max {
            return Err(misuse(format!(
                "holds more than {} responses at once (`--limit open-responses`)",
                limits.exchanges_open_max
            )));
        }
        if self.held_body_bytes > limits.held_body_bytes_max {
            return Err(misuse(format!(
                "holds bodies of more than {} bytes at once (`--limit held-bodies`)",
                limits.held_body_bytes_max
            )));
        }
        Ok(Resource::new_own(u32::try_from(place).expect("a slab with few places")))
    }

    /// A request that never left: not in the statistics.
    fn refused(&mut self, label: Label, mut outcome: Outcome) -> wasmtime::Result<Reply> {
        if let Outcome::Invalid(HttpError::InvalidRequest(found)) = &mut outcome {
            *found = cut(found, MESSAGE_BYTES_MAX).to_owned();
        }
        let ended = self.core.clock.elapsed();
        let open = OpenExchange { outcome, label, ended, is_pending: false, verdict: None };
        Ok(Reply { status: 0, failed: true, exchange: self.hold(open)? })
    }

    fn open_exchange(
        &mut self,
        handle: &Resource<ExchangeHandle>,
    ) -> wasmtime::Result<&mut OpenExchange> {
        self.exchanges
            .get_mut(handle.rep() as usize)
            .ok_or_else(|| misuse("unknown exchange handle"))
    }

    /// Records an exchange that waits for its verdict.
    fn settle(&mut self, place: usize) {
        self.abandon(place);
        let Some(open) = self.exchanges.get_mut(place) else { return };
        if !std::mem::take(&mut open.is_pending) {
            return;
        }
        self.judged_open -= 1;
        let verdict = open.verdict.take();
        let open = &self.exchanges[place];
        let Outcome::Done(exchange) = &open.outcome else { return };
        let failure = match verdict {
            Some(Verdict::Success) => None,
            Some(Verdict::Failure(message)) => Some(judged_failure(&message)),
            Some(Verdict::FailureText(text)) => Some(text),
            Some(Verdict::Discard) => return,
            None => exchange.failure(&open.label.name),
        };
        self.record(&open.label, exchange, open.ended, failure.as_deref());
    }

    /// The call is over: exchanges without a verdict are judged by the automatic rule.
    pub(crate) fn record_unjudged(&mut self) {
        let places: Vec<usize> = self
            .exchanges
            .iter()
            .filter(|(_, open)| open.is_pending)
            .map(|(place, _)| place)
            .collect();
        for place in places {
            self.settle(place);
        }
    }
}
