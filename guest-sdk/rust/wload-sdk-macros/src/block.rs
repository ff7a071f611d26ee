//! An `impl` block with our attributes, taken apart.
//!
//! Upstream: the author's tokens. Downstream: `expand.rs`. Afterwards the block has none of our
//! attributes any more, and nested sets, which no `impl` block can hold, are taken out of it.

use syn::spanned::Spanned as _;
use syn::{Attribute, Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Meta, Result, Type};

use crate::args::{self, Args};

/// What a block becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Set,
}

/// What was found in a block.
#[derive(Default)]
pub(crate) struct Marked {
    pub(crate) children: Vec<Child>,
    pub(crate) on_start: Option<Method>,
    pub(crate) on_stop: Option<Method>,
    pub(crate) wait_time: Option<Method>,
}

/// A task or a nested set, in the order of the block.
pub(crate) enum Child {
    Task(Method, Args),
    Set { name: Ident, set: Box<Type>, args: Args },
}

/// A method that is called.
pub(crate) struct Method {
    pub(crate) name: Ident,
    /// It also wants the user, which only a set's methods may.
    pub(crate) takes_user: bool,
}

/// Takes everything that is marked out of the block.
pub(crate) fn take_marked(block: &mut ItemImpl, kind: Kind) -> Result<Marked> {
    let mut marked = Marked::default();
    let mut errors: Vec<Error> = Vec::new();
    let mut kept = Vec::new();
    for mut item in std::mem::take(&mut block.items) {
        let is_kept = match take_item(&mut item, kind, &mut marked) {
            Ok(is_kept) => is_kept,
            Err(error) => {
                errors.push(error);
                true
            }
        };
        if is_kept {
            kept.push(item);
        }
    }
    block.items = kept;
    let error = errors.into_iter().reduce(|mut all, error| {
        all.combine(error);
        all
    });
    error.map_or(Ok(marked), Err)
}

/// False: the item was ours alone and leaves the block.
fn take_item(item: &mut ImplItem, kind: Kind, marked: &mut Marked) -> Result<bool> {
    match item {
        ImplItem::Fn(function) => {
            while let Some((mark, attribute)) = take_mark(&mut function.attrs) {
                let method = method(function, kind)?;
                let slot = match mark {
                    Mark::Task => {
                        let args = arguments(&attribute, "task", args::OF_TASK)?;
                        marked.children.push(Child::Task(method, args));
                        continue;
                    }
                    Mark::OnStart => &mut marked.on_start,
                    Mark::OnStop => &mut marked.on_stop,
                    Mark::WaitTime => &mut marked.wait_time,
                };
                no_arguments(&attribute)?;
                if slot.replace(method).is_some() {
                    return Err(Error::new(attribute.span(), "a block has only one of these"));
                }
            }
            Ok(true)
        }
        ImplItem::Type(alias) => {
            let Some((mark, attribute)) = take_mark(&mut alias.attrs) else { return Ok(true) };
            if mark != Mark::Task {
                let why = "a nested task set is marked with `#[task]`";
                return Err(Error::new(attribute.span(), why));
            }
            marked.children.push(Child::Set {
                name: alias.ident.clone(),
                set: Box::new(alias.ty.clone()),
                args: arguments(&attribute, "task", args::OF_TASK)?,
            });
            Ok(false)
        }
        _ => Ok(true),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Task,
    OnStart,
    OnStop,
    WaitTime,
}

/// Takes the first of our attributes.
fn take_mark(attributes: &mut Vec<Attribute>) -> Option<(Mark, Attribute)> {
    let mark_of = |attribute: &Attribute| {
        let name = &attribute.path().segments.last()?.ident;
        match name.to_string().as_str() {
            "task" => Some(Mark::Task),
            "on_start" => Some(Mark::OnStart),
            "on_stop" => Some(Mark::OnStop),
            "wait_time" => Some(Mark::WaitTime),
            _ => None,
        }
    };
    let place = attributes.iter().position(|attribute| mark_of(attribute).is_some())?;
    let attribute = attributes.remove(place);
    mark_of(&attribute).map(|mark| (mark, attribute))
}

fn arguments(attribute: &Attribute, name: &str, allowed: &[&str]) -> Result<Args> {
    match &attribute.meta {
        Meta::Path(_) => Ok(Args::default()),
        Meta::List(list) => Args::parse(list.tokens.clone(), name, allowed),
        Meta::NameValue(_) => {
            Err(Error::new(attribute.span(), format!("expected `#[{name}]` or `#[{name}(..)]`")))
        }
    }
}

fn no_arguments(attribute: &Attribute) -> Result<()> {
    match &attribute.meta {
        Meta::Path(_) => Ok(()),
        _ => Err(Error::new(attribute.span(), "this attribute has no arguments")),
    }
}

fn method(function: &ImplItemFn, kind: Kind) -> Result<Method> {
    let signature = &function.sig;
    if let Some(asyncness) = &signature.asyncness {
        let why = "a task is not async: a request suspends its user and no other";
        return Err(Error::new(asyncness.span(), why));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(signature.generics.span(), "a task cannot be generic"));
    }
    let mut inputs = signature.inputs.iter();
    let is_method = matches!(
        inputs.next(),
        Some(FnArg::Receiver(receiver)) if receiver.reference.is_some()
    );
    if !is_method {
        return Err(Error::new(signature.span(), "expected a method: `&mut self` comes first"));
    }
    let more = inputs.count();
    let (allowed, shape) = match kind {
        Kind::User => (0, "`fn name(&mut self)`"),
        Kind::Set => (1, "`fn name(&mut self)` or `fn name(&mut self, user: &mut User)`"),
    };
    if more > allowed {
        return Err(Error::new(signature.inputs.span(), format!("expected {shape}")));
    }
    Ok(Method { name: signature.ident.clone(), takes_user: more == 1 })
}
