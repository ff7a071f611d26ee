//! How long an exchange may wait, and for what.
//!
//! Upstream: the request, then the limits of the run. Downstream: `connect`, `exchange`, `body`.
//! Invariant: the total is one [`Timer`] for the whole exchange, which a user has once; the first byte and
//! the time between bytes cost a timer only when they are limited.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use wload_core::limits::HttpLimits;

use crate::error::{HttpError, Phase};
use crate::request::RequestSpec;
use crate::timing::Marks;

/// A timeout that cannot be told from none: 30 days. Longer ones are cut, so that the deadline cannot
/// overflow.
const TIMEOUT_MAX: Duration = Duration::from_secs(30 * 86_400);

/// The timer of a flight. It stays where it was set when an exchange ends, and the next one leaves it
/// there: it is set anew only when it rings too early, or would ring too late. So a request mostly costs
/// no timer at all, and a user that waits is woken by it at most once.
#[derive(Debug, Default)]
pub(crate) struct Timer(RefCell<Option<Armed>>);

#[derive(Debug)]
struct Armed {
    sleep: Pin<Box<Sleep>>,
    /// Who is woken; `None` when the sleep was not polled since it was set.
    waker: Option<Waker>,
}

impl Timer {
    /// Waits for something, or until `deadline`: then there is nothing.
    pub(crate) async fn limit<F: Future>(
        &self,
        deadline: Instant,
        mut future: Pin<&mut F>,
    ) -> Option<F::Output> {
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(found) => Poll::Ready(Some(found)),
            Poll::Pending => self.poll(deadline, cx).map(|()| None),
        })
        .await
    }

    fn poll(&self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let mut armed = self.0.borrow_mut();
        let armed = armed
            .get_or_insert_with(|| Armed { sleep: Box::pin(sleep_until(deadline)), waker: None });
        if armed.sleep.deadline() > deadline {
            armed.set(deadline);
        }
        let is_known = |waker: &Waker| waker.will_wake(cx.waker());
        if armed.waker.as_ref().is_some_and(is_known) && !armed.sleep.is_elapsed() {
            return Poll::Pending;
        }
        while armed.sleep.as_mut().poll(cx).is_ready() {
            if armed.sleep.deadline() >= deadline {
                armed.waker = None;
                return Poll::Ready(());
            }
            armed.set(deadline);
        }
        armed.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Armed {
    fn set(&mut self, deadline: Instant) {
        self.sleep.as_mut().reset(deadline);
        self.waker = None;
    }
}

/// The timeouts of one request. `None`: the limit of the run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestTimeouts {
    total: Option<Duration>,
    connect: Option<Duration>,
    first_byte: Option<Duration>,
    between_bytes: Option<Duration>,
}

/// The timeouts of one exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) total: Duration,
    pub(crate) connect: Duration,
    first_byte: Option<Duration>,
    between_bytes: Option<Duration>,
}

impl RequestTimeouts {
    pub(crate) fn of(spec: &RequestSpec) -> Self {
        Self {
            total: spec.timeout,
            connect: spec.connect_timeout,
            first_byte: spec.first_byte_timeout,
            between_bytes: spec.between_bytes_timeout,
        }
    }

    pub(crate) fn set_phases(
        &mut self,
        connect: Option<Duration>,
        first_byte: Option<Duration>,
        between_bytes: Option<Duration>,
    ) {
        *self = Self { total: self.total, connect, first_byte, between_bytes };
    }

    pub(crate) fn or(&self, limits: &HttpLimits) -> Timeouts {
        let cut = |limit: Duration| limit.min(TIMEOUT_MAX);
        Timeouts {
            total: cut(self.total.unwrap_or(limits.total_timeout)),
            connect: cut(self.connect.unwrap_or(limits.connect_timeout)),
            first_byte: self.first_byte.or(limits.first_byte_timeout).map(cut),
            between_bytes: self.between_bytes.or(limits.between_bytes_timeout).map(cut),
        }
    }
}

impl Timeouts {
    /// Waiting for a head has other limits than the total: [`Timeouts::head`] knows them.
    pub(crate) fn limit_head(&self) -> bool {
        self.first_byte.is_some() || self.between_bytes.is_some()
    }

    /// Waits for the head of a response. The first byte may come so late after the last one of the
    /// request, and every later byte so late after the one before it.
    pub(crate) async fn head<T>(
        &self,
        marks: &Marks,
        start: Instant,
        head: impl Future<Output = T>,
    ) -> Result<T, HttpError> {
        let Some(shortest) = self.first_byte.into_iter().chain(self.between_bytes).min() else {
            return Ok(head.await);
        };
        let mut head = pin!(head);
        loop {
            let now = Instant::now();
            let due = self.due(marks, start);
            // Which limit is in force changes unseen, so the timer is never longer than the shortest.
            let look = due.map_or(now + shortest, |(due, _)| due.min(now + shortest));
            match (timeout_at(look, head.as_mut()).await, due) {
                (Ok(found), _) => return Ok(found),
                (Err(_), Some((due, phase)))
                    if due <= look && self.due(marks, start) == Some((due, phase)) =>
                {
                    return Err(HttpError::Timeout(phase));
                }
                (Err(_), _) => {}
            }
        }
    }

    /// When which patience ends, as things stand.
    fn due(&self, marks: &Marks, start: Instant) -> Option<(Instant, Phase)> {
        match marks.last_read() {
            Some(read) => Some((read + self.between_bytes?, Phase::BetweenBytes)),
            None => {
                let written = marks.last_written().unwrap_or(start);
                Some((written + self.first_byte?, Phase::FirstByte))
            }
        }
    }

    /// How long the next piece of a body may take.
    pub(crate) fn between_bytes(&self) -> Option<Duration> {
        self.between_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::pending;

    #[tokio::test(start_paused = true)]
    async fn a_timer_is_never_early_and_is_left_alone_when_it_can_be() {
        let millis = Duration::from_millis;
        let timer = Timer::default();
        let at = |timer: &Timer| timer.0.borrow().as_ref().map(|armed| armed.sleep.deadline());
        let start = Instant::now();
        let soon = |after| async move { tokio::time::sleep(millis(after)).await };
        assert_eq!(timer.limit(start + millis(50), pin!(soon(10))).await, Some(()));
        assert_eq!(at(&timer), Some(start + millis(50)));
        // Later: it stays, rings too early, and is set anew.
        assert_eq!(timer.limit(start + millis(60), pin!(soon(10))).await, Some(()));
        assert_eq!(at(&timer), Some(start + millis(50)));
        assert_eq!(timer.limit(start + millis(90), pin!(pending::<()>())).await, None);
        assert!(start.elapsed() >= millis(90) && start.elapsed() < millis(95));
        // Earlier than it was left at.
        let now = Instant::now();
        assert_eq!(timer.limit(now + millis(500), pin!(soon(1))).await, Some(()));
        assert_eq!(timer.limit(now + millis(5), pin!(pending::<()>())).await, None);
        assert!(now.elapsed() >= millis(5) && now.elapsed() < millis(10), "{:?}", now.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn another_task_is_woken_when_the_exchange_has_moved_there() {
        let timer = Timer::default();
        let deadline = Instant::now() + Duration::from_millis(20);
        let endless = pin!(pending::<()>());
        let mut waits = pin!(timer.limit(deadline, endless));
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let woken = Cell::new(0);
        let rang = poll_fn(|cx| {
            woken.set(woken.get() + 1);
            waits.as_mut().poll(cx)
        });
        assert_eq!(rang.await, None);
        assert_eq!(woken.get(), 2);
    }
}
