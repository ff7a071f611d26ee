//! Bodies of several parts, as a form with files has them (RFC 7578).
//!
//! Upstream: [`Request::multipart`](super::Request::multipart). Downstream: a body and its content
//! type. Pure. Invariant: the boundary stands in no part; usually it is a literal, so that a request
//! with files is prepared once like any other.

use std::borrow::Cow;

/// Stands between parts unless a part has it.
const BOUNDARY: &str = "----wload-5f1c0d9a7e3b4268";
/// The content type that goes with it.
const CONTENT_TYPE: &str = "multipart/form-data; boundary=----wload-5f1c0d9a7e3b4268";

/// A form with files.
///
/// ```
/// use wload_sdk::http::Multipart;
///
/// let form = Multipart::new()
///     .text("title", "A lamp")
///     .file("photo", "lamp.png", "image/png", vec![0x89, b'P', b'N', b'G']);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "give it to `multipart`"]
pub struct Multipart {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    head: String,
    content: Vec<u8>,
}

impl Multipart {
    /// A form without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// A field.
    pub fn text(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        let head = disposition(name.as_ref());
        self.parts.push(Part { head, content: value.into().into_bytes() });
        self
    }

    /// A file: the field's name, the file's name, its type, what is in it.
    pub fn file(
        mut self,
        name: impl AsRef<str>,
        file_name: impl AsRef<str>,
        content_type: impl AsRef<str>,
        content: impl Into<Vec<u8>>,
    ) -> Self {
        let mut head = disposition(name.as_ref());
        head.push_str("; filename=");
        push_quoted(&mut head, file_name.as_ref());
        head.push_str("\r\nContent-Type: ");
        // A line break would begin another header.
        head.extend(content_type.as_ref().chars().filter(|letter| !letter.is_control()));
        self.parts.push(Part { head, content: content.into() });
        self
    }

    /// The content type and the body.
    pub(super) fn encode(&self) -> (Cow<'static, str>, Vec<u8>) {
        let boundary = self.boundary();
        let mut body = Vec::new();
        for part in &self.parts {
            body.extend_from_slice(b"--");
            body.extend_from_slice(boundary.as_bytes());
            body.extend_from_slice(b"\r\n");
            body.extend_from_slice(part.head.as_bytes());
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(&part.content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--");
        body.extend_from_slice(boundary.as_bytes());
        body.extend_from_slice(b"--\r\n");
        match boundary {
            Cow::Borrowed(_) => (Cow::Borrowed(CONTENT_TYPE), body),
            Cow::Owned(boundary) => {
                (Cow::Owned(format!("multipart/form-data; boundary={boundary}")), body)
            }
        }
    }

    fn boundary(&self) -> Cow<'static, str> {
        let mut boundary = Cow::Borrowed(BOUNDARY);
        let mut number = 0_u64;
        while self.parts.iter().any(|part| contains(&part.content, boundary.as_bytes())) {
            number += 1;
            boundary = Cow::Owned(format!("{BOUNDARY}-{number}"));
        }
        boundary
    }
}

fn disposition(name: &str) -> String {
    let mut head = String::from("Content-Disposition: form-data; name=");
    push_quoted(&mut head, name);
    head
}

/// A quoted name with what would end it percent-encoded, as browsers do (HTML, "multipart/form-data
/// encoding algorithm").
fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("%22"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

fn contains(content: &[u8], text: &[u8]) -> bool {
    content.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_separated_by_the_boundary_of_the_content_type() {
        let form = Multipart::new().text("title", "A \"lamp\"").file(
            "pho\"to",
            "a\r\nb.png",
            "image/png\r\nX: y",
            *b"\x89PNG",
        );
        let (content_type, body) = form.encode();
        assert!(matches!(content_type, Cow::Borrowed(_)));
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let mut expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA \"lamp\"\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"pho%22to\"; \
             filename=\"a%0D%0Ab.png\"\r\nContent-Type: image/pngX: y\r\n\r\n"
        )
        .into_bytes();
        expected.extend_from_slice(b"\x89PNG\r\n");
        expected.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        assert_eq!(body, expected);
        assert_eq!(Multipart::new().encode().1, format!("--{BOUNDARY}--\r\n").into_bytes());
    }

    #[test]
    fn a_part_that_has_the_boundary_gets_another_one() {
        let content = format!("{BOUNDARY} {BOUNDARY}-1");
        let (content_type, body) = Multipart::new().text("x", content).encode();
        assert!(content_type.ends_with("-2"), "{content_type}");
        assert!(body.ends_with(format!("--{BOUNDARY}-2--\r\n").as_bytes()));
    }
}
