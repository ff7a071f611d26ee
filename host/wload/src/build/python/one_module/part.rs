//! One of the modules that are linked: its sections, and what its functions do that concerns the others.
//!
//! Upstream: the bytes of a module. Downstream: `merge.rs`.

use std::collections::{HashMap, HashSet};

use wasmparser::{
    DataSectionReader, ElementItems, ElementSectionReader, ExternalKind, FuncType, FunctionBody,
    FunctionSectionReader, GlobalSectionReader, Import, KnownCustom, MemorySectionReader, Name,
    Operator, Parser, Payload, TableSectionReader, TypeRef, TypeSectionReader,
};

use super::outline::{Kind, unreadable};

/// A module.
pub(super) struct Part<'a> {
    pub(super) types: Option<TypeSectionReader<'a>>,
    pub(super) imports: Vec<Import<'a>>,
    pub(super) functions: Option<FunctionSectionReader<'a>>,
    pub(super) tables: Option<TableSectionReader<'a>>,
    pub(super) memories: Option<MemorySectionReader<'a>>,
    pub(super) globals: Option<GlobalSectionReader<'a>>,
    pub(super) elements: Option<ElementSectionReader<'a>>,
    pub(super) bodies: Vec<Body<'a>>,
    pub(super) data: Option<DataSectionReader<'a>>,
    pub(super) exports: HashMap<&'a str, (Kind, u32)>,
    /// The function that its instantiation calls.
    pub(super) start: Option<u32>,
    /// Names of its functions.
    pub(super) names: Vec<(u32, &'a str)>,
    /// Types of functions, by number.
    pub(super) func_types: Vec<FuncType>,
    /// The type of each function, imported ones first.
    pub(super) types_of_funcs: Vec<u32>,
}

/// One of its own functions, and what of it concerns others.
pub(super) struct Body<'a> {
    pub(super) code: FunctionBody<'a>,
    /// Functions that it calls or refers to.
    pub(super) funcs: HashSet<u32>,
    pub(super) globals_written: HashSet<u32>,
    pub(super) changes_tables: bool,
}

impl<'a> Part<'a> {
    pub(super) fn read(module: &'a [u8]) -> Result<Self, String> {
        let mut part = Self {
            types: None,
            imports: Vec::new(),
            functions: None,
            tables: None,
            memories: None,
            globals: None,
            elements: None,
            bodies: Vec::new(),
            data: None,
            exports: HashMap::new(),
            start: None,
            names: Vec::new(),
            func_types: Vec::new(),
            types_of_funcs: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(module) {
            part.section(payload.map_err(unreadable)?)?;
        }
        part.list_types()?;
        Ok(part)
    }

    /// Whether it has a memory of its own, or imports one.
    pub(super) fn has_memory(&self) -> bool {
        let is_memory = |import: &Import<'_>| matches!(import.ty, TypeRef::Memory(_));
        self.memories.as_ref().is_some_and(|section| section.count() > 0)
            || self.imports.iter().any(is_memory)
    }

    /// How many of this kind it imports.
    pub(super) fn imported(&self, kind: Kind) -> usize {
        self.imports.iter().filter(|import| kind_of(import.ty) == Ok(kind)).count()
    }

    /// How many of this kind it has itself.
    pub(super) fn own(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Func => self.functions.as_ref().map_or(0, FunctionSectionReader::count),
            Kind::Table => self.tables.as_ref().map_or(0, TableSectionReader::count),
            Kind::Memory => self.memories.as_ref().map_or(0, MemorySectionReader::count),
            Kind::Global => self.globals.as_ref().map_or(0, GlobalSectionReader::count),
        }
    }

    /// The type of one of its functions.
    pub(super) fn func_type(&self, func: usize) -> Option<&FuncType> {
        self.func_types.get(*self.types_of_funcs.get(func)? as usize)
    }

