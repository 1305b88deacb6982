//! `loom config`: what applies here and why, and the files it comes from.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::config::{self, DEFAULT_TOML, Project, Standing};
use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::Global;
use crate::fault::{Exit, Fault};
use crate::output;

/// Show the configuration and where it comes from, start one, trust a project
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom config show                what applies here, each value with its place
  loom config show --default      every key, explained
  loom config init                start ~/.config/loom/config.toml
  $EDITOR \"$(loom config path)\"
  loom config trust               let this project's loom.toml grant and point as it says")]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    verb: ConfigVerb,
}

#[derive(Debug, Subcommand)]
enum ConfigVerb {
    /// Show what applies here
    Show {
        /// The built-in defaults with their explanations instead
        #[arg(long, conflicts_with = "json")]
        default: bool,
        #[arg(long, help = "Print the resolved configuration as JSON")]
        json: bool,
    },
    /// Print the path of the user's configuration
    Path {
        /// All files and directories that are looked at
        #[arg(long)]
        all: bool,
    },
    /// Write a configuration to start from
    Init {
        /// The project's loom.toml instead of the user's file
        #[arg(long)]
        project: bool,
    },
    /// Trust this project's loom.toml, plugins and agents as they are now
    Trust {
        /// Take the trust away
        #[arg(long)]
        remove: bool,
    },
}

const PROJECT_TOML: &str = "\
# Loom's configuration of this project. `loom config show --default` explains every key.
# Without `loom config trust` only model, instructions, lower limits, fewer tools and stricter
# permissions count.

# model = \"openai/gpt-5-mini\"
# instructions = \"You are working on …\"

# [tools]
# disallowed = [\"write_file\", \"edit_file\"]

# [plugins.http]
# grants.network = [\"https://api.example.com\"]
";

pub(super) fn run(arguments: &ConfigArguments, global: &Global) -> anyhow::Result<Exit> {
    match arguments.verb {
        ConfigVerb::Show { default: true, .. } => output::print(DEFAULT_TOML)?,
        ConfigVerb::Show { json, .. } => show(global, json)?,
        ConfigVerb::Path { all } => path(global, all)?,
        ConfigVerb::Init { project } => init(global, project)?,
        ConfigVerb::Trust { remove } => trust(global, remove)?,
    }
    Ok(Exit::Done)
}

fn show(global: &Global, json: bool) -> anyhow::Result<()> {
    let loaded = global.load(&global.overrides())?;
    if json {
        output::print_json(&loaded.config)?;
    } else {
        output::print(&loaded.layers.to_toml())?;
    }
    Ok(())
}

fn path(global: &Global, all: bool) -> anyhow::Result<()> {
    let user = config::user_file();
    if !all {
        output::print(&format!("{}\n", user.display()))?;
        return Ok(());
    }
    let loaded = global.load(&global.overrides())?;
    let project = Project::of(&loaded.config.working_directory);
    let mut text = String::new();
    let mut line = |what: &str, path: &Path| {
        let state = if path.exists() { "" } else { "  (not there)" };
        text.push_str(&format!("{what:<14} {}{state}\n", path.display()));
    };
    line("user", &user);
    line("project", &project.file());
    for directory in &loaded.config.plugin_dirs {
        line("plugins", &directory.path);
    }
    for directory in &loaded.config.agents.directories {
        line("agents", &directory.path);
    }
    line("permissions", &loaded.config.permissions.file);
    line("sessions", &loaded.config.memory.directory);
    line("cache", &loaded.config.cache_dir);
    line("state", &config::state_dir());
    output::print(&text)?;
    Ok(())
}

fn init(global: &Global, project: bool) -> anyhow::Result<()> {
    let (path, text) = if project {
        let directory = global.directory.clone().unwrap_or_else(|| ".".into());
        (directory.join("loom.toml"), PROJECT_TOML.to_owned())
    } else {
        (config::user_file(), commented(DEFAULT_TOML))
    };
    create(&path, &text)?;
    output::note(&format!("wrote {}", path.display()));
    Ok(())
}

/// The defaults as comments: a file that changes nothing until a line is uncommented.
fn commented(defaults: &str) -> String {
    let mut text =
        "# Loom's configuration. Uncomment what should differ from the defaults.\n\n".to_owned();
    for line in defaults.lines() {
        let mark = if line.is_empty() || line.starts_with('#') {
            ""
        } else {
            "# "
        };
        text.push_str(&format!("{mark}{line}\n"));
    }
    text
}

fn create(path: &PathBuf, text: &str) -> anyhow::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)
            .with_context(|| format!("making the directory {}", directory.display()))?;
    }
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file
            .write_all(text.as_bytes())
            .with_context(|| format!("writing {}", path.display())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let fault = Fault::usage(format!("{} is there already", path.display()));
            Err(fault.hint("edit it, or move it away first").into())
        }
        Err(error) => Err(error).with_context(|| format!("creating {}", path.display())),
    }
}

fn trust(global: &Global, remove: bool) -> anyhow::Result<()> {
    let directory = global.directory.clone().unwrap_or_else(|| ".".into());
    let directory = directory
        .canonicalize()
        .with_context(|| format!("looking at {}", directory.display()))?;
    let project = Project::of(&directory);
    let list = config::trust();
    let name = project.directory.display();
    if remove {
        let removed = list
            .remove(&project)
            .context("changing the list of trusted projects")?;
        let what = if removed {
            "is not trusted any more"
        } else {
            "was not trusted"
        };
        output::note(&format!("{name} {what}"));
        return Ok(());
    }
    if !project.has_anything() {
        let fault = Fault::usage(format!(
            "{name} has neither loom.toml nor plugins or agents in .loom"
        ));
        return Err(fault.hint("`loom config init --project` starts one").into());
    }
    if list.standing(&project) != Standing::Trusted {
        list.add(&project)
            .context("changing the list of trusted projects")?;
    }
    output::note(&format!(
        "{name} is trusted until its loom.toml, its plugins or its agents change"
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use crate::Config;

    use super::*;

    #[test]
    fn what_init_writes_changes_nothing() {
        for text in [commented(DEFAULT_TOML), PROJECT_TOML.to_owned()] {
            assert_eq!(Config::from_toml(&text).unwrap(), Config::default());
        }
    }

    #[test]
    fn init_never_overwrites() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b.toml");
        create(&path, "one").unwrap();
        assert!(create(&path, "two").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    }
}
