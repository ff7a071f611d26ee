//! How requests are made: certificates, versions, addresses, proxies.
//!
//! Control: a part of `resolve.rs`. Files are read here; whether a certificate is one, `wload-http`
//! says when the run starts.

use std::net::IpAddr;

use url::Url;
use wload_http::{Http1Engine, Protocol, ProxySettings, ResolveRule};

use super::values::Reader;
use crate::options::Key;
use crate::settings::HttpSettings;

/// All of it; mistakes leave a default.
pub(super) fn http(reader: &mut Reader<'_>) -> HttpSettings {
    let certificate = (reader.certificates(Key::Cert), reader.private_key(Key::CertSecret));
    needs(reader, Key::Cert, Key::CertSecret);
    needs(reader, Key::CertSecret, Key::Cert);
    needs(reader, Key::NoProxy, Key::Proxy);
    HttpSettings {
        is_insecure: reader.flag(Key::Insecure),
        ca_pem: reader.certificates(Key::Cacert),
        client_certificate: certificate.0.zip(certificate.1),
        protocol: reader.parsed(Key::HttpVersion, protocol).unwrap_or_default(),
        http1: reader.parsed(Key::Http1Engine, http1_engine).unwrap_or_default(),
        tls_session_reuse: reader.flag(Key::TlsSessionReuse),
        resolve: reader
            .each(Key::Resolve, |text| ResolveRule::parse(text).map_err(|error| error.to_string())),
        local_addresses: reader.each(Key::SourceAddress, local_address),
        proxy: proxy(reader),
    }
}

/// An option that means nothing without another.
fn needs(reader: &mut Reader<'_>, key: Key, other: Key) {
    if let Some(value) = reader.options.one(key)
        && reader.options.one(other).is_none()
    {
        reader.mistakes.add(&value.origin, format_args!("needs --{}, too", other.spec().long));
    }
}

fn protocol(text: &str) -> Result<Protocol, String> {
    match text {
        "1.1" | "1" => Ok(Protocol::Http1),
        "auto" => Ok(Protocol::Auto),
        "2" => Ok(Protocol::Http2),
        _ => Err(format!("`{text}` is not a version; expected 1.1, auto or 2")),
    }
}

fn http1_engine(text: &str) -> Result<Http1Engine, String> {
    match text {
        "thin" => Ok(Http1Engine::Thin),
        "hyper" => Ok(Http1Engine::Hyper),
        _ => Err(format!("`{text}` is not an engine; expected thin or hyper")),
    }
}

/// An address that this machine has: one that it has not could connect to nothing.
fn local_address(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr =
        text.parse().map_err(|_| format!("`{text}` is not an IP address, such as 10.0.0.7"))?;
    match std::net::UdpSocket::bind((address, 0)) {
        Ok(_) => Ok(address),
        Err(error) => Err(format!("`{text}` is no address of this machine: {error}")),
    }
}

fn proxy(reader: &mut Reader<'_>) -> ProxySettings {
    let url = reader.parsed(Key::Proxy, proxy_url);
    let no_proxy = reader.options.one(Key::NoProxy).map(|hosts| hosts.text.clone());
    ProxySettings { http: url.clone(), https: url, no_proxy: no_proxy.unwrap_or_default() }
}

fn proxy_url(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" && url.has_host() => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not a proxy; expected http://host:port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_addresses_and_proxies_say_what_they_expect() {
        assert_eq!(protocol("auto"), Ok(Protocol::Auto));
        assert!(protocol("3").unwrap_err().contains("1.1, auto or 2"));
        assert!(http1_engine("curl").unwrap_err().contains("thin or hyper"));
        assert!(local_address("127.0.0.1").is_ok());
        assert!(local_address("192.0.2.1").unwrap_err().contains("no address of this machine"));
        assert!(local_address("here").unwrap_err().contains("not an IP address"));
        assert!(proxy_url("http://u:p@127.0.0.1:3128").is_ok());
        for wrong in ["127.0.0.1:3128", "https://proxy", "socks5://proxy", ""] {
            assert!(proxy_url(wrong).is_err(), "{wrong}");
        }
    }
}
