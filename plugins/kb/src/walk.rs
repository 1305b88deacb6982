//! The files below a directory that are worth reading: not hidden, not ignored by git. Links are not
//! followed, so a walk always ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use globset::GlobMatcher;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// More files are not added by one call.
const MAX_FILES: usize = 200_000;
/// Deeper directories are left out.
const MAX_DEPTH: usize = 128;
/// Directories that hold what others wrote, whether or not git ignores them.
const DEPENDENCIES: [&str; 2] = ["node_modules", "__pycache__"];

/// A file, and what tells whether it has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// Milliseconds since the Unix epoch; 0 where the system does not say.
    pub(crate) modified_ms: u64,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// In the order of their paths.
    pub(crate) files: Vec<Found>,
    pub(crate) hidden: usize,
    pub(crate) ignored: usize,
    /// What could not be looked at, and why.
    pub(crate) problems: Vec<(PathBuf, String)>,
}

/// The file at a path.
pub(crate) fn look_at(path: &Path) -> std::io::Result<Found> {
    let metadata = fs::metadata(path)?;
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Found {
        path: path.to_owned(),
        bytes: metadata.len(),
        modified_ms: modified.map_or(0, |it| it.as_millis() as u64),
    })
}

/// The files below a directory whose path from there matches, if a pattern is given.
pub(crate) fn walk(directory: &Path, glob: Option<&GlobMatcher>) -> Walk {
    let mut walk = Walk::default();
    let mut rules = Vec::new();
    walk.enter(directory, directory, glob, &mut rules);
    walk
}

impl Walk {
    fn enter(
        &mut self,
        root: &Path,
        directory: &Path,
        glob: Option<&GlobMatcher>,
        rules: &mut Vec<(PathBuf, Gitignore)>,
    ) {
        if rules.len() >= MAX_DEPTH {
            let problem = (directory.to_owned(), "nested too deeply".to_owned());
            return self.problems.push(problem);
        }
        rules.push((directory.to_owned(), ignore_rules(directory)));
        for (name, path, kind) in self.list(directory) {
            if name.starts_with('.') {
                self.hidden += 1;
            } else if is_ignored(rules, &path, &name, kind.is_dir()) {
                self.ignored += 1;
            } else if kind.is_dir() {
                self.enter(root, &path, glob, rules);
            } else if kind.is_file() {
                let relative = path.strip_prefix(root).unwrap_or(&path);
                if glob.is_none_or(|glob| glob.is_match(relative)) {
                    self.take(&path);
                }
            }
        }
        rules.pop();
    }

    fn take(&mut self, path: &Path) {
        if self.files.len() == MAX_FILES {
            let problem = "there are too many files; add its directories one by one";
            return self.problems.push((path.to_owned(), problem.to_owned()));
        }
        match look_at(path) {
            Ok(found) => self.files.push(found),
            Err(error) => self.problems.push((path.to_owned(), error.to_string())),
        }
    }

    /// What is in a directory, by name.
    fn list(&mut self, directory: &Path) -> Vec<(String, PathBuf, fs::FileType)> {
        let mut problem = |error: std::io::Error| {
            self.problems
                .push((directory.to_owned(), format!("not read whole: {error}")));
        };
        let mut listed = Vec::new();
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                problem(error);
                return listed;
            }
        };
        for entry in entries {
            let entry = entry.and_then(|entry| Ok((entry.file_type()?, entry)));
            match entry {
                Ok((kind, entry)) => {
                    if let Ok(name) = entry.file_name().into_string() {
                        let path = directory.join(&name);
                        listed.push((name, path, kind));
                    }
                }
                // WASI ends a list at a name that is not UTF-8.
                Err(error) => {
                    problem(error);
                    break;
                }
            }
        }
        listed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        listed
    }
}

/// The innermost directory that says something decides.
fn is_ignored(rules: &[(PathBuf, Gitignore)], path: &Path, name: &str, is_directory: bool) -> bool {
    if is_directory && DEPENDENCIES.contains(&name) {
        return true;
    }
    for (directory, rules) in rules.iter().rev() {
        let relative = path.strip_prefix(directory).unwrap_or(path);
        let matched = rules.matched(relative, is_directory);
        if !matched.is_none() {
            return matched.is_ignore();
        }
    }
    false
}

fn ignore_rules(directory: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for name in [".git/info/exclude", ".gitignore", ".ignore"] {
        let path = directory.join(name);
        if path.is_file() {
            // A line that is no pattern adds none.
            let _ = builder.add(path);
        }
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests;
