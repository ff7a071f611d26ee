//! Fuzzers: servers that send noise which looks like HTTP.
//!
//! Upstream: seeds of `wload_fuzz`. Downstream: the client. What must hold: every exchange ends with a
//! value before its timeout, within the limits, and its message is short and printable.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use wload_core::limits::HttpLimits;
use wload_fuzz::Noise;
use wload_http::{Exchange, Http1Engine, HttpError, RequestSpec};

use crate::target::{Target, by, client, once_on_core};

/// Seeds of a test run.
const RUNS: u64 = 200;
/// For a whole exchange; a server that goes silent is waited for so long.
const TIMEOUT: Duration = Duration::from_millis(100);
/// What a busy machine may add.
const LATE_MAX: Duration = Duration::from_secs(5);
/// Characters of a message; its fixed part is some dozen, texts of servers do not belong into it.
const MESSAGE_MAX: usize = 400;
/// Hops of the chains.
const REDIRECTS: u32 = 5;

fn spec(noise: &mut Noise) -> RequestSpec {
    RequestSpec {
        method: (*noise.pick(&["GET", "GET", "HEAD", "POST", "PUT"])).to_owned(),
        url: "/x".to_owned(),
        timeout: Some(TIMEOUT),
        redirects: Some(REDIRECTS),
        keep_body: !noise.once_in(4),
        ..RequestSpec::default()
    }
}

