//! Builds the plugin in `custom-provider/` and tells `custom_provider.rs` where it is.

use std::env;
use std::path::PathBuf;

fn main() {
    // Asked for when it runs: the script may have been built in a checkout that has moved since.
    let examples =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let source = examples.join("custom-provider");
    println!("cargo::rerun-if-changed={}", source.display());
    let package = ["--package=loom-example-custom-provider"];
    let built = loom_component_build::build(&examples.join(".."), &package, None);
    let component = built.join("loom_example_custom_provider.wasm");
    let component = loom_component_build::keep(&component, "shout");
    println!("cargo::rustc-env=SHOUT_PLUGIN={}", component.display());
}
