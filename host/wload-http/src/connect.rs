//! A new connection: name, TCP, a proxy's tunnel, TLS, each timed, all within the connect timeout.
//!
//! Upstream: `exchange`, when the pool has none. Downstream: `h1` or `h2`.

use std::rc::Rc;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::connection::Lease;
use crate::dial::dial;
use crate::error::{HttpError, Phase, RESET};
use crate::exchange::Trail;
use crate::origin::Origin;
use crate::settings::Protocol;
use crate::shared::CoreHttp;
use crate::socket::Socket;
use crate::timeouts::Timeouts;
use crate::trust::Trust;
use crate::user::User;
use crate::wire::Stream;
use crate::{h1, h2};

/// Opens a connection to an origin and says in the trail's timing where the time went, also when it
/// fails.
pub(crate) async fn open(
    user: &User,
    origin: &Rc<Origin>,
    timeouts: &Timeouts,
    trail: &mut Trail,
) -> Result<Lease, HttpError> {
    let core = &user.core;
    let start = Instant::now();
    let deadline = start + timeouts.connect;
    let late = |_| HttpError::Timeout(Phase::Connecting);

    let proxy = core.shared.proxies().find(origin);
    let (host, port) = match proxy {
        Some(proxy) => (proxy.host.as_str(), proxy.port),
        None => (origin.host.as_str(), origin.port),
    };
    let addresses = timeout_at(deadline, core.addresses(host, port)).await.map_err(late)??;
    let resolved = Instant::now();
    trail.timing.dns = resolved - start;

    let tcp = dial(&addresses, port, |address| core.local_address(address), deadline).await;
    let tcp = match (tcp, proxy) {
        (Ok(mut tcp), Some(proxy)) if origin.is_https => {
            trail.trace.note(|| format!("Asking the proxy for a tunnel to {}", origin.text()));
            let tunnel = timeout_at(deadline, proxy.tunnel(&mut tcp, origin)).await;
            tunnel.unwrap_or_else(|late_by| Err(late(late_by))).map(|()| tcp)
        }
        (tcp, _) => tcp,
    };
    let connected = Instant::now();
    trail.timing.connect = connected - resolved;
    let tcp = tcp?;
    // Requests are written whole: waiting for more to send would only add the delay of Nagle.
    tcp.set_nodelay(true).map_err(|error| HttpError::from_connect(&error))?;
    trail.trace.note(|| connected_text(host, &tcp));

    if !origin.is_https {
        let forward = proxy.map(|proxy| proxy.forward());
        // Proxies forward HTTP/1.1.
        let is_http2 = core.shared.protocol() == Protocol::Http2 && forward.is_none();
        let socket = Stream::Plain(Socket::new(tcp));
        return start_http(core, socket, origin, forward, None, is_http2).await;
    }
    let trust = user.trust_of(origin);
    let config = user.tls(trust.as_ref())?;
    let handshake = timeout_at(deadline, start_tls(config, origin, Socket::new(tcp))).await;
    trail.timing.tls = connected.elapsed();
    let stream = handshake.map_err(late)??;
    trail.trace.tls(stream.get_ref().1);
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    if core.shared.protocol() == Protocol::Http2 && !is_http2 {
        return Err(HttpError::Tls("the server does not speak HTTP/2".into()));
    }
    start_http(core, Stream::Tls(Box::new(stream)), origin, None, trust, is_http2).await
}

async fn start_http(
    core: &CoreHttp,
    stream: Stream,
    origin: &Rc<Origin>,
    forward: Option<crate::proxy::Forward>,
    trust: Option<Rc<Trust>>,
    is_http2: bool,
) -> Result<Lease, HttpError> {
    let origin = Rc::clone(origin);
    if is_http2 {
        let mut connection = h2::Connection::start(stream, origin, core.limits()).await?;
        connection.trust = trust;
        return Ok(Lease::http2(Rc::new(connection)));
    }
    let mut connection = h1::Connection::start(stream, origin, forward, core).await?;
    connection.trust = trust;
    Ok(Lease::http1(Box::new(connection)))
}

async fn start_tls(
    config: Arc<ClientConfig>,
    origin: &Origin,
    socket: Socket,
) -> Result<tokio_rustls::client::TlsStream<Socket>, HttpError> {
    let name = ServerName::try_from(origin.host.clone())
        .map_err(|_| HttpError::Tls("the host is not a name that a certificate can have".into()))?;
    let stream = TlsConnector::from(config).connect(name, socket).await;
    stream.map_err(|error| match crate::tls::from_handshake(&error) {
        // A reset is one whenever it comes: just before the handshake, within it or after it.
        RESET => RESET,
        HttpError::Closed(_) => HttpError::Tls("the server closed the connection".into()),
        other => other,
    })
}

fn connected_text(host: &str, tcp: &TcpStream) -> String {
    match (tcp.peer_addr(), tcp.local_addr()) {
        (Ok(peer), Ok(local)) => {
            format!("Connected to {host} ({}) port {} from {local}", peer.ip(), peer.port())
        }
        _ => format!("Connected to {host}"),
    }
}
