//! Builds every plugin in `plugins/` as a component and writes the lists that `lib.rs` includes. A
//! plugin that needs tools which this machine does not have is left out, and said so.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use loom_component_build::Tools;
use sha2::{Digest as _, Sha256};

/// Plugins in Rust with parts in C.
const WITH_C: [&str; 1] = ["javascript"];

/// Plugins whose instances begin with the memory that `loom:prepare` has left.
const PREPARED: [&str; 1] = ["javascript"];

/// The plugins by what they are built with.
struct Plugins {
    rust: Vec<String>,
    python: Vec<String>,
}

/// A plugin's name, and its component or what is missing to build it.
type Built = (String, Result<PathBuf, String>);

fn main() {
    // Asked for when it runs: the script may have been built in a checkout that has moved since.
    let workspace =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"))
            .join("../..");
    let directory = workspace.join("plugins");
    println!("cargo::rerun-if-changed={}", directory.display());
    let plugins = Plugins::find(&directory);
    let tools = Tools::install();
    let mut built = build_rust(&workspace, &plugins.rust, &tools);
    built.extend(build_python(&workspace, &plugins.python, &tools));
    built.sort();
    write_lists(&directory, &built);
}

impl Plugins {
    fn find(directory: &Path) -> Self {
        let mut plugins = Self {
            rust: Vec::new(),
            python: Vec::new(),
        };
        for entry in fs::read_dir(directory).expect("plugins/ is there") {
            let path = entry.expect("plugins/ can be listed").path();
            let name = path.file_name().expect("a listed file has a name");
            let name = name.to_string_lossy().into_owned();
            if path.join("Cargo.toml").is_file() {
                plugins.rust.push(name);
            } else if path.join("app.py").is_file() {
                plugins.python.push(name);
            }
        }
        plugins.rust.sort();
        plugins
    }
}

fn build_rust(workspace: &Path, plugins: &[String], tools: &Result<Tools, String>) -> Vec<Built> {
    let missing = |plugin: &String| match tools {
        Err(missing) if WITH_C.contains(&plugin.as_str()) => Some(missing),
        _ => None,
    };
    let packages = plugins.iter().filter(|plugin| missing(plugin).is_none());
    let packages: Vec<String> = packages
        .map(|plugin| format!("--package=loom-plugin-{plugin}"))
        .collect();
    let arguments: Vec<&str> = packages.iter().map(String::as_str).collect();
    let directory = loom_component_build::build(workspace, &arguments, tools.as_ref().ok());
    let component = |plugin: &String| {
        let file = format!("loom_plugin_{}.wasm", plugin.replace('-', "_"));
        let component = loom_component_build::keep(&directory.join(file), plugin);
        if let Ok(tools) = tools
            && PREPARED.contains(&plugin.as_str())
            && let Err(why) = loom_component_build::prepare(tools, &component)
        {
            println!("cargo::warning=each call of the plugin {plugin} starts from nothing: {why}");
        }
        component
    };
    let built = plugins.iter().map(|plugin| {
        let result = missing(plugin).map_or_else(|| Ok(component(plugin)), |why| Err(why.clone()));
        (plugin.clone(), result)
    });
    built.collect()
}

fn build_python(workspace: &Path, plugins: &[String], tools: &Result<Tools, String>) -> Vec<Built> {
    let component = |plugin: &String| {
        let tools = tools.as_ref().map_err(Clone::clone)?;
        let folder = workspace.join("plugins").join(plugin);
        let component =
            loom_component_build::python_component(tools, &folder, &workspace.join("wit"))?;
        Ok(loom_component_build::keep(&component, plugin))
    };
    plugins
        .iter()
        .map(|plugin| (plugin.clone(), component(plugin)))
        .collect()
}

fn write_lists(plugins: &Path, built: &[Built]) {
    let mut all = String::from("&[\n");
    let mut missing = String::from("&[\n");
    for (name, component) in built {
        let line = match component {
            Ok(component) => {
                add_tools(&plugins.join(name).join("tools.json"), component);
                let digest = digest(component);
                writeln!(
                    all,
                    "    Builtin {{ name: {name:?}, wasm: include_bytes!({component:?}), digest: {digest:?} }},"
                )
            }
            Err(why) => {
                println!("cargo::warning=the plugin {name} is left out; it needs {why}");
                writeln!(missing, "    Missing {{ name: {name:?}, needs: {why:?} }},")
            }
        };
        line.expect("a string takes text");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for (file, list) in [("builtins.rs", all), ("missing.rs", missing)] {
        fs::write(out.join(file), list + "]").expect("the output directory takes files");
    }
}

/// Puts the list of a plugin's tools into its component, so that the host need not compile it to know
/// them. A test compares the list with what the plugin says when it runs.
fn add_tools(list: &Path, component: &Path) {
    if let Ok(tools) = fs::read(list) {
        loom_component_build::add_section(component, "loom:tools", &tools);
    }
}

fn digest(component: &Path) -> String {
    let wasm = fs::read(component).expect("the component was just put there");
    Sha256::digest(wasm)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
