//! What `curl -v` would show of an exchange.
//!
//! Upstream: `connect` and `exchange`, hop by hop. Downstream: `Exchange::trace`, for `wload check -v`.
//! Invariant: without somebody who asked for it, nothing is written and nothing is allocated.

use http::header::{AUTHORIZATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, Request, Version};
use rustls::ClientConnection;
use wload_core::limits::{TRACE_LINE_BYTES_MAX, TRACE_LINES_MAX};

use crate::response::ResponseHead;
use crate::upload::Outgoing;
use crate::x509;

/// The lines so far: `* ` what happened, `> ` what was sent, `< ` what was received.
#[derive(Debug, Default)]
pub(crate) struct Trace(Option<Vec<String>>);

impl Trace {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self(is_wanted.then(Vec::new))
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0.unwrap_or_default()
    }

    /// Something happened.
    pub(crate) fn note(&mut self, text: impl FnOnce() -> String) {
        if self.0.is_some() {
            self.push("* ", &text());
        }
    }

    /// What was agreed with a TLS server.
    pub(crate) fn tls(&mut self, tls: &ClientConnection) {
        if self.0.is_none() {
            return;
        }
        let version = match tls.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLS",
        };
        let cipher = tls
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or("an unknown cipher");
        self.push("* ", &format!("SSL connection using {version} / {cipher}"));
        if tls.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
            self.push("* ", "SSL session was resumed");
        }
        match tls.alpn_protocol() {
            Some(name) => {
                let name = String::from_utf8_lossy(name);
                self.push("* ", &format!("ALPN: server accepted {name}"));
            }
            None => self.push("* ", "ALPN: server did not agree on a protocol"),
        }
        let certificate = tls.peer_certificates().and_then(<[_]>::first);
        if let Some(names) = certificate.and_then(|certificate| x509::names(certificate)) {
            self.push("* ", "Server certificate:");
            self.push("* ", &format!(" subject: {}", names.subject));
            self.push("* ", &format!(" start date: {}", names.not_before));
            self.push("* ", &format!(" expire date: {}", names.not_after));
            self.push("* ", &format!(" issuer: {}", names.issuer));
        }
    }

    /// Somebody wants to see what happens.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// A request as it is sent.
    pub(crate) fn message(&mut self, message: &Request<Outgoing>, version: Version) {
        if self.0.is_none() {
            return;
        }
        let (method, target) = (message.method(), message.uri());
        self.push("> ", &format!("{method} {target} {}", version_text(version)));
        self.headers("> ", message.headers());
    }

    /// The head of a response.
    pub(crate) fn response(&mut self, head: &ResponseHead) {
        if self.0.is_none() {
            return;
        }
        let (version, status) = (version_text(head.version), head.status.as_u16());
        self.push("< ", &format!("{version} {status} {}", head.reason));
        self.headers("< ", &head.headers);
    }

    fn headers(&mut self, prefix: &str, headers: &HeaderMap) {
        for (name, value) in headers {
            // Whoever reads a trace reads it to others: credentials are not theirs.
            let is_secret = *name == AUTHORIZATION || *name == PROXY_AUTHORIZATION;
            let value = if is_secret || value.is_sensitive() {
                "(hidden)".into()
            } else {
                String::from_utf8_lossy(value.as_bytes())
            };
            self.push(prefix, &format!("{name}: {value}"));
        }
        self.push(prefix, "");
    }

    fn push(&mut self, prefix: &str, text: &str) {
        let Some(lines) = &mut self.0 else { return };
        if lines.len() >= TRACE_LINES_MAX {
            return;
        }
        let mut end = text.len().min(TRACE_LINE_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // Bytes of a server must not steer the terminal they are shown on.
        let clean = text[..end].replace(|c: char| c.is_control(), "\u{fffd}");
        lines.push(format!("{prefix}{clean}").trim_end().to_owned());
    }
}

pub(crate) fn version_text(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}
