//! Users that are put aside and go on in another instance.

use serde::{Deserialize, Serialize, Serializer};

use crate::bindings::exports::wload::scenario::users::Scope;
use crate::definition::Definition;
use crate::prelude::*;
use crate::runtime::{Edge, Runtime};

/// A user, one set in the other, and a set without a state between them.
#[derive(Default, Deserialize, Serialize)]
struct Shopper {
    visits: u32,
    seen: Vec<String>,
}

#[user]
impl Shopper {
    #[task]
    fn browse(&mut self) {
        self.visits += 1;
        self.seen.push(format!("product {}", self.visits));
    }

    #[task]
    type Basket = Basket;
}

#[derive(Default, Deserialize, Serialize)]
struct Basket {
    items: u32,
}

#[task_set(user = Shopper)]
impl Basket {
    #[task]
    fn add(&mut self) {
        self.items += 1;
    }

    #[task]
    type Pass = Pass;
}

#[derive(Default)]
struct Pass;

#[task_set(user = Shopper)]
impl Pass {
    #[task]
    type Payment = Payment;
}

#[derive(Default, Deserialize, Serialize)]
struct Payment {
    attempts: u32,
}

#[task_set(user = Shopper)]
impl Payment {
    #[task]
    fn pay(&mut self, user: &mut Shopper) -> TaskResult {
        self.attempts += 1;
        stop_run(Some((10 * user.visits + self.attempts) as u8))
    }
}

/// Empty, so there is nothing to derive.
#[derive(Default)]
struct Passerby;

#[user]
impl Passerby {
    #[task]
    type Pass = Look;
}

#[derive(Default)]
struct Look;

#[task_set]
impl Look {
    #[task]
    fn look(&self) {}
}

#[derive(Default, Serialize)]
struct HalfWay {
    field: u8,
}

#[user]
impl HalfWay {
    #[task]
    fn read(&mut self) {
        self.field += 1;
    }
}

#[derive(Default)]
struct Stuck;

#[user]
impl Stuck {
    #[task]
    type First = Plain;
    #[task]
    type Again = Plain;
    #[task]
    type Generic = Boxed<Vec<u8>>;
}

#[derive(Default)]
struct Plain(u8);

#[task_set]
impl Plain {
    #[task]
    fn count(&mut self) {
        self.0 += 1;
    }
}

#[derive(Default)]
struct Boxed<T>(T);

#[task_set]
impl<T: Default + 'static> Boxed<T> {
    #[task]
    fn touch(&mut self) {
        self.0 = T::default();
    }
}

#[derive(Default, Deserialize, Serialize)]
struct Held;

#[user(pinned)]
impl Held {
    #[task]
    fn hold(&self) {}
}

/// Its state is more than `serde` may have.
#[derive(Default, Deserialize)]
struct Secretive(u8);

impl Serialize for Secretive {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(format!("the socket {} cannot be copied", self.0)))
    }
}

#[user]
impl Secretive {
    #[task]
    fn open(&mut self) {
        self.0 = 7;
    }
}

/// By hand, without a macro.
#[derive(Default, Deserialize, Serialize)]
struct ByHand(u8);

#[derive(Default, Deserialize, Serialize)]
struct SetByHand(u8);

impl User for ByHand {
    fn define() -> UserClass<Self> {
        let set = SetDefinition::<SetByHand, Self>::weighted("set")
            .saved()
            .task(Task::in_set("count by hand", |set: &mut SetByHand, _: &mut Self| set.0 += 1));
        UserClass::new("ByHand").saved().set(set)
    }
}

struct Shop;

impl Scenario for Shop {
    fn define(definition: &mut Definition) {
        definition
            .user::<Shopper>()
            .user::<Passerby>()
            .user::<HalfWay>()
            .user::<Stuck>()
            .user::<Held>()
            .user::<Secretive>()
            .user::<ByHand>();
    }
}

fn instance() -> Runtime {
    Runtime::new(Definition::of::<Shop>())
}

/// The index of the first node of this name.
fn node(runtime: &Runtime, name: &str) -> u32 {
    let place = runtime.definition.tree.0.iter().position(|node| node.name == name);
    u32::try_from(place.unwrap()).unwrap()
}

