//! Ramps and batches in Locust's order, and laws of the dispatcher.

use proptest::prelude::*;

use super::*;

fn class(id: u32, name: &str, share: Share) -> DispatchClass {
    DispatchClass { id: ClassId(id), name: name.to_owned(), share }
}

fn weighted(weights: &[(&str, f64)]) -> Vec<DispatchClass> {
    let ids = 0..;
    ids.zip(weights).map(|(id, &(name, weight))| class(id, name, Share::Weight(weight))).collect()
}

fn tick(users: u32, spawn_rate: f64, classes: &[&str]) -> Tick {
    Tick { users, spawn_rate, classes: classes.iter().map(|&name| name.to_owned()).collect() }
}

/// All batches of a ramp.
fn ramp(dispatcher: &mut Dispatcher, tick: &Tick) -> Vec<Batch> {
    dispatcher.retarget(tick).unwrap();
    std::iter::from_fn(|| dispatcher.next_batch()).collect()
}

/// The changes of a ramp: `+A0` is a user of class A more on core 0.
fn script(classes: &[DispatchClass], batches: &[Batch]) -> String {
    let name = |id: ClassId| &classes.iter().find(|class| class.id == id).unwrap().name;
    let shown = batches.iter().flat_map(|batch| &batch.changes).map(|change| match change {
        Change::Start(core, class) => format!("+{}{core}", name(*class)),
        Change::Stop(core, class) => format!("-{}{core}", name(*class)),
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check_sequence(weights: &[(&str, f64)], expected: &str) {
    let classes = weighted(weights);
    let mut dispatcher = Dispatcher::new(&classes, 1).unwrap();
    let batches = ramp(&mut dispatcher, &tick(expected.len() as u32, 7.0, &[]));
    let found = script(&classes, &batches).replace(['+', '0', ' '], "");
    assert_eq!(found, expected, "{weights:?}");
}

#[test]
fn classes_come_in_the_order_of_locust() {
    check_sequence(&[("A", 5.0), ("B", 1.0)], "AABAAAAABAAAAABAAAAABAAA");
    check_sequence(&[("C", 1.0), ("A", 1.0), ("B", 1.0)], "ABCABCABC");
    check_sequence(&[("A", 1.0), ("B", 2.0)], "BABBABBAB");
    check_sequence(&[("B", 1.0), ("A", 3.0)], "ABAAABAAA");
    check_sequence(&[("A", 4.0), ("B", 5.0)], "BABABABABBABABABAB");
    check_sequence(&[("A", 10.0), ("B", 3.0), ("C", 1.0)], "AABAACABAAABAAAABAAACBAAABAA");
    check_sequence(&[("A", 1.0), ("Never", 0.0)], "AAAA");
}

#[track_caller]
fn check_script(classes: &[DispatchClass], cores: u16, steps: &[(Tick, &str)]) {
    let mut dispatcher = Dispatcher::new(classes, cores).unwrap();
    for (tick, expected) in steps {
        let batches = ramp(&mut dispatcher, tick);
        assert_eq!(&script(classes, &batches), expected, "{tick:?}");
    }
}

#[test]
fn cores_take_turns_and_keep_the_turn_between_ramps() {
    let classes = weighted(&[("U", 1.0), ("V", 3.0)]);
    check_script(
        &classes,
        2,
        &[
            (tick(5, 2.0, &[]), "+V0 +U1 +V0 +V1 +V0"),
            (tick(6, 2.0, &[]), "+U1"),
            (tick(3, 2.0, &[]), "-U1 -V0 -V1"),
            (tick(4, 2.0, &[]), "+V0"),
        ],
    );
}

#[test]
fn fixed_counts_come_first_and_are_refilled_after_a_ramp_down() {
    let classes = [
        class(0, "A", Share::Weight(1.0)),
        class(1, "F", Share::FixedCount(2)),
        class(2, "G", Share::FixedCount(1)),
    ];
    check_script(
        &classes,
        1,
        &[
            (tick(5, 9.0, &[]), "+F0 +G0 +F0 +A0 +A0"),
            (tick(1, 9.0, &[]), "-A0 -A0 -F0 -G0"),
            (tick(4, 9.0, &[]), "+F0 +G0 +A0"),
        ],
    );
}

#[test]
fn only_fixed_counts_end_a_ramp_below_its_target() {
    let classes = [class(0, "F", Share::FixedCount(2))];
    let mut dispatcher = Dispatcher::new(&classes, 1).unwrap();
    let batches = ramp(&mut dispatcher, &tick(5, 1.0, &[]));
    assert_eq!(script(&classes, &batches), "+F0 +F0");
    assert_eq!(batches.last().unwrap().pause_after, Duration::ZERO);
    assert_eq!((dispatcher.total(), dispatcher.target()), (2, 5));
}

#[test]
fn a_class_list_decides_only_about_users_that_are_added() {
    let classes = weighted(&[("A", 1.0), ("B", 1.0), ("Zero", 0.0)]);
    check_script(
        &classes,
        1,
        &[
            (tick(2, 9.0, &["B"]), "+B0 +B0"),
            (tick(4, 9.0, &["A"]), "+A0 +A0"),
            (tick(1, 9.0, &["B"]), "-A0 -A0 -B0"),
            (tick(2, 9.0, &["Zero"]), ""),
            (tick(3, 9.0, &[]), "+A0 +B0"),
        ],
    );
}

#[test]
fn a_new_target_ends_the_ramp_at_once() {
    let classes = weighted(&[("A", 1.0)]);
    let mut dispatcher = Dispatcher::new(&classes, 1).unwrap();
    dispatcher.retarget(&tick(10, 1.0, &[])).unwrap();
    for _ in 0..3 {
        dispatcher.next_batch().unwrap();
    }
    let batches = ramp(&mut dispatcher, &tick(1, 1.0, &[]));
    assert_eq!(script(&classes, &batches), "-A0 -A0");
    assert_eq!(dispatcher.next_batch(), None);
}

#[test]
fn a_target_that_is_met_gives_one_batch_that_tops_up() {
    let classes = weighted(&[("A", 1.0)]);
    let mut dispatcher = Dispatcher::new(&classes, 2).unwrap();
    ramp(&mut dispatcher, &tick(3, 1.0, &[]));
    let batches = ramp(&mut dispatcher, &tick(3, 5.0, &[]));
    let [batch] = &batches[..] else { panic!("one batch, found {batches:?}") };
    assert_eq!((batch.changes.len(), batch.pause_after), (0, Duration::ZERO));
    let per_core = [0, 1].map(|core| batch.counts.of_core(CoreId(core)).collect::<Vec<_>>());
    assert_eq!(per_core, [[(ClassId(0), 2)], [(ClassId(0), 1)]]);
    assert_eq!(batch.counts.of_core(CoreId(2)).count(), 0, "there is no such core");
}

#[test]
fn batches_are_spread_over_the_second() {
    let classes = weighted(&[("A", 1.0)]);
    let mut dispatcher = Dispatcher::new(&classes, 1).unwrap();
    let batches = ramp(&mut dispatcher, &tick(12, 100.0, &[]));
    let sizes: Vec<_> = batches.iter().map(|batch| batch.changes.len()).collect();
    let pauses: Vec<_> = batches.iter().map(|batch| batch.pause_after.as_millis()).collect();
    assert_eq!((sizes, pauses), (vec![5, 5, 2], vec![50, 50, 0]));
}

#[test]
fn users_that_are_gone_are_replaced_where_a_batch_of_locusts_begins() {
    let classes = weighted(&[("A", 1.0)]);
    let mut dispatcher = Dispatcher::new(&classes, 1).unwrap();
    let mut places = |tick: Tick| {
        let batches = ramp(&mut dispatcher, &tick);
        let places = batches.iter().enumerate().filter(|(_, batch)| batch.replaces_gone);
        places.map(|(place, _)| place).collect::<Vec<_>>()
    };
    // Twenty of five are one of Locust's.
    assert_eq!(places(tick(250, 100.0, &[])), [0, 20, 40]);
    assert_eq!(places(tick(250, 100.0, &[])), [0], "a target that is met already");
    // One by one, where Locust starts or stops two at once.
    assert_eq!(places(tick(245, 2.5, &[])), [0, 2, 4]);
    assert_eq!(places(tick(247, 0.5, &[])), [0, 1]);
}

#[test]
fn what_cannot_be_dispatched_is_refused_and_changes_nothing() {
    let none = weighted(&[("A", 0.0), ("B", f64::NAN)]);
    assert_eq!(Dispatcher::new(&none, 1).err(), Some(DispatchError::NoUsers));
    assert_eq!(Dispatcher::new(&[], 1).err(), Some(DispatchError::NoUsers));
    let classes = weighted(&[("A", 1.0), ("Zero", 0.0)]);
    assert_eq!(Dispatcher::new(&classes, 0).err(), Some(DispatchError::NoCores));
    let mut dispatcher = Dispatcher::new(&classes, 1).unwrap();
    ramp(&mut dispatcher, &tick(2, 1.0, &[]));
    let error = dispatcher.retarget(&tick(1, 1.0, &["A", "No\u{1b}pe", "Zero"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the load shape names user classes that this run does not have: `No\\u{1b}pe`; it has `A`"
    );
    assert!(dispatcher.retarget(&tick(1, f64::NAN, &[])).is_err());
    assert_eq!((dispatcher.target(), dispatcher.next_batch()), (2, None));
}

fn any_share() -> impl Strategy<Value = Share> {
    prop_oneof![
        4 => (1_u32..40).prop_map(|weight| Share::Weight(f64::from(weight) / 4.0)),
        1 => (1_u32..8).prop_map(Share::FixedCount),
    ]
}

prop_compose! {
    fn any_classes()(shares in prop::collection::vec(any_share(), 1..6)) -> Vec<DispatchClass> {
        (0..).zip(shares).map(|(id, share)| class(id, &format!("C{id}"), share)).collect()
    }
}

fn fixed_total(classes: &[DispatchClass]) -> u32 {
    let fixed = classes.iter().map(|class| match class.share {
        Share::FixedCount(count) => count,
        Share::Weight(_) => 0,
    });
    fixed.sum()
}

fn has_weights(classes: &[DispatchClass]) -> bool {
    classes.iter().any(|class| matches!(class.share, Share::Weight(_)))
}

proptest! {
    #[test]
    fn users_are_conserved_and_never_overshoot(
        classes in any_classes(),
        cores in 1_u16..5,
        ticks in prop::collection::vec((0_u32..60, 0.5_f64..2_000.0), 1..6),
        stop_early in 1_usize..9,
    ) {
        let mut dispatcher = Dispatcher::new(&classes, cores).unwrap();
        for (users, rate) in ticks {
            let before = dispatcher.total();
            dispatcher.retarget(&tick(users, rate, &[])).unwrap();
            let mut batches = 0;
            while batches < stop_early && let Some(batch) = dispatcher.next_batch() {
                batches += 1;
                let total = dispatcher.total();
                prop_assert_eq!(batch.counts.total(), total);
                prop_assert_eq!(batch.counts.of_classes().map(|(_, users)| users).sum::<u32>(), total);
                prop_assert!((before.min(users)..=before.max(users)).contains(&total));
                prop_assert!(batch.changes.len() <= spawn::batch_size(rate) as usize);
            }
            if batches < stop_early {
                let all = if has_weights(&classes) { users } else { users.min(fixed_total(&classes)) };
                prop_assert_eq!(dispatcher.total(), all);
            }
        }
    }

    #[test]
    fn a_ramp_down_is_the_reverse_of_the_ramp_up(classes in any_classes(), cores in 1_u16..5, users in 0_u32..80) {
        let mut dispatcher = Dispatcher::new(&classes, cores).unwrap();
        let flat = |batches: Vec<Batch>| batches.into_iter().flat_map(|batch| batch.changes).collect::<Vec<_>>();
        let up = flat(ramp(&mut dispatcher, &tick(users, 100.0, &[])));
        let down = flat(ramp(&mut dispatcher, &tick(0, 100.0, &[])));
        let mut reversed: Vec<_> = down.into_iter().rev().collect();
        for change in &mut reversed {
            let Change::Stop(core, class) = *change else { panic!("a start while ramping down") };
            *change = Change::Start(core, class);
        }
        prop_assert_eq!(up, reversed);
        prop_assert_eq!(dispatcher.counts().total(), 0);
    }

    #[test]
    fn cores_differ_by_at_most_one_user_after_a_ramp_up(classes in any_classes(), cores in 1_u16..9, users in 0_u32..80) {
        let mut dispatcher = Dispatcher::new(&classes, cores).unwrap();
        ramp(&mut dispatcher, &tick(users, 1e6, &[]));
        let sums: Vec<u32> = (0..cores)
            .map(|core| dispatcher.counts().of_core(CoreId(core)).map(|(_, users)| users).sum())
            .collect();
        prop_assert!(sums.iter().max().unwrap() - sums.iter().min().unwrap() <= 1);
    }

    #[test]
    fn shares_are_the_weights_after_each_full_round_and_near_them_between(
        weights in prop::collection::vec(1_u32..40, 1..6),
        users in 0_u32..300,
    ) {
        let classes: Vec<_> = (0..)
            .zip(&weights)
            .map(|(id, &weight)| class(id, &format!("C{id}"), Share::Weight(f64::from(weight))))
            .collect();
        let mut dispatcher = Dispatcher::new(&classes, 3).unwrap();
        let sum: u32 = weights.iter().sum();
        for users in [users, users / sum * sum] {
            ramp(&mut dispatcher, &tick(users, 1e6, &[]));
            for ((_, found), weight) in dispatcher.counts().of_classes().zip(&weights) {
                // Locust's sequence is not the largest remainder: it may be one off by a little more.
                let exact = f64::from(users) * f64::from(*weight) / f64::from(sum);
                let off = if users % sum == 0 { 0.0 } else { 1.5 };
                prop_assert!((f64::from(found) - exact).abs() <= off, "{found} instead of {exact}");
            }
        }
    }
}
