//! How long answers take, by the client's clock and by the target's own.
//!
//! Nothing here assumes that the machine is idle: lower bounds are exact, upper ones hold for the fastest
//! answer or leave room for many seconds.

use std::time::{Duration, Instant};

use wload_demo_target::DemoTarget;

use crate::client::{Client, start};

/// Sends this many requests one after another and answers how long each took, by both clocks.
fn measure(target: &DemoTarget, path: &str, count: usize) -> Vec<(Duration, Duration)> {
    let mut client = Client::new(target);
    client.get("/_log");
    target.reset();
    let by_client: Vec<Duration> = (0..count)
        .map(|_| {
            let sent = Instant::now();
            client.get(path);
            sent.elapsed()
        })
        .collect();
    let by_target = target.counts().service_times_us;
    assert_eq!(by_target.len(), count);
    let by_target = by_target.into_iter().map(Duration::from_micros);
    by_client.into_iter().zip(by_target).collect()
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_fixed_latency_is_never_shorter_and_exact_by_both_clocks() {
    let target = start(|config| config.latency = "fixed:7.3ms".parse().unwrap());
    let asked = Duration::from_micros(7_300);
    let times = measure(&target, "/ok", 40);
    for (client, own) in &times {
        assert!(*own >= asked && client >= own, "{own:?} by the target, {client:?} by the client");
    }
    let (client, own) = times.iter().min().unwrap();
    assert!(*own < asked + MS && *client < asked + 2 * MS, "at best {own:?} and {client:?}");
}

#[test]
fn a_delay_comes_on_top_of_the_latency() {
    let target = start(|config| config.latency = "fixed:5ms".parse().unwrap());
    let times = measure(&target, "/delay/15", 5);
    let (_, own) = times.iter().min_by_key(|(_, own)| own).unwrap();
    assert!((20 * MS..22 * MS).contains(own), "{own:?}");
}

#[test]
fn two_modes_are_told_apart_by_both_clocks() {
    let target = start(|config| config.latency = "bimodal:1ms,80ms,0.25".parse().unwrap());
    let times = measure(&target, "/ok", 40);
    let slow = times.iter().filter(|(_, own)| *own >= 80 * MS).count();
    assert!((1..40).contains(&slow), "{slow} of 40 were slow");
    for (client, own) in &times {
        assert!(*own >= MS && client >= own, "{own:?} by the target, {client:?} by the client");
    }
}

#[test]
fn a_stall_stops_every_answer_until_it_ends() {
    let target = start(|config| config.latency = "stall:200ms,100ms".parse().unwrap());
    let mut client = Client::new(&target);
    target.reset();
    let started = Instant::now();
    let mut longest = Duration::ZERO;
    while started.elapsed() < 400 * MS {
        let sent = Instant::now();
        client.get("/ok");
        longest = longest.max(sent.elapsed());
    }
    assert!(longest >= 50 * MS, "the longest answer took {longest:?}");
    let own = target.counts().service_times_us;
    let fastest = own.iter().min().unwrap();
    assert!(*fastest < 5_000, "the fastest answer took {fastest} us");
    let held = own.iter().filter(|us| **us >= 50_000).count();
    assert!(own.len() > held * 2, "{held} of {} answers were held", own.len());
}

#[test]
fn slow_answers_do_not_hold_up_those_of_other_connections() {
    let target = start(|_| {});
    let started = Instant::now();
    let mut slow: Vec<Client<_>> = (0..60).map(|_| Client::new(&target)).collect();
    for client in &mut slow {
        client.write("GET", "/delay/300", &[], b"");
    }
    let quick = Instant::now();
    assert_eq!(Client::new(&target).get("/ok").status, 200);
    assert!(quick.elapsed() < 200 * MS, "a quick answer took {:?}", quick.elapsed());
    for client in &mut slow {
        assert_eq!(client.read("GET").text(), "ok");
    }
    // One after another they would take 18 s.
    assert!(started.elapsed() < 9_000 * MS, "all together took {:?}", started.elapsed());
}
