//! Proxies: which one is used for what, and the tunnel through one.
//!
//! Upstream: the run's settings. Downstream: `connect`, which dials the proxy instead of the origin;
//! `message`, which tells a proxy of plain HTTP where a request goes.
//! Invariant: which proxy is used follows from the origin alone, so connections are kept per origin.

use std::net::IpAddr;

use http::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wload_core::limits::PROXY_ANSWER_BYTES_MAX;

use crate::error::HttpError;
use crate::origin::{self, Origin};
use crate::settings::ProxySettings;

/// The proxies of a run.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exceptions: Vec<Exception>,
}

/// Where a proxy is, and who we are to it.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    authorization: Option<HeaderValue>,
}

/// On the connection to a proxy of plain HTTP: requests carry this, and their whole URL.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    pub(crate) authorization: Option<HeaderValue>,
}

/// Hosts that are asked directly.
#[derive(Debug, PartialEq, Eq)]
enum Exception {
    All,
    /// This name and all below it.
    Name(String),
    /// An address and how many of its leading bits count.
    Network(IpAddr, u8),
}

impl Proxies {
    /// Checks the settings.
    pub(crate) fn new(settings: &ProxySettings) -> Result<Self, HttpError> {
        let parse = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            text.map(Proxy::parse).transpose()
        };
        let entries = settings.no_proxy.split([',', ' ']).filter(|entry| !entry.is_empty());
        Ok(Self {
            http: parse(&settings.http)?,
            https: parse(&settings.https)?,
            exceptions: entries.map(Exception::parse).collect(),
        })
    }

    /// The proxy for an origin.
    pub(crate) fn find(&self, origin: &Origin) -> Option<&Proxy> {
        let proxy = if origin.is_https { &self.https } else { &self.http }.as_ref()?;
        let is_exception = self.exceptions.iter().any(|exception| exception.matches(&origin.host));
        (!is_exception).then_some(proxy)
    }
}

impl Proxy {
    fn parse(text: &str) -> Result<Self, HttpError> {
        let refuse = |why: &str| HttpError::InvalidRequest(format!("proxy `{text}`: {why}"));
        let with_scheme;
        let full = if text.contains("://") {
            text
        } else {
            with_scheme = format!("http://{text}");
            &with_scheme
        };
        let url = url::Url::parse(full).map_err(|error| refuse(&error.to_string()))?;
        if url.scheme() != "http" {
            return Err(refuse("only proxies that are spoken to by http are possible"));
        }
        let Origin { host, port, .. } = Origin::of(&url)?;
        Ok(Self { host, port, authorization: origin::authorization_of(&url) })
    }

    pub(crate) fn forward(&self) -> Forward {
        Forward { authorization: self.authorization.clone() }
    }

    /// Asks for a tunnel to an origin. Afterwards the socket is as if it were connected to it.
    pub(crate) async fn tunnel(
        &self,
        socket: &mut TcpStream,
        origin: &Origin,
    ) -> Result<(), HttpError> {
        let host = &origin.url[url::Position::BeforeHost..url::Position::AfterHost];
        let target = format!("{host}:{}", origin.port);
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(value) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(value.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        let broken = |error: std::io::Error| match HttpError::from_io(&error) {
            HttpError::Closed(text) => HttpError::Proxy(text.into()),
            other => other,
        };
        socket.write_all(&request).await.map_err(broken)?;
        let mut answer = Vec::new();
        loop {
            if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
                // A server of TLS waits for us: whatever follows the head is not from there.
                let is_clean = answer.len() == end + 4;
                return check_answer(&answer[..end], is_clean);
            }
            if answer.len() > PROXY_ANSWER_BYTES_MAX {
                return Err(HttpError::Proxy("endless answer to CONNECT".into()));
            }
            if socket.read_buf(&mut answer).await.map_err(broken)? == 0 {
                return Err(HttpError::Proxy("connection closed without an answer".into()));
            }
        }
    }
}

