//! Every environment variable that wload reads, with its documentation.
//!
//! Control: made of `options.rs`, and of the few variables that are not options. Downstream: the
//! long help shows it, `config/environment.rs` knows by it which names are typing errors.

use std::collections::BTreeSet;

use crate::options::TABLE;

/// Where compiled scenarios are kept.
pub(crate) const CACHE_DIR: &str = "WLOAD_CACHE_DIR";

/// The Python that wload's tool folder is made with.
pub(crate) const PYTHON: &str = "WLOAD_PYTHON";

/// Variables that are not options.
const OTHERS: [(&str, &str); 3] = [
    (CACHE_DIR, "folder of compiled scenarios [default: wload in the user's cache folder]"),
    (
        PYTHON,
        "Python that wload makes its tool folder with, to build locustfiles [default: python3]",
    ),
    ("NO_COLOR", "no colours"),
];

/// All names of wload's own.
pub(crate) fn names() -> BTreeSet<String> {
    let options = TABLE.iter().filter_map(|spec| spec.own_variable());
    options.chain(OTHERS.iter().map(|(name, _)| (*name).to_owned())).collect()
}

/// The table for the help.
pub(crate) fn help() -> String {
    let mut text = String::from("Environment variables (a flag wins over them):\n");
    for spec in TABLE {
        let Some(own) = spec.own_variable() else { continue };
        let locust = spec.locust_variable().map_or(String::new(), |name| format!(", {name}"));
        let flag = match spec.kind {
            crate::options::Kind::Words(name) => format!("{name} ..."),
            _ => format!("--{}", spec.long),
        };
        text.push_str(&format!("  {own}{locust}: {flag}\n"));
    }
    for (name, meaning) in OTHERS {
        text.push_str(&format!("  {name}: {meaning}\n"));
    }
    text.truncate(text.trim_end().len());
    text
}
