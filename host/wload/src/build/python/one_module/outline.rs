//! What stands at the top level of a component, in its order.
//!
//! Upstream: the bytes. Downstream: `one_module.rs`. Invariant: whatever has no other number afterwards stays bytes.

use wasm_encoder::ExportKind;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, ComponentType, ComponentTypeRef, ExternalKind, Instance,
    InstanceSectionReader, Parser, Payload,
};

const MODULE_FROM_ELSEWHERE: &str = "a module of the component comes from elsewhere";
/// The section that nobody needs, and whose numbers would be wrong afterwards.
const NAMES: &str = "component-name";
/// The number of a section that has a component.
const COMPONENT_SECTION: u8 = 4;

/// Kinds of core items that modules import and export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Func,
    Table,
    Memory,
    Global,
}

impl Kind {
    pub(super) fn of(kind: ExternalKind) -> Result<Self, String> {
        match kind {
            ExternalKind::Func => Ok(Self::Func),
            ExternalKind::Table => Ok(Self::Table),
            ExternalKind::Memory => Ok(Self::Memory),
            ExternalKind::Global => Ok(Self::Global),
            other => Err(format!("a module exports {other:?}, which is not expected")),
        }
    }

    pub(super) fn export_kind(self) -> ExportKind {
        match self {
            Self::Func => ExportKind::Func,
            Self::Table => ExportKind::Table,
            Self::Memory => ExportKind::Memory,
            Self::Global => ExportKind::Global,
        }
    }
}

/// An export of a core instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Export<'a> {
    pub(super) instance: u32,
    pub(super) name: &'a str,
}

/// A core instance.
#[derive(Debug)]
pub(super) enum CoreInstance<'a> {
    OfModule {
        module: u32,
        args: Vec<(&'a str, u32)>,
    },
    /// Items that are arguments of another one.
    Bag(Vec<(&'a str, Kind, u32)>),
}

/// One thing at the top level.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// A section that stays as it is.
    Section {
        id: u8,
        data: &'a [u8],
    },
    Module(u32),
    Instance(u32),
    Alias {
        export: Export<'a>,
        defines: (Kind, u32),
    },
    OtherAlias(ComponentAlias<'a>),
    Canonical {
        function: CanonicalFunction,
        defines: Option<u32>,
    },
}

/// A component.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) modules: Vec<&'a [u8]>,
    pub(super) instances: Vec<CoreInstance<'a>>,
    /// Of each kind; none is a function that the component model makes.
    exports: [Vec<Option<Export<'a>>>; 4],
}

impl<'a> Outline<'a> {
    pub(super) fn read(component: &'a [u8]) -> Result<Self, String> {
        let mut outline = Self::default();
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.map_err(unreadable)?;
            let is_nested = depth > 0;
            match &payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => {
                    depth -= 1;
                    continue;
                }
                _ => {}
            }
            if !is_nested {
                outline.section(component, payload)?;
            }
        }
        Ok(outline)
    }

    /// Which export a core item is.
    pub(super) fn export(&self, kind: Kind, index: u32) -> Option<Export<'a>> {
        self.exports[kind as usize].get(index as usize).copied().flatten()
    }

    fn section(&mut self, component: &'a [u8], payload: Payload<'a>) -> Result<(), String> {
        match payload {
            Payload::Version { .. } => {}
            Payload::CustomSection(custom) if custom.name() == NAMES => {}
            Payload::ModuleSection { unchecked_range, .. } => {
                let number = number(self.modules.len())?;
                self.items.push(Item::Module(number));
                self.modules.push(&component[unchecked_range]);
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                let data = &component[unchecked_range];
                self.items.push(Item::Section { id: COMPONENT_SECTION, data });
            }
            Payload::InstanceSection(section) => self.instances(section)?,
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias.map_err(unreadable)?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(function.map_err(unreadable)?)?;
                }
            }
            payload => {
                refuse_core_numbers(&payload)?;
                let (id, range) = payload.as_section().ok_or("a section of it is unknown")?;
                self.items.push(Item::Section { id, data: &component[range] });
            }
        }
        Ok(())
    }

    fn instances(&mut self, section: InstanceSectionReader<'a>) -> Result<(), String> {
        for instance in section {
            let instance = match instance.map_err(unreadable)? {
                Instance::Instantiate { module_index, args } => CoreInstance::OfModule {
                    module: module_index,
                    args: args.iter().map(|arg| (arg.name, arg.index)).collect(),
                },
                Instance::FromExports(exports) => {
                    let items = exports
                        .iter()
                        .map(|export| Ok((export.name, Kind::of(export.kind)?, export.index)));
                    CoreInstance::Bag(items.collect::<Result<_, String>>()?)
                }
            };
            self.items.push(Item::Instance(number(self.instances.len())?));
            self.instances.push(instance);
        }
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Result<(), String> {
        let (kind, instance, name) = match alias {
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                (kind, instance_index, name)
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. }
            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } => {
                return Err(MODULE_FROM_ELSEWHERE.to_owned());
            }
            alias => {
                self.items.push(Item::OtherAlias(alias));
                return Ok(());
            }
        };
        let kind = Kind::of(kind)?;
        let exports = &mut self.exports[kind as usize];
        let defines = (kind, number(exports.len())?);
        let export = Export { instance, name };
        exports.push(Some(export));
        self.items.push(Item::Alias { export, defines });
        Ok(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Result<(), String> {
        let mut defines = None;
        if !matches!(function, CanonicalFunction::Lift { .. }) {
            let funcs = &mut self.exports[Kind::Func as usize];
            defines = Some(number(funcs.len())?);
            funcs.push(None);
        }
        self.items.push(Item::Canonical { function, defines });
        Ok(())
    }
}

/// Core items have other numbers afterwards: a section that is copied must not have any.
fn refuse_core_numbers(payload: &Payload<'_>) -> Result<(), String> {
    match payload {
        Payload::ComponentTypeSection(section) => {
            for defined in section.clone() {
                if let ComponentType::Resource { dtor: Some(_), .. } =
                    defined.map_err(unreadable)?
                {
                    return Err("a resource of the component has a destructor".to_owned());
                }
            }
        }
        Payload::ComponentImportSection(section) => {
            for import in section.clone() {
                if let ComponentTypeRef::Module(_) = import.map_err(unreadable)?.ty {
                    return Err(MODULE_FROM_ELSEWHERE.to_owned());
                }
            }
        }
        Payload::ComponentExportSection(section) => {
            for export in section.clone() {
                if export.map_err(unreadable)?.kind == ComponentExternalKind::Module {
                    return Err("the component exports a module".to_owned());
                }
            }
        }
        Payload::ComponentInstanceSection(section) => {
            for instance in section.clone() {
                if let ComponentInstance::Instantiate { args, .. } = instance.map_err(unreadable)?
                    && args.iter().any(|arg| arg.kind == ComponentExternalKind::Module)
                {
                    return Err("the component hands a module to another one".to_owned());
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn number(len: usize) -> Result<u32, String> {
    u32::try_from(len).map_err(|_| "it has too many parts".to_owned())
}

pub(super) fn unreadable(error: wasmparser::BinaryReaderError) -> String {
    format!("the component cannot be read: {error}")
}
