//! Lists the SDK's files and the contract for `scaffold`, which puts them into new projects.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What only the SDK's own tests need.
const LEFT_OUT: [&str; 3] = ["fixtures", "tests", "tests.rs"];

fn main() {
    // Asked for when it runs: the script may have been built in a checkout that has moved since.
    let workspace =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"))
            .join("../..");
    let mut files = Vec::new();
    for part in ["sdk", "wit"] {
        let directory = workspace.join(part);
        println!("cargo::rerun-if-changed={}", directory.display());
        collect(&directory, part, &mut files);
    }
    files.sort();
    let mut list = String::from("&[\n");
    for (name, path) in files {
        writeln!(list, "    ({name:?}, include_str!({path:?})),").expect("a string takes text");
    }
    list.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("sdk.rs"), list).expect("the output directory takes files");
}

/// Every source below a directory, by its name relative to the workspace with `/` between the parts.
fn collect(directory: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) {
    let entries = fs::read_dir(directory).expect("the SDK and the contract are there");
    for entry in entries {
        let path = entry.expect("a directory can be listed").path();
        let own = path
            .file_name()
            .expect("a listed file has a name")
            .to_string_lossy();
        if LEFT_OUT.contains(&&*own) {
            continue;
        }
        let name = format!("{name}/{own}");
        let is_source = path
            .extension()
            .is_some_and(|ending| ending == "rs" || ending == "toml" || ending == "wit");
        if path.is_dir() {
            collect(&path, &name, files);
        } else if is_source {
            files.push((name, path));
        }
    }
}
