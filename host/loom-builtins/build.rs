//! Builds every plugin in `plugins/` as a component and writes the list that `lib.rs` includes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest as _, Sha256};

fn main() {
    // Asked for when it runs: the script may have been built in a checkout that has moved since.
    let workspace =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"))
            .join("../..");
    let directory = workspace.join("plugins");
    println!("cargo::rerun-if-changed={}", directory.display());
    let plugins = plugins(&directory);
    let packages: Vec<String> = plugins
        .iter()
        .map(|plugin| format!("--package=loom-plugin-{plugin}"))
        .collect();
    let arguments: Vec<&str> = packages.iter().map(String::as_str).collect();
    let built = loom_component_build::build(&workspace, &arguments);
    let mut list = String::from("&[\n");
    for plugin in &plugins {
        let component = built.join(format!("loom_plugin_{}.wasm", plugin.replace('-', "_")));
        let component = loom_component_build::keep(&component, plugin);
        let digest = digest(&component);
        writeln!(list, "    Builtin {{ name: {plugin:?}, wasm: include_bytes!({component:?}), digest: {digest:?} }},")
            .expect("a string takes text");
    }
    list.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("builtins.rs"), list).expect("the output directory takes files");
}

fn plugins(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("plugins/ is there");
    let mut plugins: Vec<String> = entries
        .map(|entry| entry.expect("plugins/ can be listed").path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| {
            path.file_name()
                .expect("a listed file has a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    plugins.sort();
    plugins
}

fn digest(component: &Path) -> String {
    let wasm = fs::read(component).expect("the component was just put there");
    Sha256::digest(wasm)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
