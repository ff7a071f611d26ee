//! Where the state of an exchange lives while it is under way: in memory that the next one uses again.
//!
//! That state takes more than a kilobyte. Made anew for each exchange it is written twice before anything of it
//! runs, on the stack and into its box, and the box is asked for and given back. A carrier is one future that
//! runs exchange after exchange and never moves.
//!
//! Upstream: `client`, for exchanges that have all that they need. Downstream: `client`'s exchange. Invariants: a carrier
//! that is dropped in the middle of an exchange is gone, and the exchange's connection with it; those that
//! are kept carry nothing; never leaves its core's thread.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::client::exchange;
use crate::exchange::Flight;
use crate::request::PreparedRequest;
use crate::response::Exchange;
use crate::shared::CoreHttp;
use crate::upload::RequestBody;
use crate::user::User;

/// Carriers of a core that wait for the next exchange: 400 KiB. A core that has more under way makes more.
const KEPT_MAX: usize = 256;

/// What an exchange needs.
pub(crate) struct Job {
    pub(crate) user: Rc<User>,
    pub(crate) flight: Rc<Flight>,
    pub(crate) request: Rc<PreparedRequest>,
    pub(crate) values: Vec<String>,
    pub(crate) body: RequestBody,
}

/// Those of a core that carry nothing.
#[derive(Default)]
pub(crate) struct Carriers(RefCell<Vec<Carrier>>);

struct Carrier {
    desk: Rc<Desk>,
    run: Pin<Box<dyn Future<Output = Infallible>>>,
}

/// What goes in and what comes out.
#[derive(Default)]
struct Desk {
    job: Cell<Option<Job>>,
    exchange: Cell<Option<Box<Exchange>>>,
}

/// An exchange that is under way. It may be dropped at any time.
#[must_use = "it does nothing unless it is polled"]
pub struct Sending {
    core: Rc<CoreHttp>,
    /// Until it has come to its end.
    carrier: Option<Carrier>,
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Sending")
            .field("is_over", &self.carrier.is_none())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Carriers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Carriers").field("kept", &self.0.borrow().len()).finish()
    }
}

impl Carriers {
    fn take(&self) -> Carrier {
        self.0.borrow_mut().pop().unwrap_or_else(Carrier::new)
    }

    fn put(&self, carrier: Carrier) {
        let mut kept = self.0.borrow_mut();
        if kept.len() < KEPT_MAX {
            kept.push(carrier);
        }
    }
}

impl Carrier {
    fn new() -> Self {
        let desk = Rc::<Desk>::default();
        let run = Box::pin(run(Rc::clone(&desk)));
        Self { desk, run }
    }
}

async fn run(desk: Rc<Desk>) -> Infallible {
    loop {
        let job = poll_fn(|_| desk.job.take().map_or(Poll::Pending, Poll::Ready)).await;
        let Job { user, flight, request, values, body } = job;
        let exchange = exchange(&user, &flight, &request, &values, body).await;
        desk.exchange.set(Some(exchange));
    }
}

impl Sending {
    pub(crate) fn new(job: Job) -> Self {
        let core = Rc::clone(&job.user.core);
        let carrier = core.carriers.take();
        carrier.desk.job.set(Some(job));
        Self { core, carrier: Some(carrier) }
    }
}

impl Future for Sending {
    type Output = Box<Exchange>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Box<Exchange>> {
        let this = self.get_mut();
        let Some(carrier) = &mut this.carrier else { return Poll::Pending };
        let Poll::Pending = carrier.run.as_mut().poll(context);
        let Some(exchange) = carrier.desk.exchange.take() else { return Poll::Pending };
        if let Some(carrier) = this.carrier.take() {
            this.core.carriers.put(carrier);
        }
        Poll::Ready(exchange)
    }
}
