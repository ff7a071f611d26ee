//! Writes the one module: section by section, the parts one after the other.
//!
//! Upstream: `merge.rs`. Downstream: bytes. Invariant: of each kind the parts' own items keep their order.

use std::collections::HashMap;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, EntityType, ExportSection,
    FunctionSection, GlobalSection, ImportSection, Instruction, MemorySection, Module, NameMap,
    NameSection, StartSection, TableSection, TypeSection,
};
use wasmparser::Operator;

use super::merge::{Exported, Linking, Target};
use super::outline::{Kind, unreadable};
use super::part::Part;
use super::{OUTSIDE, text};

/// The parts with their new numbers.
pub(super) struct Encoder<'a, 'b> {
    linking: &'b Linking<'a, 'b>,
    numbers: [HashMap<Target, u32>; 4],
    parts: Vec<Renumbering>,
}

/// New numbers in one part.
struct Renumbering {
    types: u32,
    elements: u32,
    data: u32,
    /// Absent where it is gone.
    funcs: Vec<Option<u32>>,
    tables: Vec<Option<u32>>,
    memories: Vec<Option<u32>>,
    globals: Vec<Option<u32>>,
    /// Of globals that are gone.
    values: Vec<Option<i32>>,
}

impl<'a, 'b> Encoder<'a, 'b> {
    pub(super) fn new(linking: &'b Linking<'a, 'b>) -> Self {
        let numbers = [Kind::Func, Kind::Table, Kind::Memory, Kind::Global]
            .map(|kind| numbers_of(linking, kind));
        let mut encoder = Self { linking, numbers, parts: Vec::new() };
        let (mut types, mut elements, mut data) = (0, 0, 0);
        for (part, (_, content)) in linking.parts.iter().enumerate() {
            let renumbering = encoder.renumbering(part, types, elements, data);
            encoder.parts.push(renumbering);
            types += u32::try_from(content.func_types.len()).unwrap_or(u32::MAX);
            elements += content.elements.as_ref().map_or(0, |section| section.count());
            data += content.data.as_ref().map_or(0, |section| section.count());
        }
        encoder
    }

    fn renumbering(&self, part: usize, types: u32, elements: u32, data: u32) -> Renumbering {
        let targets = |kind: Kind| self.linking.targets[kind as usize][part].iter().copied();
        let all = |kind: Kind| targets(kind).map(|target| self.number(kind, target)).collect();
        let value = |target| self.linking.constants.get(&target).copied();
        Renumbering {
            types,
            elements,
            data,
            funcs: all(Kind::Func),
            tables: all(Kind::Table),
            memories: all(Kind::Memory),
            globals: all(Kind::Global),
            values: targets(Kind::Global).map(value).collect(),
        }
    }

    /// Its new number; none where it is gone.
    fn number(&self, kind: Kind, target: Target) -> Option<u32> {
        let past = self.linking.bypassed.get(&target).filter(|_| kind == Kind::Func);
        let target = past.copied().unwrap_or(target);
        match target {
            Target::Outside(place) => Some(place),
            Target::Own { .. } => self.numbers[kind as usize].get(&target).copied(),
        }
    }

    pub(super) fn module(mut self, exported: &[Exported]) -> Result<Module, String> {
        let mut module = Module::new();
        self.types(&mut module)?;
        self.functions(&mut module)?;
        self.state(&mut module)?;
        self.exports(&mut module, exported)?;
        self.start(&mut module)?;
        self.elements(&mut module)?;
        self.code_and_data(&mut module)?;
        self.names(&mut module);
        Ok(module)
    }

    /// The parts, each with its new numbers.
    fn each(&mut self) -> impl Iterator<Item = (usize, &'b Part<'a>, &mut Renumbering)> {
        let parts = self.linking.parts.iter().map(|(_, part)| part);
        parts.zip(&mut self.parts).enumerate().map(|(at, (part, numbers))| (at, part, numbers))
    }

    fn types(&mut self, module: &mut Module) -> Result<(), String> {
        let mut types = TypeSection::new();
        for (_, part, numbers) in self.each() {
            if let Some(section) = part.types.clone() {
                numbers.parse_type_section(&mut types, section).map_err(text)?;
            }
        }
        module.section(&types);
        Ok(())
    }

    fn functions(&mut self, module: &mut Module) -> Result<(), String> {
        let mut imports = ImportSection::new();
        for (place, outside) in self.linking.outside.iter().enumerate() {
            let ty = self.parts[outside.part].types + outside.ty;
            imports.import(OUTSIDE, &place.to_string(), EntityType::Function(ty));
        }
        module.section(&imports);
        let linking = self.linking;
        let mut functions = FunctionSection::new();
        for (part, content, numbers) in self.each() {
            let Some(section) = content.functions.clone() else { continue };
            for (index, ty) in (0..).zip(section) {
                let ty = ty.map_err(unreadable)?;
                if linking.has_func(part, index) {
                    functions.function(numbers.types + ty);
                }
            }
        }
        module.section(&functions);
        Ok(())
    }

    /// Tables, memories, and those globals that are no constants.
    fn state(&mut self, module: &mut Module) -> Result<(), String> {
        let (mut tables, mut memories) = (TableSection::new(), MemorySection::new());
        let mut globals = GlobalSection::new();
        let linking = self.linking;
        for (part, content, numbers) in self.each() {
            if let Some(section) = content.tables.clone() {
                numbers.parse_table_section(&mut tables, section).map_err(text)?;
            }
            if let Some(section) = content.memories.clone() {
                numbers.parse_memory_section(&mut memories, section).map_err(text)?;
            }
            let Some(section) = content.globals.clone() else { continue };
            for (index, global) in (0..).zip(section) {
                if !linking.constants.contains_key(&Target::Own { part, index }) {
                    let global = global.map_err(unreadable)?;
                    numbers.parse_global(&mut globals, global).map_err(text)?;
                }
            }
        }
        module.section(&tables).section(&memories).section(&globals);
        Ok(())
    }

