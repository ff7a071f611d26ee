//! Sugar for `wload-sdk`: attributes that write `User::define` and `TaskSet::define`.
//!
//! Upstream: the author's `impl` blocks. Downstream: the builders of `wload-sdk`, and nothing that
//! could not be written by hand. Invariants: the block stays as it is, without our attributes; every
//! mistake is an error at the place where it was made, and all of a block are reported at once.

use proc_macro::TokenStream;

mod args;
mod block;
mod expand;

/// Makes a struct a user class: `#[user(weight = 3, wait_time = between(1, 5))]` on its `impl`.
///
/// | argument | what |
/// |---|---|
/// | `weight = 3` | share of the users, relative to other classes; without it 1 |
/// | `fixed_count = 2` | exactly so many users |
/// | `wait_time = between(1, 5)` | the pause between two tasks; without it none |
/// | `host = "http://localhost:8080"` | the base URL, unless the command line names one |
/// | `name = "Shopper"` | the name in reports; without it that of the struct |
/// | `tags("a", "b")` | hold for all its tasks |
/// | `sequential` | the tasks run in order instead of at random |
/// | `pinned` | a user keeps its instance for its whole life, although its state could be saved |
///
/// In the block, methods are marked with [`macro@task`], [`macro@on_start`], [`macro@on_stop`] and
/// [`macro@wait_time`]. The struct must be `Default`: so a user begins.
#[proc_macro_attribute]
pub fn user(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::block(args.into(), item.into(), block::Kind::User).into()
}

/// Makes a struct a task set: `#[task_set(user = Shopper, sequential)]` on its `impl`.
///
/// | argument | what |
/// |---|---|
/// | `user = Shopper` | the user class; then methods may take a second argument `&mut Shopper`. Without it the set serves all classes |
/// | `sequential` | the tasks run in order, again and again until the set is left, instead of at random |
/// | `wait_time = constant(1)` | the pause in this set; without it that of the enclosing set |
/// | `name`, `tags(..)`, `weight` | as for a task |
///
/// In the block, methods are marked as in [`macro@user`]. The struct must be `Default`: so the set
/// begins each time a user enters it.
#[proc_macro_attribute]
pub fn task_set(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::block(args.into(), item.into(), block::Kind::Set).into()
}

/// Marks a task in a [`macro@user`] or [`macro@task_set`] block.
///
/// `#[task]`, `#[task(3)]`, `#[task(weight = 3, tags("browse"), name = "look around")]` on a method,
/// or on a type, to nest a task set: `#[task(weight = 2)] type Checkout = CheckoutSet;`. In a
/// sequential set the order is that of the block.
#[proc_macro_attribute]
pub fn task(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::outside("task", item.into()).into()
}

/// Marks the method that is called when a user starts, or enters the task set.
#[proc_macro_attribute]
pub fn on_start(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::outside("on_start", item.into()).into()
}

/// Marks the method that is called when a user stops, or leaves the task set.
#[proc_macro_attribute]
pub fn on_stop(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::outside("on_stop", item.into()).into()
}

/// Marks the method that says after each task how long to wait: `fn pause(&mut self) -> Duration`.
#[proc_macro_attribute]
pub fn wait_time(_: TokenStream, item: TokenStream) -> TokenStream {
    expand::outside("wait_time", item.into()).into()
}
