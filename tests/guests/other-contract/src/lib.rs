//! A scenario that was built for another version of the contract.
//!
//! Upstream: `tests/scenario/refusals.rs`, which sees it refused. It never runs.

wit_bindgen::generate!({ path: "wit", world: "scenario" });

struct Other;

impl exports::wload::scenario::users::Guest for Other {
    fn describe() -> String {
        wload::scenario::log::log("from the future");
        "one user".into()
    }
}

export!(Other);
