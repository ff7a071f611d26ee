//! From an origin to a connection: names, TCP, TLS, HTTP, each phase timed.
//!
//! Upstream: `client.rs` when the pool has no connection. Downstream: `h1.rs`.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use crate::client::CoreHttp;
use crate::error::{HttpError, Phase};
use crate::h1::Connection;
use crate::request::Origin;
use crate::timing::{Marks, RequestTiming, TimedIo};

/// Opens a connection within the limit.
pub(crate) async fn connect(
    core: &CoreHttp,
    origin: &Rc<Origin>,
    timing: &mut RequestTiming,
) -> Result<Connection, HttpError> {
    let limit = core.shared.limits.connect_timeout;
    match tokio::time::timeout(limit, open(core, origin, timing)).await {
        Ok(result) => result,
        Err(_) => Err(HttpError::Timeout(Phase::Connect)),
    }
}

async fn open(
    core: &CoreHttp,
    origin: &Rc<Origin>,
    timing: &mut RequestTiming,
) -> Result<Connection, HttpError> {
    let began = Instant::now();
    let addresses = core.dns.resolve(&origin.host, origin.port).await?;
    timing.dns = began.elapsed();
    let began = Instant::now();
    let socket = first_of(&addresses, core.shared.limits.connect_timeout).await?;
    // A request is one write: waiting for more would only delay it.
    let _ = socket.set_nodelay(true);
    timing.connect = began.elapsed();
    let marks: Rc<Marks> = Rc::default();
    if !origin.is_tls {
        return Connection::open(core, origin.clone(), TimedIo::new(socket, marks.clone()), marks)
            .await;
    }
    let began = Instant::now();
    let name = ServerName::try_from(origin.host.trim_matches(['[', ']']).to_owned())
        .map_err(|_| HttpError::Tls(format!("`{}` is no name for a certificate", origin.host)))?;
    let connector = tokio_rustls::TlsConnector::from(Arc::clone(core.shared.tls()?));
    let socket = connector.connect(name, socket).await.map_err(|error| HttpError::tls(&error))?;
    timing.tls = began.elapsed();
    Connection::open(core, origin.clone(), TimedIo::new(socket, marks.clone()), marks).await
}

/// The first address that answers, in the resolver's order. Each gets its share of the time, so
/// that a silent one does not hide the others.
async fn first_of(addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, HttpError> {
    let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut last = HttpError::Timeout(Phase::Connect);
    for address in addresses {
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => last = HttpError::connecting(&error),
            Err(_) => last = HttpError::Timeout(Phase::Connect),
        }
    }
    Err(last)
}
