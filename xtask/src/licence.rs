//! Whether a licence expression lets us use a package.
//!
//! Upstream: the `license` field of a manifest, an SPDX expression, or the old form with `/` for OR.
//! Downstream: [`deps`](crate::deps). Pure.

/// Licences that ask for no more than their text beside the program. All are compatible with ours.
const ACCEPTED: [&str; 8] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Whether some choice of the expression has accepted licences only; `Err` with the word that cannot
/// be read.
///
/// # Errors
/// When it is not an expression.
pub(crate) fn is_accepted(expression: &str) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words };
    let is_accepted = reader.any()?;
    match reader.words.first() {
        None => Ok(is_accepted),
        Some(word) => Err((*word).to_owned()),
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.first() == Some(&word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }

    /// `all OR all OR ...`
    fn any(&mut self) -> Result<bool, String> {
        let mut is_accepted = self.all()?;
        while self.take("OR") {
            is_accepted |= self.all()?;
        }
        Ok(is_accepted)
    }

    /// `one AND one AND ...`
    fn all(&mut self) -> Result<bool, String> {
        let mut is_accepted = self.one()?;
        while self.take("AND") {
            is_accepted &= self.one()?;
        }
        Ok(is_accepted)
    }

    /// A licence, maybe with an exception, or an expression in parentheses.
    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let is_accepted = self.any()?;
            return if self.take(")") { Ok(is_accepted) } else { Err("(".to_owned()) };
        }
        let name = self.word()?;
        if self.take("WITH") {
            let exception = self.word()?;
            return Ok(ACCEPTED.contains(&format!("{name} WITH {exception}").as_str()));
        }
        Ok(ACCEPTED.contains(&name))
    }

    fn word(&mut self) -> Result<&'a str, String> {
        let (word, rest) = self.words.split_first().ok_or("its end")?;
        if ["(", ")", "AND", "OR", "WITH"].contains(word) {
            return Err((*word).to_owned());
        }
        self.words = rest;
        Ok(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_judged_by_their_best_choice() {
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("MIT AND GPL-3.0-only", false),
            ("MIT/Apache-2.0", true),
            ("Apache-2.0 / MIT", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0 WITH something-else", false),
            ("(MIT OR GPL-3.0-only) AND Unicode-3.0", true),
            ("GPL-3.0-only OR MIT AND ISC", true),
            ("GPL-3.0-only AND (MIT OR ISC)", false),
        ] {
            assert_eq!(is_accepted(expression), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn what_is_not_an_expression_is_refused() {
        for expression in ["", "MIT OR", "MIT AND OR ISC", "(MIT", "MIT)", "MIT ISC", "MIT WITH"] {
            assert!(is_accepted(expression).is_err(), "{expression}");
        }
    }
}
