//! Arguments of the attributes: `weight = 3, tags("a"), sequential`.
//!
//! Upstream: `block.rs`. Downstream: `expand.rs`. Which argument may stand where is a table here.

use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Result, Token, Type};

/// Arguments of `#[user]`.
pub(crate) const OF_USER: &[&str] =
    &["weight", "fixed_count", "wait_time", "host", "name", "tags", "sequential", "pinned"];
/// Arguments of `#[task_set]`.
pub(crate) const OF_SET: &[&str] = &["user", "sequential", "wait_time", "weight", "name", "tags"];
/// Arguments of `#[task]`.
pub(crate) const OF_TASK: &[&str] = &["weight", "tags", "name"];

/// What an attribute says.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) weight: Option<Expr>,
    pub(crate) fixed_count: Option<Expr>,
    pub(crate) wait_time: Option<Expr>,
    pub(crate) host: Option<Expr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) tags: Vec<LitStr>,
    pub(crate) is_sequential: bool,
    pub(crate) is_pinned: bool,
    pub(crate) user: Option<Type>,
}

impl Args {
    /// Parses the arguments of one attribute; only the `allowed` ones.
    pub(crate) fn parse(
        tokens: proc_macro2::TokenStream,
        attribute: &str,
        allowed: &[&str],
    ) -> Result<Self> {
        let parser = |input: ParseStream<'_>| Self::parse_from(input, attribute, allowed);
        parser.parse2(tokens)
    }

    fn parse_from(input: ParseStream<'_>, attribute: &str, allowed: &[&str]) -> Result<Self> {
        let mut args = Self::default();
        // `#[task(3)]`, as in Locust.
        if attribute == "task" && input.peek(LitInt) {
            args.weight =
                Some(Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::Int(input.parse()?) }));
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let mut seen = Vec::new();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            let text = name.to_string();
            if !allowed.contains(&text.as_str()) {
                let list = allowed.join("`, `");
                let why = format!("`#[{attribute}]` has no argument `{text}`; it has `{list}`");
                return Err(Error::new(name.span(), why));
            }
            let is_weight_again = text == "weight" && args.weight.is_some();
            if seen.contains(&text) || is_weight_again {
                return Err(Error::new(name.span(), format!("`{text}` stands here twice")));
            }
            args.parse_value(&name, &text, input)?;
            seen.push(text);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if let (Some(_), Some(count)) = (&args.weight, &args.fixed_count) {
            let why = "a class has either a `weight` or a `fixed_count`";
            return Err(Error::new(count.span(), why));
        }
        Ok(args)
    }

    fn parse_value(&mut self, name: &Ident, text: &str, input: ParseStream<'_>) -> Result<()> {
        match text {
            "sequential" => self.is_sequential = true,
            "pinned" => self.is_pinned = true,
            "tags" => {
                let content;
                syn::parenthesized!(content in input);
                let tags = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                self.tags = tags.into_iter().collect();
            }
            "weight" => self.weight = Some(value(input)?),
            "fixed_count" => self.fixed_count = Some(value(input)?),
            "wait_time" => self.wait_time = Some(value(input)?),
            "host" => self.host = Some(value(input)?),
            "name" => self.name = Some(value(input)?),
            "user" => self.user = Some(value(input)?),
            _ => return Err(Error::new(name.span(), "unexpected argument")),
        }
        Ok(())
    }
}

fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn error(tokens: proc_macro2::TokenStream, attribute: &str, allowed: &[&str]) -> String {
        match Args::parse(tokens, attribute, allowed) {
            Ok(_) => panic!("expected an error"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn arguments_are_read_in_any_order() {
        let tokens = quote!(tags("a", "b"), weight = 3, name = "x",);
        let args = Args::parse(tokens, "task", OF_TASK).unwrap();
        assert_eq!(args.tags.iter().map(LitStr::value).collect::<Vec<_>>(), ["a", "b"]);
        assert!(args.weight.is_some());
        assert_eq!(args.name.unwrap().value(), "x");
        let args = Args::parse(quote!(3, tags("a")), "task", OF_TASK).unwrap();
        assert!(args.weight.is_some() && args.tags.len() == 1);
    }

    #[test]
    fn what_cannot_be_is_said() {
        let found = error(quote!(wait = 1), "user", OF_USER);
        assert!(found.contains("`#[user]` has no argument `wait`; it has `weight`"), "{found}");
        let found = error(quote!(weight = 1, fixed_count = 2), "user", OF_USER);
        assert!(found.contains("either a `weight` or a `fixed_count`"), "{found}");
        let found = error(quote!(3, weight = 1), "task", OF_TASK);
        assert!(found.contains("twice"), "{found}");
    }
}
