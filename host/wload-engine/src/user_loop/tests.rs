//! The life of a user, told by a guest that logs its calls; time is paused.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tokio::task::LocalSet;
use wload_core::ids::{ClassId, UserId};

use super::fake::{Act, Fake, context};
use super::*;

const IDENTITY: Identity = Identity { id: UserId(7), class: ClassId(0), class_index: 0 };

/// Runs one user; after so many milliseconds of paused time it is told to stop in this way.
async fn check(
    tasks: &[Act],
    starts: &[Act],
    millis: u64,
    phase: StopPhase,
    expected: &[&str],
) -> Rc<Fake> {
    let fake = Fake::new(tasks, starts);
    let signals: Rc<UserSignals> = Rc::default();
    let user = user_loop(Rc::new(context(&fake)), IDENTITY, signals.clone());
    let stop = async {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        signals.raise(phase);
        if phase < StopPhase::Abort {
            std::future::pending::<()>().await;
        }
    };
    let life = async {
        tokio::select! {
            () = user => {}
            () = stop => {}
        }
    };
    LocalSet::new().run_until(life).await;
    assert_eq!(fake.log(), expected);
    fake
}

#[tokio::test(start_paused = true)]
async fn a_user_starts_runs_waits_and_stops() {
    let expected =
        ["0 create 7", "0 7 on_start User", "0 7 task 1", "1000 7 task 1", "1500 7 on_stop User"];
    let fake = check(&[], &[], 1_500, StopPhase::Drain, &expected).await;
    assert!(fake.exceptions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_exception_is_a_row_and_the_user_goes_on() {
    let expected =
        ["0 create 7", "0 7 on_start User", "0 7 task 1", "1000 7 task 1", "1500 7 on_stop User"];
    let fake = check(&[Act::Fail], &[], 1_500, StopPhase::Drain, &expected).await;
    let rows = fake.exceptions();
    assert_eq!(rows.len(), 1);
    assert_eq!((&*rows[0].class, &*rows[0].task, &*rows[0].message), ("Shopper", "browse", "boom"));
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_traps_is_replaced_by_a_fresh_one() {
    let expected = [
        "0 create 7",
        "0 7 on_start User",
        "0 7 task 1",
        "1000 create 7",
        "1000 7 on_start User",
        "1000 7 task 1",
        "1500 7 on_stop User",
    ];
    let fake = check(&[Act::Trap], &[], 1_500, StopPhase::Drain, &expected).await;
    assert_eq!(fake.exceptions()[0].count, 1);
}

#[tokio::test(start_paused = true)]
async fn an_exception_in_on_start_ends_the_user_without_on_stop() {
    let fake =
        check(&[], &[Act::Fail], 10, StopPhase::Run, &["0 create 7", "0 7 on_start User"]).await;
    assert_eq!(&*fake.exceptions()[0].task, "on_start");
}

#[tokio::test(start_paused = true)]
async fn a_trap_in_on_start_is_tried_again() {
    let expected = [
        "0 create 7",
        "0 7 on_start User",
        "1000 create 7",
        "1000 7 on_start User",
        "1000 7 task 1",
        "1500 7 on_stop User",
    ];
    check(&[], &[Act::Trap], 1_500, StopPhase::Drain, &expected).await;
}

#[tokio::test(start_paused = true)]
async fn draining_lets_the_task_end() {
    let expected = ["0 create 7", "0 7 on_start User", "0 7 task 1", "3000 7 on_stop User"];
    let fake =
        check(&[Act::Take(Duration::from_secs(3))], &[], 1_500, StopPhase::Drain, &expected).await;
    assert_eq!(fake.core.clock.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn an_abort_drops_the_user_where_it_is() {
    let expected = ["0 create 7", "0 7 on_start User", "0 7 task 1"];
    let fake = check(&[Act::Hang], &[], 1_500, StopPhase::Abort, &expected).await;
    assert_eq!(fake.core.clock.elapsed(), Duration::from_millis(1_500));
    assert!(fake.exceptions().is_empty(), "being dropped is no exception");
}

#[tokio::test(start_paused = true)]
async fn a_user_that_stops_itself_runs_on_stop_once() {
    let expected = ["0 create 7", "0 7 on_start User", "0 7 task 1", "0 7 on_stop User"];
    check(&[Act::Return(Outcome::StopUser)], &[], 10, StopPhase::Run, &expected).await;
}

#[tokio::test(start_paused = true)]
async fn the_number_of_tasks_of_a_run_is_a_limit() {
    let fake = Fake::new(&[], &[]);
    let mut context = context(&fake);
    context.iterations = Some(Arc::new(AtomicI64::new(2)));
    LocalSet::new().run_until(user_loop(Rc::new(context), IDENTITY, Rc::default())).await;
    let tasks = fake.log().iter().filter(|line| line.contains("task")).count();
    assert_eq!(tasks, 2);
    assert!(fake.log().last().unwrap().contains("on_stop User"));
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_died_is_not_replaced_when_no_task_is_left() {
    let fake = Fake::new(&[], &[Act::Trap]);
    let mut context = context(&fake);
    context.iterations = Some(Arc::new(AtomicI64::new(0)));
    LocalSet::new().run_until(user_loop(Rc::new(context), IDENTITY, Rc::default())).await;
    assert_eq!(fake.log(), ["0 create 7", "0 7 on_start User"]);
}
