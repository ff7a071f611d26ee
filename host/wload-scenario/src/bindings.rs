//! The contract as Rust types: `bindgen!` and nothing else.
//!
//! Upstream: `wit/`. Downstream: `interfaces/` implements the imports, `instance.rs` and
//! `describe.rs` call the exports. Only what may suspend a user is async: an async import costs
//! more than a plain one.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "full",
    imports: {
        "wload:scenario/http.send": async | trappable,
        "wload:scenario/http.send-all": async | trappable,
        "wload:scenario/http.[method]request-template.send": async | trappable,
        "wload:scenario/http.[method]request-template.send-upload": async | trappable,
        "wload:scenario/http.[method]request-template.open": async | trappable,
        "wload:scenario/http.[method]exchange.read-chunk": async | trappable,
        "wload:scenario/clock.sleep": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    with: {
        "wload:scenario/http.exchange": crate::interfaces::http::ExchangeHandle,
        "wload:scenario/http.request-template": crate::interfaces::http::TemplateHandle,
        "wload:scenario/events.metric": crate::interfaces::events::MetricHandle,
        "wload:scenario/data.table": crate::interfaces::data::TableHandle,
    },
});
