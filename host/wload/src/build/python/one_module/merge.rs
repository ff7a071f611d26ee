//! The one module: everything of the parts, with what they import from each other taken from where it is.
//!
//! Upstream: `one_module.rs`. Downstream: `encode.rs`. Invariants: a part is instantiated after those that it imports
//! from; functions, globals and segments do what they did. Two things are decided here that instantiation decided each
//! time: a global that nobody writes to is its value, and a function that only calls another one by its place in the
//! table is that other one. The linker makes both, because it does not know the libraries' order.

use std::collections::{HashMap, HashSet};

use wasm_encoder::Module;
use wasmparser::{ConstExpr, ElementItems, ElementKind, FunctionBody, Operator, TypeRef};

use super::encode::Encoder;
use super::outline::{CoreInstance, Export, Kind, Outline, unreadable};
use super::part::{Body, Part, kind_of};

/// The module, and what stands around it.
pub(super) struct Merged {
    pub(super) module: Module,
    /// Functions of the component that it imports; the name of each is its place here.
    pub(super) outside: Vec<u32>,
    /// Under which name it exports what the component knew by these numbers.
    pub(super) exports: HashMap<(Kind, u32), String>,
}

/// What a number in a part means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// The number among those that the part has itself.
    Own { part: usize, index: u32 },
    /// The place among imported functions.
    Outside(u32),
}

/// The table that the libraries share.
const FIRST_TABLE: Target = Target::Own { part: 0, index: 0 };

/// A function of the component that is imported.
pub(super) struct Outside {
    index: u32,
    pub(super) part: usize,
    pub(super) ty: u32,
}

/// The parts, and what is known of them together.
pub(super) struct Linking<'a, 'b> {
    pub(super) parts: &'b [(u32, Part<'a>)],
    pub(super) outside: Vec<Outside>,
    /// Of each kind and part, by number in the part.
    pub(super) targets: [Vec<Vec<Target>>; 4],
    /// Values of globals that nobody writes to.
    pub(super) constants: HashMap<Target, i32>,
    /// Functions that only call another one.
    pub(super) bypassed: HashMap<Target, Target>,
    /// Functions that may be called.
    pub(super) live: HashSet<Target>,
}

