//! `wload:scenario/http`, the sending half: from the guest's arguments to an exchange.
//!
//! Upstream: the guest. Downstream: [`UserState`] in the file above, which sends and records.

use std::rc::Rc;
use std::time::Duration;

use send_wrapper::SendWrapper;
use wasmtime::component::Resource;
use wload_http::{BodyPart, HttpError, ParallelRequest, PreparedRequest, RequestBody};

use super::{Label, Outcome, TEMPLATE_BYTES, Template, TemplateHandle, convert};
use crate::bindings::wload::scenario::http::{self, ErrorCode, Reply};
use crate::outside::{Done, WRONG_WORK, Work};
use crate::store_state::{StoreState, UserState, misuse};

/// A request that is on its way, or the reply of one that will not be.
enum Begun {
    Waits(SendWrapper<Label>),
    Refused(Reply),
}

/// A template that may be sent, or the reply of one that may not.
enum Ready {
    Send(Rc<PreparedRequest>, Label),
    Refused(Reply),
}

impl UserState {
    fn template(&self, handle: &Resource<TemplateHandle>) -> wasmtime::Result<&Template> {
        self.templates
            .get(handle.rep() as usize)
            .ok_or_else(|| misuse("unknown request template handle"))
    }

    /// Whether this template may be sent with so many values now.
    fn ready(
        &mut self,
        handle: &Resource<TemplateHandle>,
        values: &[String],
    ) -> wasmtime::Result<Ready> {
        let template = self.template(handle)?;
        let (request, label) = (template.request.clone(), template.label.clone());
        if self.refuses()? {
            return Ok(Ready::Refused(self.refused(label, Outcome::Stopping)?));
        }
        if values.len() != request.placeholders() {
            let error = wrong_values(&request, values);
            return Ok(Ready::Refused(self.refused(label, Outcome::Invalid(error))?));
        }
        Ok(Ready::Send(request, label))
    }
}

fn wrong_values(request: &PreparedRequest, values: &[String]) -> HttpError {
    let (placeholders, found) = (request.placeholders(), values.len());
    let why = format!("the request has {placeholders} placeholders, but {found} values were given");
    HttpError::InvalidRequest(why)
}

fn upload_body(upload: http::Upload) -> Result<RequestBody, HttpError> {
    let parts = upload.parts.into_iter().map(|part| match part {
        http::BodyPart::Bytes(bytes) => BodyPart::Bytes(bytes.into()),
        http::BodyPart::Repeated((pattern, len)) => {
            BodyPart::Repeated { pattern: pattern.into(), len }
        }
    });
    RequestBody::from_parts(parts.collect(), upload.chunked)
}

impl StoreState {
    async fn send_prepared(
        &mut self,
        handle: &Resource<TemplateHandle>,
        values: Vec<String>,
        body: impl FnOnce() -> Result<RequestBody, HttpError>,
    ) -> wasmtime::Result<Reply> {
        let label = match self.begin_send(handle, values, body)? {
            Begun::Waits(label) => label,
            Begun::Refused(reply) => return Ok(reply),
        };
        match self.compute.turn().done().await {
            Done::Exchange(exchange) => self.user()?.conclude(label.take(), exchange),
            Done::Slept(_) => Err(misuse(WRONG_WORK)),
        }
    }

    /// Everything up to the wait, so that nothing that is not `Send` lives during it.
    fn begin_send(
        &mut self,
        handle: &Resource<TemplateHandle>,
        values: Vec<String>,
        body: impl FnOnce() -> Result<RequestBody, HttpError>,
    ) -> wasmtime::Result<Begun> {
        let turn = self.compute.turn();
        let user = self.user()?;
        let (request, label) = match user.ready(handle, &values)? {
            Ready::Send(request, label) => (request, label),
            Ready::Refused(reply) => return Ok(Begun::Refused(reply)),
        };
        let body = match body() {
            Ok(body) => body,
            Err(error) => return Ok(Begun::Refused(user.refused(label, Outcome::Invalid(error))?)),
        };
        let exchange = user.resident.client.send_owned(request, values, body);
        turn.outside.begin(Work::Exchange(exchange));
        Ok(Begun::Waits(SendWrapper::new(label)))
    }
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
        let place = user.shared.base_place(user.resident.identity);
        let base = user.resident.client.base();
        let prepared = user.core.prepared.prepare(convert::spec(spec), base, place);
        let request = match prepared
            .and_then(|request| user.resident.client.check(&request).map(|()| request))
        {
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
        if user.templates.capacity() == 0 {
            // Most users prepare few requests.
            user.templates.reserve_exact(1);
        }
        let place = user.templates.insert(Template { request, label, bytes });
        Ok(Ok(Resource::new_own(u32::try_from(place).expect("a slab with few places"))))
    }

