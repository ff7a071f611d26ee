//! Names and dates of a certificate, for people.
//!
//! Upstream: `trace`, with the certificate of a server. Nothing is decided by it: rustls has verified
//! the certificate, or was told not to.

use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;

/// What a person wants to know of a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
}

/// Reads a certificate in DER; none when it is damaged.
pub(crate) fn names(certificate: &[u8]) -> Option<Names> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    let validity = certificate.validity();
    Some(Names {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        not_before: date(validity.not_before),
        not_after: date(validity.not_after),
    })
}

/// A date as curl shows it; certificates know only UTC.
fn date(time: ASN1Time) -> String {
    time.to_string().replace("+00:00", "GMT")
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
        assert_eq!(found.not_before, "Feb  3 00:00:00 2001 GMT");
        assert_eq!(found.not_after, "Aug  9 00:00:00 2077 GMT");
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
