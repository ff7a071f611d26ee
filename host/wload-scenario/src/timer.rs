//! The timer of a core: users wake up when they are due, to a quarter of a millisecond.
//!
//! tokio's timers go by whole milliseconds, and the wait below them is rounded up to milliseconds once more: on an
//! idle core a user would be late by one, up to two, and all who are due in the same one would begin together. Here
//! the kernel's timer (`timerfd`) wakes the core.
//!
//! Upstream: waits between tasks, guests that sleep, the monitor of lag; `wload-engine` drives it on the core's
//! thread. Downstream: the kernel; tokio's timers where there is none, and where a test has paused the clock.
//! Invariant: nobody wakes up before it is due.

mod kernel;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use self::kernel::Kernel;

/// Who is due within it wakes up together: a core is woken four thousand times a second at most, which is under
/// one hundredth of its time.
const GRANULE: Duration = Duration::from_nanos(GRANULE_NANOSECONDS);
const GRANULE_NANOSECONDS: u64 = 250_000;
/// The kernel is asked for no longer time than a year.
const WAKE_AFTER_MAX: Duration = Duration::from_secs(365 * 86_400);

/// Makes futures that end when a time is over; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Timer {
    precise: Option<Rc<Precise>>,
}

impl Timer {
    /// The kernel's timer, for the runtime of this thread, which must [drive](Self::drive) it; tokio's where there is none.
    #[must_use]
    pub fn precise() -> Self {
        Self { precise: Precise::new().map(Rc::new) }
    }

    /// Ends when this time is over, and not at once: who sleeps for no time gives way to others.
    pub fn sleep(&self, time: Duration) -> Sleep {
        let (now, time) = (Instant::now(), time.max(GRANULE));
        // As tokio: what cannot be said lies far in the future.
        let far = || now + Duration::from_secs(86_400 * 365 * 30);
        self.sleep_until(now.checked_add(time).unwrap_or_else(far))
    }

    /// Ends at this moment; at once where it has passed.
    pub fn sleep_until(&self, due: Instant) -> Sleep {
        Sleep(match &self.precise {
            Some(timer) => Kind::Precise(PreciseSleep { timer: timer.clone(), due, place: None }),
            None => Kind::Tokio(Box::pin(tokio::time::sleep_until(due))),
        })
    }

    /// Wakes up whoever is due, and never ends.
    pub async fn drive(&self) {
        match &self.precise {
            Some(precise) => precise.drive().await,
            None => std::future::pending().await,
        }
    }
}

/// A time that passes.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Sleep(Kind);

#[derive(Debug)]
enum Kind {
    Precise(PreciseSleep),
    Tokio(Pin<Box<tokio::time::Sleep>>),
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Kind::Precise(sleep) => sleep.poll(context),
            Kind::Tokio(sleep) => sleep.as_mut().poll(context),
        }
    }
}

/// A time that the kernel's timer ends.
#[derive(Debug)]
struct PreciseSleep {
    timer: Rc<Precise>,
    due: Instant,
    /// Absent before it is polled for the first time.
    place: Option<Place>,
}

impl PreciseSleep {
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        if let Some(place) = self.place {
            let mut sleepers = self.timer.sleepers.borrow_mut();
            let Some(waker) = sleepers.get_mut(&place) else { return Poll::Ready(()) };
            waker.clone_from(context.waker());
        } else if Instant::now() >= self.due {
            return Poll::Ready(());
        } else {
            self.place = Some(self.timer.put(self.due, context.waker().clone()));
        }
        Poll::Pending
    }
}

impl Drop for PreciseSleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            // What it drops may sleep as well: not while the sleepers are borrowed.
            let waker = self.timer.sleepers.borrow_mut().remove(&place);
            drop(waker);
        }
    }
}

/// When a sleeper is due; the number tells those of one granule apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    granule: u64,
    number: u64,
}

/// The kernel's timer, and who waits for it.
#[derive(Debug)]
struct Precise {
    kernel: Kernel,
    start: Instant,
    /// In the order in which they are due.
    sleepers: RefCell<BTreeMap<Place, Waker>>,
    next_number: Cell<u64>,
    /// The granule at which the kernel wakes the core; the last one when nobody sleeps.
    armed: Cell<u64>,
}

impl Precise {
    fn new() -> Option<Self> {
        Some(Self {
            kernel: Kernel::new()?,
            start: Instant::now(),
            sleepers: RefCell::default(),
            next_number: Cell::new(0),
            armed: Cell::new(u64::MAX),
        })
    }

