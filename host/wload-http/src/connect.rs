//! A new connection: name, TCP, TLS, each timed, all within the connect timeout.
//!
//! Upstream: `client`, when the pool has none. Downstream: `h1`.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use crate::error::{HttpError, Phase};
use crate::h1::{Connection, Stream};
use crate::origin::Origin;
use crate::shared::CoreHttp;
use crate::timing::RequestTiming;

/// Opens a connection to an origin and says in `timing` where the time went, also when it fails.
pub(crate) async fn open(
    core: &CoreHttp,
    origin: &Rc<Origin>,
    timing: &mut RequestTiming,
) -> Result<Connection, HttpError> {
    let start = Instant::now();
    let deadline = start + core.limits().connect_timeout;
    let late = |_| HttpError::Timeout(Phase::Connecting);

    let addresses = timeout_at(deadline, core.dns.resolve(&origin.host)).await.map_err(late)??;
    let resolved = Instant::now();
    timing.dns = resolved - start;

    let tcp = connect_tcp(&addresses, origin.port, deadline).await;
    let connected = Instant::now();
    timing.connect = connected - resolved;
    let tcp = tcp?;
    // Requests are written whole: waiting for more to send would only add the delay of Nagle.
    tcp.set_nodelay(true).map_err(|error| HttpError::from_connect(&error))?;

    let stream = if origin.is_https {
        let handshake = timeout_at(deadline, start_tls(core, origin, tcp)).await;
        timing.tls = connected.elapsed();
        handshake.map_err(late)??
    } else {
        Stream::Plain(tcp)
    };
    Connection::start(stream, Rc::clone(origin), &core.builder).await
}

/// Tries the addresses in order. Each gets an equal share of the time that is left, so that a dead
/// first one does not use up the time of the others.
async fn connect_tcp(
    addresses: &[IpAddr],
    port: u16,
    deadline: Instant,
) -> Result<TcpStream, HttpError> {
    let mut failure = HttpError::Timeout(Phase::Connecting);
    for (tried, address) in addresses.iter().enumerate() {
        let share = share_of(deadline.saturating_duration_since(Instant::now()), addresses, tried);
        match timeout(share, TcpStream::connect((*address, port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = HttpError::from_connect(&error),
            Err(_) => failure = HttpError::Timeout(Phase::Connecting),
        }
    }
    Err(failure)
}

fn share_of(left: Duration, addresses: &[IpAddr], tried: usize) -> Duration {
    left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX)
}

async fn start_tls(core: &CoreHttp, origin: &Origin, tcp: TcpStream) -> Result<Stream, HttpError> {
    let config = core.shared.tls()?;
    let name = ServerName::try_from(origin.host.clone())
        .map_err(|_| HttpError::Tls("the host is not a name that a certificate can have".into()))?;
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await;
    let stream = stream.map_err(|error| match HttpError::from_io(&error) {
        HttpError::Closed(_) => HttpError::Tls("the server closed the connection".into()),
        other => other,
    })?;
    Ok(Stream::Tls(Box::new(stream)))
}
