//! The layers of a configuration: where each comes from, and how they are laid over each other.

mod project;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::{self, Choice, Wishes};
use super::places::Places;
use super::problem::{Problem, Problems, Warning, nearest};
use super::raw::{self, Raw};
use super::resolve::{OwnProject, Situation, resolve};
use super::section::Located;
use super::tree::{Node, Origin, parse};
use super::{Config, ConfigError, DEFAULT_TOML, Layers, Loaded, Overrides, address, overrides};

/// Variables that Loom reads; another one that looks like these is a slip.
const VARIABLES: [&str; 5] = [
    "LOOM_CONFIG",
    "LOOM_LOG",
    "LOOM_MODEL",
    "LOOM_PROFILE",
    "LOOM_PROVIDER",
];

/// Where a configuration is read from.
pub(super) struct Sources<'a> {
    pub(super) places: Places,
    /// The environment: name and value.
    pub(super) environment: Vec<(String, String)>,
    pub(super) overrides: &'a Overrides,
}

/// The built-in layer.
pub(super) fn defaults(problems: &Problems) -> Node {
    parse(DEFAULT_TOML, &Origin::named("built-in defaults"), problems)
}

/// Reads all layers.
pub(super) fn load(sources: Sources<'_>) -> Result<Loaded, ConfigError> {
    let problems = Problems::default();
    let mut loader = Loader {
        tree: defaults(&problems),
        wishes: Wishes::default(),
        warnings: Vec::new(),
        files: Vec::new(),
        untrusted: None,
        problems,
        sources,
    };
    loader.check_variables();
    loader.add_user();
    let project = loader.add_project();
    loader.add_profile();
    loader.wishes.configured = raw::read(&loader.tree, &loader.problems).model;
    loader.add_environment();
    loader.add_overrides();
    loader.drop_questions();
    loader.finish(project)
}

struct Loader<'a> {
    sources: Sources<'a>,
    tree: Node,
    wishes: Wishes,
    warnings: Vec<Warning>,
    files: Vec<PathBuf>,
    /// The project's file, if the project is not trusted.
    untrusted: Option<Arc<str>>,
    problems: Problems,
}

