//! Makes one module of those that a component is linked from: an interpreter, its libraries and the bindings share a
//! memory, and come as ten modules that call each other through tables and find each other's data through globals.
//!
//! One module costs an instance less: calls between libraries are direct, addresses are constants, and wasmtime fills the
//! table of functions when it is asked for one, where it would write 5,000 of them, 32 bytes each, for every instance.
//!
//! Upstream: `python.rs`. Downstream: `outline.rs` reads the component, `merge.rs` makes the module; `write.rs` writes the
//! component around it. Invariants: what does not belong to these modules is copied as it is, in its order; what does not
//! look as componentize-py leaves it is an error, because nobody has looked at it.

mod encode;
mod merge;
mod outline;
mod part;
mod write;

use std::collections::HashSet;

use wasm_encoder::reencode::Error;
use wasmparser::{CanonicalFunction, CanonicalOption, Validator};

use self::outline::{CoreInstance, Item, Kind, Outline};
use self::part::Part;
use self::write::Writer;

/// Part of the names of components, as that of `immortal.rs`.
pub(super) const SOURCE: [&str; 6] = [
    include_str!("one_module.rs"),
    include_str!("one_module/encode.rs"),
    include_str!("one_module/merge.rs"),
    include_str!("one_module/outline.rs"),
    include_str!("one_module/part.rs"),
    include_str!("one_module/write.rs"),
];

/// The name of the instance that holds what the module imports.
const OUTSIDE: &str = "outside";

/// The component with one module where it had many with one memory.
///
/// # Errors
/// When the component is not as componentize-py leaves it; what was expected, and what is there.
pub(super) fn apply(component: &[u8]) -> Result<Vec<u8>, String> {
    validate(component)?;
    let outline = Outline::read(component)?;
    let linked = Linked::find(&outline)?;
    let needed = Needed::of(&outline, &linked);
    let merged = merge::merge(&outline, &linked.parts, &linked.wanted(&outline, &needed))?;
    let joined = Writer::new(&outline, &linked, &merged, needed).write()?;
    validate(&joined)?;
    Ok(joined)
}

/// What follows may rely on it that numbers are those of something.
fn validate(component: &[u8]) -> Result<(), String> {
    let validated = Validator::new().validate_all(component);
    validated.map(drop).map_err(|error| format!("the component is not valid: {error}"))
}

/// The instances of which one is made.
struct Linked<'a> {
    /// In order of their instantiation.
    parts: Vec<(u32, Part<'a>)>,
    instances: HashSet<u32>,
    /// The item that makes the last of them.
    last: usize,
}

impl<'a> Linked<'a> {
    /// Whoever has the memory, or imports it.
    fn find(outline: &Outline<'a>) -> Result<Self, String> {
        let mut linked = Self { parts: Vec::new(), instances: HashSet::new(), last: 0 };
        for (at, item) in outline.items.iter().enumerate() {
            let Item::Instance(index) = *item else { continue };
            let CoreInstance::OfModule { module, args } = &outline.instances[index as usize] else {
                continue;
            };
            let part = Part::read(outline.modules[*module as usize])?;
            if part.has_memory() {
                linked.parts.push((index, part));
                linked.instances.insert(index);
                linked.last = at;
            } else if part.start.is_some() {
                return Err(format!("module {module} has no memory, and runs at its start"));
            } else if args.iter().any(|(_, arg)| linked.has(*arg)) {
                return Err(format!("module {module} imports all of a module that is linked"));
            }
        }
        let own = linked.parts.iter().map(|(_, part)| part.own(Kind::Memory)).sum();
        match own {
            1 => Ok(linked),
            0 => Err("no module of it has a memory".to_owned()),
            more => Err(format!("it has {more} memories")),
        }
    }

    fn has(&self, instance: u32) -> bool {
        self.instances.contains(&instance)
    }

    /// What others need of them: what is lifted, and what imports are lowered with.
    fn wanted(&self, outline: &Outline<'a>, needed: &Needed) -> Vec<(Kind, u32)> {
        let mut wanted: Vec<(Kind, u32)> = needed.items.iter().copied().collect();
        wanted.retain(|(kind, index)| {
            outline.export(*kind, *index).is_some_and(|export| self.has(export.instance))
        });
        wanted.sort_unstable();
        wanted
    }
}

/// What the component needs apart from the linked instances.
struct Needed {
    items: HashSet<(Kind, u32)>,
    bags: HashSet<u32>,
}

impl Needed {
    fn of(outline: &Outline<'_>, linked: &Linked<'_>) -> Self {
        let mut needed = Self { items: HashSet::new(), bags: HashSet::new() };
        for item in &outline.items {
            match item {
                Item::Canonical { function, .. } => needed.items.extend(used_by(function)),
                Item::Instance(index) if !linked.has(*index) => {
                    if let CoreInstance::OfModule { args, .. } = &outline.instances[*index as usize]
                    {
                        needed.bags.extend(args.iter().map(|(_, instance)| *instance));
                    }
                }
                _ => {}
            }
        }
        for (index, instance) in (0..).zip(&outline.instances) {
            if let (CoreInstance::Bag(items), true) = (instance, needed.bags.contains(&index)) {
                needed.items.extend(items.iter().map(|(_, kind, index)| (*kind, *index)));
            }
        }
        needed
    }
}

