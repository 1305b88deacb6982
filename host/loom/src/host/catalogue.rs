//! The plugins that are there: the built-in ones, then those in the plugin directories. Finding one
//! that cannot be loaded costs that one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use loom_types::{Embedder, Tool};
use loom_wasm::{ConfiguredPlugin, Engine, FileAccess, Grants, Limits, Plugin, PluginSource};

use super::summary::PluginProblem;
use super::{embedder, grants};
use crate::config::Config;

pub(super) struct Catalogue {
    plugins: Vec<Installed>,
    /// With the name of the plugin.
    tools: Vec<(String, Arc<dyn Tool>)>,
    problems: Vec<PluginProblem>,
    files: Vec<Found>,
    embedder: Option<Arc<dyn Embedder>>,
}

/// A plugin that was loaded.
#[derive(Clone)]
pub(super) struct Installed {
    pub(super) plugin: Plugin,
    /// Whether the configuration's grants to its name are meant for it.
    pub(super) trusted: bool,
}

/// A file in a plugin directory, and what tells whether it has changed.
#[derive(Clone, PartialEq, Eq)]
struct Found {
    path: PathBuf,
    trusted: bool,
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Catalogue {
    /// Loads everything; what has not changed since `earlier` is taken from there.
    pub(super) async fn load(engine: &Engine, config: &Config, earlier: Option<&Self>) -> Self {
        let (files, problems) = scan(config);
        let mut catalogue = Self {
            plugins: Vec::new(),
            tools: Vec::new(),
            problems,
            files: Vec::new(),
            embedder: None,
        };
        for builtin in loom_builtins::ALL {
            let source = PluginSource::Embedded {
                name: builtin.name,
                wasm: builtin.wasm,
                digest: builtin.digest,
            };
            catalogue.add(engine, config, source, true, earlier).await;
        }
        for file in &files {
            let source = PluginSource::File(file.path.clone());
            let earlier = earlier.filter(|earlier| earlier.files.contains(file));
            catalogue
                .add(engine, config, source, file.trusted, earlier)
                .await;
        }
        catalogue.files = files;
        // Plugins may be granted the use of a model that another plugin has.
        catalogue.embedder = embedder::find(config, &catalogue.plugins);
        catalogue.configure(config);
        catalogue
    }

    /// The embedding model that is configured, if its plugin is there.
    pub(super) fn embedder(&self) -> Option<&Arc<dyn Embedder>> {
        self.embedder.as_ref()
    }

    /// Whether no file has come, gone or changed.
    pub(super) fn is_current(&self, config: &Config) -> bool {
        scan(config).0 == self.files
    }

    pub(super) fn plugins(&self) -> &[Installed] {
        &self.plugins
    }

    pub(super) fn tools(&self) -> &[(String, Arc<dyn Tool>)] {
        &self.tools
    }

    pub(super) fn problems(&self) -> &[PluginProblem] {
        &self.problems
    }

    async fn add(
        &mut self,
        engine: &Engine,
        config: &Config,
        source: PluginSource,
        trusted: bool,
        earlier: Option<&Self>,
    ) {
        let known = earlier.and_then(|earlier| {
            earlier
                .plugins
                .iter()
                .find(|each| *each.plugin.source() == source)
        });
        let plugin = match known {
            Some(installed) => installed.plugin.clone(),
            None => match Plugin::load(engine, source).await {
                Ok(plugin) => plugin,
                Err(error) => return self.skip(&error.plugin, error.reason.to_string()),
            },
        };
        let name = plugin.name();
        if config
            .plugins
            .get(&name)
            .is_some_and(|plugin| !plugin.enabled)
        {
            return;
        }
        let source = plugin.source().to_string();
        if let Some(other) = self
            .plugins
            .iter()
            .find(|other| other.plugin.name() == name)
        {
            let other = other.plugin.source();
            return self.skip(
                &source,
                format!("its name {name} is taken by {other}; give it another name"),
            );
        }
        self.plugins.push(Installed { plugin, trusted });
    }

    /// Takes the tools of the plugins; one that cannot be configured is left out.
    fn configure(&mut self, config: &Config) {
        for installed in std::mem::take(&mut self.plugins) {
            let source = installed.plugin.source().to_string();
            match installed.configure(config, self.embedder.as_ref()) {
                Ok(configured) => {
                    self.add_tools(&configured, &source);
                    self.plugins.push(installed);
                }
                Err(error) => self.skip(&source, format!("{error:#}")),
            }
        }
    }

    fn add_tools(&mut self, configured: &ConfiguredPlugin, source: &str) {
        for surplus in configured.surplus_grants() {
            tracing::warn!(
                plugin = source,
                "it is granted {surplus} but does not ask for it"
            );
        }
        let plugin = configured.plugin().name();
        let taken: BTreeSet<String> = self
            .tools
            .iter()
            .map(|(_, tool)| tool.definition().name.clone())
            .collect();
        for tool in configured.tools() {
            let name = &tool.definition().name;
            if taken.contains(name) {
                self.skip(
                    source,
                    format!("its tool {name} is left out: another plugin has one of that name"),
                );
            } else {
                self.tools.push((plugin.clone(), tool));
            }
        }
    }

    fn skip(&mut self, source: &str, reason: String) {
        self.problems.push(PluginProblem {
            source: source.to_owned(),
            reason,
        });
    }
}

impl Installed {
    /// With the grants, limits and settings that the configuration has for its name.
    pub(super) fn configure(
        &self,
        config: &Config,
        embedder: Option<&Arc<dyn Embedder>>,
    ) -> anyhow::Result<ConfiguredPlugin> {
        let Some(plugin) = config.plugins.get(&self.plugin.name()) else {
            return Ok(self.plugin.configure(
                Grants::default(),
                Limits::default(),
                std::collections::BTreeMap::new(),
            )?);
        };
        let mut grants = if self.trusted {
            grants::grants(&plugin.grants, embedder)?
        } else {
            Grants::default()
        };
        if self.plugin.exports().memory {
            // A store's directory is made when the store is opened; until then there is none.
            grants.directories.retain(|grant| grant.host_path.is_dir());
        } else {
            make_own(&mut grants, &config.data_dir);
        }
        Ok(self.plugin.configure(
            grants,
            grants::limits(&plugin.limits),
            grants::settings(&plugin.config),
        )?)
    }

