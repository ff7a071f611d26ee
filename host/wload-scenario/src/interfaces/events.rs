//! `wload:scenario/events`: measurements of the scenario's own.

use std::time::Duration;

use wasmtime::component::Resource;
use wload_core::metric::MetricId;
use wload_core::sample::{Exception, Sample};
use wload_core::snapshot::MetricKind;

use crate::bindings::wload::scenario::events;
use crate::store_state::{StoreState, misuse};
use crate::trap::TaskFailure;

/// A metric in the guest's hands: its number is the recorder's, with the kind in the lowest bits.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct MetricHandle;

/// The place of each kind in [`KINDS`] is its code in a handle.
const KINDS: [MetricKind; 3] = [MetricKind::Counter, MetricKind::Gauge, MetricKind::Trend];
const KIND_BITS: u32 = 2;
/// In the place of a user class: exceptions of hooks and shape.
const OF_NO_USER: &str = "run";

impl events::Host for StoreState {
    fn request(&mut self, event: events::RequestEvent) -> wasmtime::Result<()> {
        let user = self.user()?;
        let ended = user.core.clock.elapsed();
        let mut recorder = user.core.recorder.borrow_mut();
        let key = recorder.intern(&event.request_type, &event.name);
        recorder.record(&Sample {
            key,
            ended,
            response_time: event.response_time.map(Duration::from_nanos),
            response_length: event.response_length,
            failure: event.error.as_deref(),
        });
        Ok(())
    }

    fn exception(
        &mut self,
        place: String,
        message: String,
        trace: Option<String>,
    ) -> wasmtime::Result<()> {
        let user = self.user()?;
        let class = match user.resident.identity {
            Some(user_of) => user.shared.info.class(user_of.class).name.as_ref(),
            None => OF_NO_USER,
        };
        let failure = TaskFailure::exception(message, trace);
        user.core.recorder.borrow_mut().record_exception(&Exception {
            class,
            task: &place,
            message: &failure.message,
            trace: &failure.trace,
            at: user.core.clock.elapsed(),
        });
        Ok(())
    }
}

impl events::HostMetric for StoreState {
    fn new(
        &mut self,
        name: String,
        kind: events::MetricKind,
    ) -> wasmtime::Result<Resource<MetricHandle>> {
        let code = match kind {
            events::MetricKind::Counter => 0,
            events::MetricKind::Gauge => 1,
            events::MetricKind::Trend => 2,
        };
        let user = self.user()?;
        let id = user.core.recorder.borrow_mut().intern_metric(&name, KINDS[code as usize]);
        match id {
            Ok(id) => {
                user.open_handle()?;
                Ok(Resource::new_own(id.0 << KIND_BITS | code))
            }
            Err(mismatch) => Err(misuse(mismatch.to_string())),
        }
    }

    fn add(&mut self, metric: Resource<MetricHandle>, value: f64) -> wasmtime::Result<()> {
        let user = self.user()?;
        let at = user.core.clock.elapsed();
        let code = metric.rep() & ((1 << KIND_BITS) - 1);
        let kind = KINDS.get(code as usize).ok_or_else(|| misuse("unknown metric handle"))?;
        kind.check(value).map_err(|error| misuse(error.to_string()))?;
        user.core.recorder.borrow_mut().add_metric(MetricId(metric.rep() >> KIND_BITS), value, at);
        Ok(())
    }

    fn drop(&mut self, _: Resource<MetricHandle>) -> wasmtime::Result<()> {
        self.owner()?.close_handle();
        Ok(())
    }
}