    /// Functions that its segments put into tables.
    pub(super) fn in_tables(&self) -> Result<Vec<u32>, String> {
        let mut funcs = Vec::new();
        for element in self.elements.clone().into_iter().flatten() {
            match element.map_err(unreadable)?.items {
                ElementItems::Functions(functions) => {
                    for func in functions {
                        funcs.push(func.map_err(unreadable)?);
                    }
                }
                ElementItems::Expressions(..) => {
                    return Err("a table of it is filled by expressions".to_owned());
                }
            }
        }
        Ok(funcs)
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<(), String> {
        match payload {
            Payload::TypeSection(section) => self.types = Some(section),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.imports.push(import.map_err(unreadable)?);
                }
            }
            Payload::FunctionSection(section) => self.functions = Some(section),
            Payload::TableSection(section) => self.tables = Some(section),
            Payload::MemorySection(section) => self.memories = Some(section),
            Payload::GlobalSection(section) => self.globals = Some(section),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(unreadable)?;
                    self.exports.insert(export.name, (Kind::of(export.kind)?, export.index));
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => self.elements = Some(section),
            Payload::CodeSectionEntry(body) => self.body(body)?,
            Payload::DataSection(section) => self.data = Some(section),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(section) = section.as_known() {
                    // They are for profiles only: what cannot be read has none.
                    for name in section.into_iter().flatten() {
                        let Name::Function(map) = name else { continue };
                        let names = map.into_iter().flatten();
                        self.names.extend(names.map(|naming| (naming.index, naming.name)));
                    }
                }
            }
            Payload::TagSection(_) => return Err("a module of it has tags".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn body(&mut self, code: FunctionBody<'a>) -> Result<(), String> {
        let mut body = Body {
            funcs: HashSet::new(),
            globals_written: HashSet::new(),
            changes_tables: false,
            code,
        };
        for operator in body.code.get_operators_reader().map_err(unreadable)? {
            match operator.map_err(unreadable)? {
                Operator::GlobalSet { global_index } => {
                    body.globals_written.insert(global_index);
                }
                Operator::Call { function_index }
                | Operator::ReturnCall { function_index }
                | Operator::RefFunc { function_index } => {
                    body.funcs.insert(function_index);
                }
                Operator::TableSet { .. }
                | Operator::TableGrow { .. }
                | Operator::TableFill { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. } => body.changes_tables = true,
                _ => {}
            }
        }
        self.bodies.push(body);
        Ok(())
    }

    fn list_types(&mut self) -> Result<(), String> {
        if let Some(section) = &self.types {
            for group in section.clone() {
                let group = group.map_err(unreadable)?;
                // Types are compared by what stands in them, which says nothing about these.
                if group.is_explicit_rec_group() {
                    return Err("a module of it has types that are declared together".to_owned());
                }
                for defined in group.into_types() {
                    if !defined.is_final {
                        return Err("a module of it has types with subtypes".to_owned());
                    }
                    let func = match &defined.composite_type.inner {
                        wasmparser::CompositeInnerType::Func(func) => func.clone(),
                        other => return Err(format!("a module of it has the type {other:?}")),
                    };
                    self.func_types.push(func);
                }
            }
        }
        for import in &self.imports {
            if let TypeRef::Func(index) = import.ty {
                self.types_of_funcs.push(index);
            }
        }
        if let Some(section) = &self.functions {
            for index in section.clone() {
                self.types_of_funcs.push(index.map_err(unreadable)?);
            }
        }
        Ok(())
    }
}

/// The kind of what is imported.
pub(super) fn kind_of(ty: TypeRef) -> Result<Kind, String> {
    match ty {
        TypeRef::Func(_) => Kind::of(ExternalKind::Func),
        TypeRef::Table(_) => Kind::of(ExternalKind::Table),
        TypeRef::Memory(_) => Kind::of(ExternalKind::Memory),
        TypeRef::Global(_) => Kind::of(ExternalKind::Global),
        other => Err(format!("a module imports {other:?}, which is not expected")),
    }
}
