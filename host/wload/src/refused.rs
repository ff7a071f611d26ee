//! Options of Locust that this wload does not have: known by name, refused with what to do instead.
//!
//! Control. Upstream: the same layers as `options.rs`. Downstream: `resolve.rs` reports all of them
//! together with every other mistake. Silently ignoring one would make a run mean something else
//! than its author thinks.

/// An option of Locust that is refused.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The long flag without dashes.
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// Takes a value.
    pub(crate) has_value: bool,
    /// Locust's variable for it.
    pub(crate) variable: Option<&'static str>,
    /// Reads after the option's name.
    pub(crate) why: &'static str,
}

const WEB: &str = "is for a web page, and this wload has none: runs start at once; leave it out";
const CLUSTER: &str =
    "is for runs on many machines, and this wload runs on one: use --cores for more threads";
const HTML: &str = "is not there: this wload writes no HTML; use --json-file or --csv";
const OTEL: &str = "is not there: this wload exports no telemetry; use --json-file or --csv";
const CHECK: &str = "is not there: this wload has no thresholds; check the numbers of --json";
const REPORT: &str = "is not there: this wload writes to no database; use --json-file or --csv";
const CONFIG: &str = "is not there: choose classes as arguments, and set options by --option";
const LABEL: &str = "is not there: this wload does not label runs; leave it out";

const fn flag(long: &'static str, variable: Option<&'static str>, why: &'static str) -> Refused {
    Refused { long, short: None, has_value: false, variable, why }
}

const fn value(long: &'static str, variable: Option<&'static str>, why: &'static str) -> Refused {
    Refused { long, short: None, has_value: true, variable, why }
}

/// All of them.
pub(crate) const REFUSED: &[Refused] = &[
    value("web-host", Some("LOCUST_WEB_HOST"), WEB),
    value("web-host-display-name", Some("LOCUST_WEB_HOST_DISPLAY_NAME"), WEB),
    Refused {
        long: "web-port",
        short: Some('P'),
        has_value: true,
        variable: Some("LOCUST_WEB_PORT"),
        why: WEB,
    },
    value("web-base-path", Some("LOCUST_WEB_BASE_PATH"), WEB),
    value("web-auth", Some("LOCUST_WEB_AUTH"), WEB),
    flag("web-login", Some("LOCUST_WEB_LOGIN"), WEB),
    value("tls-cert", Some("LOCUST_TLS_CERT"), WEB),
    value("tls-key", Some("LOCUST_TLS_KEY"), WEB),
    flag("class-picker", Some("LOCUST_USERCLASS_PICKER"), WEB),
    value("build-path", Some("LOCUST_BUILD_PATH"), WEB),
    flag("legacy-ui", Some("LOCUST_LEGACY_UI"), WEB),
    flag("autostart", Some("LOCUST_AUTOSTART"), WEB),
    value("autoquit", Some("LOCUST_AUTOQUIT"), WEB),
    flag("headful", Some("LOCUST_HEADFUL"), WEB),
    flag("master", Some("LOCUST_MODE_MASTER"), CLUSTER),
    value("master-bind-host", Some("LOCUST_MASTER_BIND_HOST"), CLUSTER),
    value("master-bind-port", Some("LOCUST_MASTER_BIND_PORT"), CLUSTER),
    value("expect-workers", Some("LOCUST_EXPECT_WORKERS"), CLUSTER),
    value("expect-workers-max-wait", Some("LOCUST_EXPECT_WORKERS_MAX_WAIT"), CLUSTER),
    flag("enable-rebalancing", None, CLUSTER),
    value("expect-slaves", None, CLUSTER),
    flag("worker", Some("LOCUST_MODE_WORKER"), CLUSTER),
    flag("slave", None, CLUSTER),
    value("processes", Some("LOCUST_PROCESSES"), CLUSTER),
    value("master-host", Some("LOCUST_MASTER_NODE_HOST"), CLUSTER),
    value("master-port", Some("LOCUST_MASTER_NODE_PORT"), CLUSTER),
    value("html", Some("LOCUST_HTML"), HTML),
    flag("otel", Some("LOCUST_ENABLE_OPENTELEMETRY"), OTEL),
    value("config-users", Some("LOCUST_CONFIG_USERS"), CONFIG),
    value("profile", None, LABEL),
    value("check-rps", Some("LOCUST_CHECK_RPS"), CHECK),
    value("check-fail-ratio", Some("LOCUST_CHECK_FAIL_RATIO"), CHECK),
    value("check-avg-response-time", Some("LOCUST_CHECK_AVG_RESPONSE_TIME"), CHECK),
    flag("timescale", None, REPORT),
    value("ips", Some("LOCUST_IPS"), "is not there: use --users and a wait time of the scenario"),
];
