//! Tests of this crate against the outside world: Locust itself, where it is installed, and noise.

#[cfg(test)]
mod dispatch_oracle;
#[cfg(test)]
mod fuzz;
