//! From a block that was taken apart to the builders that it stands for.
//!
//! Upstream: `block.rs` and `args.rs`. Downstream: the author's crate.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Error, Ident, ItemImpl, LitStr, Result, Type};

use crate::args::{self, Args};
use crate::block::{self, Child, Kind, Marked, Method};

/// The block without our attributes, and what it says to `wload-sdk`.
pub(crate) fn block(args: TokenStream, item: TokenStream, kind: Kind) -> TokenStream {
    let mut block: ItemImpl = match syn::parse2(item.clone()) {
        Ok(block) => block,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#item #error);
        }
    };
    let marked = block::take_marked(&mut block, kind);
    let implementation = marked
        .and_then(|marked| implement(args, &block, &marked, kind))
        .unwrap_or_else(Error::into_compile_error);
    quote!(#block #implementation)
}

/// One of our attributes stands where no block reads it.
pub(crate) fn outside(name: &str, item: TokenStream) -> TokenStream {
    let why = format!(
        "`#[{name}]` stands in an `impl` block with `#[user]` or `#[task_set]`; this one has none"
    );
    let error = Error::new(Span::call_site(), why).to_compile_error();
    quote!(#error #item)
}

fn implement(
    args: TokenStream,
    block: &ItemImpl,
    marked: &Marked,
    kind: Kind,
) -> Result<TokenStream> {
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new(
            path.span(),
            "expected the block of the struct itself, not of a trait",
        ));
    }
    let args = match kind {
        Kind::User => Args::parse(args, "user", args::OF_USER)?,
        Kind::Set => Args::parse(args, "task_set", args::OF_SET)?,
    };
    if let (Some(_), Some(method)) = (&args.wait_time, &marked.wait_time) {
        let why = "there is a `wait_time` in the block's attribute already";
        return Err(Error::new(method.name.span(), why));
    }
    let name = match &args.name {
        Some(name) => name.clone(),
        None => type_name(&block.self_ty)?,
    };
    let definition = match kind {
        Kind::User => user(block, &name, &args, marked),
        Kind::Set => set(block, &name, &args, marked)?,
    };
    let (generics, _, bounds) = block.generics.split_for_impl();
    let target = &block.self_ty;
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::wload_sdk::TaskContext for #target #bounds {}
        #definition
    })
}