fn check_answer(head: &[u8], is_clean: bool) -> Result<(), HttpError> {
    let status = head
        .strip_prefix(b"HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse::<u16>().ok());
    match status {
        Some(200..=299) if is_clean => Ok(()),
        Some(407) => Err(HttpError::Proxy("it asks for other credentials (407)".into())),
        Some(status @ 100..=599) if !(200..300).contains(&status) => {
            Err(HttpError::Proxy(format!("it refused the tunnel ({status})").into()))
        }
        _ => Err(HttpError::Proxy("malformed answer to CONNECT".into())),
    }
}

impl Exception {
    /// What is no network is a name, as curl takes it.
    fn parse(text: &str) -> Self {
        if text == "*" {
            return Self::All;
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let bare = address.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Ok(ip) = bare.unwrap_or(address).parse::<IpAddr>() {
            let all = if ip.is_ipv4() { 32 } else { 128 };
            match bits.map_or(Ok(all), str::parse) {
                Ok(bits) if bits <= all => return Self::Network(ip, bits),
                _ => {}
            }
        }
        let name = text.strip_prefix('.').unwrap_or(text);
        Self::Name(name.trim_end_matches('.').to_ascii_lowercase())
    }

    fn matches(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        match self {
            Self::All => true,
            Self::Name(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|above| above.is_empty() || above.ends_with('.')),
            Self::Network(network, bits) => match (network, host.parse()) {
                (IpAddr::V4(network), Ok(IpAddr::V4(host))) => {
                    let shift = 32 - u32::from(*bits);
                    let cut = |ip: u32| ip.checked_shr(shift).unwrap_or(0);
                    cut(network.to_bits()) == cut(host.to_bits())
                }
                (IpAddr::V6(network), Ok(IpAddr::V6(host))) => {
                    let shift = 128 - u32::from(*bits);
                    let cut = |ip: u128| ip.checked_shr(shift).unwrap_or(0);
                    cut(network.to_bits()) == cut(host.to_bits())
                }
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(settings: &ProxySettings, url: &str) -> Option<String> {
        let proxies = Proxies::new(settings).unwrap();
        let origin = Origin::of(&url::Url::parse(url).unwrap()).unwrap();
        proxies.find(&origin).map(|proxy| format!("{}:{}", proxy.host, proxy.port))
    }

    #[test]
    fn exceptions_are_those_of_curl() {
        let cases = [
            ("", "http://h.test/", true),
            ("*", "http://h.test/", false),
            ("h.test", "http://h.test/", false),
            ("H.TEST", "http://h.test:81/", false),
            (".h.test", "http://h.test/", false),
            ("h.test", "http://x.h.test/", false),
            ("h.test", "http://xh.test/", true),
            ("h.test", "http://h.test./", false),
            ("a.test, h.test", "http://h.test/", false),
            ("a.test h.test", "http://h.test/", false),
            ("127.0.0.1", "http://127.0.0.1/", false),
            ("127.0.0.1", "http://127.0.0.2/", true),
            ("10.0.0.0/8", "http://10.1.2.3/", false),
            ("10.0.0.0/8", "http://11.1.2.3/", true),
            ("0.0.0.0/0", "http://11.1.2.3/", false),
            ("10.0.0.0/99", "http://10.1.2.3/", true),
            ("::1", "http://[::1]/", false),
            ("[fe80::]/10", "http://[fe80::5]/", false),
            ("::/0", "http://[fe80::5]/", false),
        ];
        for (no_proxy, url, is_used) in cases {
            let http = Some("proxy.test".to_owned());
            let settings = ProxySettings { http, no_proxy: no_proxy.into(), https: None };
            assert_eq!(found(&settings, url).is_some(), is_used, "{no_proxy} {url}");
        }
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let settings = ProxySettings {
            http: Some("http://one.test:3128".into()),
            https: Some("user:pw@two.test".into()),
            no_proxy: String::new(),
        };
        assert_eq!(found(&settings, "http://h/").as_deref(), Some("one.test:3128"));
        assert_eq!(found(&settings, "https://h/").as_deref(), Some("two.test:80"));
        assert_eq!(found(&ProxySettings::default(), "https://h/"), None);
        for (text, part) in [("socks5://p", "only proxies"), ("http://", "empty host")] {
            let settings = ProxySettings { http: Some(text.into()), ..ProxySettings::default() };
            let error = Proxies::new(&settings).unwrap_err().message();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn only_a_clean_answer_opens_a_tunnel() {
        let cases = [
            ("HTTP/1.1 200 Connection established", true, Ok(())),
            ("HTTP/1.0 204", true, Ok(())),
            ("HTTP/1.1 200 OK", false, Err("malformed answer to CONNECT")),
            ("HTTP/1.1 403 Forbidden", true, Err("it refused the tunnel (403)")),
            ("HTTP/1.1 407 Who", false, Err("it asks for other credentials (407)")),
            ("HTTP/1.1 2x0 OK", true, Err("malformed answer to CONNECT")),
            ("SSH-2.0", true, Err("malformed answer to CONNECT")),
        ];
        for (head, is_clean, expected) in cases {
            let expected = expected.map_err(|text: &str| HttpError::Proxy(text.into()));
            assert_eq!(check_answer(head.as_bytes(), is_clean), expected, "{head}");
        }
    }
}
