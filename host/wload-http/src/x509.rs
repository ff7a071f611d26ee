//! Names and dates of a certificate, for people.
//!
//! Upstream: `trace`, with the certificate of a server. Nothing is decided by it: rustls has verified
//! the certificate, or was told not to. It reads as much DER as it needs and gives up on anything else.

use std::fmt::Write;

/// What a person wants to know of a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
}

const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The kinds of names that certificates hold (RFC 4519), all below the OID 2.5.4.
const KINDS: [(u8, &str); 6] = [(3, "CN"), (6, "C"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU")];

/// Reads a certificate in DER.
pub(crate) fn names(certificate: &[u8]) -> Option<Names> {
    let mut certificate = Der(certificate).take(SEQUENCE)?;
    let mut fields = certificate.take(SEQUENCE)?;
    if fields.0.first() == Some(&VERSION) {
        fields.take(VERSION)?;
    }
    fields.take(INTEGER)?;
    fields.take(SEQUENCE)?;
    let issuer = name(fields.take(SEQUENCE)?)?;
    let mut validity = fields.take(SEQUENCE)?;
    let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
    let subject = name(fields.take(SEQUENCE)?)?;
    Some(Names { subject, issuer, not_before, not_after })
}

/// What is left to read.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The value of the next element, if it has this tag.
    fn take(&mut self, tag: u8) -> Option<Der<'a>> {
        let (found, value) = self.next()?;
        (found == tag).then_some(value)
    }

    fn next(&mut self) -> Option<(u8, Der<'a>)> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (len, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // A certificate of 64 KiB and more has no place in a handshake.
            let digits = usize::from(first & 0x7f);
            if !(1..=2).contains(&digits) || rest.len() < digits {
                return None;
            }
            let (digits, rest) = rest.split_at(digits);
            (digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)), rest)
        };
        let (value, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((tag, Der(value)))
    }
}

/// `C=DE; O=Example; CN=host`, in the order of the certificate.
fn name(mut name: Der<'_>) -> Option<String> {
    let mut text = String::new();
    while !name.0.is_empty() {
        let mut pair = name.take(SET)?.take(SEQUENCE)?;
        let kind = pair.take(OID)?.0;
        let (_, value) = pair.next()?;
        let known = match kind {
            [0x55, 0x04, last] => KINDS.iter().find(|(kind, _)| kind == last),
            _ => None,
        };
        if let Some((_, kind)) = known {
            let separator = if text.is_empty() { "" } else { "; " };
            let value = String::from_utf8_lossy(value.0);
            write!(text, "{separator}{kind}={value}").expect("a string takes everything");
        }
    }
    Some(text)
}

/// `2030-01-31 00:00:00 GMT`.
fn time(validity: &mut Der<'_>) -> Option<String> {
    let (tag, value) = validity.next()?;
    let text = std::str::from_utf8(value.0).ok()?;
    if !text.is_ascii() {
        return None;
    }
    let (century, text) = match tag {
        // RFC 5280, 4.1.2.5.1: two digits mean 1950 to 2049.
        UTC_TIME if text < "50" => ("20", text),
        UTC_TIME => ("19", text),
        GENERALIZED_TIME => (text.get(..2)?, text.get(2..)?),
        _ => return None,
    };
    let part = |at: usize| text.get(at..at + 2);
    Some(format!(
        "{century}{}-{}-{} {}:{}:{} GMT",
        part(0)?,
        part(2)?,
        part(4)?,
        part(6)?,
        part(8)?,
        part(10)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.distinguished_name.push(DnType::CommonName, "h.test");
        params.not_before = rcgen::date_time_ymd(2001, 2, 3);
        params.not_after = rcgen::date_time_ymd(2077, 8, 9);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn names_and_dates_are_read() {
        let found = names(&certificate()).unwrap();
        assert!(found.subject.contains("O=Example") && found.subject.contains("CN=h.test"));
        assert_eq!(found.issuer, found.subject);
        assert_eq!(found.not_before, "2001-02-03 00:00:00 GMT");
        assert_eq!(found.not_after, "2077-08-09 00:00:00 GMT");
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_given_up() {
        let whole = certificate();
        for end in 0..whole.len() {
            assert_eq!(names(&whole[..end]), None, "{end}");
            let mut damaged = whole.clone();
            damaged[end] ^= 0xff;
            // Whatever it finds, it finds an end.
            let _ = names(&damaged);
        }
    }
}
