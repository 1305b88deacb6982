//! New plugin projects: a Rust tool plugin that builds with plain cargo wherever it lies, because
//! it brings the SDK and the contract along.
//!
//! `name` says what a project may be called, `vendor` and `lock` make what it brings along,
//! `template/` is what its author edits. What must not be here: building the project, and talking to
//! a person.

mod lock;
mod name;
mod vendor;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vendor::Workspace;

/// The tool that the template comes with.
pub const EXAMPLE_TOOL: &str = "shorten";

/// Arguments for [`EXAMPLE_TOOL`] that work, as JSON.
pub const EXAMPLE_ARGUMENTS: &str = r#"{"text": "to be or not to be", "words": 2}"#;

/// A project to be made.
#[derive(Clone, Debug)]
pub struct Scaffold {
    /// Of the crate and of the plugin: lower-case ASCII letters, digits, `-` and `_`, at most 64,
    /// the first a letter.
    pub name: String,
    /// Where the project is to be; absent or empty so far.
    pub directory: PathBuf,
}

impl Scaffold {
    /// Where `cargo build --release --target wasm32-wasip2` puts the component, relative to the
    /// project.
    #[must_use]
    pub fn component(&self) -> String {
        let file = self.name.replace('-', "_");
        format!("target/wasm32-wasip2/release/{file}.wasm")
    }
}

/// Why there is no project. Nothing was written, or it was removed again.
#[derive(Debug)]
pub enum ScaffoldError {
    /// The name cannot be that of a crate and a plugin.
    Name {
        name: String,
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// Something is already where the project is to be.
    Occupied(PathBuf),
    /// The project could not be written.
    Write { path: PathBuf, source: io::Error },
}

impl fmt::Display for ScaffoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name, reason } => {
                write!(f, "a plugin cannot be called {name:?}: {reason}")
            }
            Self::Occupied(path) => write!(
                f,
                "{} is already there and is not an empty directory",
                path.display()
            ),
            Self::Write { path, source } => {
                write!(f, "writing the project {}: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for ScaffoldError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write { source, .. } => Some(source),
            Self::Name { .. } | Self::Occupied(_) => None,
        }
    }
}

/// Makes a project, whole or not at all, and returns its absolute path.
///
/// # Errors
///
/// If the name cannot be used, something is in the way, or the files cannot be written.
pub fn create(scaffold: &Scaffold) -> Result<PathBuf, ScaffoldError> {
    name::check(&scaffold.name)?;
    let failed = |source| ScaffoldError::Write {
        path: scaffold.directory.clone(),
        source,
    };
    let directory = std::path::absolute(&scaffold.directory).map_err(failed)?;
    match entries(&directory) {
        Ok(names) if names.is_empty() => fill(&directory, &scaffold.name),
        Ok(_) => return Err(ScaffoldError::Occupied(scaffold.directory.clone())),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(ScaffoldError::Occupied(scaffold.directory.clone()));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&directory, &scaffold.name),
        Err(error) => Err(error),
    }
    .map_err(failed)?;
    Ok(directory)
}

/// Writes the project beside where it is to be and renames it.
fn make(directory: &Path, name: &str) -> io::Result<()> {
    let parent = directory.parent().unwrap_or(directory);
    fs::create_dir_all(parent)?;
    let (_temporary, project) = write_aside(parent, name)?;
    fs::rename(project, directory)
}

/// Fills an empty directory. It stays what it was: a person's shell may stand in it, and it may be
/// the only place here that can be written.
fn fill(directory: &Path, name: &str) -> io::Result<()> {
    let (_temporary, project) = write_aside(directory, name)?;
    let mut moved = Vec::new();
    for entry in entries(&project)? {
        let place = directory.join(&entry);
        if let Err(error) = fs::rename(project.join(&entry), &place) {
            for place in moved {
                remove(place);
            }
            return Err(error);
        }
        moved.push(place);
    }
    Ok(())
}

fn remove(path: PathBuf) {
    // The error that led here is the one worth telling.
    let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
}

/// Writes the project into a temporary directory. It lies one level deeper, because a temporary
/// directory is closed to other users.
fn write_aside(parent: &Path, name: &str) -> io::Result<(tempfile::TempDir, PathBuf)> {
    let temporary = tempfile::Builder::new()
        .prefix(&format!(".{name}-"))
        .tempdir_in(parent)?;
    let project = temporary.path().join(name);
    for (file, text) in files(name) {
        let path = project.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&project))?;
        fs::write(path, text)?;
    }
    Ok((temporary, project))
}

fn entries(directory: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let entries = fs::read_dir(directory)?;
    entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect()
}

/// Every file of a project, by its name with `/` between the parts.
fn files(name: &str) -> Vec<(String, String)> {
    let workspace = Workspace::embedded();
    let fill_in = |template: &str| fill_in(template, name, &workspace);
    let own = [
        (
            "Cargo.toml",
            fill_in(include_str!("scaffold/template/package.toml")),
        ),
        ("Cargo.lock", lock::derive(name)),
        (
            "plugin.toml",
            fill_in(include_str!("scaffold/template/plugin.toml")),
        ),
        (
            "src/lib.rs",
            fill_in(include_str!("scaffold/template/lib.rs")),
        ),
        (
            "README.md",
            fill_in(include_str!("scaffold/template/README.md")),
        ),
        (
            ".gitignore",
            include_str!("scaffold/template/gitignore").to_owned(),
        ),
        (
            "rust-toolchain.toml",
            include_str!("../../../rust-toolchain.toml").to_owned(),
        ),
        (
            "vendor/LICENSE",
            include_str!("../../../LICENSE").to_owned(),
        ),
    ];
    own.into_iter()
        .map(|(file, text)| (file.to_owned(), text))
        .chain(vendor::files(&workspace))
        .collect()
}

fn fill_in(template: &str, name: &str, workspace: &Workspace) -> String {
    let values = [
        ("{{name}}", name.to_owned()),
        ("{{crate}}", name.replace('-', "_")),
        ("{{edition}}", workspace.package("edition")),
        ("{{rust-version}}", workspace.package("rust-version")),
        ("{{serde_json}}", workspace.dependency("serde_json")),
        ("{{profile}}", workspace.plugin_profile()),
        ("{{tool}}", EXAMPLE_TOOL.to_owned()),
        ("{{arguments}}", EXAMPLE_ARGUMENTS.to_owned()),
    ];
    let fill = |text: String, (key, value): (&str, String)| text.replace(key, &value);
    values.into_iter().fold(template.to_owned(), fill)
}

#[cfg(test)]
mod tests;
