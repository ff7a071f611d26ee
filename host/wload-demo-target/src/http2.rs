//! HTTP/2, where TLS agreed on it.
//!
//! Upstream: `server` has shaken hands. Downstream: `server::answer`, the same for both protocols. The requests
//! of a connection are answered side by side, and end with it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream};
use hyper::header::CONTENT_LENGTH;
use hyper::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::counts::{CountedBody, ThreadCounts};
use crate::limits::MAX_REQUEST_BYTES;
use crate::server::{Target, answer, too_large};

/// Serves one connection until one side ends it.
pub(crate) async fn serve_connection<S>(target: Arc<Target>, counts: Arc<ThreadCounts>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // How a connection ends is the client's affair; what it got is in the counts.
    let Ok(mut connection) = server::handshake(stream).await else { return };
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                streams.spawn(serve(target.clone(), counts.clone(), request, respond));
            }
            Some(_) = streams.join_next() => {}
        }
    }
}

/// Reads and answers one request.
async fn serve(
    target: Arc<Target>,
    counts: Arc<ThreadCounts>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let (request, mut body) = request.into_parts();
    let response = match read(&mut body).await {
        Ok(Some(body)) => answer(&target, &counts, &request, body).await,
        Ok(None) => {
            counts.not_read();
            too_large().into_response(CountedBody::uncounted)
        }
        Err(_) => {
            counts.not_read();
            return;
        }
    };
    if send(response, &mut respond).is_err() {
        respond.send_reset(Reason::INTERNAL_ERROR);
    }
}

/// The whole body; none when it is larger than the limit.
async fn read(body: &mut RecvStream) -> Result<Option<Bytes>, h2::Error> {
    let mut whole = BytesMut::new();
    while let Some(part) = body.data().await {
        let part = part?;
        if whole.len() + part.len() > MAX_REQUEST_BYTES {
            return Ok(None);
        }
        body.flow_control().release_capacity(part.len())?;
        whole.extend_from_slice(&part);
    }
    Ok(Some(whole.freeze()))
}

/// Hands the response over. A body waits in the connection's queue for the client's window; it is part of
/// memory that is there anyway, so the queue holds no copy.
fn send(
    response: Response<CountedBody>,
    respond: &mut SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let (mut head, mut body) = response.into_parts();
    let data = body.take();
    // A response to HEAD has the length already.
    if !head.headers.contains_key(CONTENT_LENGTH) {
        head.headers.insert(CONTENT_LENGTH, data.len().into());
    }
    let mut stream = respond.send_response(Response::from_parts(head, ()), data.is_empty())?;
    if !data.is_empty() {
        stream.send_data(data, true)?;
    }
    Ok(())
}