fn check(exchange: &Exchange, took: Duration) {
    let limits = HttpLimits::default();
    assert!(took < TIMEOUT + LATE_MAX, "an exchange took {took:?}");
    assert!(exchange.body_size <= limits.body_bytes_max, "{}", exchange.body_size);
    assert!(exchange.body.len() as u64 <= exchange.body_size);
    assert!(exchange.history.len() <= REDIRECTS as usize, "{:?}", exchange.history);
    assert_eq!(exchange.status == 0, exchange.error.is_some(), "{exchange:?}");
    if let Some(error) = &exchange.error {
        let message = error.message();
        assert!(message.chars().count() <= MESSAGE_MAX, "{message}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
}

/// A value that is nearly right for a header that matters.
fn field(noise: &mut Noise) -> Vec<u8> {
    let name = *noise.pick(&[
        "content-length",
        "Content-Length",
        "transfer-encoding",
        "content-encoding",
        "connection",
        "set-cookie",
        "x",
        "",
        "content type",
    ]);
    let value = noise.words(
        &[
            "0",
            "5",
            "-1",
            "18446744073709551616",
            "chunked",
            "gzip",
            "deflate",
            "br",
            "zstd",
            "close",
            "keep-alive",
            "upgrade",
            ", ",
            ";",
            "a=b",
            " ",
            "\t",
            "\u{e9}",
            "identity",
        ],
        3,
    );
    let end = *noise.pick(&["\r\n", "\r\n", "\r\n", "\n", "\r", ""]);
    format!("{name}{}{value}{end}", noise.pick(&[": ", ":", " : ", ""])).into_bytes()
}

fn body(noise: &mut Noise) -> Vec<u8> {
    match noise.below(4) {
        0 => noise.bytes(200),
        1 => vec![b'x'; noise.below(100_000)],
        2 => {
            let pieces = [
                "5\r\nhello\r\n",
                "0\r\n\r\n",
                "0\r\n",
                "fffffffffffffffff\r\n",
                "-1\r\n",
                "5;ext=1\r\nhello\r\n",
                "5\r\nhel",
                "zz\r\n",
                "trailer: x\r\n\r\n",
            ];
            noise.words(&pieces, 5).into_bytes()
        }
        _ => {
            // The magic numbers of what we decode, and noise.
            let mut bytes = noise
                .pick(&[
                    &b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..],
                    b"\x78\x9c",
                    b"\x28\xb5\x2f\xfd",
                    b"\x0b\x02\x80",
                ])
                .to_vec();
            bytes.extend(noise.bytes(300));
            bytes
        }
    }
}

fn response(noise: &mut Noise) -> Vec<u8> {
    if noise.once_in(10) {
        return noise.bytes(400);
    }
    let line = *noise.pick(&[
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.1 204 No Content\r\n",
        "HTTP/1.1 304 X\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n",
        "HTTP/1.1 000 X\r\n",
        "HTTP/1.1 999 X\r\n",
        "HTTP/2 200\r\n",
        "HTTP/1.1 20\r\n",
        "\r\n",
    ]);
    let mut bytes = line.as_bytes().to_vec();
    for _ in 0..noise.below(6) {
        bytes.extend(field(noise));
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend(body(noise));
    if noise.once_in(3) {
        noise.mutate(&mut bytes);
    }
    bytes
}

#[test]
fn fuzz_responses() {
    wload_fuzz::run(RUNS, |noise| {
        let noise = Rc::new(RefCell::new(noise.clone()));
        once_on_core(async move {
            let server = Rc::clone(&noise);
            let target = Target::start(move |mut peer| {
                let noise = Rc::clone(&server);
                async move {
                    while peer.request().await.is_some() {
                        let bytes = response(&mut noise.borrow_mut());
                        peer.write(bytes).await;
                        let goes_on = noise.borrow_mut().once_in(2);
                        if !goes_on {
                            return;
                        }
                    }
                }
            })
            .await;
            let mut client = client(&target);
            for _ in 0..3 {
                let spec = spec(&mut noise.borrow_mut());
                let start = Instant::now();
                let exchange = client.send_once(spec, None).await;
                check(&exchange, start.elapsed());
            }
        });
    });
}

/// Where to go next; hosts are of this machine only.
fn location(noise: &mut Noise) -> String {
    let start = *noise.pick(&[
        "",
        "/",
        "//127.0.0.1/",
        "?",
        "#",
        "http://127.0.0.1:1/",
        "HTTP:",
        "ftp://127.0.0.1/",
        "http://[::1]:1/",
        "http://user:pw@127.0.0.1:1/",
        "javascript:",
        "data:,",
        "http://127.0.0.1:99999/",
        "http://",
        "\\\\",
        "../../..",
    ]);
    let pieces =
        ["a", "/", "..", "%", "%2f", "%zz", "?", "#", "\u{e9}", " ", "\t", "@", ":", "&=", "\\"];
    start.to_owned() + &noise.words(&pieces, 6)
}

fn set_cookie(noise: &mut Noise) -> String {
    let pieces = [
        "a",
        "b",
        "=",
        "=",
        ";",
        "; ",
        "\"",
        ",",
        "path=/",
        "Path=x",
        "domain=127.0.0.1",
        "domain=.com",
        "domain=",
        "max-age=0",
        "Max-Age=99999999999999999999",
        "expires=Thu, 01 Jan 1970",
        "Secure",
        "HttpOnly",
        "SameSite=None",
        "\u{e9}",
        "\t",
        "__Host-x",
    ];
    noise.words(&pieces, 8)
}

fn redirect(noise: &mut Noise) -> Vec<u8> {
    let status = *noise.pick(&[200, 301, 302, 303, 307, 308, 300, 304]);
    let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n");
    for _ in 0..noise.below(3) {
        head.push_str(&format!("location: {}\r\n", location(noise)));
    }
    for _ in 0..noise.below(8) {
        head.push_str(&format!("set-cookie: {}\r\n", set_cookie(noise)));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

#[test]
fn fuzz_redirects() {
    wload_fuzz::run(RUNS, |noise| {
        let noise = Rc::new(RefCell::new(noise.clone()));
        once_on_core(async move {
            let server = Rc::clone(&noise);
            let target = Target::start(move |mut peer| {
                let noise = Rc::clone(&server);
                async move {
                    while let Some(request) = peer.request().await {
                        // What a request says must be one request, whatever it was told.
                        assert!(request.head.lines().all(|line| !line.contains('\r')));
                        let bytes = redirect(&mut noise.borrow_mut());
                        peer.write(bytes).await;
                    }
                }
            })
            .await;
            let mut client = client(&target);
            for _ in 0..5 {
                let spec = spec(&mut noise.borrow_mut());
                let start = Instant::now();
                let exchange = client.send_once(spec, None).await;
                check(&exchange, start.elapsed());
            }
            let cookies = client.cookies();
            assert!(cookies.len() <= HttpLimits::default().cookies_max, "{}", cookies.len());
            for cookie in cookies {
                let text = format!("{}{}", cookie.name, cookie.value);
                assert!(!text.contains(['\r', '\n', '\0', ';']), "{cookie:?}");
            }
        });
    });
}

/// Seeds of a comparison, which mostly waits.
const COMPARISONS: u64 = 100;
/// Long enough for what was written to be read, or for a close to be noticed.
const A_WHILE: Duration = Duration::from_millis(2);
/// Bytes that both read in one piece. Of what is longer hyper looks at the start; when that is half a
/// head, it waits for the end of the head before it looks again, so that a mistake in between is said by
/// one and waited for by the other.
const READ_AT_ONCE: usize = 8_000;
/// Requests of a comparison.
const REQUESTS: usize = 4;

/// What a server does with one request.
#[derive(Clone, Debug)]
struct Answer {
    pieces: Vec<Vec<u8>>,
    closes: bool,
}

fn answer(noise: &mut Noise) -> Answer {
    let mut bytes = response(noise);
    bytes.truncate(READ_AT_ONCE);
    let mut pieces = vec![bytes];
    while noise.once_in(2) && pieces.len() < 4 {
        let last = pieces.last_mut().expect("there is one");
        let rest = last.split_off(noise.below(last.len() + 1));
        pieces.push(rest);
    }
    Answer { pieces, closes: noise.once_in(2) }
}

/// All that can be seen of an exchange but its times.
fn seen(exchange: &Exchange) -> String {
    let Exchange { status, error, reason, headers, body, body_size, repeats, version, .. } =
        exchange;
    let error = error.as_ref().map(HttpError::message);
    let body = String::from_utf8_lossy(&body[..body.len().min(100)]);
    format!(
        "{status} {error:?} {reason:?} {version:?} {headers:?} {body:?} {body_size} repeats {repeats}"
    )
}

/// The same server twice, and what became of the same requests. A server that was asked for the third
/// time has the third answer, on whatever connection.
fn by_engine(engine: Http1Engine, noise: &Noise, timeout: Duration) -> Vec<String> {
    let found = Rc::new(RefCell::new(Vec::new()));
    let (list, mut noise) = (Rc::clone(&found), noise.clone());
    let answers: Vec<Answer> = (0..2 * REQUESTS).map(|_| answer(&mut noise)).collect();
    by(engine, async move {
        let asked = Rc::new(Cell::new(0));
        let target = Target::start(move |mut peer| {
            let (answers, asked) = (answers.clone(), Rc::clone(&asked));
            async move {
                while peer.request().await.is_some() {
                    let Some(answer) = answers.get(asked.replace(asked.get() + 1)) else { return };
                    for piece in &answer.pieces {
                        peer.write(piece).await;
                        tokio::time::sleep(A_WHILE).await;
                    }
                    if answer.closes {
                        return;
                    }
                }
            }
        })
        .await;
        let mut client = client(&target);
        for _ in 0..REQUESTS {
            let asked = RequestSpec { timeout: Some(timeout), ..spec(&mut noise) };
            let exchange = client.send_once(asked, None).await;
            let connections = target.connections();
            list.borrow_mut().push(format!("{} connections {connections}", seen(&exchange)));
            // Longer than the server waits: a request that meets a close is a matter of chance.
            tokio::time::sleep(3 * A_WHILE).await;
        }
    });
    found.take()
}

#[test]
fn fuzz_both_engines() {
    wload_fuzz::run(COMPARISONS, |noise| {
        // On a busy machine one of them may be late; a difference in what they do stays.
        for patience in [1, 10, 50] {
            let timeout = TIMEOUT * patience;
            let thin = by_engine(Http1Engine::Thin, noise, timeout);
            let hyper = by_engine(Http1Engine::Hyper, noise, timeout);
            if thin == hyper {
                return;
            }
            assert!(patience < 50, "{thin:#?}\n{hyper:#?}");
        }
    });
}
