//! Requests that are prepared once: found again by the addresses of their literals.
//!
//! Upstream: `request.rs`. Downstream: the host's request templates. A literal has one address for
//! the life of the instance, so two requests with the same addresses are the same request, and
//! nothing has to be compared letter by letter. The same text at two addresses is prepared twice,
//! which costs a little memory and is correct. Pure: what a template is, the caller decides.

use std::collections::BTreeMap;
use std::time::Duration;

/// Templates of one instance; the host allows twice as many. A request beyond it is prepared each
/// time.
pub(super) const CACHED_TEMPLATES_MAX: usize = 500;

/// What makes two requests the same, values and body aside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    pub(super) method: &'static str,
    pub(super) url: &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) query: &'a [&'static str],
    pub(super) headers: &'a [Field],
    pub(super) options: Options,
}

/// Name and value of a header; no value when it changes from request to request.
pub(super) type Field = (&'static str, Option<&'static str>);

/// What does not stand in the request itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) recording: Recording,
    pub(super) redirects: Option<u32>,
    pub(super) timeout: Option<Duration>,
    pub(super) phases: Phases,
    pub(super) keep_body: bool,
}

/// How long the parts of an exchange may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Phases {
    pub(super) connect: Option<Duration>,
    pub(super) first_byte: Option<Duration>,
    pub(super) between_bytes: Option<Duration>,
}

/// Who decides whether an exchange was a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recording {
    Automatic,
    Judged,
    Silent,
}

/// Templates by the address of their URL.
#[derive(Debug)]
pub(super) struct TemplateCache<T> {
    by_url: BTreeMap<usize, Vec<Entry<T>>>,
    len: usize,
}

#[derive(Debug)]
struct Entry<T> {
    method: &'static str,
    url: &'static str,
    name: Option<&'static str>,
    query: Box<[&'static str]>,
    headers: Box<[Field]>,
    options: Options,
    template: T,
}

impl<T> TemplateCache<T> {
    pub(super) const fn new() -> Self {
        Self { by_url: BTreeMap::new(), len: 0 }
    }

    /// The template of this request, if it was prepared.
    pub(super) fn get(&self, key: &Key<'_>) -> Option<&T> {
        let entries = self.by_url.get(&address(key.url))?;
        entries.iter().find(|entry| entry.is_for(key)).map(|entry| &entry.template)
    }

    /// Keeps a template, or gives it back when there are too many.
    pub(super) fn insert(&mut self, key: &Key<'_>, template: T) -> Result<(), T> {
        if self.len >= CACHED_TEMPLATES_MAX {
            return Err(template);
        }
        self.len += 1;
        self.by_url.entry(address(key.url)).or_default().push(Entry {
            method: key.method,
            url: key.url,
            name: key.name,
            query: key.query.into(),
            headers: key.headers.into(),
            options: key.options,
            template,
        });
        Ok(())
    }
}

impl<T> Entry<T> {
    fn is_for(&self, key: &Key<'_>) -> bool {
        std::ptr::eq(self.url, key.url)
            && std::ptr::eq(self.method, key.method)
            && self.options == key.options
            && all_same(self.name.as_slice(), key.name.as_slice())
            && all_same(&self.query, key.query)
            && self.headers.len() == key.headers.len()
            && self.headers.iter().zip(key.headers).all(|((name, value), (its_name, its_value))| {
                std::ptr::eq(*name, *its_name) && all_same(value.as_slice(), its_value.as_slice())
            })
    }
}

/// Address and length are equal, one by one.
fn all_same(left: &[&'static str], right: &[&'static str]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| std::ptr::eq(*left, *right))
}

fn address(text: &'static str) -> usize {
    text.as_ptr().addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Options = Options {
        recording: Recording::Automatic,
        redirects: None,
        timeout: None,
        phases: Phases { connect: None, first_byte: None, between_bytes: None },
        keep_body: true,
    };
    static GET: &str = "GET";
    static POST: &str = "POST";
    static URL: &str = "/products/{id}";
    static ACCEPT: [&str; 1] = ["Accept"];
    static FIELD: [Field; 1] = [("Accept", Some("text/plain"))];
    static CHANGING: [Field; 1] = [("Accept", None)];

    fn key() -> Key<'static> {
        Key { method: GET, url: URL, name: None, query: &[], headers: &[], options: OPTIONS }
    }

    #[test]
    fn a_request_is_found_again_and_no_other_is_taken_for_it() {
        let judged = Options { recording: Recording::Judged, ..OPTIONS };
        let timed = Options { timeout: Some(Duration::from_secs(1)), ..OPTIONS };
        let keys = [
            key(),
            Key { method: POST, ..key() },
            Key { url: &URL[..9], ..key() },
            Key { name: Some(URL), ..key() },
            Key { query: &ACCEPT, ..key() },
            Key { headers: &FIELD, ..key() },
            Key { headers: &CHANGING, ..key() },
            Key { options: judged, ..key() },
            Key { options: timed, ..key() },
        ];
        let mut cache = TemplateCache::new();
        for (number, key) in keys.iter().enumerate() {
            assert_eq!(cache.get(key), None, "{key:?}");
            cache.insert(key, number).unwrap();
        }
        for (number, key) in keys.iter().enumerate() {
            assert_eq!(cache.get(key), Some(&number), "{key:?}");
        }
    }

    #[test]
    fn a_full_cache_gives_the_template_back() {
        let mut cache = TemplateCache::new();
        for number in 0..CACHED_TEMPLATES_MAX {
            cache.insert(&key(), number).unwrap();
        }
        assert_eq!(cache.insert(&key(), 7), Err(7));
    }
}
