//! All kinds, in the order of the table.
//!
//! Upstream: the rows, by subject. Downstream: the tests in `servers`, and the page of the documentation
//! that shows them.

mod bodies;
mod connections;
mod heads;
mod http2;
mod redirects;
mod tls;

use super::Kind;

/// Every kind of HTTP/1.1, once.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    [connections::KINDS, heads::KINDS, bodies::KINDS, redirects::KINDS, tls::KINDS]
        .into_iter()
        .flatten()
}

/// The kinds of HTTP/2, each once. A client that offers only HTTP/1.1 sees none of them: their targets
/// refuse it in the handshake.
pub fn http2_kinds() -> impl Iterator<Item = &'static Kind> {
    http2::KINDS.iter()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_texts_fit_into_a_table() {
        let mut names = BTreeSet::new();
        for kind in kinds().chain(http2_kinds()) {
            assert!(names.insert(kind.name), "`{}` is there twice", kind.name);
            let is_name =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            assert!(kind.name.chars().all(is_name), "`{}`", kind.name);
            assert!(!kind.does.contains('|') && !kind.does.ends_with('.'), "{}", kind.does);
        }
        assert!(names.len() > 60, "all subjects are there");
    }
}
