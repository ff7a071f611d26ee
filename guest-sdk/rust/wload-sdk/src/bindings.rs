//! The contract as Rust types: `generate!` and nothing else.
//!
//! Upstream: `wit/`. Downstream: every module that calls the host, and [`export`](crate::export)
//! in the author's crate. Natively the imports are stubs that panic, so that a scenario compiles,
//! documents and unit-tests like any other crate.

wit_bindgen::generate!({
    path: "wit",
    world: "full",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "wload_sdk::bindings",
});
