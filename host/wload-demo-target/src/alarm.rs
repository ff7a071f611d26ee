//! Waiting for exactly as long as was asked, without keeping a core busy all the while.
//!
//! Upstream: `server` waits before an answer. Downstream: the thread that rings, which `target` starts.
//! The timer of the runtime is exact to two milliseconds; a thread that does nothing but sleep is exact
//! to some ten microseconds, and the rest is yielded away so that other requests go on.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// How much too early the alarm rings: what waking two threads takes on a machine that has a free core.
const EARLY: Duration = Duration::from_micros(150);

/// Rings for every request that waits. One for all threads of a target.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    /// By time; the number tells those of the same time apart.
    waiting: BTreeMap<(Instant, u64), Waker>,
    last_number: u64,
    is_stopped: bool,
}

impl Alarm {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is a single step, so a panic elsewhere leaves nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `deadline` with an error of microseconds, never less.
    pub(crate) async fn wait_until(&self, deadline: Instant) {
        if let Some(at) = deadline.checked_sub(EARLY)
            && at > Instant::now()
        {
            Ring { alarm: self, at, number: None }.await;
        }
        while Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
    }

    /// Rings until [`Alarm::stop`].
    pub(crate) fn ring_loop(&self) {
        let mut inner = self.lock();
        while !inner.is_stopped {
            let now = Instant::now();
            inner = match inner.waiting.first_entry() {
                None => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(first) if first.key().0 > now => {
                    let time = first.key().0 - now;
                    let woken = self.changed.wait_timeout(inner, time);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                Some(first) => {
                    let waker = first.remove();
                    // Who is woken may want the lock.
                    drop(inner);
                    waker.wake();
                    self.lock()
                }
            };
        }
    }

    /// Ends [`Alarm::ring_loop`].
    pub(crate) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }
}

/// One request that waits. It takes its place in the queue at the first poll and leaves it when dropped.
struct Ring<'a> {
    alarm: &'a Alarm,
    at: Instant,
    number: Option<u64>,
}

impl Future for Ring<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        let mut inner = self.alarm.lock();
        let number = self.number.unwrap_or_else(|| {
            inner.last_number += 1;
            inner.last_number
        });
        inner.waiting.insert((self.at, number), context.waker().clone());
        let is_first = inner.waiting.keys().next() == Some(&(self.at, number));
        drop(inner);
        if is_first {
            self.alarm.changed.notify_one();
        }
        self.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Ring<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.alarm.lock().waiting.remove(&(self.at, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tokio::runtime::Builder;
    use tokio::task::JoinSet;

    use super::*;

    #[test]
    fn waits_of_any_order_are_never_too_short_and_leave_nothing_behind() {
        let alarm: &'static Alarm = Box::leak(Box::default());
        let ringing = thread::spawn(|| alarm.ring_loop());
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let mut waits = JoinSet::new();
            for millis in [30, 5, 0, 12, 30, 1] {
                waits.spawn(async move {
                    let deadline = start + Duration::from_millis(millis);
                    alarm.wait_until(deadline).await;
                    assert!(Instant::now() >= deadline);
                    millis
                });
            }
            // One that gives up takes its place with it.
            let far = waits.spawn(async move {
                alarm.wait_until(start + Duration::from_secs(60)).await;
                60
            });
            let mut done = Vec::new();
            while done.len() < 6 {
                done.push(waits.join_next().await.unwrap().unwrap());
            }
            assert_eq!(alarm.lock().waiting.len(), 1);
            far.abort();
            assert!(waits.join_next().await.unwrap().unwrap_err().is_cancelled());
            assert_eq!(done, [0, 1, 5, 12, 30, 30]);
        });
        assert!(alarm.lock().waiting.is_empty());
        alarm.stop();
        ringing.join().unwrap();
    }
}
