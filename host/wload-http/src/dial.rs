//! A TCP connection to one of several addresses: happy eyeballs (RFC 8305).
//!
//! Upstream: `connect`, with the addresses of a name. Downstream: the kernel.
//! Invariants: families alternate, so that a family that leads nowhere costs one delay; the attempts that
//! lost are closed when one won; the source address is the caller's, the source port is chosen by the
//! kernel when it knows the target, so that every local address has its own ports for each target.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};
use wload_core::limits::{CONNECT_ADDRESSES_MAX, CONNECT_ATTEMPT_DELAY};

use crate::error::{HttpError, Phase};

/// Connects to the first address that answers. `local`: where each family starts from.
pub(crate) async fn dial(
    addresses: &[IpAddr],
    port: u16,
    local: impl Fn(&IpAddr) -> Option<IpAddr>,
    deadline: Instant,
) -> Result<TcpStream, HttpError> {
    let one = |address: &IpAddr| connect(SocketAddr::new(*address, port), local(address));
    let attempt = async {
        match addresses {
            [address] => one(address).await.map_err(|error| HttpError::from_connect(&error)),
            addresses => race(&in_turns(addresses), one).await,
        }
    };
    timeout_at(deadline, attempt).await.unwrap_or(Err(HttpError::Timeout(Phase::Connecting)))
}

/// Starts an attempt after another, the next one at once when one fails, and takes the first success.
/// The failure that counts is that of the address that should have been best.
async fn race<F>(addresses: &[IpAddr], one: impl Fn(&IpAddr) -> F) -> Result<TcpStream, HttpError>
where
    F: Future<Output = io::Result<TcpStream>>,
{
    let waiting = addresses.iter().enumerate();
    let mut running = FuturesUnordered::new();
    let mut best_failure: Option<(usize, io::Error)> = None;
    let numbered = |(number, address)| {
        let attempt = one(address);
        let attempt: Pin<Box<dyn Future<Output = (usize, io::Result<TcpStream>)>>> =
            Box::pin(async move { (number, attempt.await) });
        attempt
    };
    for next in waiting {
        running.push(numbered(next));
        let next_start = Instant::now() + CONNECT_ATTEMPT_DELAY;
        match timeout_at(next_start, running.next()).await {
            Ok(Some((_, Ok(stream)))) => return Ok(stream),
            Ok(Some((number, Err(error)))) => keep_best(&mut best_failure, number, error),
            Ok(None) | Err(_) => {}
        }
    }
    while let Some((number, outcome)) = running.next().await {
        match outcome {
            Ok(stream) => return Ok(stream),
            Err(error) => keep_best(&mut best_failure, number, error),
        }
    }
    match best_failure {
        Some((_, error)) => Err(HttpError::from_connect(&error)),
        None => Err(HttpError::Connect("the name has no address".into())),
    }
}

fn keep_best(best: &mut Option<(usize, io::Error)>, number: usize, error: io::Error) {
    if best.as_ref().is_none_or(|(known, _)| number < *known) {
        *best = Some((number, error));
    }
}

/// Alternates the families, beginning with that of the first address.
fn in_turns(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let is_first_ipv6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (mut first, mut second): (Vec<&IpAddr>, Vec<&IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == is_first_ipv6);
    first.reverse();
    second.reverse();
    let mut mixed = Vec::with_capacity(addresses.len());
    while !(first.is_empty() && second.is_empty()) {
        mixed.extend(first.pop());
        mixed.extend(second.pop());
    }
    mixed.truncate(CONNECT_ADDRESSES_MAX);
    mixed
}

async fn connect(address: SocketAddr, local: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(local) = local else { return TcpStream::connect(address).await };
    let socket = if local.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    choose_port_late(&socket)?;
    socket.bind(SocketAddr::new(local, 0)).map_err(|error| match error.kind() {
        io::ErrorKind::AddrNotAvailable => io::Error::other(HttpError::Connect(
            "the local address is not one of this machine".into(),
        )),
        _ => error,
    })?;
    socket.connect(address).await
}

/// Binding to an address would reserve one of its ports for all targets; with this the port is chosen
/// when the target is known, and may be in use towards others.
#[cfg(target_os = "linux")]
fn choose_port_late(socket: &TcpSocket) -> io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
    setsockopt(socket, IpBindAddressNoPort, &true).map_err(io::Error::from)
}

/// Other systems have no such choice.
#[cfg(not(target_os = "linux"))]
fn choose_port_late(_socket: &TcpSocket) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn families_alternate_beginning_with_the_resolvers_choice() {
        let list = ["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"].map(ip);
        assert_eq!(in_turns(&list), ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"].map(ip));
        assert_eq!(in_turns(&["1.1.1.1", "::1"].map(ip)), ["1.1.1.1", "::1"].map(ip));
        assert_eq!(in_turns(&vec![ip("::1"); 50]).len(), CONNECT_ADDRESSES_MAX);
        assert!(in_turns(&[]).is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn binding_to_an_address_takes_none_of_its_ports() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bind = |is_late| {
                let socket = TcpSocket::new_v4().unwrap();
                if is_late {
                    choose_port_late(&socket).unwrap();
                }
                socket.bind(SocketAddr::new(ip("127.0.0.5"), 0)).unwrap();
                socket.local_addr().unwrap().port()
            };
            assert_eq!(bind(true), 0);
            assert_ne!(bind(false), 0);
        });
    }

    /// What an address does in a race: answer or fail, after so many milliseconds.
    async fn winner(table: &[(&str, Option<u64>, bool)]) -> (Result<u16, HttpError>, Duration) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap();
        let addresses: Vec<IpAddr> = table.iter().map(|(text, ..)| ip(text)).collect();
        let won = std::cell::Cell::new(0);
        let start = Instant::now();
        let one = |address: &IpAddr| {
            let number = addresses.iter().position(|known| known == address).unwrap();
            let (_, after, is_good) = table[number];
            let won = &won;
            async move {
                match after {
                    Some(after) => tokio::time::sleep(Duration::from_millis(after)).await,
                    None => std::future::pending().await,
                }
                if !is_good {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                won.set(number as u16);
                TcpStream::connect(target).await
            }
        };
        let outcome = race(&addresses, one).await.map(|_| won.get());
        (outcome, start.elapsed())
    }

    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn the_first_that_answers_wins_and_the_dead_cost_a_delay() {
        let millis = Duration::from_millis;
        let dead = ("::1", None, false);
        let (found, took) = winner(&[dead, ("1.1.1.1", Some(0), true)]).await;
        assert_eq!(found, Ok(1));
        assert!(took >= millis(250) && took < millis(300), "{took:?}");
        // A failure starts the next one at once.
        let (found, took) = winner(&[("::1", Some(5), false), ("1.1.1.1", Some(0), true)]).await;
        assert_eq!(found, Ok(1));
        assert!(took < millis(50), "{took:?}");
        // A slow first one may still win.
        let (found, _) = winner(&[("::1", Some(300), true), ("1.1.1.1", Some(900), true)]).await;
        assert_eq!(found, Ok(0));
        let refused = HttpError::Connect("connection refused".into());
        let (found, _) = winner(&[("::1", Some(5), false), ("1.1.1.1", Some(9), false)]).await;
        assert_eq!(found, Err(refused));
    }
}
