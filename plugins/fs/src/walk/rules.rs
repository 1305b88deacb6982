//! The ignore rules that hold in a directory: those of `.gitignore` files in it and above it.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::directory::{Kind, Listing};
use crate::path::Place;

/// The rules of one directory, and behind them those of the directories above.
pub(super) struct Rules {
    directory: PathBuf,
    patterns: Gitignore,
    outer: Option<Rc<Rules>>,
}

impl Rules {
    /// The rules from above a place, as far up as its repository or the granted directory goes.
    pub(super) fn above(place: &Place) -> Option<Rc<Self>> {
        let mut parents = Vec::new();
        if place.path != Path::new(".") && !is_repository(&place.path) {
            let above = place.below_root().filter_map(Path::parent);
            for parent in above {
                parents.push(parent);
                if is_repository(parent) {
                    break;
                }
            }
        }
        let outermost_first = parents.into_iter().rev();
        outermost_first.fold(None, |outer, parent| Self::read(parent, outer))
    }

    /// The rules in a directory, given those around it, which end at the border of a repository.
    pub(super) fn of(
        directory: &Path,
        listing: &Listing,
        outer: Option<Rc<Self>>,
    ) -> Option<Rc<Self>> {
        let has = |name: &str| {
            let entries = &listing.entries;
            let found = entries.binary_search_by(|(other, _)| other.as_str().cmp(name));
            found.ok().map(|index| entries[index].1)
        };
        let repository = has(".git");
        let outer = if repository.is_some() { None } else { outer };
        if repository.is_none() && !matches!(has(".gitignore"), Some(Kind::File | Kind::Link)) {
            return outer;
        }
        Self::read(directory, outer)
    }

    /// Whether something in the directory is ignored. What says most about it decides: the
    /// innermost directory, and there the last pattern.
    pub(super) fn ignore(&self, path: &Path, is_directory: bool) -> bool {
        let relative = path.strip_prefix(&self.directory).unwrap_or(path);
        match self.patterns.matched(relative, is_directory) {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => {
                let outer = self.outer.as_ref();
                outer.is_some_and(|outer| outer.ignore(path, is_directory))
            }
        }
    }

    /// Reads a directory's rules; a file that is missing or a line that is no pattern adds none.
    fn read(directory: &Path, outer: Option<Rc<Self>>) -> Option<Rc<Self>> {
        let mut builder = GitignoreBuilder::new("");
        for name in [".git/info/exclude", ".gitignore"] {
            let path = directory.join(name);
            if path.is_file() {
                let _ = builder.add(path);
            }
        }
        let Ok(patterns) = builder.build() else {
            return outer;
        };
        if patterns.is_empty() {
            return outer;
        }
        Some(Rc::new(Self {
            directory: directory.to_owned(),
            patterns,
            outer,
        }))
    }
}

fn is_repository(directory: &Path) -> bool {
    directory.join(".git").exists()
}
