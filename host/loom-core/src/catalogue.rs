//! The tools of an agent, by name, with their schemas compiled. How they run is dispatch's.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use loom_types::{Tool, ToolDefinition};

use crate::BuildError;
use crate::schema::Schema;

/// Longest name that the known providers take.
const MAX_NAME_LENGTH: usize = 64;
/// How alike two names must be to suggest one for the other, by Jaro-Winkler (0 to 1).
const MIN_LIKENESS: f64 = 0.75;
/// How many names are suggested, and how many are listed when none is alike.
const MAX_SUGGESTED: usize = 3;
const MAX_LISTED: usize = 20;

/// The tools that a model may call.
#[derive(Clone)]
pub(crate) struct Catalogue {
    definitions: Arc<[Arc<ToolDefinition>]>,
    by_name: Arc<HashMap<String, Listed>>,
    /// Those that stand in the places of others, in this run. Few.
    bound: Vec<Listed>,
}

/// A tool that is ready to be called.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) tool: Arc<dyn Tool>,
    pub(crate) schema: Arc<Schema>,
}

impl Catalogue {
    pub(crate) fn new(tools: Vec<Arc<dyn Tool>>) -> Result<Self, BuildError> {
        let definitions: Vec<_> = tools.iter().map(|t| Arc::clone(t.definition())).collect();
        check_names(&definitions)?;
        let mut by_name = HashMap::with_capacity(tools.len());
        for (tool, definition) in tools.into_iter().zip(&definitions) {
            let name = definition.name.clone();
            let schema = Schema::compile(&definition.input_schema).map_err(|reason| {
                let tool = name.clone();
                BuildError::ToolSchema { tool, reason }
            })?;
            let schema = Arc::new(schema);
            by_name.insert(name, Listed { tool, schema });
        }
        Ok(Self {
            definitions: definitions.into(),
            by_name: Arc::new(by_name),
            bound: Vec::new(),
        })
    }

    /// The same with a tool that models are not told of, unless its name is taken.
    pub(crate) fn with_untold(mut self, tool: Arc<dyn Tool>) -> Result<Self, BuildError> {
        let name = tool.definition().name.clone();
        if !self.by_name.contains_key(&name) {
            let mut untold = Self::new(vec![tool])?.by_name;
            Arc::make_mut(&mut self.by_name).extend(Arc::make_mut(&mut untold).drain());
        }
        Ok(self)
    }

    /// The same with other tools in the places of those of the same name; what models are told of them
    /// stays.
    pub(crate) fn bind(&self, tools: impl IntoIterator<Item = Arc<dyn Tool>>) -> Self {
        let bind = |tool: Arc<dyn Tool>| {
            let listed = self.by_name.get(&tool.definition().name)?;
            let schema = Arc::clone(&listed.schema);
            Some(Listed { tool, schema })
        };
        Self {
            bound: tools.into_iter().filter_map(bind).collect(),
            ..self.clone()
        }
    }

    /// The tools of it that are wanted, and those that models are not told of.
    pub(crate) fn subset(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let told = |name: &str| self.names().any(|told| told == name);
        let definitions = self.definitions.iter();
        let definitions: Arc<[_]> = definitions
            .filter(|definition| wanted(&definition.name))
            .cloned()
            .collect();
        let by_name = self.by_name.keys();
        let by_name = by_name.filter(|name| wanted(name) || !told(name));
        let by_name = by_name.filter_map(|name| Some((name.clone(), self.get(name)?.clone())));
        let by_name = by_name.collect();
        Self {
            definitions,
            by_name: Arc::new(by_name),
            bound: Vec::new(),
        }
    }

    /// In the order in which the tools were given.
    pub(crate) fn definitions(&self) -> &[Arc<ToolDefinition>] {
        &self.definitions
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Listed> {
        let mut bound = self.bound.iter();
        let bound = bound.find(|listed| listed.tool.definition().name == name);
        bound.or_else(|| self.by_name.get(name))
    }

    /// What to say about a name that no tool has: the names it may stand for.
    pub(crate) fn suggestion(&self, name: &str) -> String {
        let mut alike: Vec<_> = self
            .names()
            .map(|known| (strsim::jaro_winkler(name, known), known))
            .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
            .collect();
        alike.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        if self.definitions.is_empty() {
            "there are no tools; answer without".to_owned()
        } else if alike.is_empty() {
            format!("the tools are {}", listed(self.names(), MAX_LISTED))
        } else {
            let names = alike.into_iter().map(|(_, name)| name);
            format!("did you mean {}?", listed(names, MAX_SUGGESTED))
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.definitions.iter().map(|d| d.name.as_str())
    }
}

fn check_names(definitions: &[Arc<ToolDefinition>]) -> Result<(), BuildError> {
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for name in definitions.iter().map(|d| &d.name) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > MAX_NAME_LENGTH || !name.chars().all(allowed) {
            return Err(BuildError::ToolName(name.clone()));
        }
        if !seen.insert(name) {
            twice.insert(name.clone());
        }
    }
    if twice.is_empty() {
        Ok(())
    } else {
        Err(BuildError::DuplicateTools(twice.into_iter().collect()))
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>, max: usize) -> String {
    let names: Vec<_> = names
        .take(max + 1)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.get(..max) {
        Some(first) if names.len() > max => format!("{} and others", first.join(", ")),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests;