fn user(block: &ItemImpl, name: &LitStr, args: &Args, marked: &Marked) -> TokenStream {
    let (generics, _, bounds) = block.generics.split_for_impl();
    let target = &block.self_ty;
    let share = match (&args.weight, &args.fixed_count) {
        (_, Some(count)) => quote!(.fixed_count(#count)),
        (Some(weight), None) => quote!(.weight(#weight)),
        (None, None) => TokenStream::new(),
    };
    let host = args.host.as_ref().map(|host| quote!(.host(#host)));
    let sequential = args.is_sequential.then(|| quote!(.sequential()));
    let saving = if args.is_pinned { quote!(.pinned()) } else { saving() };
    let wait = args.wait_time.as_ref().map(|wait| quote!(.wait_time(#wait)));
    let tags = &args.tags;
    let call = |method: &Method| {
        let name = &method.name;
        quote_spanned!(name.span()=> |user: &mut Self| user.#name())
    };
    let hooks = hooks(marked, &call);
    let children = marked.children.iter().map(|child| match child {
        Child::Task(method, args) => {
            let (name, run, more) = (task_name(method, args), call(method), weight_and_tags(args));
            quote!(.task(::wload_sdk::Task::new(#name, #run) #more))
        }
        Child::Set { name, set, args } => nested(name, set, args),
    });
    quote! {
        #[automatically_derived]
        impl #generics ::wload_sdk::User for #target #bounds {
            fn define() -> ::wload_sdk::UserClass<Self> {
                ::wload_sdk::UserClass::<Self>::new(#name)
                    #saving #share #host #sequential #wait #(.tag(#tags))* #hooks #(#children)*
            }
        }
    }
}

fn set(block: &ItemImpl, name: &LitStr, args: &Args, marked: &Marked) -> Result<TokenStream> {
    let target = &block.self_ty;
    let mut generics = block.generics.clone();
    let user: Type = match &args.user {
        Some(user) => user.clone(),
        None => {
            check_without_user(marked)?;
            generics.params.push(syn::parse_quote!(__User: ::wload_sdk::User));
            syn::parse_quote!(__User)
        }
    };
    let (impl_generics, _, bounds) = generics.split_for_impl();
    let make = if args.is_sequential { quote!(sequential) } else { quote!(weighted) };
    let wait = args.wait_time.as_ref().map(|wait| quote!(.wait_time(#wait)));
    let more = weight_and_tags(args);
    let saving = saving();
    let call = |method: &Method| {
        let name = &method.name;
        if method.takes_user {
            quote_spanned!(name.span()=> |set: &mut Self, user: &mut #user| set.#name(user))
        } else {
            quote_spanned!(name.span()=> |set: &mut Self, _: &mut #user| set.#name())
        }
    };
    let hooks = hooks(marked, &call);
    let children = marked.children.iter().map(|child| match child {
        Child::Task(method, args) => {
            let (name, run, more) = (task_name(method, args), call(method), weight_and_tags(args));
            quote!(.task(::wload_sdk::Task::in_set(#name, #run) #more))
        }
        Child::Set { name, set, args } => nested(name, set, args),
    });
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::wload_sdk::TaskSet<#user> for #target #bounds {
            fn define() -> ::wload_sdk::SetDefinition<Self, #user> {
                ::wload_sdk::SetDefinition::<Self, #user>::#make(#name)
                    #saving #wait #more #hooks #(#children)*
            }
        }
    })
}

/// A state can be saved when its type is `Serialize` and `DeserializeOwned`: the compiler knows. Where it
/// cannot be, the constant of the trait is the only one; naming it keeps the trait from being unused
/// where it can.
fn saving() -> TokenStream {
    quote! {
        .saving({
            use ::wload_sdk::saving::NotSaved;
            let _ = <::wload_sdk::saving::Probe<Self> as NotSaved>::SAVING;
            <::wload_sdk::saving::Probe<Self>>::SAVING
        })
    }
}

/// A set for all classes knows none.
fn check_without_user(marked: &Marked) -> Result<()> {
    let tasks = marked.children.iter().filter_map(|child| match child {
        Child::Task(method, _) => Some(method),
        Child::Set { .. } => None,
    });
    let hooks = [&marked.on_start, &marked.on_stop, &marked.wait_time].into_iter().flatten();
    match tasks.chain(hooks).find(|method| method.takes_user) {
        Some(method) => Err(Error::new(
            method.name.span(),
            "which user? Say it in the block's attribute: `#[task_set(user = Shopper)]`",
        )),
        None => Ok(()),
    }
}

fn hooks(marked: &Marked, call: &dyn Fn(&Method) -> TokenStream) -> TokenStream {
    let Marked { on_start, on_stop, wait_time, .. } = marked;
    let on_start = on_start.as_ref().map(call).map(|run| quote!(.on_start(#run)));
    let on_stop = on_stop.as_ref().map(call).map(|run| quote!(.on_stop(#run)));
    let wait_time = wait_time.as_ref().map(call).map(|run| quote!(.wait_time_fn(#run)));
    quote!(#on_start #on_stop #wait_time)
}

fn nested(name: &Ident, set: &Type, args: &Args) -> TokenStream {
    let name = args.name.clone().unwrap_or_else(|| literal(name));
    let more = weight_and_tags(args);
    quote_spanned! {set.span()=>
        .set(<#set as ::wload_sdk::TaskSet<_>>::define().named(#name) #more)
    }
}

fn weight_and_tags(args: &Args) -> TokenStream {
    let weight = args.weight.as_ref().map(|weight| quote!(.weight(#weight)));
    let tags = &args.tags;
    quote!(#weight #(.tag(#tags))*)
}

fn task_name(method: &Method, args: &Args) -> LitStr {
    args.name.clone().unwrap_or_else(|| literal(&method.name))
}

fn literal(name: &Ident) -> LitStr {
    let text = name.to_string();
    LitStr::new(text.strip_prefix("r#").unwrap_or(&text), name.span())
}

fn type_name(target: &Type) -> Result<LitStr> {
    match target {
        Type::Path(path) if let Some(last) = path.path.segments.last() => Ok(literal(&last.ident)),
        _ => Err(Error::new(target.span(), "expected the name of a struct")),
    }
}

#[cfg(test)]
mod tests;
