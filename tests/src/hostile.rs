//! Targets that misbehave, each kind by its name, and count what they did.
//!
//! Upstream: the tests in `servers`. Downstream: raw sockets, because no HTTP library says what is wrong.
//! [`Kind`] is the table's row, `kinds` has the rows, `wire` performs them. Invariants: port 0 and
//! loopback only; a target ends with its value; it counts before the first byte of an answer leaves, so
//! that its counts are complete when a client has seen the end of all its requests.

mod certificates;
mod http2;
mod kinds;
mod steps;
mod tally;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use certificates::{Certificate, Identity, authority_pem, identity};
pub use kinds::kinds;
pub use tally::Tally;

use steps::{Asked, Step};
use tally::Counts;

/// Requests of a run against one kind, unless the kind says otherwise.
const REQUESTS: u64 = 6;
/// The same where each takes its time.
const REQUESTS_IN_VAIN: u64 = 4;
/// Longer than any answer takes on a machine that does much else: a hang is a wrong message, not a test
/// that never ends.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections that wait to be accepted: a thousand users come at once.
const BACKLOG: u32 = 1_024;
/// In a mixture one answer of so many misbehaves.
pub const MISBEHAVES_EVERY: u64 = 5;

/// One way to misbehave, and what a run against it looks like.
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What the server does, for people.
    pub does: &'static str,
    /// What wload makes of it.
    pub says: Says,
    /// How it is asked.
    pub method: &'static str,
    /// How often.
    pub requests: u64,
    /// How long a user waits for a connection and for the response.
    pub patience: Duration,
    /// How often wload sends each request, in all, because the server says that it has not acted on it.
    pub attempts: u64,
    /// It is asked by `https`.
    pub is_https: bool,
    /// It speaks HTTP/2 only.
    pub is_http2: bool,
    certificate: Option<Certificate>,
    way: Way,
}

/// What wload makes of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// A failure with this message.
    Failure(&'static str),
    /// A response with a body of this many bytes: what is wrong does no harm.
    Success(u64),
}

