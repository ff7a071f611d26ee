//! TLS that does not come about, or breaks.
//!
//! Upstream: `certificates` and `steps`. Downstream: the table of kinds. What a server says instead of its
//! part of the handshake is written by hand: no library offers to do it wrongly.

use crate::hostile::Says::{Failure, Success};
use crate::hostile::steps::{BODY_LEN, Step, closing, good};
use crate::hostile::{Certificate, Kind};

const CLOSED: &str = "TLS: the server closed the connection";
const CLOSED_EARLY: &str = "connection closed before the response was complete";
const RESET: &str = "connection reset by peer";
const NOTHING_IN_COMMON: &str = "TLS: no protocol version or cipher in common";

/// A record of TLS with a fatal alert.
const fn alert(description: u8) -> [u8; 7] {
    [0x15, 3, 3, 0, 2, 2, description]
}
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;
const UNTIL_CLOSED: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";

pub(super) const KINDS: &[Kind] = &[
    bad(
        "certificate-expired",
        "its certificate has expired",
        "TLS: certificate has expired",
        Certificate::Expired,
    ),
    bad(
        "certificate-of-the-future",
        "its certificate is not valid yet",
        "TLS: certificate is not valid yet",
        Certificate::NotYetValid,
    ),
    bad(
        "certificate-of-another",
        "its certificate has another name",
        "TLS: certificate is not valid for this host name",
        Certificate::WrongName,
    ),
    bad(
        "certificate-of-unknown-issuer",
        "its certificate is by an authority that is not trusted",
        "TLS: certificate is signed by an unknown authority",
        Certificate::UnknownIssuer,
    ),
    bad(
        "certificate-signed-by-itself",
        "its certificate vouches for itself",
        "TLS: certificate is signed by an unknown authority",
        Certificate::SelfSigned,
    ),
    bad(
        "certificate-for-clients",
        "its certificate is not for servers",
        "TLS: certificate is not made for servers",
        Certificate::ForClients,
    ),
    Kind::connect(
        "plain-instead-of-tls",
        "speaks plain HTTP where TLS is asked for",
        Failure("TLS: the server does not speak TLS on this port"),
        || {
            vec![
                Step::Send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec()),
                Step::Close,
            ]
        },
    )
    .by_https(),
    Kind::connect(
        "tls-instead-of-plain",
        "speaks TLS where plain HTTP is asked for",
        Failure("malformed response: not an HTTP/1 status line"),
        || vec![Step::Hear, Step::Send(alert(HANDSHAKE_FAILURE).to_vec()), Step::Close],
    ),
    Kind::connect("tls-1.0-only", "picks TLS 1.0", Failure(NOTHING_IN_COMMON), || {
        vec![Step::Send(hello_of_tls_1_0()), Step::Close]
    })
    .by_https(),
    Kind::connect(
        "no-version-in-common",
        "refuses all our versions of TLS",
        Failure("TLS: the server refused the handshake (ProtocolVersion)"),
        || vec![Step::Send(alert(PROTOCOL_VERSION).to_vec()), Step::Close],
    )
    .by_https(),
    Kind::connect(
        "no-cipher-in-common",
        "refuses all our ciphers",
        Failure("TLS: the server refused the handshake (HandshakeFailure)"),
        || vec![Step::Send(alert(HANDSHAKE_FAILURE).to_vec()), Step::Close],
    )
    .by_https(),
    Kind::connect("handshake-closed", "closes instead of a handshake", Failure(CLOSED), || {
        vec![Step::Close]
    })
    .by_https(),
    Kind::connect("handshake-reset", "resets instead of a handshake", Failure(RESET), || {
        vec![Step::Hear, Step::Reset]
    })
    .by_https(),
    Kind::connect(
        "handshake-reset-at-once",
        "resets before it has seen anything of a handshake",
        Failure(RESET),
        || vec![Step::Reset],
    )
    .by_https(),
    Kind::connect(
        "handshake-cut",
        "closes within its part of the handshake",
        Failure(CLOSED),
        || vec![Step::Send(hello_of_tls_1_0()[..9].to_vec()), Step::Close],
    )
    .by_https(),
    Kind::connect(
        "handshake-silent",
        "says nothing to a handshake",
        Failure("timed out while connecting"),
        || vec![Step::Silence],
    )
    .by_https()
    .within(500),
    Kind::answer(
        "tls-record-corrupt",
        "sends a record that cannot be decrypted",
        Failure("TLS: a record cannot be decrypted"),
        |_| {
            Some(vec![Step::Below([&[0x17, 3, 3, 0, 32][..], &[0xa5; 32]].concat()), Step::Silence])
        },
    )
    .with(Certificate::Good),
    Kind::answer(
        "tls-forgotten",
        "goes on in plain HTTP after the handshake",
        Failure("TLS: the server broke the protocol"),
        |_| {
            let plain = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
            Some(vec![Step::Below(plain.to_vec()), Step::Silence])
        },
    )
    .with(Certificate::Good),
    Kind::answer(
        "tls-cut",
        "ends a body by closing without a word of TLS: it may be cut",
        Failure(CLOSED_EARLY),
        |_| Some(vec![Step::Send(UNTIL_CLOSED.as_bytes().to_vec()), Step::Cut]),
    )
    .with(Certificate::Good),
    Kind::answer(
        "tls-closed",
        "ends a body by closing TLS, as it should",
        Success(BODY_LEN),
        |_| closing(UNTIL_CLOSED),
    )
    .with(Certificate::Good),
    Kind::answer(
        "tls-cut-after-length",
        "closes without a word of TLS after a whole response",
        Success(BODY_LEN),
        |_| good().into_iter().chain([Step::Cut]).map(Some).collect(),
    )
    .with(Certificate::Good),
];

const fn bad(
    name: &'static str,
    does: &'static str,
    says: &'static str,
    certificate: Certificate,
) -> Kind {
    Kind::answer(name, does, Failure(says), |_| None).with(certificate)
}

/// A ServerHello that picks version 3.1 and RSA with AES.
fn hello_of_tls_1_0() -> Vec<u8> {
    let random = [7; 32];
    let hello = [&[3, 1][..], &random, &[0, 0, 0x2f, 0]].concat();
    let length = u8::try_from(hello.len()).expect("a short message");
    [&[0x16, 3, 1, 0, length + 4, 2, 0, 0, length][..], &hello].concat()
}