pub(super) fn merge<'a>(
    outline: &Outline<'a>,
    parts: &[(u32, Part<'a>)],
    wanted: &[(Kind, u32)],
) -> Result<Merged, String> {
    let mut linking = Linking {
        parts,
        outside: Vec::new(),
        targets: Default::default(),
        constants: HashMap::new(),
        bypassed: HashMap::new(),
        live: HashSet::new(),
    };
    linking.resolve(outline)?;
    let exported = linking.exported(outline, wanted)?;
    linking.find_live(&exported)?;
    linking.find_constants(&exported)?;
    linking.find_bypassed(&exported)?;
    let exports = exported.iter().map(|export| (export.known_as, export.name.clone())).collect();
    let outside = linking.outside.iter().map(|outside| outside.index).collect();
    let module = Encoder::new(&linking).module(&exported)?;
    Ok(Merged { module, outside, exports })
}

/// What others need.
pub(super) struct Exported {
    pub(super) known_as: (Kind, u32),
    pub(super) name: String,
    pub(super) target: Target,
}

impl<'a> Linking<'a, '_> {
    fn resolve(&mut self, outline: &Outline<'a>) -> Result<(), String> {
        for part in 0..self.parts.len() {
            for targets in &mut self.targets {
                targets.push(Vec::new());
            }
            let content = &self.parts[part].1;
            for import in &content.imports {
                let kind = kind_of(import.ty)?;
                let target = self.import(outline, part, import.module, import.name, import.ty)?;
                self.targets[kind as usize][part].push(target);
            }
            for kind in [Kind::Func, Kind::Table, Kind::Memory, Kind::Global] {
                let own = (0..content.own(kind)).map(|index| Target::Own { part, index });
                self.targets[kind as usize][part].extend(own);
            }
        }
        Ok(())
    }

    /// Where an import of a part comes from.
    fn import(
        &mut self,
        outline: &Outline<'a>,
        part: usize,
        module: &str,
        name: &str,
        ty: TypeRef,
    ) -> Result<Target, String> {
        let missing = || format!("nothing is known of the import `{module}` `{name}`");
        let instance = self.parts[part].0;
        let CoreInstance::OfModule { args, .. } = &outline.instances[instance as usize] else {
            return Err(missing());
        };
        let (_, given) = args.iter().find(|(arg, _)| *arg == module).ok_or_else(missing)?;
        let CoreInstance::Bag(items) = &outline.instances[*given as usize] else {
            return self.export(*given, name).ok_or_else(missing);
        };
        let found = items.iter().find(|(item, _, _)| *item == name);
        let (_, kind, index) = *found.ok_or_else(missing)?;
        if let Some(Export { instance, name }) = outline.export(kind, index)
            && self.parts.iter().any(|(linked, _)| *linked == instance)
        {
            return self.export(instance, name).ok_or_else(missing);
        }
        let TypeRef::Func(ty) = ty else { return Err(missing()) };
        self.outside(index, part, ty)
    }

    /// What a linked instance exports; none when it comes later.
    fn export(&self, instance: u32, name: &str) -> Option<Target> {
        let part = self.parts.iter().position(|(linked, _)| *linked == instance)?;
        let (kind, index) = self.parts[part].1.exports.get(name)?;
        self.targets[*kind as usize].get(part)?.get(*index as usize).copied()
    }

    /// An imported function of the component, once.
    fn outside(&mut self, index: u32, part: usize, ty: u32) -> Result<Target, String> {
        let place = self.outside.iter().position(|known| known.index == index);
        let place = place.unwrap_or_else(|| {
            self.outside.push(Outside { index, part, ty });
            self.outside.len() - 1
        });
        u32::try_from(place).map(Target::Outside).map_err(|_| "too many imports".to_owned())
    }

    fn exported(
        &self,
        outline: &Outline<'a>,
        wanted: &[(Kind, u32)],
    ) -> Result<Vec<Exported>, String> {
        let mut exported = Vec::new();
        for &(kind, index) in wanted {
            let Some(Export { instance, name }) = outline.export(kind, index) else { continue };
            let target = self.export(instance, name);
            let target = target.ok_or_else(|| format!("there is no export `{name}`"))?;
            let name = format!("{instance} {name}");
            exported.push(Exported { known_as: (kind, index), name, target });
        }
        Ok(exported)
    }

    fn target(&self, kind: Kind, part: usize, index: u32) -> Option<Target> {
        self.targets[kind as usize].get(part)?.get(index as usize).copied()
    }

    /// What is exported, stands in a table, or is called by one that is live. Functions that set up the libraries ran when
    /// the component was made; nothing calls them now.
    fn find_live(&mut self, exported: &[Exported]) -> Result<(), String> {
        let funcs = exported.iter().filter(|export| export.known_as.0 == Kind::Func);
        let mut found: Vec<Target> = funcs.map(|export| export.target).collect();
        for (part, (_, content)) in self.parts.iter().enumerate() {
            let called = content.start.iter().copied().chain(content.in_tables()?);
            found.extend(called.filter_map(|func| self.target(Kind::Func, part, func)));
        }
        while let Some(target) = found.pop() {
            if !self.live.insert(target) {
                continue;
            }
            let Some((part, body)) = self.body(target) else { continue };
            let called = body.funcs.iter();
            found.extend(called.filter_map(|func| self.target(Kind::Func, part, *func)));
        }
        Ok(())
    }

    /// Whether one of a part's own functions is still there.
    pub(super) fn has_func(&self, part: usize, index: u32) -> bool {
        let target = Target::Own { part, index };
        self.live.contains(&target) && !self.bypassed.contains_key(&target)
    }

    fn body(&self, target: Target) -> Option<(usize, &Body<'a>)> {
        let Target::Own { part, index } = target else { return None };
        Some((part, self.parts[part].1.bodies.get(index as usize)?))
    }

    /// Bodies of live functions, and their parts.
    fn bodies(&self) -> impl Iterator<Item = (usize, &Body<'a>)> {
        self.live.iter().filter_map(|target| self.body(*target))
    }

    fn find_constants(&mut self, exported: &[Exported]) -> Result<(), String> {
        let mut written: HashSet<Target> = HashSet::new();
        for (part, body) in self.bodies() {
            let globals = body.globals_written.iter();
            written.extend(globals.filter_map(|index| self.target(Kind::Global, part, *index)));
        }
        let outer = exported.iter().filter(|export| export.known_as.0 == Kind::Global);
        written.extend(outer.map(|export| export.target));
        for (part, (_, content)) in self.parts.iter().enumerate() {
            let Some(section) = content.globals.clone() else { continue };
            for (index, global) in (0..).zip(section) {
                let global = global.map_err(unreadable)?;
                let target = Target::Own { part, index };
                let value = self.value(part, &global.init_expr)?;
                if let (Some(value), false) = (value, written.contains(&target)) {
                    self.constants.insert(target, value);
                }
            }
        }
        Ok(())
    }

    /// The value of an expression that is one number.
    fn value(&self, part: usize, expression: &ConstExpr<'_>) -> Result<Option<i32>, String> {
        let mut operators = expression.get_operators_reader();
        let value = match operators.read().map_err(unreadable)? {
            Operator::I32Const { value } => Some(value),
            Operator::GlobalGet { global_index } => {
                let target = self.target(Kind::Global, part, global_index);
                target.and_then(|target| self.constants.get(&target).copied())
            }
            _ => None,
        };
        Ok(value.filter(|_| operators.is_end_then_eof()))
    }

    fn find_bypassed(&mut self, exported: &[Exported]) -> Result<(), String> {
        let is_table = |export: &Exported| export.known_as.0 == Kind::Table;
        if exported.iter().any(is_table) || self.bodies().any(|(_, body)| body.changes_tables) {
            return Ok(());
        }
        let table = self.table()?;
        let mut bypassed = HashMap::new();
        for (part, (_, content)) in self.parts.iter().enumerate() {
            if self.target(Kind::Table, part, 0) != Some(FIRST_TABLE) {
                continue;
            }
            for (index, body) in (0..).zip(&content.bodies) {
                let func = content.imported(Kind::Func) + index as usize;
                let Some(place) = called_place(content, func, &body.code)? else { continue };
                let Some(&(other, number)) = table.get(&place) else { continue };
                let called = self.parts[other].1.func_type(number as usize);
                if called.is_some() && called == content.func_type(func) {
                    let target = self.target(Kind::Func, other, number);
                    let target = target.ok_or("the table has a function that is not there")?;
                    bypassed.insert(Target::Own { part, index }, target);
                }
            }
        }
        let last = |mut target: Target| {
            for _ in 0..bypassed.len() {
                let Some(next) = bypassed.get(&target) else { break };
                target = *next;
            }
            target
        };
        self.bypassed = bypassed.iter().map(|(from, to)| (*from, last(*to))).collect();
        // Two that call each other for ever stay as they are.
        let ends: Vec<Target> = self.bypassed.values().copied().collect();
        for end in ends {
            self.bypassed.remove(&end);
        }
        Ok(())
    }

    /// What is in the first table: a part, and a function's number there.
    fn table(&self) -> Result<HashMap<i32, (usize, u32)>, String> {
        let mut table = HashMap::new();
        for (part, (_, content)) in self.parts.iter().enumerate() {
            let Some(section) = content.elements.clone() else { continue };
            for element in section {
                let element = element.map_err(unreadable)?;
                let ElementKind::Active { table_index, offset_expr } = element.kind else {
                    continue;
                };
                if self.target(Kind::Table, part, table_index.unwrap_or(0)) != Some(FIRST_TABLE) {
                    continue;
                }
                let start = self.value(part, &offset_expr)?;
                let (Some(start), ElementItems::Functions(functions)) = (start, element.items)
                else {
                    return Err("a part of the table is not known before it runs".to_owned());
                };
                for (place, function) in (start..).zip(functions) {
                    table.insert(place, (part, function.map_err(unreadable)?));
                }
            }
        }
        Ok(table)
    }
}

/// The place in the first table whose function this one calls with its own arguments, and does nothing else.
fn called_place(
    part: &Part<'_>,
    func: usize,
    body: &FunctionBody<'_>,
) -> Result<Option<i32>, String> {
    let Some(ty) = part.func_type(func) else { return Ok(None) };
    let mut operators = body.get_operators_reader().map_err(unreadable)?;
    for param in (0..).take(ty.params().len()) {
        match operators.read().map_err(unreadable)? {
            Operator::LocalGet { local_index } if local_index == param => {}
            _ => return Ok(None),
        }
    }
    let Operator::I32Const { value } = operators.read().map_err(unreadable)? else {
        return Ok(None);
    };
    let Operator::CallIndirect { type_index, table_index: 0 } =
        operators.read().map_err(unreadable)?
    else {
        return Ok(None);
    };
    let is_same = part.func_types.get(type_index as usize) == Some(ty);
    Ok((is_same && operators.is_end_then_eof()).then_some(value))
}
