//! `wload:scenario/http`: from a guest's request to one entry of the statistics.
//!
//! Upstream: the guest. Downstream: the user's [`HttpClient`](wload_http::HttpClient), then the
//! recorder. Invariants: each exchange that left is recorded exactly once, unless it is silent; an
//! exchange that was refused because the user is being stopped never left.

use std::rc::Rc;
use std::time::Duration;

use send_wrapper::SendWrapper;
use wasmtime::component::Resource;
use wload_core::cancel::StopPhase;
use wload_core::failure::judged_failure;
use wload_core::limits::{
    MESSAGE_BYTES_MAX, REQUEST_METHOD_BYTES_MAX, REQUEST_NAME_BYTES_MAX, STOPPING_REFUSALS_MAX,
};
use wload_core::request_key::KeyId;
use wload_core::sample::Sample;
use wload_http::{Exchange, HttpError, PreparedRequest, RequestSpec};

use crate::bindings::wload::scenario::http::{self, ErrorCode, Recording, Reply};
use crate::core_context::ObservedRequest;
use crate::store_state::{StoreState, UserState, misuse};

mod answers;
mod convert;

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
    verdict: Option<Result<(), String>>,
}

impl OpenExchange {
    /// Of the body that is kept for the guest.
    fn body_bytes(&self) -> u64 {
        match &self.outcome {
            Outcome::Done(exchange) => exchange.body.len() as u64,
            Outcome::Stopping | Outcome::Invalid(_) => 0,
        }
    }
}

/// What became of a request.
enum Outcome {
    /// It left, or tried to.
    Done(Box<Exchange>),
    /// It was never sent: the user is being stopped.
    Stopping,
    /// It was never sent: it is malformed.
    Invalid(HttpError),
}

