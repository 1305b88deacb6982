//! Builds the guests in `guests/` and writes their names and places for the harness. The one in Python
//! is left out on machines that have not what it needs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use loom_component_build::Tools;

fn main() {
    // Asked for when it runs: the script may have been built in a checkout that has moved since.
    let tests =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed={}", tests.join("guests").display());
    let tools = Tools::install();
    let arguments = ["--package=loom-test-guests", "--examples"];
    let built = loom_component_build::build(&tests.join(".."), &arguments, None).join("examples");
    let mut list = String::new();
    let guests = fs::read_dir(tests.join("guests/examples")).expect("the guests are there");
    for guest in guests {
        let path = guest.expect("the guests can be listed").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let name = path
            .file_stem()
            .expect("a listed file has a name")
            .to_string_lossy()
            .into_owned();
        let component = loom_component_build::keep(&built.join(format!("{name}.wasm")), &name);
        writeln!(
            list,
            "/// The guest `{name}`.\npub const {}: &[u8] = include_bytes!({component:?});",
            name.to_uppercase()
        )
        .expect("a string takes text");
    }
    list.push_str(&python(&tests, &tools));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("guests.rs"), list).expect("the output directory takes files");
}

fn python(tests: &Path, tools: &Result<Tools, String>) -> String {
    let built = tools.as_ref().map_err(Clone::clone).and_then(|tools| {
        let (folder, wit) = (tests.join("guests/python"), tests.join("../wit"));
        loom_component_build::python_component(tools, &folder, &wit)
    });
    let value = match built {
        Ok(component) => format!(
            "Ok(include_bytes!({:?}))",
            loom_component_build::keep(&component, "python")
        ),
        Err(missing) => format!("Err({missing:?})"),
    };
    format!(
        "/// The guest in Python, or what is missing on the machine that built the tests.\n\
         pub const PYTHON: Result<&[u8], &str> = {value};\n"
    )
}
