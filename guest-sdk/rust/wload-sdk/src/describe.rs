//! From the definition to what `describe` answers.
//!
//! Upstream: `definition.rs`. Downstream: the host, which checks the rest. Only what the contract
//! cannot express is refused here.

use crate::bindings::exports::wload::scenario::users;
use crate::definition::{Class, Definition, Kind, Node};
use crate::user::Share;
use crate::wait_time::WaitTime;

/// Everything that the host must know before the run.
pub(crate) fn scenario_info(definition: &Definition) -> Result<users::ScenarioInfo, String> {
    let nodes = &definition.tree.0;
    Ok(users::ScenarioInfo {
        classes: definition
            .classes
            .iter()
            .map(|class| user_class(definition, class))
            .collect::<Result<_, _>>()?,
        nodes: nodes
            .iter()
            .enumerate()
            .map(|(index, entry)| node(definition, index, entry))
            .collect::<Result<_, _>>()?,
        options: definition.options.iter().map(|option| option.to_contract()).collect(),
        tables: definition.tables.iter().map(|table| table.to_contract()).collect(),
        has_shape: definition.shape.is_some(),
        has_hooks: definition.hooks.is_some(),
    })
}

fn user_class(definition: &Definition, class: &Class) -> Result<users::UserClass, String> {
    let root = definition.tree.set(class.root);
    let name = definition.tree.node(class.root).name.to_string();
    Ok(users::UserClass {
        share: match class.share {
            Share::Weight(weight) => users::Share::Weight(weight),
            Share::FixedCount(count) => users::Share::FixedCount(count),
        },
        target_host: class.target_host.as_ref().map(ToString::to_string),
        wait: wait(&name, root.wait)?.unwrap_or(users::WaitTime::None),
        root: class.root,
        has_hooks: root.on_start.is_some() || root.on_stop.is_some(),
        name,
    })
}

fn node(definition: &Definition, index: usize, node: &Node) -> Result<users::Node, String> {
    let (kind, children, wait_time, has_hooks) = match &node.kind {
        Kind::Task { .. } => (users::NodeKind::Task, Vec::new(), None, false),
        Kind::Set(set) => {
            let kind = if set.is_sequential {
                users::NodeKind::SequentialSet
            } else {
                users::NodeKind::WeightedSet
            };
            // A state must begin anew when its set is entered.
            let has_state = !set.state.is_empty();
            let has_hooks = has_state || set.on_start.is_some() || set.on_stop.is_some();
            (kind, set.children.clone(), wait(&node.name, set.wait)?, has_hooks)
        }
    };
    // What a root set has is its class's: its hooks are the user's, and so is its wait time.
    let is_root = definition.classes.iter().any(|class| class.root as usize == index);
    Ok(users::Node {
        name: node.name.to_string(),
        kind,
        weight: node.weight,
        tags: node.tags.iter().map(ToString::to_string).collect(),
        children,
        wait: wait_time.filter(|_| !is_root),
        has_hooks: has_hooks && !is_root,
    })
}

fn wait(name: &str, wait: Option<WaitTime>) -> Result<Option<users::WaitTime>, String> {
    wait.map(|wait| wait.to_contract().map_err(|why| format!("`{name}`: {why}"))).transpose()
}
