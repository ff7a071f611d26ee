//! HTTP/2 servers: a good one on h2, and one that writes the frames it is told to.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use h2::server::SendResponse;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, spawn_local};
use wload_core::limits::HttpLimits;
use wload_http::{BaseUrl, CoreHttp, HttpClient, HttpSettings, HttpShared, Protocol};

use crate::target::Socket;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// `:status: 200` in HPACK's static table.
pub(crate) const STATUS_200: &[u8] = &[0x88];

/// A user that speaks HTTP/2 by prior knowledge.
pub(crate) fn client(base: &str, limits: HttpLimits) -> HttpClient {
    let settings = HttpSettings { limits, protocol: Protocol::Http2, ..HttpSettings::default() };
    let core = CoreHttp::new(HttpShared::new(settings).unwrap());
    HttpClient::new(core, Some(BaseUrl::parse(base).unwrap()))
}

/// A request that arrived whole.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) head: Rc<Request<()>>,
    pub(crate) body: Bytes,
}

/// A good HTTP/2 server.
pub(crate) struct Http2Target {
    pub(crate) address: SocketAddr,
    pub(crate) log: Rc<RefCell<Vec<Arrived>>>,
    connections: Rc<Cell<usize>>,
    listening: AbortHandle,
}

impl Drop for Http2Target {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Http2Target {
    /// Answers every request by a loop of its own.
    pub(crate) async fn start<F>(
        answer: impl Fn(Arrived, SendResponse<Bytes>) -> F + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Rc::new(Cell::new(0));
        let log = Rc::new(RefCell::new(Vec::new()));
        let (accepted, answer) = (Rc::clone(&connections), Rc::new(answer));
        let its_log = Rc::clone(&log);
        let listening = spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.set(accepted.get() + 1);
                spawn_local(serve(stream, Rc::clone(&answer), Rc::clone(&its_log)));
            }
        });
        let listening = listening.abort_handle();
        Self { address, log, connections, listening }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.get()
    }

    pub(crate) fn last(&self) -> Arrived {
        self.log.borrow().last().unwrap().clone()
    }
}

/// Serves one connection on any socket.
pub(crate) async fn serve<S, F>(
    socket: S,
    answer: Rc<impl Fn(Arrived, SendResponse<Bytes>) -> F + 'static>,
    log: Rc<RefCell<Vec<Arrived>>>,
) where
    S: Socket,
    F: Future<Output = ()> + 'static,
{
    let Ok(mut connection) = h2::server::handshake(socket).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let (answer, log) = (Rc::clone(&answer), Rc::clone(&log));
        spawn_local(async move {
            let (head, mut incoming) = request.into_parts();
            let mut body = Vec::new();
            while let Some(data) = incoming.data().await {
                // The client broke off.
                let Ok(data) = data else { return };
                incoming.flow_control().release_capacity(data.len()).unwrap();
                body.extend_from_slice(&data);
            }
            let head = Rc::new(Request::from_parts(head, ()));
            let arrived = Arrived { head, body: body.into() };
            log.borrow_mut().push(arrived.clone());
            answer(arrived, respond).await;
        });
    }
}

/// Answers with a status, headers and a body, as fast as the window allows.
pub(crate) async fn reply(
    respond: &mut SendResponse<Bytes>,
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) {
    let mut head = http::Response::builder().status(status);
    for (name, value) in headers {
        head = head.header(*name, *value);
    }
    let mut body: Bytes = body.into();
    let Ok(mut stream) = respond.send_response(head.body(()).unwrap(), body.is_empty()) else {
        return;
    };
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let free = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await;
        let Some(Ok(free)) = free else { return };
        let piece = body.split_to(free.min(body.len()));
        let is_end = body.is_empty();
        if stream.send_data(piece, is_end).is_err() {
            return;
        }
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

pub(crate) fn goaway(last: u32, reason: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, [last.to_be_bytes(), reason.to_be_bytes()].concat())
}

pub(crate) fn reset(stream: u32, reason: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, reason.to_be_bytes())
}

/// The server's end of one connection, in frames.
pub(crate) struct FramePeer {
    /// Which connection of the server, from 0.
    pub(crate) number: usize,
    stream: TcpStream,
    requests: Rc<Cell<usize>>,
}

impl FramePeer {
    /// Waits for the headers of the next request; its stream, or `None` when the client has closed.
    pub(crate) async fn request(&mut self) -> Option<u32> {
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.ok()?;
            let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; len as usize];
            self.stream.read_exact(&mut payload).await.ok()?;
            if head[3] == HEADERS {
                self.requests.set(self.requests.get() + 1);
                return Some(u32::from_be_bytes([head[5], head[6], head[7], head[8]]));
            }
        }
    }

    /// Writes frames; false when the client has closed.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Writes the same frames until the client closes, and reads what it answers.
    pub(crate) async fn flood(self, bytes: Vec<u8>) {
        let (mut read, mut write) = self.stream.into_split();
        let drain = spawn_local(async move {
            let mut rest = vec![0; 64 << 10];
            while !matches!(read.read(&mut rest).await, Ok(0) | Err(_)) {}
        });
        while write.write_all(&bytes).await.is_ok() {}
        drain.abort();
    }

    /// Says that nothing more comes, and hears the client out: else it would see a reset.
    pub(crate) async fn close(mut self) {
        self.stream.shutdown().await.unwrap();
        self.closed().await;
    }

    /// Waits until the client closes.
    pub(crate) async fn closed(&mut self) {
        while self.request().await.is_some() {}
    }
}

/// A server that greets and then does what the script says.
pub(crate) struct FrameTarget {
    pub(crate) address: SocketAddr,
    connections: Rc<Cell<usize>>,
    requests: Rc<Cell<usize>>,
    listening: AbortHandle,
}

impl Drop for FrameTarget {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl FrameTarget {
    pub(crate) async fn start<F>(script: impl Fn(FramePeer) -> F + 'static) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let (accepted, counted, script) =
            (Rc::clone(&connections), Rc::clone(&requests), Rc::new(script));
        let listening = spawn_local(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let number = accepted.replace(accepted.get() + 1);
                let (script, requests) = (Rc::clone(&script), Rc::clone(&counted));
                spawn_local(async move {
                    let mut preface = [0; 24];
                    if stream.read_exact(&mut preface).await.is_err() {
                        return;
                    }
                    assert_eq!(preface, PREFACE);
                    stream.write_all(&frame(SETTINGS, 0, 0, [])).await.unwrap();
                    script(FramePeer { number, stream, requests }).await;
                });
            }
        });
        Self { address, connections, requests, listening: listening.abort_handle() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.get()
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.get()
    }
}
