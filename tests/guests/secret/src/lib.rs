//! Users that hide a secret wherever they can, and look for those of others.
//!
//! Upstream: `tests/scenario/secrets.rs`, in each mode of isolation. Each task scans the whole memory of
//! its instance, and what the host says is this user's. A secret of somebody else is a failed request
//! `SCAN`, named for where it was found. That the scan sees anything at all is shown by the user's own
//! secrets: `OWN`, by the place where it had hidden them.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use wload_sdk::http::Cookie;
use wload_sdk::prelude::*;

mod scan;

use scan::{SECRET_LEN, Secret};

/// Sizes of blocks of the heap: small ones, several pages, and what an instance that is made for reuse
/// can hold without growing.
const BLOCKS: [usize; 4] = [SECRET_LEN, 1_000, 10_000, 40_000];
/// Frames of the deep stack, and bytes of each.
const FRAMES: u32 = 40;
const FRAME: usize = 1_000;

static IN_STATIC: Mutex<[u8; SECRET_LEN]> = Mutex::new([0; SECRET_LEN]);
static HEADERS: Counter = Counter::new("headers seen");
static GROW: ScenarioOption =
    ScenarioOption::new("grow").help("bytes of one more block").default_value("0");

thread_local! {
    static IN_THREAD_LOCAL: RefCell<Vec<Secret>> = const { RefCell::new(Vec::new()) };
}

/// One that hides and scans. The bytes are its secret.
#[derive(Default, Deserialize, Serialize)]
struct Keeper {
    secret: Vec<u8>,
}

#[user(wait_time = between(0.1, 0.3))]
impl Keeper {
    #[on_start]
    fn begin(&mut self) {
        let secret = Secret::of(self.identity().id);
        self.secret = secret.bytes().to_vec();
        let text = secret.text();
        self.client().set_header("Content-Type", &text);
        let domain = "127.0.0.1".to_owned();
        let cookie = Cookie { name: "secret".into(), value: text, domain, path: "/".into() };
        self.client().set_cookie(cookie);
        hide(&secret);
    }

    #[task]
    fn look(&mut self) -> TaskResult {
        let id = self.identity().id;
        let own = Secret::of(id);
        if self.secret != own.bytes() {
            report("the user's struct");
        }
        for (place, found) in scan::memory() {
            if found != id {
                report(place.name());
            }
        }
        self.look_at_host(&own.text());
        events::request("SCAN", "whole memory").record();
        hide(&own);
        // The frames are gone, and what stood in them is still there.
        for (place, _) in scan::memory().into_iter().filter(|(_, found)| *found == id) {
            events::request("OWN", place.name()).record();
        }
        Ok(())
    }

    #[task]
    type Vault = Vault;
}

impl Keeper {
    fn look_at_host(&self, own: &str) {
        let echoed = self.client().post("/echo").body("x").silent().send();
        HEADERS.increment();
        // At the end of the run nothing is sent any more.
        if echoed.ok() && echoed.header("content-type").as_deref() != Some(own) {
            report("the default headers");
        }
        let sent = self.client().get("/cookies").silent().send();
        if sent.ok() && !sent.text().contains(own) {
            report("the cookies that are sent");
        }
        if self.client().cookies().iter().any(|cookie| cookie.value != own) {
            report("the cookies");
        }
    }
}

/// A set whose state is a secret, too.
#[derive(Default, Deserialize, Serialize)]
struct Vault {
    secret: Vec<u8>,
    visits: u32,
}

#[task_set(user = Keeper)]
impl Vault {
    #[on_start]
    fn enter(&mut self, user: &mut Keeper) {
        self.secret = user.secret.clone();
    }

    #[task]
    fn look(&mut self, user: &mut Keeper) -> TaskResult {
        self.visits += 1;
        if self.secret != user.secret {
            report("the set's struct");
        }
        user.look()?;
        if self.visits == 3 { interrupt() } else { Ok(()) }
    }
}

fn report(place: &str) {
    events::request("SCAN", place).error("a secret of somebody else").record();
}

/// Leaves the secret in every kind of memory that there is.
fn hide(secret: &Secret) {
    *IN_STATIC.lock().unwrap_or_else(|poison| poison.into_inner()) = *secret.bytes();
    IN_THREAD_LOCAL.with_borrow_mut(|secrets| secrets.push(*secret));
    let more: usize = GROW.parse().expect("a number of bytes");
    for size in BLOCKS.into_iter().chain([more]) {
        drop(black_box(secret.fill(size)));
    }
    Box::leak(secret.fill(BLOCKS[1]).into_boxed_slice());
    descend(secret, FRAMES);
}

/// Fills frames of the stack, the deepest first; the array after the call keeps each frame its own.
fn descend(secret: &Secret, frames: u32) {
    if frames == 0 {
        return;
    }
    descend(secret, frames - 1);
    let mut frame = [0_u8; FRAME];
    for place in frame.chunks_exact_mut(SECRET_LEN) {
        place.copy_from_slice(secret.bytes());
    }
    black_box(&mut frame);
}

scenario!(users: [Keeper], options: [GROW]);