    fn exports(&self, module: &mut Module, exported: &[Exported]) -> Result<(), String> {
        let mut exports = ExportSection::new();
        let mut names: Vec<&str> = Vec::new();
        for Exported { known_as: (kind, _), name, target } in exported {
            if !names.contains(&name.as_str()) {
                let number = self.number(*kind, *target);
                let number = number.ok_or_else(|| format!("the export `{name}` is gone"))?;
                exports.export(name, kind.export_kind(), number);
                names.push(name);
            }
        }
        module.section(&exports);
        Ok(())
    }

    /// What the last part calls when it is instantiated; one that came earlier would have run before others were there.
    fn start(&self, module: &mut Module) -> Result<(), String> {
        let last = self.linking.parts.len() - 1;
        for (part, (_, content)) in self.linking.parts.iter().enumerate() {
            let Some(func) = content.start else { continue };
            if part != last {
                return Err("a module of it runs before the others are there".to_owned());
            }
            let number = Renumbering::of(&self.parts[part].funcs, func, "function");
            module.section(&StartSection { function_index: number.map_err(text)? });
        }
        Ok(())
    }

    fn elements(&mut self, module: &mut Module) -> Result<(), String> {
        let mut elements = ElementSection::new();
        for (_, part, numbers) in self.each() {
            if let Some(section) = part.elements.clone() {
                numbers.parse_element_section(&mut elements, section).map_err(text)?;
            }
        }
        module.section(&elements);
        Ok(())
    }

    fn code_and_data(&mut self, module: &mut Module) -> Result<(), String> {
        let (mut code, mut data) = (CodeSection::new(), DataSection::new());
        let linking = self.linking;
        for (part, content, numbers) in self.each() {
            for (index, body) in (0..).zip(&content.bodies) {
                if linking.has_func(part, index) {
                    numbers.parse_function_body(&mut code, body.code.clone()).map_err(text)?;
                }
            }
            if let Some(section) = content.data.clone() {
                numbers.parse_data_section(&mut data, section).map_err(text)?;
            }
        }
        module.section(&DataCountSection { count: data.len() }).section(&code).section(&data);
        Ok(())
    }

    /// Names of functions, for profiles.
    fn names(&self, module: &mut Module) {
        let mut named = Vec::new();
        for (part, (_, content)) in self.linking.parts.iter().enumerate() {
            let imported = u32::try_from(content.imported(Kind::Func)).unwrap_or(u32::MAX);
            for (func, name) in &content.names {
                let Some(index) = func.checked_sub(imported) else { continue };
                let number = self.numbers[Kind::Func as usize].get(&Target::Own { part, index });
                named.extend(number.map(|number| (*number, *name)));
            }
        }
        named.sort_unstable();
        named.dedup_by_key(|(number, _)| *number);
        let mut map = NameMap::new();
        for (number, name) in named {
            map.append(number, name);
        }
        let mut names = NameSection::new();
        names.functions(&map);
        module.section(&names);
    }
}

/// New numbers of what the parts have themselves and is still there.
fn numbers_of(linking: &Linking<'_, '_>, kind: Kind) -> HashMap<Target, u32> {
    let first = if kind == Kind::Func { linking.outside.len() } else { 0 };
    let all = linking.parts.iter().enumerate().flat_map(|(part, (_, content))| {
        (0..content.own(kind)).map(move |index| Target::Own { part, index })
    });
    let is_there = |target: &Target| match kind {
        Kind::Func => linking.live.contains(target) && !linking.bypassed.contains_key(target),
        Kind::Global => !linking.constants.contains_key(target),
        Kind::Table | Kind::Memory => true,
    };
    all.filter(is_there).zip(u32::try_from(first).unwrap_or(u32::MAX)..).collect()
}

impl Renumbering {
    fn of(numbers: &[Option<u32>], index: u32, what: &str) -> Result<u32, Error<String>> {
        let found = numbers.get(index as usize).copied().flatten();
        found.ok_or_else(|| Error::UserError(format!("there is no {what} {index}")))
    }
}

impl Reencode for Renumbering {
    type Error = String;

    fn type_index(&mut self, ty: u32) -> Result<u32, Error<String>> {
        Ok(self.types + ty)
    }

    fn element_index(&mut self, element: u32) -> Result<u32, Error<String>> {
        Ok(self.elements + element)
    }

    fn data_index(&mut self, data: u32) -> Result<u32, Error<String>> {
        Ok(self.data + data)
    }

    fn function_index(&mut self, func: u32) -> Result<u32, Error<String>> {
        Self::of(&self.funcs, func, "function")
    }

    fn table_index(&mut self, table: u32) -> Result<u32, Error<String>> {
        Self::of(&self.tables, table, "table")
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<String>> {
        Self::of(&self.memories, memory, "memory")
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Error<String>> {
        Self::of(&self.globals, global, "global")
    }

    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> Result<Instruction<'a>, Error<String>> {
        if let Operator::GlobalGet { global_index } = operator
            && let Some(Some(value)) = self.values.get(global_index as usize)
        {
            return Ok(Instruction::I32Const(*value));
        }
        utils::instruction(self, operator)
    }
}
