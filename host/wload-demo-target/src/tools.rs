//! Answers that a test of a load tester asks for by name: statuses, sizes, delays, redirects, a log.
//!
//! Upstream: `routes`. Downstream: nothing. Every tool answers to any method.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::StatusCode;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use url::form_urlencoded;

use crate::limits::{MAX_BYTES_BODY, MAX_LATENCY, MAX_LOG_ENTRIES, MAX_LOG_ENTRY_BYTES};
use crate::reply::Reply;
use crate::routes::Route;
use crate::server::Target;

/// Made at the first request for bytes: every body of `/bytes/{n}` is a part of it.
static BYTES: LazyLock<Bytes> = LazyLock::new(|| vec![b'x'; MAX_BYTES_BODY].into());

static GZIP: LazyLock<Bytes> = LazyLock::new(|| {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(&gzip_text());
    written.and_then(|()| encoder.finish()).expect("writing to memory does not fail").into()
});

/// What `/gzip` says when it is decoded.
fn gzip_text() -> Vec<u8> {
    b"wload demo shop, compressed\n".repeat(100)
}

/// The answer of a tool.
pub(crate) fn answer(
    target: &Target,
    route: Route,
    argument: &str,
    request: &Parts,
    body: Bytes,
) -> Reply {
    match route {
        Route::Status => match status(argument, 200) {
            Some(code) => Reply::text(code, format!("{}\n", code.as_u16())),
            None => not_a_status(argument, 200),
        },
        Route::Fail => match status(argument, 400) {
            Some(code) => {
                Reply::error(code, format_args!("failed as asked with {}", code.as_u16()))
            }
            None => not_a_status(argument, 400),
        },
        Route::Bytes => match argument.parse::<usize>() {
            Ok(length) => Reply::octets(BYTES.slice(..length.min(MAX_BYTES_BODY))),
            Err(_) => not_a_number(argument),
        },
        Route::Delay => match argument.parse() {
            Ok(millis) => Reply::text(StatusCode::OK, "ok")
                .after(Duration::from_millis(millis).min(MAX_LATENCY)),
            Err(_) => not_a_number(argument),
        },
        Route::Echo => echo(request, body),
        Route::Redirect => redirect(argument),
        Route::Cookies => Reply::json(StatusCode::OK, &cookies(request)),
        Route::Gzip => Reply::text(StatusCode::OK, GZIP.clone())
            .with(CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        Route::Log => {
            target.log.append(argument);
            Reply::text(StatusCode::OK, "ok")
        }
        _ => Reply::text(StatusCode::OK, "ok"),
    }
}

/// A status that a final answer may have: those below 200 would not be the end of it.
fn status(text: &str, least: u16) -> Option<StatusCode> {
    let code = text.parse().ok().filter(|code| (least..600).contains(code))?;
    StatusCode::from_u16(code).ok()
}

fn not_a_status(text: &str, least: u16) -> Reply {
    Reply::bad_request(format_args!(
        "the status is `{text}`: expected a number from {least} to 599"
    ))
}

fn not_a_number(text: &str) -> Reply {
    Reply::bad_request(format_args!("found `{text}`: expected a whole number"))
}

fn echo(request: &Parts, body: Bytes) -> Reply {
    let reply = Reply::octets(body);
    match request.headers.get(CONTENT_TYPE) {
        Some(content_type) => reply.with(CONTENT_TYPE, content_type.clone()),
        None => reply,
    }
}

/// `/redirect/3` leads to `/redirect/2`, and so on; `/redirect/1` leads to `/ok`.
fn redirect(text: &str) -> Reply {
    let Ok(hops) = text.parse::<u32>() else {
        return not_a_number(text);
    };
    let location = if hops <= 1 {
        HeaderValue::from_static("/ok")
    } else {
        HeaderValue::try_from(format!("/redirect/{}", hops - 1)).expect("a number is plain text")
    };
    Reply::text(StatusCode::FOUND, "").with(LOCATION, location)
}

fn cookies(request: &Parts) -> BTreeMap<String, String> {
    let lines = request.headers.get_all(COOKIE).into_iter();
    let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()));
    let mut cookies = BTreeMap::new();
    for line in lines {
        for (name, value) in line.split(';').filter_map(|pair| pair.split_once('=')) {
            cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    cookies
}

/// What was reported through `/log/{step}`, in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<VecDeque<String>>);

impl Log {
    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry, which is encoded as in a path; the oldest makes room for it.
    pub(crate) fn append(&self, encoded: &str) {
        // The decoder of forms reads a plus as a space, which in a path it is not.
        let escaped = encoded.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
        let mut entry = form_urlencoded::parse(escaped.as_bytes())
            .next()
            .map(|(name, _)| name.into_owned())
            .unwrap_or_default();
        entry.truncate(entry.floor_char_boundary(MAX_LOG_ENTRY_BYTES));
        let mut entries = self.lock();
        if entries.len() >= MAX_LOG_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_decodes_cuts_and_drops_the_oldest() {
        let log = Log::default();
        log.append("a%20b+c&d=e");
        let long = "\u{e9}".repeat(MAX_LOG_ENTRY_BYTES);
        log.append(&format!("x{long}"));
        let entries = log.entries();
        assert_eq!(entries[0], "a b+c&d=e");
        assert_eq!(entries[1].len(), MAX_LOG_ENTRY_BYTES - 1);
        for _ in 0..MAX_LOG_ENTRIES {
            log.append("new");
        }
        assert_eq!(log.entries().len(), MAX_LOG_ENTRIES);
        assert_eq!(log.entries()[0], "new");
    }

    #[test]
    fn only_statuses_that_end_an_answer_are_given() {
        for (text, least, good) in [
            ("200", 200, true),
            ("599", 200, true),
            ("100", 200, false),
            ("600", 200, false),
            ("x", 200, false),
            ("200", 400, false),
            ("503", 400, true),
        ] {
            assert_eq!(status(text, least).is_some(), good, "{text}");
        }
    }
}
