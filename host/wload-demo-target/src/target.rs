//! A running target, as its caller sees it.
//!
//! Upstream: the caller of `DemoTarget::start`. Downstream: `server`, on threads of its own.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};

use crate::config::TargetConfig;
use crate::counts::{Counts, Tally};
use crate::error::TargetError;
use crate::limits::{ACCEPT_BACKLOG, HANDOVER_QUEUE};
use crate::server::{Target, accept_loop, serve_loop};
use crate::tls;

/// A running shop. Made by [`DemoTarget::start`]; it ends with [`DemoTarget::stop`] or when it is dropped.
///
/// ```
/// use wload_demo_target::{DemoTarget, TargetConfig};
///
/// let config = TargetConfig { latency: "fixed:10ms".parse()?, ..TargetConfig::default() };
/// let mut target = DemoTarget::start(config)?;
/// assert!(target.url().starts_with("http://127.0.0.1:"));
/// target.stop();
/// assert_eq!(target.counts().total.received, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DemoTarget {
    target: Arc<Target>,
    addr: SocketAddr,
    certificate_pem: Option<String>,
    /// Dropped to stop the threads.
    running: Option<watch::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl DemoTarget {
    /// Starts a target; when this returns, connections are accepted.
    ///
    /// # Errors
    ///
    /// When a value is out of range, the address cannot be listened on, or a thread cannot be started.
    pub fn start(config: TargetConfig) -> Result<Self, TargetError> {
        config.check()?;
        let runtimes = (0..config.threads)
            .map(|index| {
                ThreadRuntime::new().map_err(|source| TargetError::Thread { index, source })
            })
            .collect::<Result<Vec<ThreadRuntime>, TargetError>>()?;
        let (listener, addr) = listen(&runtimes[0], config.bind)
            .map_err(|source| TargetError::Bind { addr: config.bind, source })?;
        let identity = config.tls.then(|| tls::make_identity(addr, config.http2)).transpose()?;
        let (acceptor, certificate_pem) = match identity {
            Some(identity) => (Some(identity.acceptor), Some(identity.certificate_pem)),
            None => (None, None),
        };
        let (running, stop) = watch::channel(());
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..config.threads).map(|_| mpsc::channel(HANDOVER_QUEUE)).unzip();
        let mut this = Self {
            target: Arc::new(Target::new(config)),
            addr,
            certificate_pem,
            running: Some(running),
            threads: Vec::new(),
        };
        this.start_alarm()?;
        let mut accepting = Some(accept_loop(listener, senders, stop.clone()));
        for (index, (runtime, streams)) in runtimes.into_iter().zip(receivers).enumerate() {
            let target = this.target.clone();
            let serving = serve_loop(target, index, acceptor.clone(), streams, stop.clone());
            let accepting = accepting.take();
            let spawned =
                thread::Builder::new().name(format!("demo-target-{index}")).spawn(move || {
                    runtime.get().block_on(async {
                        match accepting {
                            Some(accepting) => {
                                tokio::join!(accepting, serving);
                            }
                            None => serving.await,
                        }
                    });
                });
            // What was started already stops when `this` is dropped.
            this.threads.push(spawned.map_err(|source| TargetError::Thread { index, source })?);
        }
        Ok(this)
    }

    fn start_alarm(&mut self) -> Result<(), TargetError> {
        let target = self.target.clone();
        let named = thread::Builder::new().name("demo-target-alarm".to_owned());
        let spawned = named.spawn(move || target.alarm.ring_loop());
        self.threads.push(spawned.map_err(|source| TargetError::Alarm { source })?);
        Ok(())
    }

    /// Where it listens, with the port that was free.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its address as a URL without a slash at the end, as in `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        let ip = match self.addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let scheme = if self.certificate_pem.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", SocketAddr::new(ip, self.addr.port()))
    }

    /// The certificate a client has to trust, when the target speaks HTTPS.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate_pem.as_deref()
    }

    /// What was counted since the start or the last reset.
    pub fn counts(&self) -> Counts {
        self.target.counts()
    }

    /// The counts of all routes together, without a copy of the service times: cheap enough to ask under load.
    pub fn total(&self) -> Tally {
        self.target.total()
    }

    /// Forgets all counts and the log, and starts the chances and the stalls again. Sessions stay, so that
    /// a warm-up can be forgotten without logging anybody out. Requests that are being answered are not
    /// counted any more.
    pub fn reset(&self) {
        self.target.reset();
    }

    /// Stops at once: connections are closed and threads have ended when this returns. The counts stay.
    pub fn stop(&mut self) {
        self.running = None;
        self.target.alarm.stop();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl Drop for DemoTarget {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The runtime of one thread. It may end before its thread has begun, on a thread of the caller that has a
/// runtime of its own, where an ordinary drop panics.
struct ThreadRuntime(Option<Runtime>);

impl ThreadRuntime {
    fn new() -> io::Result<Self> {
        Builder::new_current_thread().enable_io().enable_time().build().map(Some).map(Self)
    }

    fn get(&self) -> &Runtime {
        self.0.as_ref().expect("it is only taken when this is dropped")
    }
}

impl Drop for ThreadRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

fn listen(runtime: &ThreadRuntime, bind: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let _entered = runtime.get().enter();
    let socket = match bind {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Connections of an earlier target on the same port must not be in the way of this one.
    socket.set_reuseaddr(true)?;
    socket.bind(bind)?;
    let listener = socket.listen(ACCEPT_BACKLOG)?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}