/// Core items that a canonical function is made with.
fn used_by(function: &CanonicalFunction) -> Vec<(Kind, u32)> {
    let (mut used, options) = match function {
        CanonicalFunction::Lift { core_func_index, options, .. } => {
            (vec![(Kind::Func, *core_func_index)], options)
        }
        CanonicalFunction::Lower { options, .. } => (Vec::new(), options),
        _ => return Vec::new(),
    };
    used.extend(options.iter().filter_map(|option| match *option {
        CanonicalOption::Memory(index) => Some((Kind::Memory, index)),
        CanonicalOption::Realloc(index)
        | CanonicalOption::PostReturn(index)
        | CanonicalOption::Callback(index) => Some((Kind::Func, index)),
        _ => None,
    }));
    used
}

/// An error of the encoder.
fn text(error: Error<String>) -> String {
    match error {
        Error::UserError(reason) => reason,
        other => format!("it cannot be written anew: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use wasmparser::{Operator, Parser, Payload};

    use super::*;

    /// A main module with a memory, a library that it finds by its table, and one that fills the table: as componentize-py
    /// links them. `relocate` ran when the component was made.
    fn component(setup: &str) -> Vec<u8> {
        let text = format!(
            r#"(component
            (core module $main
                (type $binary (func (param i32 i32) (result i32)))
                (memory (export "memory") 1)
                (table (export "table") 2 funcref)
                (global (export "lib:base") i32 (i32.const 1000))
                (global (export "got:word") (mut i32) (i32.const 1008))
                (global (export "stack") (mut i32) (i32.const 512))
                (func (export "later") (type $binary)
                    local.get 0 local.get 1 i32.const 1 call_indirect (type $binary))
                (func (export "unused"))
                (data (i32.const 1000) "abcd"))
            (core module $lib
                (type $binary (func (param i32 i32) (result i32)))
                (import "env" "memory" (memory 1))
                (import "env" "table" (table 0 funcref))
                (import "env" "base" (global i32))
                (import "env" "stack" (global $stack (mut i32)))
                (import "env" "later" (func $later (type $binary)))
                (import "env" "now" (func $now (result i32)))
                (import "GOT.mem" "word" (global $word (mut i32)))
                (elem (i32.const 1) $add)
                (func $add (type $binary) local.get 0 local.get 1 i32.add)
                (func (export "relocate") i32.const 7 global.set $word)
                (func (export "run") (result i32)
                    i32.const 16 global.set $stack
                    global.get 0 global.get $word call $later call $now i32.add))
            (core module $setup (import "env" "memory" (memory 1)) {setup})
            (import "now" (func $now (result u32)))
            (core instance $main (instantiate $main))
            (alias core export $main "memory" (core memory $memory))
            (alias core export $main "table" (core table $table))
            (alias core export $main "lib:base" (core global $base))
            (alias core export $main "stack" (core global $stack))
            (alias core export $main "later" (core func $later))
            (alias core export $main "got:word" (core global $word))
            (core func $now' (canon lower (func $now)))
            (core instance $env
                (export "memory" (memory $memory)) (export "table" (table $table))
                (export "base" (global $base)) (export "stack" (global $stack))
                (export "later" (func $later)) (export "now" (func $now')))
            (core instance $got (export "word" (global $word)))
            (core instance $lib (instantiate $lib
                (with "env" (instance $env)) (with "GOT.mem" (instance $got))))
            (core instance (instantiate $setup (with "env" (instance $main))))
            (func (export "run") (result u32) (canon lift (core func $lib "run"))))"#
        );
        wat::parse_str(text).unwrap()
    }

    /// Instructions of each function in the component.
    fn functions(component: &[u8]) -> Vec<Vec<Operator<'_>>> {
        let mut functions = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            if let Payload::CodeSectionEntry(body) = payload.unwrap() {
                let operators = body.get_operators_reader().unwrap();
                functions.push(operators.into_iter().map(Result::unwrap).collect());
            }
        }
        functions
    }

    #[test]
    fn addresses_are_constants_and_calls_direct_and_what_ran_before_is_gone() {
        let joined = apply(&component("")).unwrap();
        let is_module = |payload: &Payload<'_>| matches!(payload, Payload::ModuleSection { .. });
        let payloads = Parser::new(0).parse_all(&joined).map(Result::unwrap);
        assert_eq!(payloads.filter(is_module).count(), 1);
        let add = vec![
            Operator::LocalGet { local_index: 0 },
            Operator::LocalGet { local_index: 1 },
            Operator::I32Add,
            Operator::End,
        ];
        // Function 0 is imported: `now`; 1 is `add`. The stack is the only global that is written to.
        let run = vec![
            Operator::I32Const { value: 16 },
            Operator::GlobalSet { global_index: 0 },
            Operator::I32Const { value: 1000 },
            Operator::I32Const { value: 1008 },
            Operator::Call { function_index: 1 },
            Operator::Call { function_index: 0 },
            Operator::I32Add,
            Operator::End,
        ];
        assert_eq!(functions(&joined), [add, run]);
    }

    #[test]
    fn a_table_that_changes_is_asked_and_a_global_that_is_written_is_read() {
        let changing = r#"(import "env" "table" (table 2 funcref))
            (import "env" "got:word" (global (mut i32)))
            (func $change i32.const 1 ref.null func table.set 0 i32.const 9 global.set 0)
            (start $change)"#;
        let joined = apply(&component(changing)).unwrap();
        let operators: Vec<Operator<'_>> = functions(&joined).concat();
        let is_indirect =
            |operator: &&Operator<'_>| matches!(operator, Operator::CallIndirect { .. });
        assert_eq!(operators.iter().filter(is_indirect).count(), 1, "{operators:?}");
        let reads = |operator: &&Operator<'_>| matches!(operator, Operator::GlobalGet { .. });
        assert_eq!(operators.iter().filter(reads).count(), 1, "{operators:?}");
    }

    #[test]
    fn a_library_with_a_table_of_its_own_is_not_looked_up_in_the_shared_one() {
        let own = r#"(type $binary (func (param i32 i32) (result i32)))
            (table 2 funcref) (elem (i32.const 1) $subtract)
            (func $subtract (type $binary) local.get 0 local.get 1 i32.sub)
            (func $stub (type $binary)
                local.get 0 local.get 1 i32.const 1 call_indirect (type $binary))
            (func $run i32.const 1 i32.const 2 call $stub drop)
            (start $run)"#;
        let joined = apply(&component(own)).unwrap();
        let operators: Vec<Operator<'_>> = functions(&joined).concat();
        let is_indirect = |operator: &&Operator<'_>| {
            matches!(operator, Operator::CallIndirect { table_index: 1, .. })
        };
        assert_eq!(operators.iter().filter(is_indirect).count(), 1, "{operators:?}");
    }

    #[test]
    fn stubs_that_call_each_other_for_ever_still_do() {
        let text = r#"(component
            (core module $main
                (memory 1) (table 2 funcref) (elem (i32.const 0) $ping $pong)
                (func $ping (export "run") i32.const 1 call_indirect)
                (func $pong i32.const 0 call_indirect))
            (core instance $main (instantiate $main))
            (func (export "run") (canon lift (core func $main "run"))))"#;
        let joined = apply(&wat::parse_str(text).unwrap()).unwrap();
        let operators: Vec<Operator<'_>> = functions(&joined).concat();
        let is_indirect =
            |operator: &&Operator<'_>| matches!(operator, Operator::CallIndirect { .. });
        assert_eq!(operators.iter().filter(is_indirect).count(), 2, "{operators:?}");
    }

    #[test]
    fn what_would_come_in_another_order_is_an_error() {
        let text = |between: &str, start: &str| {
            let text = format!(
                r#"(component
                (core module $main (memory (export "memory") 1) (func (export "run")))
                (core module $last (import "env" "memory" (memory 1)) {start})
                (core module $other (import "env" "run" (func)))
                (core instance $main (instantiate $main))
                (alias core export $main "memory" (core memory $memory))
                (alias core export $main "run" (core func $run))
                (core instance $env (export "memory" (memory $memory)) (export "run" (func $run)))
                {between}
                (core instance (instantiate $last (with "env" (instance $env)))))"#
            );
            apply(&wat::parse_str(text).unwrap()).map(drop)
        };
        let other = r#"(core instance (instantiate $other (with "env" (instance $env))))"#;
        assert_eq!(text(other, ""), Ok(()));
        let runs = "a module of it runs before the others are there";
        assert_eq!(text(other, "(func $go) (start $go)"), Err(runs.to_owned()));
        let lifted = "a function is lifted before all modules are there";
        assert_eq!(text("(func (canon lift (core func $run)))", ""), Err(lifted.to_owned()));
    }

    #[test]
    fn what_is_not_as_it_is_linked_is_an_error() {
        assert_eq!(
            apply(b"no wasm").unwrap_err().split(':').next(),
            Some("the component is not valid")
        );
        let none = apply(&wat::parse_str("(component)").unwrap());
        assert_eq!(none.unwrap_err(), "no module of it has a memory");
        let early = r#"(component
            (core module $first (memory (export "memory") 1) (func $run) (start $run))
            (core module $second (import "first" "memory" (memory 1)))
            (core instance $first (instantiate $first))
            (core instance (instantiate $second (with "first" (instance $first)))))"#;
        let early = apply(&wat::parse_str(early).unwrap());
        assert_eq!(early.unwrap_err(), "a module of it runs before the others are there");
        let twice = r#"(component
            (core module $first (memory (export "memory") 1))
            (core instance (instantiate $first))
            (core instance (instantiate $first)))"#;
        let twice = apply(&wat::parse_str(twice).unwrap());
        assert_eq!(twice.unwrap_err(), "it has 2 memories");
    }
}