impl Loader<'_> {
    /// A variable with a value; an empty one counts as unset.
    fn variable(&self, name: &str) -> Option<&str> {
        let mut pairs = self.sources.environment.iter();
        let (_, value) = pairs.find(|(known, _)| known == name)?;
        Some(value.as_str()).filter(|value| !value.trim().is_empty())
    }

    fn located_variable(&self, name: &str) -> Option<Located<String>> {
        let value = self.variable(name)?.to_owned();
        Some(Located {
            value,
            origin: model::variable(name),
            key: String::new(),
        })
    }

    fn check_variables(&mut self) {
        for (name, _) in &self.sources.environment {
            if !name.starts_with("LOOM_") || VARIABLES.contains(&name.as_str()) {
                continue;
            }
            if let Some(right) = nearest(name, VARIABLES) {
                self.warnings.push(Warning(format!(
                    "{name} is not a variable that Loom reads; did you mean {right}?"
                )));
            }
        }
    }

    fn user_file(&self) -> PathBuf {
        match self.variable("LOOM_CONFIG") {
            Some(path) => std::path::absolute(path).unwrap_or_else(|_| path.into()),
            None => self.sources.places.config.join("config.toml"),
        }
    }

    fn add_user(&mut self) {
        let path = self.user_file();
        match fs::read_to_string(&path) {
            Ok(text) => {
                let tree = self.read(&text, &Origin::file(&path));
                self.lay_over(tree);
                self.files.push(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if self.variable("LOOM_CONFIG").is_some() {
                    let message = format!("there is no file {}", path.display());
                    let origin = model::variable("LOOM_CONFIG");
                    self.problems.add(Problem::new(&origin, "", message));
                }
            }
            Err(error) => self.unreadable(&path, &error),
        }
    }

    /// Lays a layer over what is there. One that names a model means that model and no other, so the
    /// pool of the layers below is set aside, unless it brings a pool of its own.
    fn lay_over(&mut self, layer: Node) {
        if layer.get(&["model"]).is_some() && layer.get(&["pool"]).is_none() {
            self.tree.remove("pool");
        }
        self.tree.overlay(layer);
    }

    fn unreadable(&self, path: &Path, error: &std::io::Error) {
        let origin = Origin::file(path);
        self.problems.add(Problem::new(
            &origin,
            "",
            format!("it can't be read: {error}"),
        ));
    }

    /// Reads a layer and looks at it on its own.
    fn read(&self, text: &str, origin: &Origin) -> Node {
        read_layer(text, origin, &self.problems)
    }

    fn add_profile(&mut self) {
        let chosen = match &self.sources.overrides.profile {
            Some(name) => Some(Located {
                value: name.clone(),
                origin: Origin::named("--profile"),
                key: String::new(),
            }),
            None => self.located_variable("LOOM_PROFILE"),
        };
        let Some(chosen) = chosen else { return };
        if let Some(profile) = self.tree.get(&["profiles", &chosen.value]).cloned() {
            self.lay_over(profile);
            return;
        }
        let profiles = self.tree.get(&["profiles"]).and_then(Node::as_table);
        let names: Vec<_> = profiles
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        let hint = match (
            nearest(&chosen.value, names.iter().copied()),
            names.as_slice(),
        ) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => "write one as [profiles.NAME] into the configuration".to_owned(),
            (None, names) => format!("there are {}", names.join(", ")),
        };
        let message = format!("there is no profile `{}`; {hint}", chosen.value);
        self.problems.add(chosen.problem(message));
    }

    /// Puts the addresses and models of providers that the environment names into the tree.
    fn add_environment(&mut self) {
        self.wishes.provider_variable = self.located_variable("LOOM_PROVIDER");
        self.wishes.model_variable = self.located_variable("LOOM_MODEL");
        if self.wishes.provider_variable.is_some() || self.wishes.model_variable.is_some() {
            self.tree.remove("pool");
        }
        self.add_collector();
        let mut found = Vec::new();
        for (provider, raw) in raw::read(&self.tree, &self.problems).providers {
            for (key, name) in [("base_url", raw.base_url_env), ("model", raw.model_env)] {
                let value = name.and_then(|name| self.located_variable(&name));
                found.extend(value.map(|value| (provider.clone(), key, value)));
            }
        }
        for (provider, key, value) in found {
            let node = Node::string(value.value.trim(), &value.origin);
            self.tree.put(&["providers", &provider, key], node);
        }
    }

    /// The variable is OpenTelemetry's own and may be meant for other programs, so one that is of no
    /// use is no reason to stop.
    fn add_collector(&mut self) {
        const NAME: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        let Some(endpoint) = self.located_variable(NAME) else {
            return;
        };
        let text = endpoint.value.trim();
        match address::origin(text) {
            Ok(_) => {
                let node = Node::string(text, &endpoint.origin);
                self.tree.put(&["telemetry", "otlp_endpoint"], node);
            }
            Err(why) => {
                let warning = format!("{NAME} is not used: {why}");
                self.warnings.push(Warning(warning));
            }
        }
    }

    fn add_overrides(&mut self) {
        let layer = overrides::tree(self.sources.overrides, &self.tree, &self.problems);
        raw::read(&layer, &self.problems);
        let names_model = layer.get(&["model"]).is_some();
        self.lay_over(layer);
        if names_model {
            self.wishes.option = raw::read(&self.tree, &self.problems).model;
        }
    }

    fn finish(mut self, project: OwnProject) -> Result<Loaded, ConfigError> {
        let raw = raw::read(&self.tree, &self.problems);
        let choice = self.choose(&raw);
        let decided_by = choice.decided_by.clone();
        let situation = Situation {
            places: self.sources.places.clone(),
            choice,
            project: Some(project),
            ephemeral: self.sources.overrides.ephemeral,
        };
        let config = resolve(raw, situation, &self.problems);
        if let Some(error) = std::mem::take(&mut self.problems).into_error() {
            return Err(error);
        }
        self.show_choice(&config, &decided_by);
        Ok(Loaded {
            config,
            warnings: self.warnings,
            layers: Layers {
                files: self.files,
                tree: self.tree,
            },
        })
    }

    /// Where there is a pool, its members are the models and nothing else chooses.
    fn choose(&mut self, raw: &Raw) -> Choice {
        if !raw.pool.is_empty() {
            self.check_addresses(raw);
            return Choice::offline();
        }
        let environment = &self.sources.environment;
        let is_set = |name: &str| {
            let mut pairs = environment.iter();
            pairs.any(|(known, value)| known == name && !value.trim().is_empty())
        };
        let chosen = model::choose(&self.wishes, &raw.providers, &is_set, &mut self.warnings);
        let choice = chosen.unwrap_or_else(|problem| {
            self.problems.add(problem);
            Choice::offline()
        });
        let reachable = model::check_address(&choice.provider, &raw.providers, &choice.decided_by);
        reachable.unwrap_or_else(|problem| self.problems.add(problem));
        choice
    }

    fn check_addresses(&self, raw: &Raw) {
        for member in &raw.pool {
            // What names no provider is told where the pool is resolved.
            let Ok(choice) = model::member(&member.model, &raw.providers) else {
                continue;
            };
            let origin = &member.model.origin;
            let reachable = model::check_address(&choice.provider, &raw.providers, origin);
            reachable.unwrap_or_else(|problem| self.problems.add(problem));
        }
    }

    /// Lets the tree say what was decided, where nothing in it did.
    fn show_choice(&mut self, config: &Config, decided_by: &Origin) {
        if self
            .tree
            .get(&["pool"])
            .and_then(Node::as_list)
            .is_some_and(|it| !it.is_empty())
        {
            self.tree.remove("model");
            return;
        }
        let name = match &config.model {
            Some(model) => format!("{}/{model}", config.provider),
            None => config.provider.clone(),
        };
        self.tree.put(&["model"], Node::string(&name, decided_by));
    }
}

/// Reads a layer and looks at it on its own. One that is not TOML is empty: what is left of it says
/// nothing reliable.
pub(super) fn read_layer(text: &str, origin: &Origin, problems: &Problems) -> Node {
    let found = Problems::default();
    let mut tree = parse(text, origin, &found);
    if found.is_empty() {
        raw::read(&tree, &found);
    } else {
        tree = Node::empty(origin);
    }
    problems.append(found);
    tree
}

/// The choice where nothing but a configuration decides.
pub(super) fn choose_configured(raw: &Raw) -> Result<Choice, Problem> {
    let wishes = Wishes {
        configured: raw.model.clone(),
        ..Wishes::default()
    };
    model::choose(&wishes, &raw.providers, &|_| false, &mut Vec::new())
}
