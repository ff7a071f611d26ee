//! Writes the component: what the module needs, the module, and what needs it.
//!
//! Upstream: `one_module.rs`. Downstream: bytes. Invariant: what has no other number stays in its order, so that types and
//! functions of the component keep theirs.

use std::collections::{HashMap, HashSet};

use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasm_encoder::{
    CanonicalFunctionSection, Component, ComponentAliasSection, ExportKind, InstanceSection,
    ModuleArg, ModuleSection, RawSection,
};

use super::merge::Merged;
use super::outline::{CoreInstance, Export, Item, Kind, Outline};
use super::{Linked, Needed, OUTSIDE, text, used_by};

/// The component as it is written.
pub(super) struct Writer<'a, 'b> {
    outline: &'b Outline<'a>,
    linked: &'b Linked<'a>,
    merged: &'b Merged,
    needed: Needed,
    component: Component,
    numbers: Numbers,
    /// Of instances, and of each kind of items.
    instances_next: u32,
    modules_next: u32,
    next: HashMap<Kind, u32>,
}

/// New numbers of what has other ones than before.
#[derive(Default)]
struct Numbers {
    items: HashMap<(Kind, u32), u32>,
    instances: HashMap<u32, u32>,
    modules: HashMap<u32, u32>,
}

/// Items that come before the module, and after it.
type Sorted<'a, 'b> = (Vec<&'b Item<'a>>, Vec<&'b Item<'a>>);

impl<'a, 'b> Writer<'a, 'b> {
    pub(super) fn new(
        outline: &'b Outline<'a>,
        linked: &'b Linked<'a>,
        merged: &'b Merged,
        mut needed: Needed,
    ) -> Self {
        needed.items.extend(merged.outside.iter().map(|index| (Kind::Func, *index)));
        Self {
            outline,
            linked,
            merged,
            needed,
            component: Component::new(),
            numbers: Numbers::default(),
            instances_next: 0,
            modules_next: 0,
            next: HashMap::new(),
        }
    }

    pub(super) fn write(mut self) -> Result<Vec<u8>, String> {
        let (before, after) = self.outline.items.split_at(self.linked.last + 1);
        let (early, late) = self.sorted(before)?;
        for item in early {
            self.item(item)?;
        }
        self.module()?;
        for item in late.into_iter().chain(after) {
            self.item(item)?;
        }
        Ok(self.component.finish())
    }

