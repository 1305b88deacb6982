//! The directories that a configuration may name, and how its paths become absolute.

use std::path::{Component, Path, PathBuf};

use loom_types::tidy_path;

use directories::{BaseDirs, ProjectDirs};

use super::section::Located;

/// The directories of the user and of this run.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) workspace: PathBuf,
    pub(super) home: PathBuf,
    /// `$data`.
    pub(super) data: PathBuf,
    /// `$cache`.
    pub(super) cache: PathBuf,
    /// Loom's own directory for configuration.
    pub(super) config: PathBuf,
    /// Loom's own directory for what it remembers of the person's decisions.
    pub(super) state: PathBuf,
}

impl Places {
    /// The directories of the user who runs the process; without a home directory all of them are
    /// below the workspace's `.loom`.
    pub(super) fn of_user(workspace: PathBuf) -> Self {
        match (BaseDirs::new(), ProjectDirs::from("", "", "loom")) {
            (Some(base), Some(own)) => Self {
                workspace,
                home: base.home_dir().to_owned(),
                data: base.data_dir().to_owned(),
                cache: base.cache_dir().to_owned(),
                config: own.config_dir().to_owned(),
                state: own.state_dir().unwrap_or(own.data_dir()).to_owned(),
            },
            _ => Self::below(&workspace.join(".loom").join("home"), workspace),
        }
    }

    /// Directories below another one.
    pub(super) fn below(home: &Path, workspace: PathBuf) -> Self {
        Self {
            workspace,
            home: home.to_owned(),
            data: home.join("data"),
            cache: home.join("cache"),
            config: home.join("config").join("loom"),
            state: home.join("state").join("loom"),
        }
    }

    /// The absolute path that a text in the configuration means. `memory` is `$memory`, where it is
    /// known.
    pub(super) fn expand(
        &self,
        text: &Located<String>,
        memory: Option<&Path>,
    ) -> Result<PathBuf, String> {
        let path = Path::new(&text.value);
        let mut parts = path.components();
        let first = parts.next();
        let rest = parts.as_path();
        let Some(Component::Normal(first)) = first else {
            return self.expand_plain(text);
        };
        let base = match first.to_string_lossy().as_ref() {
            "~" => &self.home,
            "$workspace" => &self.workspace,
            "$data" => &self.data,
            "$cache" => &self.cache,
            "$memory" => memory.ok_or("`$memory` is not known here")?,
            name if name.starts_with('$') => {
                return Err(format!(
                    "`{name}` is not known; there are $workspace, $memory, $data and $cache"
                ));
            }
            name if name.starts_with('~') => {
                return Err(format!(
                    "`{name}` is not supported; write ~ or the whole path"
                ));
            }
            _ => return self.expand_plain(text),
        };
        Ok(tidy_path(&base.join(rest)))
    }

    fn expand_plain(&self, text: &Located<String>) -> Result<PathBuf, String> {
        if text.value.is_empty() {
            return Err("the path is empty; write . for the directory of this file".to_owned());
        }
        if text.value.contains('\0') {
            return Err("a path can't contain a null character".to_owned());
        }
        let base = text.origin.directory.as_deref();
        Ok(tidy_path(
            &base.unwrap_or(&self.workspace).join(&text.value),
        ))
    }
}
