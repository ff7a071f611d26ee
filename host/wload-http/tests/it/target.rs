//! Servers that do exactly what a test says, byte for byte, and write down what they received.
//!
//! Everything runs on the test's own thread, so that a test needs no locks and no sleeps.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, LocalSet, spawn_local};
use wload_core::limits::HttpLimits;
use wload_http::{
    BaseUrl, CoreHttp, Exchange, Http1Engine, HttpClient, HttpSettings, HttpShared, RequestSpec,
};

/// No test waits longer; it would be stuck.
const DEADLINE: Duration = Duration::from_secs(20);

thread_local! {
    static ENGINE: Cell<Http1Engine> = const { Cell::new(Http1Engine::Thin) };
}

/// Runs a test as a core runs users, once with each engine of HTTP/1.1: what they say is the same.
pub(crate) fn on_core(test: impl AsyncFn()) {
    for engine in [Http1Engine::Thin, Http1Engine::Hyper] {
        by(engine, test());
    }
}

/// Runs a test with one engine.
pub(crate) fn by(engine: Http1Engine, test: impl Future<Output = ()>) {
    ENGINE.set(engine);
    let _told = Told(engine);
    once_on_core(test);
}

/// The engine of this run.
pub(crate) fn engine() -> Http1Engine {
    ENGINE.get()
}

/// The default settings, but for the engine.
pub(crate) fn settings() -> HttpSettings {
    HttpSettings { http1: engine(), ..HttpSettings::default() }
}

/// Says the engine when its run panics.
struct Told(Http1Engine);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // There is nobody else to tell.
            let _ = writeln!(std::io::stderr(), "this was by the engine {:?}", self.0);
        }
    }
}

/// Runs a test as a core runs users: one thread, one `LocalSet`.
pub(crate) fn once_on_core(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let test = async {
        tokio::time::timeout(DEADLINE, test).await.expect("the test is stuck");
    };
    LocalSet::new().block_on(&runtime, test);
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Request line and headers, without the empty line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// `GET /x`.
    pub(crate) fn what(&self) -> &str {
        self.head.split(" HTTP/1.1").next().unwrap()
    }

    /// The values of a header, joined.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect();
        if values.is_empty() { None } else { Some(values.join(" | ")) }
    }
}

/// What a server talks over: TCP, or TLS on it.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin {
    fn reset_on_drop(&self);
}

impl Socket for TcpStream {
    fn reset_on_drop(&self) {
        self.set_zero_linger().unwrap();
    }
}

impl Socket for tokio_rustls::server::TlsStream<TcpStream> {
    fn reset_on_drop(&self) {
        self.get_ref().0.reset_on_drop();
    }
}

/// The server's end of one connection.
pub(crate) struct Peer {
    /// Which connection of the server, from 0.
    pub(crate) number: usize,
    socket: Box<dyn Socket>,
    log: Rc<RefCell<Vec<Received>>>,
    buffer: Vec<u8>,
}

impl Peer {
    /// The next request with its body, or `None` when the client has closed.
    pub(crate) async fn request(&mut self) -> Option<Received> {
        let end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            self.fill().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
        let mut received = Received { head: head.trim_end().to_owned(), body: Vec::new() };
        if received.header("transfer-encoding").as_deref() == Some("chunked") {
            received.body = self.chunks().await?;
            self.log.borrow_mut().push(received.clone());
            return Some(received);
        }
        let length = received.header("content-length").map_or(0, |text| text.parse().unwrap());
        while self.buffer.len() < length {
            self.fill().await?;
        }
        received.body = self.buffer.drain(..length).collect();
        self.log.borrow_mut().push(received.clone());
        Some(received)
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(at) = find(&self.buffer, b"\r\n") {
                    break at;
                }
                self.fill().await?;
            };
            let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let len =
                usize::from_str_radix(std::str::from_utf8(&line[..end]).unwrap(), 16).unwrap();
            while self.buffer.len() < len + 2 {
                self.fill().await?;
            }
            body.extend(self.buffer.drain(..len));
            assert_eq!(self.buffer.drain(..2).collect::<Vec<u8>>(), b"\r\n");
            if len == 0 {
                return Some(body);
            }
        }
    }

    /// The bytes that arrived; `None` when the client has closed.
    pub(crate) async fn take_some(&mut self) -> Option<Vec<u8>> {
        self.buffer.clear();
        self.fill().await?;
        Some(self.buffer.clone())
    }

    /// The socket, for what is no HTTP.
    pub(crate) fn socket(&mut self) -> &mut dyn Socket {
        &mut *self.socket
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // The client may have had enough and closed: what it makes of that is the test.
        let _ = self.socket.write_all(bytes.as_ref()).await;
        let _ = self.socket.flush().await;
    }

    /// The same; false when the client has closed.
    pub(crate) async fn try_write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.socket.write_all(bytes.as_ref()).await.is_ok()
    }

    /// When the connection is dropped, the client sees a reset and not an end.
    pub(crate) fn reset(&self) {
        self.socket.reset_on_drop();
    }

    /// Reads and forgets about this many bytes of what is there; says how many.
    pub(crate) async fn skip_some(&mut self, max: usize) -> usize {
        self.buffer.clear();
        while self.buffer.len() < max {
            let wait = tokio::time::timeout(Duration::from_millis(5), self.fill());
            if !matches!(wait.await, Ok(Some(()))) {
                break;
            }
        }
        self.buffer.len()
    }

    /// Waits until the client closes.
    pub(crate) async fn closed(&mut self) {
        while self.fill().await.is_some() {}
    }

    async fn fill(&mut self) -> Option<()> {
        match self.socket.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// A server on a port of its own; it ends when it is dropped.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) log: Rc<RefCell<Vec<Received>>>,
    connections: Rc<Cell<usize>>,
    listening: AbortHandle,
}