    /// What does not need the linked instances, and what does.
    fn sorted(&self, items: &'b [Item<'a>]) -> Result<Sorted<'a, 'b>, String> {
        let (mut early, mut late) = (Vec::new(), Vec::new());
        let mut late_items: HashSet<(Kind, u32)> = HashSet::new();
        let mut late_instances = self.linked.instances.clone();
        for item in items {
            let is_late = match item {
                Item::Alias { export, .. } => late_instances.contains(&export.instance),
                Item::Canonical { function, .. } => {
                    used_by(function).iter().any(|used| late_items.contains(used))
                }
                Item::Instance(index) => match &self.outline.instances[*index as usize] {
                    CoreInstance::OfModule { args, .. } => {
                        args.iter().any(|(_, instance)| late_instances.contains(instance))
                    }
                    CoreInstance::Bag(items) => {
                        items.iter().any(|(_, kind, index)| late_items.contains(&(*kind, *index)))
                    }
                },
                _ => false,
            };
            if !is_late {
                early.push(item);
                continue;
            }
            match item {
                Item::Alias { defines, .. } => {
                    late_items.insert(*defines);
                }
                Item::Canonical { defines: Some(index), .. } => {
                    late_items.insert((Kind::Func, *index));
                }
                // It would have another number afterwards, and be in another place among what is copied.
                Item::Canonical { defines: None, .. } => {
                    return Err("a function is lifted before all modules are there".to_owned());
                }
                Item::Instance(index) => {
                    self.refuse_late(*index)?;
                    late_instances.insert(*index);
                }
                _ => {}
            }
            late.push(item);
        }
        Ok((early, late))
    }

    /// A module that is not linked may fill a table that one needs which runs at its start.
    fn refuse_late(&self, instance: u32) -> Result<(), String> {
        let is_module =
            matches!(self.outline.instances[instance as usize], CoreInstance::OfModule { .. });
        let runs = self.linked.parts.iter().any(|(_, part)| part.start.is_some());
        if is_module && !self.linked.has(instance) && runs {
            return Err("a module of it runs before the others are there".to_owned());
        }
        Ok(())
    }

    fn item(&mut self, item: &Item<'a>) -> Result<(), String> {
        match item {
            Item::Section { id, data } => {
                self.component.section(&RawSection { id: *id, data });
            }
            Item::Module(index) => {
                let is_linked = self.outline.instances.iter().zip(0..).any(|(instance, at)| {
                    matches!(instance, CoreInstance::OfModule { module, .. } if module == index)
                        && self.linked.has(at)
                });
                if !is_linked {
                    let data = self.outline.modules[*index as usize];
                    self.component.section(&RawSection { id: 1, data });
                    self.numbers.modules.insert(*index, self.modules_next);
                    self.modules_next += 1;
                }
            }
            Item::Instance(index) => self.instance(*index)?,
            Item::Alias { export, defines } => self.alias(*export, *defines)?,
            Item::OtherAlias(alias) => {
                let alias = self.numbers.component_alias(alias.clone()).map_err(text)?;
                self.component.section(ComponentAliasSection::new().alias(alias));
            }
            Item::Canonical { function, defines } => {
                let mut section = CanonicalFunctionSection::new();
                self.numbers
                    .parse_component_canonical(&mut section, function.clone())
                    .map_err(text)?;
                self.component.section(&section);
                if let Some(index) = defines {
                    self.define(Kind::Func, *index);
                }
            }
        }
        Ok(())
    }

    fn instance(&mut self, index: u32) -> Result<(), String> {
        let mut section = InstanceSection::new();
        match &self.outline.instances[index as usize] {
            CoreInstance::OfModule { .. } if self.linked.has(index) => return Ok(()),
            CoreInstance::Bag(_) if !self.needed.bags.contains(&index) => return Ok(()),
            CoreInstance::OfModule { module, args } => {
                let mut numbered = Vec::new();
                for (name, instance) in args {
                    numbered.push((*name, ModuleArg::Instance(self.numbers.instance(*instance)?)));
                }
                section.instantiate(self.numbers.module(*module)?, numbered);
            }
            CoreInstance::Bag(items) => {
                let mut numbered = Vec::new();
                for (name, kind, index) in items {
                    numbered.push((*name, kind.export_kind(), self.numbers.item(*kind, *index)?));
                }
                section.export_items(numbered);
            }
        }
        self.component.section(&section);
        self.numbers.instances.insert(index, self.instances_next);
        self.instances_next += 1;
        Ok(())
    }

    fn alias(&mut self, export: Export<'a>, defines: (Kind, u32)) -> Result<(), String> {
        if !self.needed.items.contains(&defines) {
            return Ok(());
        }
        let (kind, index) = defines;
        let name = self.merged.exports.get(&defines).map_or(export.name, String::as_str);
        let instance = self.numbers.instance(export.instance)?;
        let alias =
            wasm_encoder::Alias::CoreInstanceExport { instance, kind: kind.export_kind(), name };
        self.component.section(ComponentAliasSection::new().alias(alias));
        self.define(kind, index);
        Ok(())
    }

    fn define(&mut self, kind: Kind, index: u32) {
        let next = self.next.entry(kind).or_default();
        self.numbers.items.insert((kind, index), *next);
        *next += 1;
    }

    /// The module, and its instance with what it imports.
    fn module(&mut self) -> Result<(), String> {
        self.component.section(&ModuleSection(&self.merged.module));
        let mut outside = Vec::new();
        for (at, index) in self.merged.outside.iter().enumerate() {
            outside.push((
                at.to_string(),
                ExportKind::Func,
                self.numbers.item(Kind::Func, *index)?,
            ));
        }
        let outside = outside.iter().map(|(name, kind, index)| (name.as_str(), *kind, *index));
        let mut section = InstanceSection::new();
        section.export_items(outside);
        section
            .instantiate(self.modules_next, [(OUTSIDE, ModuleArg::Instance(self.instances_next))]);
        self.component.section(&section);
        self.modules_next += 1;
        for instance in &self.linked.instances {
            self.numbers.instances.insert(*instance, self.instances_next + 1);
        }
        self.instances_next += 2;
        Ok(())
    }
}

impl Numbers {
    fn item(&self, kind: Kind, index: u32) -> Result<u32, String> {
        let found = self.items.get(&(kind, index));
        found.copied().ok_or_else(|| format!("{kind:?} {index} is used before it is there"))
    }

    fn instance(&self, index: u32) -> Result<u32, String> {
        let found = self.instances.get(&index);
        found.copied().ok_or_else(|| format!("instance {index} is used before it is there"))
    }

    fn module(&self, index: u32) -> Result<u32, String> {
        let found = self.modules.get(&index);
        found.copied().ok_or_else(|| format!("module {index} is used before it is there"))
    }
}

impl Reencode for Numbers {
    type Error = String;

    fn function_index(&mut self, func: u32) -> Result<u32, Error<String>> {
        self.item(Kind::Func, func).map_err(Error::UserError)
    }

    fn table_index(&mut self, table: u32) -> Result<u32, Error<String>> {
        self.item(Kind::Table, table).map_err(Error::UserError)
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<String>> {
        self.item(Kind::Memory, memory).map_err(Error::UserError)
    }
}

impl ReencodeComponent for Numbers {}
