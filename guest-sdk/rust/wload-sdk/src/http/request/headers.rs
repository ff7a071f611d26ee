//! Headers of a request. A value that is a literal is part of the request's template; one that was made at run
//! time is a value of it.
//!
//! Upstream: [`Request::header`](super::Request::header). Downstream: the spec of the request, and the key by which a
//! template is found again. Pure.

use std::borrow::Cow;

use super::Text;
use crate::http::encode;
use crate::http::template_cache::Field;

/// Names and values in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Headers(Vec<(Text, Value)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Literal(&'static str),
    /// The next of the values that were made at run time.
    Computed,
}

/// What braces mean in the spec of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Braces {
    /// A template: places for values.
    Places,
    /// Nothing.
    Plain,
}

impl Headers {
    /// Adds one; what is returned is a value that was made at run time.
    pub(super) fn push(&mut self, name: Text, value: Text) -> Option<String> {
        let (value, computed) = match value {
            Cow::Borrowed(value) => (Value::Literal(value), None),
            Cow::Owned(value) => (Value::Computed, Some(value)),
        };
        self.0.push((name, value));
        computed
    }

    /// Whether there is one of this name, in any case.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found.eq_ignore_ascii_case(name))
    }

    /// What a template is found by, if all names are literals.
    pub(super) fn key(&self) -> Option<Vec<Field>> {
        let field = |(name, value): &(Text, Value)| match (name, value) {
            (Cow::Borrowed(name), Value::Literal(value)) => Some((*name, Some(*value))),
            (Cow::Borrowed(name), Value::Computed) => Some((*name, None)),
            (Cow::Owned(_), _) => None,
        };
        self.0.iter().map(field).collect()
    }

    /// As the host is told; `computed` are the values that were made at run time.
    pub(super) fn to_host(&self, computed: &[String], braces: Braces) -> Vec<(String, Vec<u8>)> {
        let mut computed = computed.iter();
        let text = |value: &Value| match (value, braces) {
            (Value::Literal(value), Braces::Places) => encode::escaped(value),
            (Value::Literal(value), Braces::Plain) => (*value).to_owned(),
            (Value::Computed, Braces::Places) => "{header}".to_owned(),
            (Value::Computed, Braces::Plain) => computed.next().cloned().unwrap_or_default(),
        };
        let values = self.0.iter().map(|(_, value)| value).map(text);
        let names = self.0.iter().map(|(name, _)| name.to_string());
        names.zip(values.map(String::into_bytes)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_literals_make_a_key_whatever_the_values_are() {
        let mut headers = Headers::default();
        assert_eq!(headers.push("Accept".into(), "{text}".into()), None);
        let computed = headers.push("X-Id".into(), String::from("{7}").into()).unwrap();
        assert_eq!(headers.key().unwrap(), [("Accept", Some("{text}")), ("X-Id", None)]);
        assert!(headers.has("x-id") && !headers.has("x"));
        let of = |braces| {
            let fields = headers.to_host(std::slice::from_ref(&computed), braces).into_iter();
            fields.map(|(_, value)| String::from_utf8(value).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(of(Braces::Places), ["{{text}}", "{header}"]);
        assert_eq!(of(Braces::Plain), ["{text}", "{7}"]);
        headers.push(String::from("X-Made").into(), "1".into());
        assert!(headers.key().is_none());
    }
}
