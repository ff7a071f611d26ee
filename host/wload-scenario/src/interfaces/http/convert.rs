//! Between the contract's HTTP types and those of `wload-http`.

use std::time::Duration;

use wload_http::{ClientCertificate, HttpError, RequestSpec, RequestTiming, TlsChoice};

use crate::bindings::wload::scenario::http;

pub(super) fn spec(spec: http::RequestSpec) -> RequestSpec {
    RequestSpec {
        method: spec.method,
        url: spec.url,
        headers: spec.headers,
        redirects: spec.redirects,
        timeout: spec.timeout.map(Duration::from_nanos),
        keep_body: spec.keep_body,
        ..RequestSpec::default()
    }
}

pub(super) fn hop(hop: &wload_http::Hop) -> http::Hop {
    http::Hop { status: hop.status, url: hop.url.clone(), location: hop.location.clone() }
}

pub(super) fn cookie(cookie: wload_http::Cookie) -> http::Cookie {
    http::Cookie {
        name: cookie.name,
        value: cookie.value,
        domain: cookie.domain,
        path: cookie.path,
    }
}

pub(super) fn to_cookie(cookie: http::Cookie) -> wload_http::Cookie {
    wload_http::Cookie {
        name: cookie.name,
        value: cookie.value,
        domain: cookie.domain,
        path: cookie.path,
    }
}

pub(super) fn tls_choice(settings: http::TlsSettings) -> TlsChoice {
    let certificate = settings
        .certificate
        .map(|(certificates_pem, key_pem)| ClientCertificate { certificates_pem, key_pem });
    TlsChoice { verify: settings.verify, authorities_pem: settings.authorities, certificate }
}

pub(super) fn timings(timing: &RequestTiming) -> http::Timings {
    http::Timings {
        dns: nanos(timing.dns),
        connect: nanos(timing.connect),
        tls: nanos(timing.tls),
        send: nanos(timing.send),
        first_byte: nanos(timing.first_byte),
        body: nanos(timing.body),
        total: nanos(timing.total),
        connection_reused: timing.connection_reused,
    }
}

pub(super) fn no_timings() -> http::Timings {
    timings(&RequestTiming::default())
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn error(error: &HttpError) -> http::ErrorCode {
    let text = error.to_string();
    match error {
        HttpError::InvalidRequest(found) => http::ErrorCode::InvalidRequest(found.clone()),
        HttpError::Dns(_) => http::ErrorCode::DnsError(text),
        HttpError::Connect(_) | HttpError::Proxy(_) => http::ErrorCode::ConnectError(text),
        HttpError::Tls(_) => http::ErrorCode::TlsError(text),
        HttpError::Timeout(_) => http::ErrorCode::Timeout(text),
        HttpError::Closed(_) => http::ErrorCode::ConnectionClosed(text),
        HttpError::Malformed(_)
        | HttpError::HeadTooLarge { .. }
        | HttpError::Http2(_)
        | HttpError::Encoding(_) => http::ErrorCode::ProtocolError(text),
        HttpError::TooManyRedirects(max) => http::ErrorCode::TooManyRedirects(*max),
        HttpError::BodyTooLarge(max) => http::ErrorCode::BodyTooLarge(*max),
        HttpError::Other(_) => http::ErrorCode::Other(text),
    }
}
