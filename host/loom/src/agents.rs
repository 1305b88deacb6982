//! Definitions of agents: Markdown files that say what a sub-agent is for, what it is told and what it
//! may use. What must not be here: running one.

mod definition;
mod frontmatter;
#[cfg(test)]
mod tests;
mod tools;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loom_types::Usd;
use serde::Serialize;

use crate::config::{AgentDirectory, AgentsConfig, units};
use definition::Defined;

/// The name of the agent that is always there.
pub const GENERAL: &str = "general";

/// A kind of sub-agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentDefinition {
    /// Lower-case letters, digits, `-` and `_`, at most 64.
    pub name: String,
    /// When to use it, for the model that chooses. Not empty.
    pub description: String,
    /// Its system prompt; that of the agent above it if absent.
    pub instructions: Option<String>,
    /// Patterns of the tools that it may have, among those of the agent above it; all if absent.
    pub tools: Option<Vec<String>>,
    /// As [`Config::member_for`](crate::Config::member_for) reads it; that of the agent above it if
    /// absent.
    pub model: Option<String>,
    /// [`AgentsConfig::turns`] if absent.
    pub turns: Option<u32>,
    /// [`AgentsConfig::timeout`] if absent.
    #[serde(serialize_with = "units::serialize_optional_duration")]
    pub timeout: Option<Duration>,
    /// Its share of the budget in tokens; all that is left if absent.
    pub tokens: Option<u64>,
    /// Its share of the budget in money; all that is left if absent.
    pub usd: Option<Usd>,
    /// The file; absent for what is built in.
    pub source: Option<PathBuf>,
    /// False where the person has not trusted the project that it comes from: it must not be used.
    pub trusted: bool,
}

/// What there is to say of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentProblem {
    pub source: PathBuf,
    /// For a person.
    pub reason: String,
    /// Whether the agent is there all the same.
    pub usable: bool,
}

/// The agents, and what is wrong with others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// By name, each once. With those that are not trusted.
    pub agents: Vec<AgentDefinition>,
    pub problems: Vec<AgentProblem>,
}

/// Reads the files `*.md` of the configured directories. The first definition of a name counts, but
/// never one that is not trusted before one that is. `general` is there even if nobody defines it.
#[must_use]
pub fn discover(config: &AgentsConfig) -> Discovered {
    let mut discovery = Discovery::default();
    let of_trust = |trusted| {
        let directories = config.directories.iter();
        directories.filter(move |directory| directory.trusted == trusted)
    };
    for directory in of_trust(true) {
        discovery.add_directory(directory);
    }
    let general = AgentDefinition::general();
    discovery
        .agents
        .entry(general.name.clone())
        .or_insert(general);
    for directory in of_trust(false) {
        discovery.add_directory(directory);
    }
    Discovered {
        agents: discovery.agents.into_values().collect(),
        problems: discovery.problems,
    }
}

impl Discovered {
    /// The agent of a name, trusted or not.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&AgentDefinition> {
        self.agents.iter().find(|agent| agent.name == name)
    }
}

impl AgentDefinition {
    fn general() -> Self {
        Self {
            name: GENERAL.to_owned(),
            description: "For any piece of work that takes several steps: it has all tools, and \
                          reports its result."
                .to_owned(),
            instructions: None,
            tools: None,
            model: None,
            turns: None,
            timeout: None,
            tokens: None,
            usd: None,
            source: None,
            trusted: true,
        }
    }
}

#[derive(Default)]
struct Discovery {
    agents: BTreeMap<String, AgentDefinition>,
    problems: Vec<AgentProblem>,
}

impl Discovery {
    fn add_directory(&mut self, directory: &AgentDirectory) {
        match files(&directory.path) {
            Ok(files) => files
                .iter()
                .for_each(|file| self.add_file(file, directory.trusted)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.skip(&directory.path, format!("it can't be listed: {error}")),
        }
    }

    fn add_file(&mut self, file: &Path, trusted: bool) {
        let Defined { agent, notes } = match definition::read(file) {
            Ok(defined) => defined,
            Err(reason) => return self.skip(file, reason),
        };
        for reason in notes {
            self.problems.push(AgentProblem {
                source: file.to_owned(),
                reason,
                usable: true,
            });
        }
        if let Some(first) = self.agents.get(&agent.name) {
            let place = match &first.source {
                Some(first) => format!(" in {}", first.display()),
                None => " in Loom itself".to_owned(),
            };
            let reason = format!("there is an agent `{}`{place} already", agent.name);
            return self.skip(file, reason);
        }
        let agent = AgentDefinition { trusted, ..agent };
        self.agents.insert(agent.name.clone(), agent);
    }

    fn skip(&mut self, source: &Path, reason: String) {
        self.problems.push(AgentProblem {
            source: source.to_owned(),
            reason,
            usable: false,
        });
    }
}

/// The definitions in a directory, by name; a broken link is one too, so that it is spoken of.
fn files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "md") && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
