//! Forms with files: `multipart/form-data` (RFC 7578), as python-requests writes it.
//!
//! Upstream: the scenario, or whoever speaks for it. Downstream: a [`RequestBody`] of parts, so that
//! large files are made while they are sent.

use bytes::Bytes;

use crate::error::HttpError;
use crate::upload::{BodyPart, RequestBody};

/// Bytes of a boundary (RFC 2046, 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;

/// A form on its way to become a body.
#[derive(Debug)]
pub struct Multipart {
    boundary: String,
    parts: Vec<BodyPart>,
}

impl Multipart {
    /// A form whose parts are separated by this text; it must not occur in them.
    ///
    /// # Errors
    /// When the boundary is empty, too long, or needs quotes.
    pub fn new(boundary: &str) -> Result<Self, HttpError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_good = (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len());
        if !is_good || !boundary.bytes().all(is_plain) {
            let why = format!(
                "boundary `{boundary}`: give up to {BOUNDARY_BYTES_MAX} letters, digits, `-`, `_`, `.`"
            );
            return Err(HttpError::InvalidRequest(why));
        }
        Ok(Self { boundary: boundary.to_owned(), parts: Vec::new() })
    }

    /// The value of the header `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Adds a field.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        let value = BodyPart::Bytes(Bytes::copy_from_slice(value.as_bytes()));
        self.part(&format!("; name=\"{}\"", quoted(name)), None, value)
    }

    /// Adds a file. Without a content type none is said.
    #[must_use]
    pub fn file(
        self,
        name: &str,
        file_name: &str,
        content_type: Option<&str>,
        content: BodyPart,
    ) -> Self {
        let names = format!("; name=\"{}\"; filename=\"{}\"", quoted(name), quoted(file_name));
        self.part(&names, content_type, content)
    }

    /// The body.
    ///
    /// # Errors
    /// As [`RequestBody::from_parts`].
    pub fn finish(mut self) -> Result<RequestBody, HttpError> {
        let end = format!("--{}--\r\n", self.boundary);
        self.parts.push(BodyPart::Bytes(end.into()));
        RequestBody::from_parts(self.parts, false)
    }

    fn part(mut self, names: &str, content_type: Option<&str>, content: BodyPart) -> Self {
        let mut head = format!("--{}\r\nContent-Disposition: form-data{names}\r\n", self.boundary);
        if let Some(content_type) = content_type {
            // A line break would begin another header.
            let line = content_type.replace(char::is_control, "");
            head.push_str(&format!("Content-Type: {line}\r\n"));
        }
        head.push_str("\r\n");
        self.parts.push(BodyPart::Bytes(head.into()));
        self.parts.push(content);
        self.parts.push(BodyPart::Bytes(Bytes::from_static(b"\r\n")));
        self
    }
}

/// What browsers and urllib3 escape in names.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_requests_writes_it() {
        let form = Multipart::new("b0").unwrap();
        assert_eq!(form.content_type(), "multipart/form-data; boundary=b0");
        let content = BodyPart::Repeated { pattern: Bytes::from_static(b"ab"), len: 5 };
        let body = form
            .text("a \"b\"", "1\r\n2")
            .file("f", "x.bin", Some("text/plain\r\nX: y"), content)
            .finish()
            .unwrap();
        let mut outgoing = body.outgoing();
        let mut all = Vec::new();
        while let Some(chunk) = outgoing.next_chunk() {
            all.extend_from_slice(&chunk);
        }
        let expected = "--b0\r\nContent-Disposition: form-data; name=\"a %22b%22\"\r\n\r\n1\r\n2\r\n\
                        --b0\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\n\
                        Content-Type: text/plainX: y\r\n\r\nababa\r\n--b0--\r\n";
        assert_eq!(String::from_utf8(all).unwrap(), expected);
        assert_eq!(body.len(), expected.len() as u64);
    }

    #[test]
    fn boundaries_that_need_quotes_are_refused() {
        for boundary in ["", "a b", "\"", "a\r\nb", &"x".repeat(71)] {
            assert!(Multipart::new(boundary).is_err(), "{boundary}");
        }
    }
}
