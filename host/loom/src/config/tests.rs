//! The configuration from its layers to what a run gets.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod context;
mod control;
mod errors;
mod grants;
mod layers;
mod model;
mod pool;
mod trust;

use std::fs;
use std::path::PathBuf;

use super::layers::{Sources, load};
use super::places::Places;
use super::{Config, Loaded, Overrides};

/// A user and a project in a temporary directory.
struct Fixture {
    root: tempfile::TempDir,
    environment: Vec<(String, String)>,
    overrides: Overrides,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self {
            root: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
            overrides: Overrides::default(),
        };
        fs::create_dir_all(fixture.workspace()).unwrap();
        fs::create_dir_all(fixture.places().config).unwrap();
        fixture
    }

    fn workspace(&self) -> PathBuf {
        self.root.path().join("project")
    }

    fn places(&self) -> Places {
        Places::below(&self.root.path().join("home"), self.workspace())
    }

    fn user(self, text: &str) -> Self {
        fs::write(self.places().config.join("config.toml"), text).unwrap();
        self
    }

    fn project(self, text: &str) -> Self {
        fs::write(self.workspace().join("loom.toml"), text).unwrap();
        self
    }

    fn trusted(self) -> Self {
        let project = super::Project::of(&self.workspace());
        super::Trust::in_directory(&self.places().state)
            .add(&project)
            .unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn set(mut self, setting: &str) -> Self {
        self.overrides.set.push(setting.to_owned());
        self
    }

    fn try_load(&self) -> Result<Loaded, super::ConfigError> {
        load(Sources {
            places: self.places(),
            environment: self.environment.clone(),
            overrides: &self.overrides,
        })
    }

    fn loaded(&self) -> Loaded {
        self.try_load().unwrap()
    }

    fn config(&self) -> Config {
        self.loaded().config
    }

    /// The warnings, with the temporary directory left out.
    fn warnings(&self) -> String {
        let warnings = self.loaded().warnings;
        let lines: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        self.stable(&lines.join("\n"))
    }

    /// The error, with the temporary directory left out.
    fn error(&self) -> String {
        self.stable(&self.try_load().unwrap_err().to_string())
    }

    fn stable(&self, text: &str) -> String {
        text.replace(self.root.path().to_str().unwrap(), "ROOT")
    }

    /// `PROVIDER/MODEL` as decided, `PROVIDER` without a model.
    fn model(&self) -> String {
        let config = self.config();
        match config.model {
            Some(model) => format!("{}/{model}", config.provider),
            None => config.provider,
        }
    }
}