impl UserState {
    /// True: the user is being stopped and nothing new may begin. A guest that goes on asking
    /// traps.
    pub(crate) fn refuses(&mut self) -> wasmtime::Result<bool> {
        if !self.is_stoppable || self.signals.phase() < StopPhase::Stop {
            return Ok(false);
        }
        self.refusals += 1;
        if self.refusals > STOPPING_REFUSALS_MAX {
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
        body: Option<Vec<u8>>,
    ) -> wasmtime::Result<Reply> {
        let mut exchange = self.client.send(request, values, body).await;
        if exchange.is_refused()
            && let Some(error) = exchange.error.take()
        {
            return self.refused(label, Outcome::Invalid(error));
        }
        let ended = self.core.clock.elapsed();
        let failure = exchange.failure(&label.name);
        let (status, failed) = (exchange.status, failure.is_some());
        if let Some(observe) = &self.core.observe {
            observe(&ObservedRequest {
                method: &label.method,
                name: &label.name,
                exchange: &exchange,
                failure: failure.as_deref(),
            });
        }
        if label.recording == Recording::Automatic {
            self.record(&label, &exchange, ended, failure.as_deref());
        }
        let is_pending = label.recording == Recording::Judged;
        let outcome = Outcome::Done(Box::new(exchange));
        let open = OpenExchange { outcome, label, ended, is_pending, verdict: None };
        Ok(Reply { status, failed, exchange: self.hold(open)? })
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
        let Some(open) = self.exchanges.get_mut(place) else { return };
        if !std::mem::take(&mut open.is_pending) {
            return;
        }
        self.judged_open -= 1;
        let verdict = open.verdict.take();
        let open = &self.exchanges[place];
        let Outcome::Done(exchange) = &open.outcome else { return };
        let failure = match verdict {
            Some(Ok(())) => None,
            Some(Err(message)) => Some(judged_failure(&message)),
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

/// `text` with at most `bytes` bytes, cut between characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn wrong_values(request: &PreparedRequest, values: &[String]) -> HttpError {
    let (placeholders, found) = (request.placeholders(), values.len());
    let why = format!("the URL has {placeholders} placeholders, but {found} values were given");
    HttpError::InvalidRequest(why)
}

impl http::HostRequestTemplate for StoreState {
    fn create(
        &mut self,
        spec: http::RequestSpec,
    ) -> wasmtime::Result<Result<Resource<TemplateHandle>, ErrorCode>> {
        let user = self.user()?;
        if user.templates.len() >= user.limits.templates_max {
            return Err(misuse(format!(
                "holds more than {} request templates (`--limit templates`)",
                user.limits.templates_max
            )));
        }
        let label = user.label(&spec);
        let url_bytes = spec.url.len();
        let prepared = PreparedRequest::new(convert::spec(spec), user.client.base(), true);
        let request =
            match prepared.and_then(|request| user.client.check(&request).map(|()| request)) {
                Ok(request) => request,
                Err(error) => return Ok(Err(convert::error(&error))),
            };
        let bytes = TEMPLATE_BYTES + url_bytes + request.header_bytes() + label.name.len();
        user.template_bytes += bytes;
        if user.template_bytes > user.limits.template_bytes_max {
            return Err(misuse(format!(
                "has prepared requests of more than {} bytes (`--limit template-size`)",
                user.limits.template_bytes_max
            )));
        }
        let place = user.templates.insert(Template { request: Rc::new(request), label, bytes });
        Ok(Ok(Resource::new_own(u32::try_from(place).expect("a slab with few places"))))
    }

    async fn send(
        &mut self,
        handle: Resource<TemplateHandle>,
        values: Vec<String>,
        body: Option<Vec<u8>>,
    ) -> wasmtime::Result<Reply> {
        let user = self.user()?;
        // In a block of its own, so that nothing that is not `Send` lives while the user waits.
        let exchange = {
            let template = user
                .templates
                .get(handle.rep() as usize)
                .ok_or_else(|| misuse("unknown request template handle"))?;
            let (request, label) = (template.request.clone(), template.label.clone());
            if user.refuses()? {
                return user.refused(label, Outcome::Stopping);
            }
            if values.len() != request.placeholders() {
                return user.refused(label, Outcome::Invalid(wrong_values(&request, &values)));
            }
            SendWrapper::new(async move { user.exchange(&request, label, &values, body).await })
        };
        exchange.await
    }

    fn drop(&mut self, handle: Resource<TemplateHandle>) -> wasmtime::Result<()> {
        let user = self.user()?;
        if let Some(template) = user.templates.try_remove(handle.rep() as usize) {
            user.template_bytes = user.template_bytes.saturating_sub(template.bytes);
        }
        Ok(())
    }
}

impl http::Host for StoreState {
    async fn send(
        &mut self,
        spec: http::RequestSpec,
        body: Option<Vec<u8>>,
    ) -> wasmtime::Result<Reply> {
        let user = self.user()?;
        let exchange = {
            let label = user.label(&spec);
            if user.refuses()? {
                return user.refused(label, Outcome::Stopping);
            }
            let spec: RequestSpec = convert::spec(spec);
            let request = match PreparedRequest::new(spec, user.client.base(), false) {
                Ok(request) => request,
                Err(error) => return user.refused(label, Outcome::Invalid(error)),
            };
            SendWrapper::new(async move { user.exchange(&request, label, &[], body).await })
        };
        exchange.await
    }

    fn set_default_header(&mut self, name: String, value: Option<Vec<u8>>) -> wasmtime::Result<()> {
        let set = self.user()?.client.set_default_header(&name, value);
        set.map_err(|error| misuse(error.to_string()))
    }

    fn cookies(&mut self) -> wasmtime::Result<Vec<http::Cookie>> {
        Ok(self.user()?.client.cookies().into_iter().map(convert::cookie).collect())
    }

    fn set_cookie(&mut self, cookie: http::Cookie) -> wasmtime::Result<()> {
        let set = self.user()?.client.set_cookie(convert::to_cookie(cookie));
        set.map_err(|error| misuse(error.to_string()))
    }

    fn clear_cookies(&mut self) -> wasmtime::Result<()> {
        self.user()?.client.clear_cookies();
        Ok(())
    }

    fn close_connections(&mut self) -> wasmtime::Result<()> {
        self.user()?.client.close_connections();
        Ok(())
    }
}
