//! Work of `wload-core`, to be run where its instructions are counted: `instructions OPERATION TIMES`.
//!
//! Upstream: `cargo xtask bench --instructions`, which runs it under callgrind and counts only what happens inside of
//! the functions that are called `counted_...`. Downstream: the recorder and the delta.
//! Invariant: the work is the same each time: no clock, no threads, numbers from a fixed seed.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use wload_core::delta::StatsDelta;
use wload_core::recorder::Recorder;
use wload_core::request_key::KeyId;
use wload_core::sample::Sample;

/// Rows of the statistics: a scenario of ordinary size.
const ROWS: usize = 20;
/// Samples in each delta that is merged: half a second of a busy core.
const SAMPLES_OF_DELTA: usize = 10_000;
/// Where the numbers begin.
const SEED: u64 = 42;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [operation, times] = words.as_slice() else { return ExitCode::from(2) };
    let Ok(times) = times.parse() else { return ExitCode::from(2) };
    match operation.as_str() {
        "record" => record(times),
        "merge" => merge(times),
        _ => return ExitCode::from(2),
    }
    ExitCode::SUCCESS
}

/// Each time is one sample.
fn record(times: usize) {
    let (mut recorder, keys) = recorder();
    // Rows that are warm, as they are after the first second.
    let mut numbers = Numbers(SEED);
    fill(&mut recorder, &keys, &mut numbers, SAMPLES_OF_DELTA);
    let samples: Vec<Sample<'_>> = (0..times).map(|at| sample(&keys, &mut numbers, at)).collect();
    counted_record(&mut recorder, &samples);
    black_box(recorder.take_delta());
}

#[inline(never)]
fn counted_record(recorder: &mut Recorder, samples: &[Sample<'_>]) {
    for sample in samples {
        recorder.record(sample);
    }
}

/// Each time is one delta of a core, merged into the run's.
fn merge(times: usize) {
    let (mut recorder, keys) = recorder();
    let mut numbers = Numbers(SEED);
    let mut delta = || {
        fill(&mut recorder, &keys, &mut numbers, SAMPLES_OF_DELTA);
        recorder.take_delta()
    };
    let mut all = delta();
    let deltas: Vec<StatsDelta> = (0..times).map(|_| delta()).collect();
    counted_merge(&mut all, deltas);
    black_box(all);
}

#[inline(never)]
fn counted_merge(all: &mut StatsDelta, deltas: Vec<StatsDelta>) {
    for delta in deltas {
        all.merge(delta);
    }
}

fn recorder() -> (Recorder, Vec<KeyId>) {
    let mut recorder = Recorder::new(false);
    let keys = (0..ROWS).map(|row| recorder.intern("GET", &format!("/products/{row}"))).collect();
    (recorder, keys)
}

fn fill(recorder: &mut Recorder, keys: &[KeyId], numbers: &mut Numbers, count: usize) {
    for at in 0..count {
        let sample = sample(keys, numbers, at);
        recorder.record(&sample);
    }
}

/// A request that took from half a millisecond to four, mostly little; 20,000 end in a second.
fn sample(keys: &[KeyId], numbers: &mut Numbers, at: usize) -> Sample<'static> {
    let (row, tail) = (numbers.below(keys.len() as u64), numbers.below(4));
    let response_time = Duration::from_micros(500 + numbers.below(1 << (8 + tail)));
    let ended = Duration::from_micros(at as u64 * 50);
    Sample {
        key: keys[row as usize],
        ended,
        response_time: Some(response_time),
        response_length: 2,
        failure: None,
    }
}

/// Numbers that look random and are the same each time: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}