fn run(runtime: &mut Runtime, task: &str) -> String {
    let task = node(runtime, task);
    format!("{:?}", runtime.run_task(task))
}

fn enter(runtime: &mut Runtime, set: &str) {
    let scope = Scope::Node(node(runtime, set));
    runtime.hook(&scope, Edge::Start).unwrap();
}

#[test]
fn a_user_goes_on_in_another_instance_with_the_sets_it_is_in() {
    let mut first = instance();
    first.hook(&Scope::User(0), Edge::Start).unwrap();
    for _ in 0..3 {
        run(&mut first, "browse");
    }
    enter(&mut first, "Basket");
    run(&mut first, "add");
    enter(&mut first, "Payment");
    assert!(run(&mut first, "pay").contains("Some(31)"));
    let saved = first.save().unwrap();

    let mut second = instance();
    second.restore(0, &saved).unwrap();
    assert_eq!(second.save().unwrap(), saved);
    assert!(run(&mut second, "pay").contains("Some(32)"));
    run(&mut second, "browse");
    assert!(run(&mut second, "pay").contains("Some(43)"));
    // A set that is left is saved no more.
    let payment = Scope::Node(node(&second, "Payment"));
    second.hook(&payment, Edge::Stop).unwrap();
    assert!(second.save().unwrap().len() < saved.len());
}

#[test]
fn nothing_of_a_user_is_left_when_another_one_takes_the_instance() {
    let mut runtime = instance();
    runtime.hook(&Scope::User(0), Edge::Start).unwrap();
    let young = runtime.save().unwrap();
    run(&mut runtime, "browse");
    enter(&mut runtime, "Basket");
    runtime.restore(0, &young).unwrap();
    assert_eq!(runtime.save().unwrap(), young);
    // A user that was saved before its first call is none yet.
    assert_eq!(instance().save().unwrap(), b"");
    runtime.restore(1, b"").unwrap();
    assert_eq!(runtime.save().unwrap(), b"");
}

#[test]
fn what_stands_in_the_way_is_named() {
    let runtime = instance();
    let not = "is not `Serialize` and `Deserialize`";
    assert_eq!(runtime.can_save(0), Ok(()));
    assert_eq!(runtime.can_save(1), Ok(()));
    assert_eq!(runtime.can_save(2), Err(format!("`HalfWay` {not}")));
    assert_eq!(
        runtime.can_save(3),
        Err(format!("each of its task sets `Plain`, `Boxed<alloc::vec::Vec<u8>>` {not}"))
    );
    assert_eq!(runtime.can_save(4), Err("it is `pinned`".into()));
    assert_eq!(runtime.can_save(5), Ok(()));
    assert_eq!(runtime.can_save(6), Ok(()));
    assert_eq!(runtime.can_save(7), Err("there is no class 7".into()));
}

#[test]
fn a_state_that_cannot_be_encoded_is_the_error_of_save_and_the_user_goes_on() {
    let mut runtime = instance();
    run(&mut runtime, "open");
    let error = runtime.save().unwrap_err();
    assert_eq!(error, "`Secretive`: the socket 7 cannot be copied");
    assert!(run(&mut runtime, "open").contains("Ok"));
}

#[test]
fn a_user_by_hand_is_saved_like_any_other() {
    let mut first = instance();
    enter(&mut first, "set");
    run(&mut first, "count by hand");
    let saved = first.save().unwrap();
    let mut second = instance();
    second.restore(6, &saved).unwrap();
    assert_eq!(second.save().unwrap(), saved);
}

#[test]
fn bytes_that_are_no_user_are_refused_and_leave_nobody() {
    let mut runtime = instance();
    run(&mut runtime, "browse");
    let saved = runtime.save().unwrap();
    let restored = runtime.restore(1, &saved).unwrap_err();
    assert_eq!(restored, "the saved user is of class 0, expected 1");
    assert_eq!(runtime.save().unwrap(), b"", "nobody is left");
    for len in 1..saved.len() {
        runtime.restore(0, &saved[..len]).unwrap_err();
        assert_eq!(runtime.save().unwrap(), b"", "nobody is left after {len} bytes");
    }
    let stray = [saved.as_slice(), &99_u32.to_le_bytes()].concat();
    let error = runtime.restore(0, &stray).unwrap_err();
    assert_eq!(error, "its class has no task set with the index 99");
}
