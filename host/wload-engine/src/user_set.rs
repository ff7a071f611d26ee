//! The users of one core: started, counted, and let go.
//!
//! Control. Upstream: `core_thread.rs` says how many of each class there should be, and when all
//! must go. Downstream: one `user_loop` per user. Invariants: a user that is being let go no longer
//! counts; each user ends: it is told to drain, then to stop, then it is dropped.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::Instant;
use wload_core::cancel::StopPhase;
use wload_core::ids::{ClassId, CoreId, UserId};
use wload_core::limits::WIRE_GRACE;
use wload_core::snapshot::InstanceCounts;
use wload_scenario::{Identity, UserSignals};

use crate::program::ProgramFactory;
use crate::start_pace::StartPace;
use crate::user_loop::{UserContext, user_loop};

/// The users of a core.
pub(crate) struct UserSet<F: ProgramFactory> {
    context: Rc<UserContext<F>>,
    core: CoreId,
    cores: u16,
    stop_timeout: Duration,
    /// Users of each class that were last wanted, those included that are gone since.
    wanted: Vec<u32>,
    /// Running users of each class, the youngest last.
    running: Vec<Vec<User>>,
    /// Classes of users that are wanted and wait for their turn to be started. They count as running.
    starting: VecDeque<usize>,
    pace: StartPace,
    /// Users that are being let go.
    leaving: Vec<User>,
    /// Whom to push next, in order of time for equal timeouts.
    escalations: VecDeque<Escalation>,
    /// Users started of each class, for numbers in the class.
    started: Vec<u64>,
    started_total: u64,
    ended: Rc<Ended>,
}

/// How user loops say that they are over.
#[derive(Default)]
struct Ended {
    count: Cell<u32>,
    some: Notify,
}

struct User {
    signals: Rc<UserSignals>,
    is_over: Rc<Cell<bool>>,
    user_loop: JoinHandle<()>,
}

struct Escalation {
    at: Instant,
    signals: Rc<UserSignals>,
    user_loop: AbortHandle,
}

/// Says that a user is over, also when it is dropped.
struct Over {
    is_over: Rc<Cell<bool>>,
    ended: Rc<Ended>,
}

impl Drop for Over {
    fn drop(&mut self) {
        self.is_over.set(true);
        self.ended.count.set(self.ended.count.get() + 1);
        self.ended.some.notify_one();
    }
}

/// The time at which a user that was told to stop is dropped.
const ABORT_AFTER: Duration = WIRE_GRACE;

impl<F: ProgramFactory> UserSet<F> {
    pub(crate) fn new(
        context: Rc<UserContext<F>>,
        core: CoreId,
        cores: u16,
        stop_timeout: Duration,
        classes: usize,
    ) -> Self {
        Self {
            context,
            core,
            cores,
            stop_timeout,
            wanted: vec![0; classes],
            running: (0..classes).map(|_| Vec::new()).collect(),
            starting: VecDeque::new(),
            pace: StartPace::new(),
            leaving: Vec::new(),
            escalations: VecDeque::new(),
            started: vec![0; classes],
            started_total: 0,
            ended: Rc::default(),
        }
    }

    /// Starts and stops users until there are so many of each class; so long it takes from one that is started
    /// to the next. Places of users that are gone stay empty unless they are to be filled. Whoever has not been
    /// started in the first slice is in [`Self::start_some`].
    pub(crate) fn set_counts(&mut self, counts: &[u32], replaces_gone: bool, gap: Duration) {
        self.forget_ended();
        if self.starting.is_empty() {
            self.pace.begin();
        }
        self.pace.set_gap(gap);
        let mut found = self.count_all();
        for (class, &wanted) in counts.iter().enumerate() {
            let before = if replaces_gone { found[class] } else { self.wanted[class] };
            for _ in before..wanted {
                self.starting.push_back(class);
            }
            // The youngest go first: those that have not even begun.
            while found[class] > wanted {
                match self.starting.iter().rposition(|starting| *starting == class) {
                    Some(place) => drop(self.starting.remove(place)),
                    None => {
                        let user = self.running[class].pop().expect("more users than wanted");
                        self.let_go(user);
                    }
                }
                found[class] -= 1;
            }
        }
        self.wanted.copy_from_slice(counts);
        self.start_some();
    }

