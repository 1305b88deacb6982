//! Walks a directory tree in the order of its names. Links are not followed, so a walk always ends;
//! what it leaves out, it notes.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::vec::IntoIter;

use loom_sdk::Error;

use crate::budget::Budget;
use crate::directory::{self, Kind, Listing};
use crate::path::{Place, one_line};
use crate::walk::rules::Rules;

mod rules;

/// Deeper directories are left out; Linux can't even name files a good deal deeper.
const MAX_DEPTH: usize = 256;

/// Directories that could not be read and are named in a note.
const MAX_NAMED: usize = 3;

/// What a walk goes through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Also names that start with a dot.
    pub(crate) hidden: bool,
    /// Also what `.gitignore` excludes.
    pub(crate) ignored: bool,
    /// Also what is in `.git`.
    pub(crate) git_internals: bool,
    /// 1 is the directory alone.
    pub(crate) depth: usize,
}

/// Something that a walk found.
#[derive(Debug)]
pub(crate) struct Entry {
    /// For `std::fs`.
    pub(crate) path: PathBuf,
    /// Relative to where the walk started.
    pub(crate) relative: String,
    pub(crate) kind: Kind,
}

impl Entry {
    /// Whether it is a file or a link to one.
    pub(crate) fn is_file(&self) -> bool {
        match self.kind {
            Kind::File => true,
            Kind::Link => self.path.is_file(),
            Kind::Directory | Kind::Other => false,
        }
    }
}

/// A walk under way.
pub(crate) struct Walk<'a> {
    place: &'a Place,
    options: Options,
    budget: &'a Budget,
    open: Vec<Level>,
    gaps: Gaps,
}

/// A directory that is being gone through.
struct Level {
    path: PathBuf,
    relative: String,
    entries: IntoIter<(String, Kind)>,
    rules: Option<Rc<Rules>>,
}

/// What a walk has left out without being asked to.
#[derive(Debug, Default)]
struct Gaps {
    directories: Vec<String>,
    more_directories: usize,
    entries: usize,
    stopped: Option<String>,
}

impl<'a> Walk<'a> {
    /// A walk through the directory at a place.
    ///
    /// # Errors
    ///
    /// If there is none or it cannot be read.
    pub(crate) fn new(
        place: &'a Place,
        options: Options,
        budget: &'a Budget,
    ) -> Result<Self, Error> {
        let listing =
            directory::list(&place.grants, &place.path).map_err(|error| place.failure(&error))?;
        let mut walk = Self {
            place,
            options,
            budget,
            open: Vec::new(),
            gaps: Gaps::default(),
        };
        let rules = if options.ignored {
            None
        } else {
            Rules::above(place)
        };
        walk.enter(place.path.clone(), String::new(), listing, rules);
        Ok(walk)
    }

    /// The next entry; `None` at the end, or when the budget is spent.
    ///
    /// # Errors
    ///
    /// If the call was cancelled.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        while let Some(level) = self.open.last_mut() {
            let Some((name, kind)) = level.entries.next() else {
                self.open.pop();
                continue;
            };
            if let Err(stop) = self.budget.spend() {
                self.stop(stop.note()?);
                return Ok(None);
            }
            let path = level.path.join(&name);
            if self.is_left_out(&name, &path, kind) {
                continue;
            }
            let relative = self.relative(&name);
            if kind == Kind::Directory {
                self.descend(&name, &path, &relative);
            }
            return Ok(Some(Entry {
                path,
                relative,
                kind,
            }));
        }
        Ok(None)
    }

    /// Ends the walk; the note says why.
    pub(crate) fn stop(&mut self, note: String) {
        self.gaps.stopped = Some(note);
        self.open.clear();
    }

    /// Notes about what is missing, if anything is.
    pub(crate) fn notes(&self) -> Vec<String> {
        let gaps = &self.gaps;
        let mut notes = Vec::new();
        if !gaps.directories.is_empty() {
            let more = match gaps.more_directories {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            notes.push(format!(
                "could not read all of {}{more}",
                gaps.directories.join(", ")
            ));
        }
        if gaps.entries > 0 {
            let entries = gaps.entries;
            notes.push(format!(
                "entries left out because their names are not Unicode: {entries}"
            ));
        }
        notes.extend(gaps.stopped.clone());
        notes
    }

    fn is_left_out(&self, name: &str, path: &Path, kind: Kind) -> bool {
        if name.starts_with('.') && !self.options.hidden {
            return true;
        }
        let rules = self.open.last().and_then(|level| level.rules.as_deref());
        rules.is_some_and(|rules| rules.ignore(path, kind == Kind::Directory))
    }

    fn relative(&self, name: &str) -> String {
        match self.open.last() {
            Some(level) if !level.relative.is_empty() => format!("{}/{name}", level.relative),
            _ => name.to_owned(),
        }
    }

    fn descend(&mut self, name: &str, path: &Path, relative: &str) {
        let is_git = name == ".git" && !self.options.git_internals;
        if is_git || self.open.len() >= self.options.depth {
            return;
        }
        let listing = if self.open.len() < MAX_DEPTH {
            directory::list(&self.place.grants, path).ok()
        } else {
            None
        };
        let Some(listing) = listing else {
            self.gaps.directory(relative);
            return;
        };
        let rules = self.open.last().and_then(|level| level.rules.clone());
        self.enter(path.to_owned(), relative.to_owned(), listing, rules);
    }

    fn enter(
        &mut self,
        path: PathBuf,
        relative: String,
        listing: Listing,
        outer: Option<Rc<Rules>>,
    ) {
        self.gaps.entries += listing.unreadable;
        if listing.is_cut {
            self.gaps.directory(&relative);
        }
        let rules = if self.options.ignored {
            None
        } else {
            Rules::of(&path, &listing, outer)
        };
        self.open.push(Level {
            path,
            relative,
            entries: listing.entries.into_iter(),
            rules,
        });
    }
}

impl Gaps {
    fn directory(&mut self, relative: &str) {
        if self.directories.len() < MAX_NAMED {
            let name = if relative.is_empty() { "." } else { relative };
            self.directories.push(one_line(name));
        } else {
            self.more_directories += 1;
        }
    }
}

#[cfg(test)]
mod tests;
