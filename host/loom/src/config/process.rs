//! What the configuration takes from the process it runs in: environment, current directory, user.

use std::env;
use std::path::{Path, PathBuf};

use super::layers::{self, Sources};
use super::model::Choice;
use super::places::Places;
use super::problem::{Problem, Problems};
use super::resolve::{Situation, resolve};
use super::tree::Origin;
use super::trust::Trust;
use super::{Config, ConfigError, Overrides, raw};

/// The sources of the process, with the working directory that the overrides name.
pub(super) fn sources(overrides: &Overrides) -> Result<Sources<'_>, ConfigError> {
    let workspace = workspace(overrides.working_directory.as_deref())?;
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    let environment = env::vars_os().map(|(name, value)| (text(name), text(value)));
    Ok(Sources {
        places: Places::of_user(workspace),
        environment: environment.collect(),
        overrides,
    })
}

/// Absolute, without symlinks, as the current directory is too.
fn workspace(chosen: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let path = chosen.unwrap_or(Path::new("."));
    let found = path.canonicalize();
    let failure = match found {
        Ok(path) if path.is_dir() => return Ok(path),
        Ok(_) => "it is not a directory".to_owned(),
        Err(error) => error.to_string(),
    };
    let origin = match chosen {
        Some(path) => Origin::named(&format!("the directory {}", path.display())),
        None => Origin::named("the current directory"),
    };
    let problems = Problems::default();
    problems.add(Problem::new(
        &origin,
        "",
        format!("it can't be worked in: {failure}"),
    ));
    Err(problems.into_error().expect("a problem was just added"))
}

/// The user's file.
pub(super) fn user_file() -> PathBuf {
    let named = env::var_os("LOOM_CONFIG").filter(|path| !path.is_empty());
    match named {
        Some(path) => std::path::absolute(&path).unwrap_or_else(|_| path.into()),
        None => Places::of_user(PathBuf::new()).config.join("config.toml"),
    }
}

/// The list of trusted projects.
pub(super) fn trust() -> Trust {
    Trust::in_directory(&Places::of_user(PathBuf::new()).state)
}

/// Loom's own state directory.
pub(super) fn state_dir() -> PathBuf {
    Places::of_user(PathBuf::new()).state
}

/// Where compiled code is kept, unless a configuration says otherwise.
pub(super) fn cache_dir() -> PathBuf {
    Places::of_user(PathBuf::new()).cache.join("loom")
}

/// The defaults with a text over them, for a directory or the current one.
pub(super) fn from_text(directory: Option<&Path>, text: &str) -> Result<Config, ConfigError> {
    let places = Places::of_user(workspace(directory)?);
    let problems = Problems::default();
    let mut tree = layers::defaults(&problems);
    let origin = Origin::named("the configuration");
    tree.overlay(layers::read_layer(text, &origin, &problems));
    let raw = raw::read(&tree, &problems);
    let choice = layers::choose_configured(&raw).unwrap_or_else(|problem| {
        problems.add(problem);
        Choice::offline()
    });
    let situation = Situation {
        places,
        choice,
        project: None,
        ephemeral: false,
    };
    let config = resolve(raw, situation, &problems);
    match problems.into_error() {
        Some(error) => Err(error),
        None => Ok(config),
    }
}
