//! `wload:scenario/http.exchange`: what a guest may ask about an answer.

use http::HeaderMap;
use send_wrapper::SendWrapper;
use wasmtime::component::Resource;
use wload_core::limits::{MESSAGE_BYTES_MAX, REQUEST_NAME_BYTES_MAX};

use crate::bindings::wload::scenario::http::Recording;
use crate::bindings::wload::scenario::http::{ErrorCode, Hop, HostExchange, Timings};
use crate::store_state::{StoreState, misuse};

use super::{ExchangeHandle, OpenExchange, Outcome, Verdict, convert, cut};

type Handle = Resource<ExchangeHandle>;

impl Outcome {
    fn headers(&self) -> Option<&HeaderMap> {
        match self {
            Outcome::Done(exchange) => Some(&exchange.headers),
            Outcome::Open(stream) => Some(stream.headers()),
            Outcome::Stopping | Outcome::Invalid(_) => None,
        }
    }
}

impl StoreState {
    fn answer(&mut self, handle: &Handle) -> wasmtime::Result<&mut OpenExchange> {
        self.user()?.open_exchange(handle)
    }

    fn judge(&mut self, handle: &Handle, verdict: Verdict) -> wasmtime::Result<()> {
        let open = self.answer(handle)?;
        if open.is_pending {
            open.verdict = Some(verdict);
            return Ok(());
        }
        if open.label.recording == Recording::Judged {
            // Refused, or already recorded at the end of the call that made it.
            return Ok(());
        }
        Err(misuse("`success` and `failure` need a request with `recording.judged`"))
    }
}

impl HostExchange for StoreState {
    fn status(&mut self, handle: Handle) -> wasmtime::Result<u16> {
        Ok(match &self.answer(&handle)?.outcome {
            Outcome::Done(exchange) => exchange.status,
            Outcome::Open(stream) => stream.status(),
            Outcome::Stopping | Outcome::Invalid(_) => 0,
        })
    }

    fn error(&mut self, handle: Handle) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(match &self.answer(&handle)?.outcome {
            Outcome::Done(exchange) => exchange.error.as_ref().map(convert::error),
            Outcome::Open(_) => None,
            Outcome::Stopping => Some(ErrorCode::Stopping),
            Outcome::Invalid(error) => Some(convert::error(error)),
        })
    }

    fn url(&mut self, handle: Handle) -> wasmtime::Result<String> {
        Ok(match &self.answer(&handle)?.outcome {
            Outcome::Done(exchange) => exchange.url(),
            Outcome::Open(stream) => stream.url(),
            Outcome::Stopping | Outcome::Invalid(_) => String::new(),
        })
    }

    fn headers(&mut self, handle: Handle) -> wasmtime::Result<Vec<(String, Vec<u8>)>> {
        let Some(headers) = self.answer(&handle)?.outcome.headers() else { return Ok(Vec::new()) };
        Ok(headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect())
    }

    fn header(&mut self, handle: Handle, name: String) -> wasmtime::Result<Option<Vec<u8>>> {
        let headers = self.answer(&handle)?.outcome.headers();
        Ok(headers
            .and_then(|headers| headers.get(name.as_str()))
            .map(|value| value.as_bytes().to_vec()))
    }

    fn body_size(&mut self, handle: Handle) -> wasmtime::Result<u64> {
        Ok(match &self.answer(&handle)?.outcome {
            Outcome::Done(exchange) => exchange.body_size,
            Outcome::Open(_) | Outcome::Stopping | Outcome::Invalid(_) => 0,
        })
    }

    fn body(&mut self, handle: Handle) -> wasmtime::Result<Vec<u8>> {
        Ok(match &self.answer(&handle)?.outcome {
            Outcome::Done(exchange) => exchange.body.to_vec(),
            Outcome::Open(_) | Outcome::Stopping | Outcome::Invalid(_) => Vec::new(),
        })
    }

    fn read_body(&mut self, handle: Handle, offset: u64, length: u32) -> wasmtime::Result<Vec<u8>> {
        let Outcome::Done(exchange) = &self.answer(&handle)?.outcome else { return Ok(Vec::new()) };
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(exchange.body.len());
        let end = start.saturating_add(length as usize).min(exchange.body.len());
        Ok(exchange.body[start..end].to_vec())
    }

    async fn read_chunk(&mut self, handle: Handle) -> wasmtime::Result<Option<Vec<u8>>> {
        let user = self.user()?;
        let place = handle.rep() as usize;
        SendWrapper::new(async move { user.read_chunk(place).await }).await
    }

    fn protocol(&mut self, handle: Handle) -> wasmtime::Result<String> {
        Ok(match &self.answer(&handle)?.outcome {
            Outcome::Done(exchange) => {
                exchange.version.map(|version| format!("{version:?}")).unwrap_or_default()
            }
            Outcome::Open(stream) => format!("{:?}", stream.version()),
            Outcome::Stopping | Outcome::Invalid(_) => String::new(),
        })
    }

    fn history(&mut self, handle: Handle) -> wasmtime::Result<Vec<Hop>> {
        let Outcome::Done(exchange) = &self.answer(&handle)?.outcome else { return Ok(Vec::new()) };
        Ok(exchange.history.iter().map(convert::hop).collect())
    }

    fn timings(&mut self, handle: Handle) -> wasmtime::Result<Timings> {
        Ok(match &self.answer(&handle)?.outcome {
            Outcome::Done(exchange) => convert::timings(&exchange.timings),
            Outcome::Open(_) | Outcome::Stopping | Outcome::Invalid(_) => convert::no_timings(),
        })
    }

    fn set_name(&mut self, handle: Handle, name: String) -> wasmtime::Result<()> {
        let user = self.user()?;
        let recorder = user.core.clone();
        let open = user.open_exchange(&handle)?;
        if open.is_pending {
            let name = cut(&name, REQUEST_NAME_BYTES_MAX);
            open.label.key = recorder.recorder.borrow_mut().intern(&open.label.method, name);
            open.label.name = name.into();
        }
        Ok(())
    }

    fn success(&mut self, handle: Handle) -> wasmtime::Result<()> {
        self.judge(&handle, Verdict::Success)
    }

    fn failure(&mut self, handle: Handle, message: String) -> wasmtime::Result<()> {
        self.judge(&handle, Verdict::Failure(cut(&message, MESSAGE_BYTES_MAX).to_owned()))
    }

    fn failure_text(&mut self, handle: Handle, text: String) -> wasmtime::Result<()> {
        self.judge(&handle, Verdict::FailureText(cut(&text, MESSAGE_BYTES_MAX).to_owned()))
    }

    fn discard(&mut self, handle: Handle) -> wasmtime::Result<()> {
        self.judge(&handle, Verdict::Discard)
    }

    fn drop(&mut self, handle: Handle) -> wasmtime::Result<()> {
        let user = self.owner()?;
        let place = handle.rep() as usize;
        user.abandon(place);
        user.settle(place);
        if let Some(open) = user.exchanges.try_remove(place) {
            user.held_body_bytes = user.held_body_bytes.saturating_sub(open.body_bytes());
        }
        Ok(())
    }
}