impl Drop for Target {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Target {
    /// Each connection is served by `script`.
    pub(crate) async fn start<F>(script: impl Fn(Peer) -> F + 'static) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        Self::with_sockets(
            script,
            |stream| async move { Some(Box::new(stream) as Box<dyn Socket>) },
        )
        .await
    }

    /// The same, with something between TCP and the script.
    pub(crate) async fn with_sockets<F, W>(
        script: impl Fn(Peer) -> F + 'static,
        wrap: impl Fn(TcpStream) -> W + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + 'static,
        W: Future<Output = Option<Box<dyn Socket>>> + 'static,
    {
        Self::listen(([127, 0, 0, 1], 0).into(), script, wrap).await
    }

    /// The same as [`Target::start`], at an address.
    pub(crate) async fn start_at<F>(
        address: SocketAddr,
        script: impl Fn(Peer) -> F + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        let wrap = |stream| async move { Some(Box::new(stream) as Box<dyn Socket>) };
        Self::listen(address, script, wrap).await
    }

    async fn listen<F, W>(
        address: SocketAddr,
        script: impl Fn(Peer) -> F + 'static,
        wrap: impl Fn(TcpStream) -> W + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + 'static,
        W: Future<Output = Option<Box<dyn Socket>>> + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Rc::new(RefCell::new(Vec::new()));
        let connections = Rc::new(Cell::new(0));
        let (accept_log, accepted) = (Rc::clone(&log), Rc::clone(&connections));
        let listening = spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = accepted.replace(accepted.get() + 1);
                let log = Rc::clone(&accept_log);
                let socket = wrap(stream);
                let Some(socket) = socket.await else { continue };
                spawn_local(script(Peer { number, socket, log, buffer: Vec::new() }));
            }
        });
        Self { address, log, connections, listening: listening.abort_handle() }
    }

    /// A good server: every request on a connection gets an answer.
    pub(crate) async fn answering(answer: impl Fn(&Received) -> Vec<u8> + 'static) -> Self {
        let answer = Rc::new(answer);
        Self::start(move |mut peer| {
            let answer = Rc::clone(&answer);
            async move {
                while let Some(request) = peer.request().await {
                    peer.write(answer(&request)).await;
                }
            }
        })
        .await
    }

    /// A server that reads one request per connection, writes these bytes and closes.
    pub(crate) async fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes: Rc<Vec<u8>> = Rc::new(bytes.into());
        Self::start(move |mut peer| {
            let bytes = Rc::clone(&bytes);
            async move {
                peer.request().await;
                peer.write(&*bytes).await;
            }
        })
        .await
    }

    /// `http://127.0.0.1:port` with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.get()
    }

    /// `GET /a`, `POST /b`, in the order of arrival.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log.borrow().iter().map(|request| request.what().to_owned()).collect()
    }

    pub(crate) fn last(&self) -> Received {
        self.log.borrow().last().expect("no request arrived").clone()
    }
}

/// A response with a length.
pub(crate) fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(crate) fn ok(body: impl AsRef<[u8]>) -> Vec<u8> {
    response("200 OK", "", body)
}

pub(crate) fn client(target: &Target) -> HttpClient {
    client_with(Some(&target.url("")), HttpLimits::default())
}

pub(crate) fn client_with(base: Option<&str>, limits: HttpLimits) -> HttpClient {
    let shared = HttpShared::new(HttpSettings { limits, ..settings() }).unwrap();
    HttpClient::new(CoreHttp::new(shared), base.map(|base| BaseUrl::parse(base).unwrap()))
}

pub(crate) fn spec(method: &str, url: &str) -> RequestSpec {
    RequestSpec {
        method: method.to_owned(),
        url: url.to_owned(),
        keep_body: true,
        ..RequestSpec::default()
    }
}

pub(crate) async fn get(client: &mut HttpClient, url: &str) -> Exchange {
    client.send_once(spec("GET", url), None).await
}

/// The error's text, or the status.
pub(crate) fn outcome(exchange: &Exchange) -> String {
    match &exchange.error {
        Some(error) => {
            assert_eq!(exchange.status, 0);
            error.message()
        }
        None => exchange.status.to_string(),
    }
}
