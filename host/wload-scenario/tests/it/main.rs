//! Tests of this crate that need a real component.

#![cfg(test)]
mod fuzz;