    fn put(&self, due: Instant, waker: Waker) -> Place {
        let granule =
            nanoseconds(due.saturating_duration_since(self.start)).div_ceil(GRANULE_NANOSECONDS);
        let number = self.next_number.get();
        self.next_number.set(number + 1);
        let place = Place { granule, number };
        self.sleepers.borrow_mut().insert(place, waker);
        if granule < self.armed.get() {
            self.arm(granule);
        }
        place
    }

    fn arm(&self, granule: u64) {
        let due = Duration::from_nanos(granule.saturating_mul(GRANULE_NANOSECONDS));
        self.kernel.wake_after(due.saturating_sub(self.start.elapsed()).min(WAKE_AFTER_MAX));
        self.armed.set(granule);
    }

    async fn drive(&self) {
        loop {
            self.kernel.woken().await;
            self.armed.set(u64::MAX);
            let granule = nanoseconds(self.start.elapsed()) / GRANULE_NANOSECONDS;
            while let Some(waker) = self.take_due(granule) {
                waker.wake();
            }
            let first = self.sleepers.borrow().first_key_value().map(|(place, _)| place.granule);
            if let Some(granule) = first {
                self.arm(granule);
            }
        }
    }

    /// Takes one out that is due by then.
    fn take_due(&self, granule: u64) -> Option<Waker> {
        let mut sleepers = self.sleepers.borrow_mut();
        let first = sleepers.first_entry()?;
        (first.key().granule <= granule).then(|| first.remove())
    }
}

/// At most 584 years of them.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs what sleeps beside the driver.
    async fn driven<T>(sleeping: impl AsyncFnOnce(&Timer) -> T) -> T {
        let timer = Timer::precise();
        tokio::select! {
            () = timer.drive() => unreachable!("it goes on for ever"),
            slept = sleeping(&timer) => slept,
        }
    }

    #[tokio::test]
    async fn nobody_wakes_up_before_it_is_due_and_everybody_does() {
        driven(async |timer| {
            for microseconds in [0, 1, 300, 2_000, 100, 700] {
                let time = Duration::from_micros(microseconds);
                let start = Instant::now();
                timer.sleep(time).await;
                assert!(start.elapsed() >= time, "{time:?}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn they_wake_up_in_order_whoever_is_dropped() {
        let order = driven(async |timer| {
            let order = RefCell::new(Vec::new());
            let after = |time, number| {
                let order = &order;
                let sleep = timer.sleep(Duration::from_millis(time));
                async move {
                    sleep.await;
                    order.borrow_mut().push(number);
                }
            };
            let dropped = async { drop(tokio::time::timeout(Duration::ZERO, after(3, 9)).await) };
            tokio::join!(after(8, 3), after(2, 1), dropped, after(5, 2));
            order.into_inner()
        })
        .await;
        assert_eq!(order, [1, 2, 3]);
    }

    #[tokio::test]
    async fn who_is_over_or_dropped_leaves_nothing_behind() {
        driven(async |timer| {
            let mut sleeps: Vec<_> = (0..100)
                .map(|number| timer.sleep(Duration::from_micros(500 + 1_000_000 * (number % 2))))
                .collect();
            for sleep in &mut sleeps {
                assert!(polled_once(sleep).await.is_pending());
            }
            let sleepers = || timer.precise.as_ref().unwrap().sleepers.borrow().len();
            assert_eq!(sleepers(), 100);
            for sleep in sleeps.iter_mut().step_by(2) {
                sleep.await;
            }
            assert_eq!(sleepers(), 50, "those that are over");
            drop(sleeps);
            assert_eq!(sleepers(), 0, "and those that were dropped");
        })
        .await;
    }

    #[tokio::test]
    async fn who_sleeps_for_no_time_gives_way() {
        driven(async |timer| {
            let mut sleep = timer.sleep(Duration::ZERO);
            assert!(polled_once(&mut sleep).await.is_pending(), "others have their turn");
            sleep.await;
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_over_already_is_seen_at_once_whoever_asks_anew() {
        driven(async |timer| {
            let due = Instant::now();
            assert!(polled_once(&mut timer.sleep_until(due)).await.is_ready());
        })
        .await;
    }

    async fn polled_once(sleep: &mut Sleep) -> Poll<()> {
        std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *sleep).poll(context))).await
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_kernel_it_follows_the_paused_clock() {
        let start = Instant::now();
        Timer::default().sleep(Duration::from_secs(3_600)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3_600));
    }
}
