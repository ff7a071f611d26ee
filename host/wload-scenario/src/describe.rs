//! From the guest's own description to [`ScenarioInfo`].
//!
//! Upstream: the exports `users.describe` and `hibernation.can-save`, which may say anything. Downstream: `ScenarioInfo::check`
//! refuses what cannot be.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;
use wload_core::ids::NodeId;
use wload_core::limits::GuestLimits;
use wload_core::user_class::{self as core, ScenarioInfo};

use crate::bindings::exports::wload::scenario::{hibernation, users};
use crate::compute::{ComputeMeter, watched};
use crate::error::{Cause, ScenarioError};
use crate::guest_log::PanicLines;
use crate::loader::{CompileOptions, link, new_store, start_ticker};
use crate::store_state::StoreState;
use crate::trap::TaskFailure;

/// Why users of a component without this export keep their instances.
const NO_EXPORT: &str = "the scenario does not export `hibernation`";

/// A scenario that waits in `describe` would keep everyone waiting who loads it.
pub(crate) async fn described_in_time(
    engine: &Engine,
    component: &Component,
    options: &CompileOptions<'_>,
) -> Result<ScenarioInfo, ScenarioError> {
    let time_max = options.load.describe_time_max;
    let described = describe(engine, component, &options.limits);
    let info = tokio::time::timeout(time_max, described).await.unwrap_or_else(|_| {
        let message = format!(
            "it took more than {} ms, waiting included (`--limit describe-time`)",
            time_max.as_millis()
        );
        Err(ScenarioError::Export { export: "describe", message })
    })?;
    info.check(&options.load).map_err(|problems| ScenarioError::Info { problems })?;
    Ok(info)
}

/// Asks a throw-away instance.
async fn describe(
    engine: &Engine,
    component: &Component,
    limits: &GuestLimits,
) -> Result<ScenarioInfo, ScenarioError> {
    let pre = link(engine, component)?;
    let fail = |error: wasmtime::Error| ScenarioError::Instantiate { source: Cause::of(&error) };
    let indices = users::GuestIndices::new(&pre).map_err(fail)?;
    let _ticker = start_ticker(engine)?;
    let lane = Arc::new(tokio::sync::Semaphore::new(1));
    let meter = ComputeMeter::new(limits.compute_time_max, lane);
    let panic = PanicLines::default();
    let mut store = new_store(engine, StoreState::without_user(Arc::new(*limits), meter, &panic));
    let trapped = |error: wasmtime::Error| ScenarioError::Export {
        export: "describe",
        message: TaskFailure::from_trap(&error, panic.take()).message,
    };
    let turn = store.data().compute.turn();
    let instance = watched(turn.clone(), pre.instantiate_async(&mut store)).await;
    let instance = instance.map_err(trapped)?;
    let guest = indices.load(&mut store, &instance).map_err(fail)?;
    let described = watched(turn, guest.call_describe(&mut store)).await.map_err(trapped)?;
    let info = described.map_err(|message| {
        let message = TaskFailure::exception(message, None).message;
        ScenarioError::Export { export: "describe", message }
    })?;
    let mut info = scenario_info(info);
    let Ok(hibernation) = hibernation::GuestIndices::new(&pre) else { return Ok(info) };
    let guest = hibernation.load(&mut store, &instance).map_err(fail)?;
    let turn = store.data().compute.turn();
    let trapped = |error: wasmtime::Error| ScenarioError::Export {
        export: "can-save",
        message: TaskFailure::from_trap(&error, panic.take()).message,
    };
    for (index, class) in (0..).zip(&mut info.classes) {
        store.set_epoch_deadline(1);
        store.data_mut().compute.start();
        let answer = watched(turn.clone(), guest.call_can_save(&mut store, index)).await;
        let why = answer.map_err(trapped)?.err();
        class.pinned = why.map(|why| TaskFailure::exception(why, None).message);
    }
    Ok(info)
}

pub(crate) fn wait_time(wait: &users::WaitTime) -> core::WaitTime {
    match wait {
        users::WaitTime::None => core::WaitTime::None,
        users::WaitTime::Constant(time) => core::WaitTime::Constant(Duration::from_nanos(*time)),
        users::WaitTime::Between((low, high)) => {
            core::WaitTime::Between(Duration::from_nanos(*low), Duration::from_nanos(*high))
        }
        users::WaitTime::Pacing(time) => core::WaitTime::Pacing(Duration::from_nanos(*time)),
        users::WaitTime::Throughput(rate) => core::WaitTime::Throughput(*rate),
        users::WaitTime::Custom => core::WaitTime::Custom,
    }
}

pub(crate) fn scenario_info(info: users::ScenarioInfo) -> core::ScenarioInfo {
    core::ScenarioInfo {
        classes: info.classes.into_iter().map(class).collect(),
        nodes: info.nodes.into_iter().map(node).collect(),
        options: info.options.into_iter().map(option).collect(),
        tables: info.tables.into_iter().map(table).collect(),
        has_shape: info.has_shape,
        has_hooks: info.has_hooks,
    }
}

fn class(class: users::UserClass) -> core::UserClass {
    core::UserClass {
        name: class.name,
        share: match class.share {
            users::Share::Weight(weight) => core::Share::Weight(weight),
            users::Share::FixedCount(count) => core::Share::FixedCount(count),
        },
        target_host: class.target_host,
        wait: wait_time(&class.wait),
        root: NodeId(class.root),
        has_hooks: class.has_hooks,
        pinned: Some(NO_EXPORT.into()),
    }
}

fn node(node: users::Node) -> core::TaskNode {
    core::TaskNode {
        name: node.name,
        kind: match node.kind {
            users::NodeKind::Task => core::NodeKind::Task,
            users::NodeKind::WeightedSet => core::NodeKind::WeightedSet,
            users::NodeKind::SequentialSet => core::NodeKind::SequentialSet,
        },
        weight: node.weight,
        tags: node.tags,
        children: node.children.into_iter().map(NodeId).collect(),
        wait: node.wait.as_ref().map(wait_time),
        has_hooks: node.has_hooks,
    }
}

fn option(option: users::OptionSpec) -> core::OptionSpec {
    core::OptionSpec {
        name: option.name,
        help: option.help,
        default_value: option.default_value,
        choices: option.choices,
        secret: option.secret,
        flags: option.flags,
        kind: match option.kind {
            users::OptionKind::Text => core::OptionKind::Text,
            users::OptionKind::Integer => core::OptionKind::Integer,
            users::OptionKind::Number => core::OptionKind::Number,
            users::OptionKind::Flag => core::OptionKind::Flag,
            users::OptionKind::InverseFlag => core::OptionKind::InverseFlag,
            users::OptionKind::Several => core::OptionKind::Several,
        },
        variable: option.variable,
        required: option.required,
    }
}

fn table(table: users::TableSpec) -> core::TableSpec {
    core::TableSpec { name: table.name, path: table.path, has_header: table.has_header }
}
