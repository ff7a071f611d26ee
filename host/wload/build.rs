//! Tells cargo what is embedded: `include_dir!` does not.

fn main() {
    println!("cargo::rerun-if-changed=../../guest-sdk/rust");
    println!("cargo::rerun-if-changed=../../guest-sdk/python");
    println!("cargo::rerun-if-changed=../../wit");
    println!("cargo::rerun-if-changed=../../Cargo.toml");
}
