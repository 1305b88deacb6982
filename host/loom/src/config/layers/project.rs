//! The layer of the project: its file counts in full, or as far as it takes away.

use std::fs;

use super::Loader;
use crate::config::problem::Warning;
use crate::config::raw::parse_mode;
use crate::config::resolve::OwnProject;
use crate::config::tree::{Node, Origin, Value};
use crate::config::trust::{Project, Standing, Trust};
use crate::config::untrusted;
use loom_types::PermissionMode;

impl Loader<'_> {
    pub(super) fn add_project(&mut self) -> OwnProject {
        let project = Project::of(&self.sources.places.workspace);
        let trust = Trust::in_directory(&self.sources.places.state);
        let standing = match project.has_anything() {
            true => trust.standing(&project),
            false => Standing::Unknown,
        };
        let ignored = self.add_project_file(&project, standing);
        self.warn_of_untrusted(&project, standing, &ignored);
        OwnProject {
            project,
            trusted: standing == Standing::Trusted,
        }
    }

    /// Returns the keys that were ignored.
    fn add_project_file(&mut self, project: &Project, standing: Standing) -> Vec<String> {
        let path = project.file();
        if !path.is_file() || self.files.contains(&path) {
            return Vec::new();
        }
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                self.unreadable(&path, &error);
                return Vec::new();
            }
        };
        let tree = self.read(&text, &Origin::file(&path));
        self.files.push(path);
        if standing == Standing::Trusted {
            self.lay_over(tree);
            return Vec::new();
        }
        self.untrusted = Some(tree.origin.source.clone());
        let filtered = untrusted::filter(&tree, &self.tree);
        self.lay_over(filtered.kept);
        filtered.ignored
    }

    fn warn_of_untrusted(&mut self, project: &Project, standing: Standing, ignored: &[String]) {
        if standing == Standing::Trusted {
            return;
        }
        let mut effects = Vec::new();
        if !ignored.is_empty() {
            effects.push(format!("{} of its loom.toml ignored", ignored.join(", ")));
        }
        if project.has_plugins() {
            effects.push("its plugins are granted nothing".to_owned());
        }
        if project.has_agents() {
            effects.push("its agents are not used".to_owned());
        }
        if effects.is_empty() {
            return;
        }
        let why = match standing {
            Standing::Changed => "has changed since it was trusted",
            _ => "is not trusted",
        };
        self.warnings.push(Warning(format!(
            "the project {} {why}: {}; read it, then `loom config trust`",
            project.directory.display(),
            effects.join(", and ")
        )));
    }

    /// A question is stricter than to run a call, and looser than to refuse it. So questions of a
    /// project that is not trusted don't count where calls that no rule speaks of are refused.
    pub(super) fn drop_questions(&mut self) {
        let Some(untrusted) = self.untrusted.take() else {
            return;
        };
        let mode = self.tree.get(&["permissions", "mode"]);
        let mode = mode.and_then(Node::as_str).map(parse_mode);
        if !matches!(
            mode,
            Some(Ok(PermissionMode::ReadOnly | PermissionMode::Deny))
        ) {
            return;
        }
        let path = ["permissions", "ask"];
        let Some(mut rules) = self.tree.get(&path).cloned() else {
            return;
        };
        if let Value::Array(rules) = &mut rules.value {
            rules.retain(|rule| rule.origin.source != untrusted);
        }
        self.tree.put(&path, rules);
    }
}
