//! Gives the component the stack that deep recursion of scripts takes.

/// Levels of functions take it; `watch` stops a script before its end. What is not used costs nothing.
const STACK_BYTES: usize = 10 << 20;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let family = std::env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    if family.split(',').any(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK_BYTES}");
    }
}
