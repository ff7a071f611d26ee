//! [`scenario!`](crate::scenario): what a component consists of, in one place.
//!
//! Upstream: the last lines of the author's crate. Downstream: a [`Scenario`](crate::Scenario) and
//! the exports of the contract.

/// Makes the crate a scenario: `scenario!(users: [Shopper]);`, once, in its root.
///
/// | field | what |
/// |---|---|
/// | `users` | types that are a [`User`](crate::User), in the order of reports |
/// | `options` | `static`s of the type [`ScenarioOption`](crate::ScenarioOption) |
/// | `tables` | `static`s of the type [`Table`](crate::Table) |
/// | `shape` | a value that is a [`LoadShape`](crate::LoadShape) |
/// | `hooks` | a value that is [`Hooks`](crate::Hooks) |
///
/// ```no_run
/// use std::time::Duration;
/// use wload_sdk::prelude::*;
///
/// #[derive(Default)]
/// struct Shopper;
///
/// #[user(wait_time = between(1, 5))]
/// impl Shopper {
///     #[task]
///     fn index(&mut self) {
///         self.client().get("/").send();
///     }
/// }
///
/// static PRODUCTS: Table = Table::csv("products", "products.csv");
///
/// scenario! {
///     users: [Shopper],
///     tables: [PRODUCTS],
///     shape: Stages::new().stage(Duration::from_secs(60), Tick::new(100, 10)),
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! scenario {
    ($($field:tt)*) => {
        #[doc(hidden)]
        struct __WloadScenario;

        impl $crate::Scenario for __WloadScenario {
            fn define(definition: &mut $crate::Definition) {
                $crate::__scenario_fields!(definition; $($field)*);
            }
        }

        $crate::export!(__WloadScenario);
    };
}

/// Exports a [`Scenario`](crate::Scenario) that was written by hand; once, in the root of the crate.
#[macro_export]
macro_rules! export {
    ($scenario:ident) => {
        #[expect(
            unsafe_code,
            reason = "the exports of a component are functions that C could call"
        )]
        const _: () = {
    $crate::bindings::export_world!($scenario with_types_in $crate::bindings);
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __scenario_fields {
    ($definition:ident;) => {};
    ($definition:ident; users: [$($user:ty),* $(,)?] $(, $($rest:tt)*)?) => {
        $($definition.user::<$user>();)*
        $crate::__scenario_fields!($definition; $($($rest)*)?);
    };
    ($definition:ident; options: [$($option:expr),* $(,)?] $(, $($rest:tt)*)?) => {
        $($definition.option(&$option);)*
        $crate::__scenario_fields!($definition; $($($rest)*)?);
    };
    ($definition:ident; tables: [$($table:expr),* $(,)?] $(, $($rest:tt)*)?) => {
        $($definition.table(&$table);)*
        $crate::__scenario_fields!($definition; $($($rest)*)?);
    };
    ($definition:ident; shape: $shape:expr $(, $($rest:tt)*)?) => {
        $definition.shape($shape);
        $crate::__scenario_fields!($definition; $($($rest)*)?);
    };
    ($definition:ident; hooks: $hooks:expr $(, $($rest:tt)*)?) => {
        $definition.hooks($hooks);
        $crate::__scenario_fields!($definition; $($($rest)*)?);
    };
    ($definition:ident; $field:ident $($rest:tt)*) => {
        ::std::compile_error!(::std::concat!(
            "`scenario!` has no field `", ::std::stringify!($field),
            "` of this form; it has `users: [Type]`, `options: [STATIC]`, `tables: [STATIC]`, \
             `shape: value` and `hooks: value`"
        ));
    };
}