    /// Users that wait to be started.
    pub(crate) fn starting(&self) -> u32 {
        u32::try_from(self.starting.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are any.
    pub(crate) fn has_starting(&self) -> bool {
        !self.starting.is_empty()
    }

    /// Ends when the next slice is due: not before everybody who is ready, and the driver, had a turn.
    pub(crate) async fn start_due(&self) {
        match self.pace.next_at() {
            Some(due) => self.context.factory.core().timer.sleep_until(due).await,
            None => tokio::task::yield_now().await,
        }
    }

    /// Starts the next slice; the other users have their turn before the one after it.
    pub(crate) fn start_some(&mut self) {
        if self.starting.is_empty() {
            return;
        }
        for _ in 0..self.pace.next_slice() {
            let Some(class) = self.starting.pop_front() else { return };
            self.start(class);
        }
    }

    /// Lets all users go.
    pub(crate) fn stop_all(&mut self) {
        self.starting.clear();
        self.forget_ended();
        for class in 0..self.running.len() {
            for user in std::mem::take(&mut self.running[class]) {
                self.let_go(user);
            }
        }
    }

    /// Drops all users now.
    pub(crate) fn abort_all(&mut self) {
        self.stop_all();
        for user in &self.leaving {
            user.signals.raise(StopPhase::Abort);
            user.user_loop.abort();
        }
    }

    /// Users alive of each class, those being let go not counted.
    pub(crate) fn counts(&mut self) -> Vec<u32> {
        self.forget_ended();
        self.count_all()
    }

    fn count_all(&self) -> Vec<u32> {
        let running =
            self.running.iter().map(|users| u32::try_from(users.len()).unwrap_or(u32::MAX));
        let mut counts: Vec<u32> = running.collect();
        for class in &self.starting {
            counts[*class] = counts[*class].saturating_add(1);
        }
        counts
    }

    /// All users that still run, those being let go as well.
    pub(crate) fn alive(&mut self) -> u32 {
        self.forget_ended();
        let running: usize = self.running.iter().map(Vec::len).sum();
        u32::try_from(running + self.starting.len() + self.leaving.len()).unwrap_or(u32::MAX)
    }

    /// What the users live in.
    pub(crate) fn instances(&self) -> InstanceCounts {
        self.context.factory.instances()
    }

    /// Looks whether what they live in takes too much memory.
    pub(crate) fn look_at_memory(&self) {
        self.context.factory.look_at_memory();
    }

    /// Lets go of what is too much of it; never ends.
    pub(crate) fn tend(&self) -> impl Future<Output = ()> + use<F> {
        let context = self.context.clone();
        async move { context.factory.tend().await }
    }

    /// When somebody must be pushed next.
    pub(crate) fn next_escalation(&self) -> Option<Instant> {
        self.escalations.front().map(|next| next.at)
    }

    /// Pushes those who had their time: drain to stop, stop to abort.
    pub(crate) fn escalate(&mut self, now: Instant) {
        while self.escalations.front().is_some_and(|next| next.at <= now) {
            let Some(mut next) = self.escalations.pop_front() else { return };
            if next.signals.phase() < StopPhase::Stop {
                next.signals.raise(StopPhase::Stop);
                next.at = now + ABORT_AFTER;
                self.push_later(next);
            } else {
                next.signals.raise(StopPhase::Abort);
                next.user_loop.abort();
            }
        }
    }

    /// Says that a user has ended.
    #[cfg(test)]
    pub(crate) fn end_of_user(&self) -> impl Fn() + use<F> {
        let ended = self.ended.clone();
        move || ended.some.notify_one()
    }

    /// Ends when a user has ended since the last time.
    pub(crate) fn some_ended(&self) -> impl Future<Output = ()> + use<F> {
        let ended = self.ended.clone();
        async move { ended.some.notified().await }
    }

    /// Drops the users that are still there and waits until they are gone.
    pub(crate) async fn drop_all(&mut self) {
        self.starting.clear();
        let running = self.running.iter_mut().flat_map(std::mem::take);
        let users: Vec<User> = running.chain(std::mem::take(&mut self.leaving)).collect();
        for user in &users {
            user.user_loop.abort();
        }
        for user in users {
            // An error only says that it was aborted.
            let _ = user.user_loop.await;
        }
    }

    fn start(&mut self, class: usize) {
        let cores = u64::from(self.cores);
        let identity = Identity {
            id: UserId(self.started_total * cores + u64::from(self.core.0)),
            class: ClassId(u32::try_from(class).expect("a bounded number of classes")),
            class_index: self.started[class] * cores + u64::from(self.core.0),
        };
        self.started_total += 1;
        self.started[class] += 1;
        let signals: Rc<UserSignals> = Rc::default();
        let is_over = Rc::new(Cell::new(false));
        // Boxed: what is moved into another future before it is polled has room in both of them.
        let user = Box::pin(user_loop(self.context.clone(), identity, signals.clone()));
        let run = self.pace.timed(user);
        let over = Over { is_over: is_over.clone(), ended: self.ended.clone() };
        let user_loop = tokio::task::spawn_local(async move {
            let _over = over;
            run.await;
        });
        self.running[class].push(User { signals, is_over, user_loop });
    }

    fn let_go(&mut self, user: User) {
        let (phase, time) = if self.stop_timeout.is_zero() {
            (StopPhase::Stop, ABORT_AFTER)
        } else {
            (StopPhase::Drain, self.stop_timeout)
        };
        user.signals.raise(phase);
        self.push_later(Escalation {
            at: Instant::now() + time,
            signals: user.signals.clone(),
            user_loop: user.user_loop.abort_handle(),
        });
        self.leaving.push(user);
    }

    /// Keeps the order of time: two different waits are mixed.
    fn push_later(&mut self, escalation: Escalation) {
        let place = self.escalations.partition_point(|other| other.at <= escalation.at);
        self.escalations.insert(place, escalation);
    }

    fn forget_ended(&mut self) {
        if self.ended.count.replace(0) == 0 {
            return;
        }
        for users in &mut self.running {
            users.retain(|user| !user.is_over.get());
        }
        self.leaving.retain(|user| !user.is_over.get());
        if self.leaving.is_empty() {
            self.escalations.clear();
        }
    }
}

impl<F: ProgramFactory> Drop for UserSet<F> {
    fn drop(&mut self) {
        for user in self.running.iter().flatten().chain(&self.leaving) {
            user.user_loop.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;
    use wload_scenario::Outcome;

    use super::*;
    use crate::user_loop::fake::{Act, Fake, context};

    async fn settle() {
        // Long enough for every loop that is ready to run, and no paused second passes.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn counts_are_absolute_and_numbers_of_users_are_shared_with_other_cores() {
        LocalSet::new()
            .run_until(async {
                let fake = Fake::new(&[], &[]);
                let mut users =
                    UserSet::new(Rc::new(context(&fake)), CoreId(1), 3, Duration::ZERO, 1);
                users.set_counts(&[3], true, Duration::ZERO);
                settle().await;
                assert_eq!(users.counts(), [3]);
                let created: Vec<String> =
                    fake.log().into_iter().filter(|line| line.contains("create")).collect();
                assert_eq!(created, ["0 create 1", "0 create 4", "0 create 7"]);
                users.set_counts(&[1], true, Duration::ZERO);
                assert_eq!(users.counts(), [1]);
                settle().await;
                assert_eq!(users.alive(), 1);
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn places_of_users_that_left_are_filled_only_when_they_are_to_be() {
        LocalSet::new()
            .run_until(async {
                let fake = Fake::new(&vec![Act::Return(Outcome::StopUser); 12], &[]);
                let mut users =
                    UserSet::new(Rc::new(context(&fake)), CoreId(0), 1, Duration::ZERO, 1);
                let created = || fake.log().iter().filter(|line| line.contains("create")).count();
                for (wanted, replaces_gone, expected) in
                    [(3, true, 3), (5, false, 5), (4, false, 5), (5, false, 6), (6, true, 12)]
                {
                    users.set_counts(&[wanted], replaces_gone, Duration::ZERO);
                    while users.has_starting() {
                        users.start_some();
                        settle().await;
                    }
                    settle().await;
                    assert_eq!((created(), users.counts()), (expected, vec![0]), "{wanted}");
                }
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn users_are_started_slice_by_slice_and_count_from_the_beginning() {
        LocalSet::new()
            .run_until(async {
                let fake = Fake::new(&[], &[]);
                let mut users =
                    UserSet::new(Rc::new(context(&fake)), CoreId(0), 1, Duration::ZERO, 1);
                users.set_counts(&[1_000], true, Duration::ZERO);
                settle().await;
                assert_eq!(users.counts(), [1_000]);
                let created = || fake.log().iter().filter(|line| line.contains("create")).count();
                assert!(created() > 0 && created() < 1_000, "{} at once", created());
                // Those that have not begun are the first that are not wanted any more.
                let begun = created();
                users.set_counts(&[u32::try_from(begun).unwrap()], true, Duration::ZERO);
                assert!(!users.has_starting());
                users.set_counts(&[1_000], true, Duration::ZERO);
                while users.has_starting() {
                    users.start_some();
                    settle().await;
                }
                assert_eq!((created(), users.alive()), (1_000, 1_000));
                users.stop_all();
                settle().await;
                assert_eq!(users.alive(), 0);
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_that_does_not_end_is_dropped_after_timeout_and_grace() {
        LocalSet::new()
            .run_until(async {
                let fake = Fake::new(&[Act::Hang], &[]);
                let timeout = Duration::from_secs(5);
                let mut users = UserSet::new(Rc::new(context(&fake)), CoreId(0), 1, timeout, 1);
                users.set_counts(&[1], true, Duration::ZERO);
                settle().await;
                let start = Instant::now();
                users.stop_all();
                while users.alive() > 0 {
                    let at = users.next_escalation().expect("somebody is left to be pushed");
                    tokio::time::sleep_until(at).await;
                    users.escalate(Instant::now());
                    settle().await;
                }
                assert_eq!(start.elapsed(), timeout + WIRE_GRACE);
            })
            .await;
    }
}
