//! Addresses that replace the name service, as curl's `--resolve` has it.
//!
//! Upstream: the run's settings. Downstream: `connect`, before `dns`.

use std::net::IpAddr;

use wload_core::limits::CONNECT_ADDRESSES_MAX;

use crate::error::HttpError;

/// `host:port:address[,address]...`: connections to this host and port go to these addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveRule {
    /// Lower case; `*` is any host.
    host: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

impl ResolveRule {
    /// Parses the text of `--resolve`. IPv6 addresses may stand in brackets.
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let refuse = |why: &str| {
            HttpError::InvalidRequest(format!("`{text}`: {why}; give `host:port:address`"))
        };
        let (host, rest) = split_host(text).ok_or_else(|| refuse("no host and port"))?;
        let (port, list) = rest.split_once(':').ok_or_else(|| refuse("no address"))?;
        let port = port.parse().map_err(|_| refuse("its port is not a number up to 65535"))?;
        let parse = |text: &str| {
            let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            bare.unwrap_or(text).parse::<IpAddr>().ok()
        };
        let addresses: Option<Vec<IpAddr>> = list.split(',').map(parse).collect();
        let addresses = addresses.ok_or_else(|| refuse("what follows the port is no address"))?;
        if addresses.len() > CONNECT_ADDRESSES_MAX {
            return Err(refuse(&format!("more than {CONNECT_ADDRESSES_MAX} addresses")));
        }
        Ok(Self { host: host.to_ascii_lowercase(), port, addresses })
    }

    /// The addresses for a host, if the rule is about it.
    pub(crate) fn find(&self, host: &str, port: u16) -> Option<&[IpAddr]> {
        let is_here = self.port == port && (self.host == "*" || self.host == host);
        is_here.then_some(&self.addresses)
    }
}

/// The host, without the brackets of IPv6, and what follows its colon.
fn split_host(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            (host, rest.strip_prefix(':')?)
        }
        None => text.split_once(':')?,
    };
    (!host.is_empty()).then_some((host, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_a_host_a_port_and_addresses() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let cases: [(&str, &str, u16, &[&str]); 5] = [
            ("H.test:80:127.0.0.1", "h.test", 80, &["127.0.0.1"]),
            ("h.test:443:[::1],127.0.0.2", "h.test", 443, &["::1", "127.0.0.2"]),
            ("h.test:443:::1", "h.test", 443, &["::1"]),
            ("*:80:127.0.0.1", "anything", 80, &["127.0.0.1"]),
            ("[::2]:80:127.0.0.1", "::2", 80, &["127.0.0.1"]),
        ];
        for (text, host, port, addresses) in cases {
            let rule = ResolveRule::parse(text).unwrap();
            let addresses: Vec<IpAddr> = addresses.iter().map(|text| ip(text)).collect();
            assert_eq!(rule.find(host, port), Some(&*addresses), "{text}");
            assert_eq!(rule.find(host, 81), None, "{text}");
        }
        assert_eq!(ResolveRule::parse("h:80:1.1.1.1").unwrap().find("other", 80), None);
    }

    #[test]
    fn other_texts_are_refused_with_what_is_missing() {
        for (text, part) in [
            ("h", "no host and port"),
            (":80:1.1.1.1", "no host and port"),
            ("[::1]", "no host and port"),
            ("h:80", "no address"),
            ("h:x:1.1.1.1", "its port"),
            ("h:80:", "no address"),
            ("h:80:name", "no address"),
            ("h:80:1.1.1.1,", "no address"),
        ] {
            let error = ResolveRule::parse(text).unwrap_err().message();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
