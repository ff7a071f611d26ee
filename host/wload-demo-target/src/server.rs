//! Threads, connections and the life of a request.
//!
//! Upstream: `DemoTarget` starts it. Downstream: `routes` answers, `counts` counts.
//! The first thread also accepts connections and deals them out in turn, so that a load tester that keeps
//! its connections open loads every thread alike. Each connection stays on its thread; all of them
//! end at once when the target stops.

use std::io;
use std::net::TcpStream as StdStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::alarm::Alarm;
use crate::catalog::Catalog;
use crate::chance::Chance;
use crate::config::TargetConfig;
use crate::counts::{CountedBody, Counts, Tally, ThreadCounts};
use crate::http2;
use crate::limits::{MAX_REQUEST_BYTES, MAX_SERVICE_TIMES};
use crate::reply::Reply;
use crate::routes::{self, Route};
use crate::shop::Shop;
use crate::tools::Log;

/// How long to leave the listener alone when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// What all threads share.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) config: TargetConfig,
    pub(crate) catalog: Catalog,
    pub(crate) shop: Shop,
    pub(crate) log: Log,
    pub(crate) chance: Chance,
    pub(crate) alarm: Alarm,
    started: Instant,
    /// Microseconds from the start to the last reset; stalls count from there.
    reset_after_us: AtomicU64,
    counts: Vec<Arc<ThreadCounts>>,
}

impl Target {
    pub(crate) fn new(config: TargetConfig) -> Self {
        let share = MAX_SERVICE_TIMES / config.threads;
        Self {
            catalog: Catalog::new(),
            shop: Shop::new(config.seed),
            log: Log::default(),
            chance: Chance::new(config.seed),
            alarm: Alarm::default(),
            started: Instant::now(),
            reset_after_us: AtomicU64::new(0),
            counts: (0..config.threads).map(|_| Arc::new(ThreadCounts::new(share))).collect(),
            config,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for thread in &self.counts {
            thread.add_to(&mut counts);
        }
        counts
    }

    pub(crate) fn total(&self) -> Tally {
        let mut total = Tally::default();
        for thread in &self.counts {
            thread.add_total_to(&mut total);
        }
        total
    }

    pub(crate) fn reset(&self) {
        let since = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.reset_after_us.store(since, Ordering::Relaxed);
        self.chance.rewind();
        self.log.clear();
        for thread in &self.counts {
            thread.reset();
        }
    }

    fn epoch(&self) -> Instant {
        self.started + Duration::from_micros(self.reset_after_us.load(Ordering::Relaxed))
    }
}

/// Accepts connections and deals them out until the target stops.
pub(crate) async fn accept_loop(
    listener: TcpListener,
    threads: Vec<mpsc::Sender<StdStream>>,
    mut stop: watch::Receiver<()>,
) {
    for thread in threads.iter().cycle() {
        let accepted = tokio::select! {
            // The sender is gone when the target stops.
            _ = stop.changed() => return,
            accepted = accept(&listener) => accepted,
        };
        // A connection that broke in between is the client's to notice.
        if let Ok(stream) = accepted
            && thread.send(stream).await.is_err()
        {
            return;
        }
    }
}

async fn accept(listener: &TcpListener) -> io::Result<StdStream> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream.into_std(),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Serves the connections of one thread until the target stops.
pub(crate) async fn serve_loop(
    target: Arc<Target>,
    index: usize,
    tls: Option<TlsAcceptor>,
    mut streams: mpsc::Receiver<StdStream>,
    mut stop: watch::Receiver<()>,
) {
    let counts = target.counts[index].clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            Some(_) = connections.join_next() => {}
            stream = streams.recv() => {
                let Some(stream) = stream else { return };
                counts.connection_opened();
                connections.spawn(serve_stream(target.clone(), counts.clone(), tls.clone(), stream));
            }
        }
    }
}