/// Where a kind leaves the right path.
#[derive(Debug)]
enum Way {
    /// Nobody listens.
    Refuse,
    /// At once when there is a connection, whatever is asked.
    Connect(fn() -> Vec<Step>),
    /// When a request was read whole. None: this one is answered well.
    Answer(fn(&Asked<'_>) -> Option<Vec<Step>>),
}

impl Kind {
    const fn new(name: &'static str, does: &'static str, says: Says, way: Way) -> Self {
        Self {
            name,
            does,
            says,
            method: "GET",
            requests: REQUESTS,
            patience: PATIENCE,
            attempts: 1,
            is_https: false,
            is_http2: false,
            certificate: None,
            way,
        }
    }

    /// Misbehaves at each request.
    const fn answer(
        name: &'static str,
        does: &'static str,
        says: Says,
        answer: fn(&Asked<'_>) -> Option<Vec<Step>>,
    ) -> Self {
        Self::new(name, does, says, Way::Answer(answer))
    }

    /// Misbehaves as soon as it is connected to.
    const fn connect(
        name: &'static str,
        does: &'static str,
        says: Says,
        script: fn() -> Vec<Step>,
    ) -> Self {
        Self::new(name, does, says, Way::Connect(script))
    }

    const fn by_post(mut self) -> Self {
        self.method = "POST";
        self
    }

    const fn asked(mut self, requests: u64) -> Self {
        self.requests = requests;
        self
    }

    /// Its users wait so long and in vain, so there are fewer requests.
    const fn within(mut self, milliseconds: u64) -> Self {
        self.requests = REQUESTS_IN_VAIN;
        self.patience = Duration::from_millis(milliseconds);
        self
    }

    const fn by_https(mut self) -> Self {
        self.is_https = true;
        self
    }

    const fn attempted(mut self, attempts: u64) -> Self {
        self.attempts = attempts;
        self
    }

    const fn by_http2(mut self) -> Self {
        self.is_http2 = true;
        self.with(Certificate::Good)
    }

    const fn with(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self.by_https()
    }
}

/// A target that misbehaves.
#[derive(Debug)]
pub struct HostileTarget {
    address: SocketAddr,
    scheme: &'static str,
    counts: Arc<Counts>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HostileTarget {
    /// Misbehaves in this way whenever it is asked.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(kind: &'static Kind) -> Self {
        Self::serve(vec![kind], 1)
    }

    /// Misbehaves in one answer of [`MISBEHAVES_EVERY`], in these ways by turns. All of them are by plain
    /// HTTP and answers to requests.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn mixing(kinds: Vec<&'static Kind>) -> Self {
        let is_plain = |kind: &&Kind| !kind.is_https && matches!(kind.way, Way::Answer(_));
        assert!(kinds.iter().all(is_plain), "a mixture is of answers: {kinds:#?}");
        Self::serve(kinds, MISBEHAVES_EVERY)
    }

    fn serve(kinds: Vec<&'static Kind>, every: u64) -> Self {
        let scheme = if kinds[0].is_https { "https" } else { "http" };
        let counts = Arc::new(Counts::new(kinds.clone(), every));
        let (stop, stopped) = oneshot::channel();
        let (bound, address) = std::sync::mpsc::sync_channel(1);
        let shared = Arc::clone(&counts);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let (port, address) = open_port(shared.first());
                bound.send(address).expect("it is waited for");
                tokio::select! {
                    () = accept_loop(port, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        let address = address.recv().expect("the thread of the target binds a port");
        Self { address, scheme, counts, stop: Some(stop), thread: Some(thread) }
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// What it did so far in this way.
    #[must_use]
    pub fn tally(&self, kind: &Kind) -> Tally {
        self.counts.tally(kind)
    }

    /// Requests that it read whole.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.counts.requests()
    }

    /// Answers that were as they should be.
    #[must_use]
    pub fn good(&self) -> u64 {
        self.counts.good()
    }
}

impl Drop for HostileTarget {
    fn drop(&mut self) {
        // It may have ended by a panic, of which the thread tells.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let ended = self.thread.take().map(JoinHandle::join);
        let has_panicked = matches!(ended, Some(Err(_)));
        assert!(!has_panicked || std::thread::panicking(), "the target has panicked");
    }
}

/// A port of this target, and of nobody else.
enum Port {
    /// Nobody listens on it.
    Deaf(#[expect(dead_code, reason = "it keeps the port")] TcpSocket),
    Open(TcpListener),
}

/// Takes a free port. It listens before anybody can know its address.
fn open_port(kind: &Kind) -> (Port, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let port = match kind.way {
        Way::Refuse => Port::Deaf(socket),
        _ => Port::Open(socket.listen(BACKLOG).expect("a port that listens")),
    };
    (port, address)
}

/// Takes connections until it is dropped, and all of them with it.
async fn accept_loop(port: Port, counts: Arc<Counts>) {
    let Port::Open(listener) = &port else { return std::future::pending().await };
    let kind = counts.first();
    let protocol = if kind.is_http2 { "h2" } else { "http/1.1" };
    let acceptor = kind.certificate.map(|issued| certificates::acceptor(issued, protocol));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a connection");
                connections.spawn(connection_loop(stream, acceptor.clone(), Arc::clone(&counts)));
            }
            Some(ended) = connections.join_next() => ended.expect("a connection does not panic"),
        }
    }
}

/// One connection. Its errors are those of a client that has gone, which is what most kinds lead to.
async fn connection_loop(stream: TcpStream, tls: Option<TlsAcceptor>, counts: Arc<Counts>) {
    let _ = match (&counts.first().way, tls) {
        (Way::Connect(script), None) => wire::perform(&mut { stream }, script()).await.map(drop),
        (_, None) => wire::serve(&mut { stream }, &counts).await,
        (_, Some(tls)) => match tls.accept(stream).await {
            Ok(mut stream) if counts.first().is_http2 => http2::serve(&mut stream, &counts).await,
            Ok(mut stream) => wire::serve(&mut stream, &counts).await,
            Err(error) => Err(error),
        },
    };
}
