//! From the guest's own description to [`ScenarioInfo`].
//!
//! Upstream: the export `users.describe`, which may say anything. Downstream: `ScenarioInfo::check`
//! refuses what cannot be.

use std::time::Duration;

use wload_core::ids::NodeId;
use wload_core::user_class as core;

use crate::bindings::exports::wload::scenario::users;

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
    }
}

fn table(table: users::TableSpec) -> core::TableSpec {
    core::TableSpec { name: table.name, path: table.path, has_header: table.has_header }
}
