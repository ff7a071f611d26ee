//! Tests of this crate against the outside world: Locust itself, where it is installed.

#[cfg(test)]
mod dispatch_oracle;
