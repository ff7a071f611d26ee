//! Redirects that lead nowhere, or for ever.
//!
//! Upstream: `steps`. Downstream: the table of kinds. A path that ends with the name of a kind is answered
//! by that kind: so a chain stays in its kind, also in a mixture.

use crate::hostile::Kind;
use crate::hostile::Says::{Failure, Success};
use crate::hostile::steps::{Asked, Step, keeping};

const TOO_MANY: &str = "too many redirects (more than 30)";

pub(super) const KINDS: &[Kind] = &[
    Kind::answer("redirect-loop", "redirects to itself", Failure(TOO_MANY), |_| {
        redirect("/again/redirect-loop")
    }),
    Kind::answer(
        "endless-redirects",
        "redirects to another place each time",
        Failure(TOO_MANY),
        |asked| redirect(&format!("/again/{}/endless-redirects", hops(asked) + 1)),
    ),
    Kind::answer(
        "redirect-without-place",
        "redirects without saying where: it is the response",
        Success(0),
        |_| keeping("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
    ),
    Kind::answer(
        "redirect-to-another-scheme",
        "redirects to `ftp:`",
        Failure("malformed response: redirect to a scheme that is not http or https"),
        |_| redirect("ftp://127.0.0.1/"),
    ),
    Kind::answer(
        "redirect-to-no-url",
        "redirects to what is not a URL",
        Failure("malformed response: redirect to what is not a URL"),
        |_| redirect("http://[/"),
    ),
];

fn redirect(to: &str) -> Option<Vec<Step>> {
    keeping(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"))
}

/// The number in the path of a hop.
fn hops(asked: &Asked<'_>) -> u64 {
    asked.path.split('/').find_map(|part| part.parse().ok()).unwrap_or(0)
}
