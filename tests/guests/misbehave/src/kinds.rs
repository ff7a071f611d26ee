//! The table of user classes.
//!
//! Upstream: `lib.rs`, which declares and runs them. Downstream: what each kind does, by resource.

use std::time::Duration;

use crate::exports::wload::scenario::users::Outcome;
use crate::{Ended, computing, handles, memory, names, output, requests, stopping};

/// A user class.
pub struct Kind {
    pub name: &'static str,
    pub users: u32,
    pub pause: Pause,
    pub moment: Moment,
    pub act: fn() -> Ended,
}

/// When a class misbehaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Task,
    UserStart,
    UserStop,
    SetStart,
    SetStop,
    Wait,
}

/// How a class waits.
#[derive(Clone, Copy)]
pub enum Pause {
    None,
    /// Nanoseconds from task to task.
    Pace(u64),
    /// The host asks the guest, which answers the longest time that there is.
    Ask,
}

/// Between two tasks of a steady user. Long against the delays of a busy machine: a user that is late by
/// less does not lose a request.
const STEADY: Pause = Pause::Pace(Duration::from_millis(500).as_nanos() as u64);
/// Between two faults of one user.
const SOMETIMES: Pause = Pause::Pace(Duration::from_millis(50).as_nanos() as u64);

/// Users of a class that misbehaves.
const FEW: u32 = 2;

const fn task(name: &'static str, act: fn() -> Ended) -> Kind {
    Kind { name, users: FEW, pause: SOMETIMES, moment: Moment::Task, act }
}

const fn at(moment: Moment, name: &'static str, act: fn() -> Ended) -> Kind {
    let pause = if matches!(moment, Moment::Wait) { Pause::Ask } else { SOMETIMES };
    Kind { name, users: FEW, pause, moment, act }
}

const fn restless(name: &'static str, act: fn() -> Ended) -> Kind {
    Kind { name, users: FEW, pause: Pause::None, moment: Moment::Task, act }
}

fn nothing() -> Ended {
    Ok(Outcome::Next)
}

/// The first is the one that does not misbehave.
pub const KINDS: [Kind; 61] = [
    Kind { name: "Steady", users: 40, pause: STEADY, moment: Moment::Task, act: requests::steady },
    task("LoopsInTask", computing::spin),
    at(Moment::UserStart, "LoopsAtStart", computing::spin),
    at(Moment::UserStop, "LoopsAtStop", computing::spin),
    at(Moment::SetStart, "LoopsAtSetStart", computing::spin),
    at(Moment::SetStop, "LoopsAtSetStop", computing::spin),
    at(Moment::Wait, "LoopsInWait", computing::spin),
    task("LoopsOnImports", computing::spin_on_imports),
    restless("ComputesAndNaps", computing::compute_and_nap),
    restless("ComputesALittle", computing::compute_a_little),
    restless("ReschedulesForEver", computing::reschedule),
    restless("InterruptsForEver", computing::interrupt),
    task("Recurses", computing::recurse),
    task("TrapsInTask", computing::trap),
    at(Moment::UserStart, "TrapsAtStart", computing::trap),
    at(Moment::UserStop, "TrapsAtStop", computing::trap),
    at(Moment::SetStart, "TrapsAtSetStart", computing::trap),
    at(Moment::SetStop, "TrapsAtSetStop", computing::trap),
    at(Moment::Wait, "TrapsInWait", computing::trap),
    task("Panics", computing::panic),
    task("Exits", computing::exit),
    task("Hoards", memory::hoard),
    task("WantsItAll", memory::want_it_all),
    task("AsksForRandomBytes", memory::ask_for_random_bytes),
    task("RepeatsOneText", memory::repeat_one_text),
    task("ErrsAtLength", memory::err_at_length),
    task("HoldsResponses", handles::responses),
    task("HoldsBodies", handles::bodies),
    task("HoldsVerdicts", handles::verdicts),
    task("HoldsTemplates", handles::templates),
    task("HoldsLargeTemplates", handles::large_templates),
    task("HoldsMetrics", handles::metrics),
    task("HoldsTimers", handles::timers),
    task("LogsForEver", output::log),
    task("PrintsForEver", output::print),
    task("PrintsOneLine", output::print_one_line),
    task("NamesRequests", names::requests),
    task("NamesEvents", names::events),
    task("NamesFailures", names::failures),
    task("NamesMetrics", names::metrics),
    task("NamesExceptions", names::exceptions),
    task("NamesAtLength", names::at_length),
    task("SendsAGibibyte", requests::send_a_gibibyte),
    task("SendsALargeBody", requests::send_a_large_body),
    task("AsksForALargeBody", requests::ask_for_a_large_body),
    task("SendsALargeHeader", requests::send_a_large_header),
    task("SendsManyHeaders", requests::send_many_headers),
    task("SetsALargeHeader", requests::set_a_large_header),
    task("SetsManyHeaders", requests::set_many_headers),
    task("AsksForALongUrl", requests::ask_for_a_long_url),
    task("SetsManyCookies", requests::set_many_cookies),
    task("SetsALargeCookie", requests::set_a_large_cookie),
    task("CallsWithExtremes", requests::call_with_extremes),
    task("SleepsInTask", stopping::sleep),
    at(Moment::UserStart, "SleepsAtStart", stopping::sleep),
    at(Moment::UserStop, "SleepsAtStop", stopping::sleep),
    task("SleepsInWasi", stopping::sleep_in_wasi),
    task("ComputesAndSleepsInWasi", stopping::compute_and_sleep_in_wasi),
    at(Moment::Wait, "WaitsForAYear", nothing),
    task("SendsThoughStopped", stopping::send_for_ever),
    task("SleepsThoughStopped", stopping::sleep_for_ever),
];
