//! Tells cargo what `wload new` embeds: `include_dir!` does not.

#[expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
fn main() {
    println!("cargo::rerun-if-changed=../../guest-sdk/rust");
    println!("cargo::rerun-if-changed=../../wit");
    println!("cargo::rerun-if-changed=../../Cargo.toml");
}
