//! What the attributes write, and what they say about mistakes. That the result runs is tested in
//! `wload-sdk`, which uses them.

use super::*;

/// The errors of a block, one after the other.
fn errors(args: TokenStream, item: TokenStream, kind: Kind) -> Vec<String> {
    let text = block(args, item, kind).to_string();
    let parts = text.split("compile_error ! {").skip(1);
    parts.filter_map(|part| Some(part.split('"').nth(1)?.to_owned())).collect()
}

#[test]
fn a_block_keeps_its_methods_and_loses_our_attributes() {
    let item = quote! {
        impl Shopper {
            #[wload_sdk::task(2, tags("a"))]
            #[inline]
            fn browse(&mut self) {}
            fn helper(&self) {}
            #[task]
            type Checkout = flows::Checkout;
        }
    };
    let text = block(quote!(weight = 3), item, Kind::User).to_string();
    let saving = saving();
    let expected = quote! {
        impl Shopper {
            #[inline]
            fn browse(&mut self) {}
            fn helper(&self) {}
        }
        #[automatically_derived]
        impl ::wload_sdk::TaskContext for Shopper {}
        #[automatically_derived]
        impl ::wload_sdk::User for Shopper {
            fn define() -> ::wload_sdk::UserClass<Self> {
                ::wload_sdk::UserClass::<Self>::new("Shopper")
                    #saving
                    .weight(3)
                    .task(::wload_sdk::Task::new("browse", |user: &mut Self| user.browse())
                        .weight(2)
                        .tag("a"))
                    .set(<flows::Checkout as ::wload_sdk::TaskSet<_>>::define().named("Checkout"))
            }
        }
    };
    assert_eq!(text, expected.to_string());
}

#[test]
fn a_class_that_is_pinned_is_not_asked_whether_it_can_be_saved() {
    let item = quote!(impl Shopper { #[task] fn look(&self) {} });
    let text = block(quote!(pinned), item, Kind::User).to_string();
    assert!(text.contains(&quote!(.pinned()).to_string()), "{text}");
    assert!(!text.contains("Probe"), "{text}");
}

#[test]
fn a_set_without_a_user_serves_every_class() {
    let item = quote!(impl Look { #[task] fn look(&self) {} });
    let text = block(quote!(), item, Kind::Set).to_string();
    let expected = quote!(impl<__User: ::wload_sdk::User> ::wload_sdk::TaskSet<__User> for Look);
    assert!(text.contains(&expected.to_string()), "{text}");
}

#[test]
fn all_mistakes_of_a_block_are_said_at_once() {
    let item = quote! {
        impl Shopper {
            #[task] async fn a(&mut self) {}
            #[task] fn b() {}
            #[task] fn c(&mut self, other: u8) {}
            #[task] fn d<T>(&mut self) {}
            #[on_start] fn e(&mut self) {}
            #[on_start] fn f(&mut self) {}
            #[on_stop(1)] fn g(&mut self) {}
            #[on_stop] type H = Other;
        }
    };
    let found = errors(quote!(), item, Kind::User);
    let expected = [
        "a task is not async",
        "expected a method",
        "expected `fn name(&mut self)`",
        "cannot be generic",
        "only one of these",
        "no arguments",
        "marked with `#[task]`",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn mistakes_of_the_block_itself_are_said() {
    let task = quote!(
        #[task]
        fn a(&mut self, user: &mut Shopper) {}
    );
    let pause = quote!(
        #[wait_time]
        fn pause(&mut self) -> Duration {
            Duration::ZERO
        }
    );
    for (args, item, kind, expected) in [
        (quote!(), quote!(impl Set { #task }), Kind::Set, "which user?"),
        (quote!(), quote!(impl Clone for Shopper {}), Kind::User, "not of a trait"),
        (quote!(wait_time = no_wait()), quote!(impl A { #pause }), Kind::User, "already"),
        (
            quote!(),
            quote!(
                struct Shopper;
            ),
            Kind::User,
            "expected",
        ),
    ] {
        let found = errors(args, item, kind);
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }
}