    fn set_timeouts(
        &mut self,
        handle: Resource<TemplateHandle>,
        timeouts: http::Timeouts,
    ) -> wasmtime::Result<()> {
        let templates = &mut self.user()?.templates;
        let template = templates
            .get_mut(handle.rep() as usize)
            .ok_or_else(|| misuse("unknown request template handle"))?;
        // It is this user's own from now on.
        let request = Rc::make_mut(&mut template.request);
        let time = |time: Option<u64>| time.map(Duration::from_nanos);
        request.set_phase_timeouts(
            time(timeouts.connect),
            time(timeouts.first_byte),
            time(timeouts.between_bytes),
        );
        Ok(())
    }

    async fn send(
        &mut self,
        handle: Resource<TemplateHandle>,
        values: Vec<String>,
        body: Option<Vec<u8>>,
    ) -> wasmtime::Result<Reply> {
        self.send_prepared(&handle, values, || Ok(body.into())).await
    }

    async fn send_upload(
        &mut self,
        handle: Resource<TemplateHandle>,
        values: Vec<String>,
        upload: http::Upload,
    ) -> wasmtime::Result<Reply> {
        self.send_prepared(&handle, values, || upload_body(upload)).await
    }

    async fn open(
        &mut self,
        handle: Resource<TemplateHandle>,
        values: Vec<String>,
        body: Option<Vec<u8>>,
    ) -> wasmtime::Result<Reply> {
        let user = self.user()?;
        let opened = {
            let (request, label) = match user.ready(&handle, &values)? {
                Ready::Send(request, label) => (request, label),
                Ready::Refused(reply) => return Ok(reply),
            };
            SendWrapper::new(async move { user.open(&request, label, &values, body.into()).await })
        };
        opened.await
    }

    fn drop(&mut self, handle: Resource<TemplateHandle>) -> wasmtime::Result<()> {
        let user = self.owner()?;
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
            let request =
                match PreparedRequest::new(convert::spec(spec), user.resident.client.base(), false)
                {
                    Ok(request) => request,
                    Err(error) => return user.refused(label, Outcome::Invalid(error)),
                };
            SendWrapper::new(async move { user.exchange(&request, label, &[], body.into()).await })
        };
        exchange.await
    }

    async fn send_all(
        &mut self,
        requests: Vec<http::ParallelRequest>,
    ) -> wasmtime::Result<Result<Vec<Reply>, ErrorCode>> {
        let user = self.user()?;
        let exchanges = {
            if user.refuses()? {
                return Ok(Err(ErrorCode::Stopping));
            }
            let mut labels = Vec::with_capacity(requests.len());
            let mut parallel = Vec::with_capacity(requests.len());
            for http::ParallelRequest { template, values, body } in requests {
                let template = user.template(&template)?;
                let (request, label) = (template.request.clone(), template.label.clone());
                if values.len() != request.placeholders() {
                    return Ok(Err(convert::error(&wrong_values(&request, &values))));
                }
                labels.push(label);
                parallel.push(ParallelRequest { request, values, body: body.into() });
            }
            SendWrapper::new(async move { user.exchange_all(parallel, labels).await })
        };
        Ok(exchanges.await?.map_err(|error| convert::error(&error)))
    }

    fn set_default_header(&mut self, name: String, value: Option<Vec<u8>>) -> wasmtime::Result<()> {
        let set = self.user()?.resident.client.set_default_header(&name, value);
        set.map_err(|error| misuse(error.to_string()))
    }

    fn cookies(&mut self) -> wasmtime::Result<Vec<http::Cookie>> {
        Ok(self.user()?.resident.client.cookies().into_iter().map(convert::cookie).collect())
    }

    fn set_cookie(&mut self, cookie: http::Cookie) -> wasmtime::Result<()> {
        let set = self.user()?.resident.client.set_cookie(convert::to_cookie(cookie));
        set.map_err(|error| misuse(error.to_string()))
    }

    fn clear_cookies(&mut self) -> wasmtime::Result<()> {
        self.user()?.resident.client.clear_cookies();
        Ok(())
    }

    fn set_tls(&mut self, settings: http::TlsSettings) -> wasmtime::Result<Result<(), String>> {
        let set = self.user()?.resident.client.set_tls(convert::tls_choice(settings));
        Ok(set.map_err(|error| error.to_string()))
    }

    fn close_connections(&mut self) -> wasmtime::Result<()> {
        self.user()?.resident.client.close_connections();
        Ok(())
    }
}