async fn serve_stream(
    target: Arc<Target>,
    counts: Arc<ThreadCounts>,
    tls: Option<TlsAcceptor>,
    stream: StdStream,
) {
    let Ok(stream) = TcpStream::from_std(stream) else {
        return;
    };
    // Without it small answers wait for an acknowledgement. It fails only on a dead connection.
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve_connection(target, counts, stream).await,
        Some(acceptor) => {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => http2::serve_connection(target, counts, stream).await,
                _ => serve_connection(target, counts, stream).await,
            }
        }
    }
}

async fn serve_connection<S>(target: Arc<Target>, counts: Arc<ThreadCounts>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request| serve(&target, &counts, request));
    // How a connection ends is the client's affair; what it got is in the counts.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Reads and answers one request.
async fn serve(
    target: &Target,
    counts: &Arc<ThreadCounts>,
    request: Request<Incoming>,
) -> Result<Response<CountedBody>, Box<dyn std::error::Error + Send + Sync>> {
    let (request, body) = request.into_parts();
    match Limited::new(body, MAX_REQUEST_BYTES).collect().await {
        Ok(body) => Ok(answer(target, counts, &request, body.to_bytes()).await),
        Err(error) => {
            counts.not_read();
            if error.is::<LengthLimitError>() {
                let reply = too_large().with(CONNECTION, HeaderValue::from_static("close"));
                Ok(reply.into_response(CountedBody::uncounted))
            } else {
                Err(error)
            }
        }
    }
}

/// Counts, answers and delays a request that was read, whatever its protocol.
pub(crate) async fn answer(
    target: &Target,
    counts: &Arc<ThreadCounts>,
    request: &Parts,
    body: Bytes,
) -> Response<CountedBody> {
    let received = Instant::now();
    let path = request.uri.path();
    if path.starts_with("/_") {
        return inspect(target, request).into_response(CountedBody::uncounted);
    }
    let (route, argument) = Route::find(path);
    let ticket = counts.received(&request.method, route, body.len());
    let latency = target.config.latency;
    let deadline = latency.deadline(received, target.epoch(), &target.chance);
    let mut reply = if target.chance.happens(target.config.error_rate) {
        Reply::error(StatusCode::INTERNAL_SERVER_ERROR, "failed by chance")
    } else {
        routes::answer(target, route, argument, request, body)
    };
    target.alarm.wait_until(deadline + reply.delay).await;
    strip_body(request, &mut reply);
    counts.served(ticket, received.elapsed());
    let status = reply.status.as_u16();
    reply.into_response(|body| CountedBody::new(body, status, ticket, counts.clone()))
}

/// The answer to a request whose body is not read to its end.
pub(crate) fn too_large() -> Reply {
    let error =
        format!("the request body is too large: expected at most {MAX_REQUEST_BYTES} bytes");
    Reply::error(StatusCode::PAYLOAD_TOO_LARGE, error)
}

/// Takes the body away where the protocol has none, so that bytes are only counted when they are sent.
fn strip_body(request: &Parts, reply: &mut Reply) {
    let head = request.method == Method::HEAD;
    if head {
        reply.headers.insert(CONTENT_LENGTH, reply.body.len().into());
    }
    let no_body = matches!(
        reply.status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    if head || no_body {
        reply.body = Bytes::new();
    }
}

/// Answers the routes through which a test looks at the target.
fn inspect(target: &Target, request: &Parts) -> Reply {
    match (request.uri.path(), &request.method) {
        ("/_log", &Method::GET) => Reply::json(StatusCode::OK, &target.log.entries()),
        ("/_counts", &Method::GET) => Reply::json(StatusCode::OK, &target.counts()),
        ("/_reset", &Method::POST) => {
            target.reset();
            Reply::text(StatusCode::OK, "ok")
        }
        (path, method) => Reply::error(
            StatusCode::NOT_FOUND,
            format_args!(
                "there is no `{method} {path}`: expected GET /_log, GET /_counts or POST /_reset"
            ),
        ),
    }
}
