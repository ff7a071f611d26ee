//! A user as bytes, and back: what the host keeps of it while another one has the instance.
//!
//! Upstream: `exports.rs`. Downstream: `saving.rs`, state by state. Invariant: the bytes hold the class,
//! the user's struct and the states of the sets that it is in, and nothing else, because everything else
//! is the host's or the instance's.
//!
//! Layout: nothing at all for a user that has not begun; else the index of its class, its struct, and
//! for each set with a state its node and its struct. Indices are four bytes. The bytes never leave the
//! run, so there is no version: one component wrote them and reads them.

use super::{LivingUser, Runtime};
use crate::definition::{Definition, Kind};
use crate::saving::{Obstacle, StateType};

impl Runtime {
    /// Whether users of this class can be saved, or what stands in the way.
    pub(crate) fn can_save(&self, class: u32) -> Result<(), String> {
        let Some(user) = self.definition.classes.get(class as usize) else {
            return Err(format!("there is no class {class}"));
        };
        match user.state.obstacle() {
            Some(Obstacle::Pinned) => return Err("it is `pinned`".into()),
            Some(Obstacle::Type(name)) => return Err(format!("`{name}` {NOT_SERIALIZE}")),
            None => {}
        }
        let mut sets: Vec<&str> = Vec::new();
        for (_, state) in sets_of(&self.definition, class) {
            // One set may stand at several places in the tree.
            if let Some(Obstacle::Type(name)) = state.obstacle()
                && !sets.contains(&name)
            {
                sets.push(name);
            }
        }
        match sets.as_slice() {
            [] => Ok(()),
            [set] => Err(format!("its task set `{set}` {NOT_SERIALIZE}")),
            sets => Err(format!("each of its task sets `{}` {NOT_SERIALIZE}", sets.join("`, `"))),
        }
    }

    /// The user that lives here.
    pub(crate) fn save(&self) -> Result<Vec<u8>, String> {
        let Some(user) = &self.user else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        out.extend(user.class.to_le_bytes());
        self.definition.classes[user.class as usize].state.save(&*user.state, &mut out)?;
        for (node, state_type) in sets_of(&self.definition, user.class) {
            let Some(state) = &self.set_states[node as usize] else { continue };
            // One that is empty is made again when it is asked for.
            if !state_type.is_empty() {
                out.extend(node.to_le_bytes());
                state_type.save(&**state, &mut out)?;
            }
        }
        Ok(out)
    }

    /// A user that was saved lives here from now on. After an error nobody does.
    pub(crate) fn restore(&mut self, class: u32, saved: &[u8]) -> Result<(), String> {
        self.forget_user();
        self.read(class, saved).inspect_err(|_| self.forget_user())
    }

    fn read(&mut self, class: u32, mut saved: &[u8]) -> Result<(), String> {
        let input = &mut saved;
        if input.is_empty() {
            return Ok(());
        }
        let saved_class = take_index(input)?;
        if saved_class != class {
            return Err(format!("the saved user is of class {saved_class}, expected {class}"));
        }
        let Some(user) = self.definition.classes.get(class as usize) else {
            return Err(format!("there is no class {class}"));
        };
        self.user = Some(LivingUser { class, state: user.state.restore(input)? });
        while !input.is_empty() {
            let node = take_index(input)?;
            let mut sets = sets_of(&self.definition, class);
            let Some((_, state_type)) = sets.find(|(set, _)| *set == node) else {
                return Err(format!("its class has no task set with the index {node}"));
            };
            self.set_states[node as usize] = Some(state_type.restore(input)?);
        }
        Ok(())
    }

    /// Drops the user with everything that is its own.
    pub(crate) fn forget_user(&mut self) {
        self.user = None;
        self.set_states.fill_with(|| None);
    }
}

/// What a type lacks, in the words of who has to add it.
const NOT_SERIALIZE: &str = "is not `Serialize` and `Deserialize`";

/// The sets of a class by node. The root is not among them: its state is the user itself.
fn sets_of(definition: &Definition, class: u32) -> impl Iterator<Item = (u32, &StateType)> {
    (0_u32..).zip(&definition.tree.0).filter_map(move |(index, node)| match &node.kind {
        Kind::Set(set) if node.class == class => Some((index, &set.state)),
        _ => None,
    })
}

fn take_index(input: &mut &[u8]) -> Result<u32, String> {
    let (bytes, rest) = input.split_first_chunk().ok_or("the saved state is cut off")?;
    *input = rest;
    Ok(u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