    /// What the configuration grants to it.
    pub(super) fn granted(&self, config: &Config) -> Grants {
        let plugin = config
            .plugins
            .get(&self.plugin.name())
            .filter(|_| self.trusted);
        plugin
            .and_then(|plugin| grants::grants(&plugin.grants, None).ok())
            .unwrap_or_default()
    }
}

/// Makes directories below Loom's own that a plugin may write in. One that can't be made is not
/// granted: the plugin says what it lacks when it is called.
fn make_own(grants: &mut Grants, data_dir: &Path) {
    grants.directories.retain(|grant| {
        let is_own = grant.access == FileAccess::ReadWrite && grant.host_path.starts_with(data_dir);
        !is_own || std::fs::create_dir_all(&grant.host_path).is_ok()
    });
}

/// The components in the plugin directories, in order, and the directories that cannot be read.
fn scan(config: &Config) -> (Vec<Found>, Vec<PluginProblem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for directory in &config.plugin_dirs {
        match list(&directory.path, directory.trusted) {
            Ok(found) => files.extend(found),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let source = directory.path.display().to_string();
                problems.push(PluginProblem {
                    source,
                    reason: format!("the directory cannot be read: {error}"),
                });
            }
        }
    }
    (files, problems)
}

fn list(directory: &Path, trusted: bool) -> std::io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let Ok(metadata) = std::fs::metadata(&path) else {
            continue;
        };
        if metadata.is_file() && grants::is_component(&path) {
            found.push(Found {
                path,
                trusted,
                modified: metadata.modified().ok(),
                bytes: metadata.len(),
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
