//! The cost of a request without a scenario: users on one thread that ask again as soon as they have an answer.
//!
//! Upstream: nobody; it is run by hand, beside `wrk` with as many connections. Downstream: a target, by
//! default `/ok` of `wload demo-target`.
//!
//! ```text
//! cargo run --release -p wload-http --example closed_loop -- http://127.0.0.1:PORT/ok 64 5 thin
//! ```

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::{LocalSet, spawn_local};
use tokio::time::Instant;
use wload_http::{
    CoreHttp, Http1Engine, HttpClient, HttpSettings, HttpShared, PreparedRequest, RequestSpec,
};

/// Nanoseconds that this thread was on a processor.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

async fn user(core: Rc<CoreHttp>, url: String, end: Instant, done: Rc<Cell<u64>>) {
    let mut client = HttpClient::new(core, None);
    let spec = RequestSpec { method: "GET".into(), url, ..RequestSpec::default() };
    let request = PreparedRequest::new(spec, None, false).expect("a URL");
    loop {
        let exchange = client.send(&request, &[], None).await;
        assert!(exchange.status == 200, "{exchange:?}");
        done.set(done.get() + 1);
        // Not every time: a look at the clock has a price, too.
        if done.get().is_multiple_of(64) && Instant::now() > end {
            return;
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let url = args.next().expect("URL [USERS] [SECONDS] [thin|hyper]");
    let users = args.next().map_or(64, |text| text.parse().expect("a number of users"));
    let seconds = args.next().map_or(5, |text| text.parse().expect("a number of seconds"));
    let http1 = match args.next().as_deref() {
        Some("hyper") => Http1Engine::Hyper,
        _ => Http1Engine::Thin,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let settings = HttpSettings { http1, ..HttpSettings::default() };
    let shared = HttpShared::new(settings).expect("the default settings");
    let done = Rc::new(Cell::new(0));
    let before = cpu();
    LocalSet::new().block_on(&runtime, async {
        let core = CoreHttp::new(shared);
        let end = Instant::now() + Duration::from_secs(seconds);
        let loops: Vec<_> = (0..users)
            .map(|_| spawn_local(user(Rc::clone(&core), url.clone(), end, Rc::clone(&done))))
            .collect();
        for user in loops {
            user.await.expect("a user");
        }
    });
    let micros = (cpu() - before) as f64 / 1e3;
    let each = micros / done.get() as f64;
    writeln!(std::io::stdout(), "{} requests, {each:.2} us of CPU each", done.get())
        .expect("somebody reads it");
}
