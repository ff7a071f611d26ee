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

/// Every kind, once. A client that offers only HTTP/1.1 sees none of those of HTTP/2: their targets
/// refuse it in the handshake.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    [connections::KINDS, heads::KINDS, bodies::KINDS, redirects::KINDS, tls::KINDS, http2::KINDS]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_texts_fit_into_a_table() {
        let mut names = BTreeSet::new();
        for kind in kinds() {
            assert!(names.insert(kind.name), "`{}` is there twice", kind.name);
            let is_name =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            assert!(kind.name.chars().all(is_name), "`{}`", kind.name);
            assert!(!kind.does.contains('|') && !kind.does.ends_with('.'), "{}", kind.does);
        }
        assert!(names.len() > 60, "all subjects are there");
    }
}
