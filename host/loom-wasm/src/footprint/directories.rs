//! The granted directories as calls see them: which of them holds a path, and what a path in it leads
//! to. Files are looked at through the directories' handles only, so a path of a guest never leads the
//! host out of what was granted.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};
use loom_types::{AccessMode, Resource, Result, Touch};

use crate::grants::{DirectoryGrant, FileAccess, cannot_open};

/// Links in one path. As many as Linux follows.
const MAX_LINKS: usize = 40;

/// The granted directories, in the order of the grants.
pub(crate) struct Directories(Vec<Directory>);

struct Directory {
    /// What the guest calls it, tidy.
    guest_paths: Vec<PathBuf>,
    /// Absolute, without links.
    host_path: PathBuf,
    handle: Dir,
    identity: Option<(u64, u64)>,
    writable: bool,
    /// Whether names that differ in case only are one name there.
    folds_case: bool,
}

/// Where a guest's path leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) directory: usize,
    /// Relative to the directory. May have `..`, but does not climb out of it.
    rest: PathBuf,
}

impl Directories {
    /// Opens directories that are granted.
    ///
    /// # Errors
    ///
    /// If one cannot be opened.
    pub(crate) fn open(granted: &[DirectoryGrant]) -> Result<Self> {
        let open = |grant| Directory::open(grant).map_err(|error| cannot_open(grant, &error));
        granted.iter().map(open).collect::<Result<_>>().map(Self)
    }

    /// Whether no directory is granted.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All directories, in this mode as far as they are granted for it.
    pub(crate) fn all(&self, mode: AccessMode) -> impl Iterator<Item = Touch> {
        self.0.iter().map(move |directory| Touch {
            mode: directory.mode(mode),
            resource: Resource::File {
                path: directory.host_path.clone(),
                identity: directory.identity,
            },
        })
    }

    /// What paths of a call lead to; all directories for those that are left out or lead to none. Looks
    /// at files: it blocks.
    pub(crate) fn touches(&self, mode: AccessMode, paths: Option<&[String]>) -> Vec<Touch> {
        let Some(paths) = paths else {
            return self.all(mode).collect();
        };
        let touched = paths.iter().map(|path| match self.locate(path) {
            Some(place) => self.0[place.directory].touches(mode, &place.rest),
            None => self.all(mode).collect(),
        });
        touched.flatten().collect()
    }

    /// The directory that a guest's path leads into, as wasi-libc decides it, which takes the longest
    /// name that begins the path, and an absolute path that no name begins for one in `.`. A path that
    /// climbs out of one directory may come down in another: plugins that know the absolute names of
    /// their directories can tell.
    pub(crate) fn locate(&self, path: &str) -> Option<Place> {
        let path = tidy(Path::new(path));
        if let Some(place) = self.holder(&path).filter(|place| !climbs(&place.rest)) {
            return Some(place);
        }
        let absolute = if path.is_absolute() {
            path.clone()
        } else {
            self.working()?.join(&path)
        };
        self.holder(&without_dots(&absolute)).or_else(|| {
            let inside = path.strip_prefix("/").ok()?;
            self.holder(inside).filter(|place| !climbs(&place.rest))
        })
    }

    fn holder(&self, path: &Path) -> Option<Place> {
        let names = self.0.iter().enumerate().flat_map(|(index, directory)| {
            let names = directory.guest_paths.iter();
            names.map(move |name| (index, name))
        });
        let holders = names.filter_map(|(directory, name)| {
            let same_kind = path.is_absolute() == name.is_absolute();
            let rest = path.strip_prefix(name).ok().filter(|_| same_kind)?;
            let place = Place {
                directory,
                rest: rest.to_owned(),
            };
            Some((name.components().count(), place))
        });
        let longest = holders.max_by_key(|(length, _)| *length);
        longest.map(|(_, place)| place)
    }

    /// The absolute name of `.`, if it has one.
    fn working(&self) -> Option<&Path> {
        let is_working = |directory: &&Directory| {
            let mut names = directory.guest_paths.iter();
            names.any(|name| name.as_os_str().is_empty())
        };
        let mut names = self.0.iter().find(is_working)?.guest_paths.iter();
        names.find(|name| name.is_absolute()).map(PathBuf::as_path)
    }
}

impl Directory {
    fn open(grant: &DirectoryGrant) -> io::Result<Self> {
        let handle = Dir::open_ambient_dir(&grant.host_path, ambient_authority())?;
        let names = grant.guest_paths.iter();
        let host_path = std::fs::canonicalize(&grant.host_path)?;
        Ok(Self {
            guest_paths: names.map(|name| tidy(Path::new(name))).collect(),
            identity: handle.dir_metadata().ok().as_ref().and_then(identity),
            folds_case: folds_case(&host_path),
            host_path,
            handle,
            writable: grant.access == FileAccess::ReadWrite,
        })
    }

    fn mode(&self, mode: AccessMode) -> AccessMode {
        if self.writable {
            mode
        } else {
            AccessMode::Read
        }
    }

    /// What a path in the directory leads to, and where it goes through links, the path itself as well:
    /// the links may be changed meanwhile, and a guest may take `..` out by its own rules. A path that
    /// links lead out of the directory is only itself; the guest will be refused.
    fn touches(&self, mode: AccessMode, rest: &Path) -> Vec<Touch> {
        let touch = |resource| Touch {
            mode: self.mode(mode),
            resource,
        };
        let spelled = Resource::file(self.host_path.join(rest));
        let Some(found) = self.follow(rest) else {
            return vec![touch(spelled)];
        };
        let metadata = if found.as_os_str().is_empty() {
            self.handle.dir_metadata()
        } else {
            self.handle.symlink_metadata(&found)
        };
        let path = self.host_path.join(&found);
        let through_links =
            !matches!(&spelled, Resource::File { path: spelled, .. } if *spelled == path);
        let found = Resource::File {
            path,
            identity: metadata.ok().as_ref().and_then(identity),
        };
        let mut touches = vec![touch(found)];
        if through_links {
            touches.push(touch(spelled));
        }
        touches
    }

    /// The path without `..` and links as far as it exists, relative to the directory; none if it leads
    /// out of it or in circles.
    fn follow(&self, rest: &Path) -> Option<PathBuf> {
        let mut found = PathBuf::new();
        let mut links = 0;
        // What is to be followed, the next name last.
        let mut names: Vec<OsString> = reversed(rest).collect();
        while let Some(name) = names.pop() {
            if name == ".." {
                if !found.pop() {
                    return None;
                }
                continue;
            }
            found.push(self.name_on_disk(&found, name));
            if !self.is_link(&found) {
                continue;
            }
            links += 1;
            let target = self.handle.read_link_contents(&found).ok()?;
            if links > MAX_LINKS || target.is_absolute() {
                return None;
            }
            found.pop();
            names.extend(reversed(&target));
        }
        Some(found)
    }

    /// How a name is spelled where it is kept. What does not exist yet is as it is given.
    fn name_on_disk(&self, parent: &Path, given: OsString) -> OsString {
        if !self.folds_case {
            return given;
        }
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        let folded = |name: &OsStr| name.to_string_lossy().to_lowercase();
        let wanted = folded(&given);
        let entries = self.handle.read_dir(parent).into_iter().flatten().flatten();
        let mut same = entries.map(|entry| entry.file_name());
        let found = same.find(|name| folded(name) == wanted);
        found.unwrap_or(given)
    }

    fn is_link(&self, path: &Path) -> bool {
        let metadata = self.handle.symlink_metadata(path);
        metadata.is_ok_and(|metadata| metadata.is_symlink())
    }
}

/// Whether a directory is found by its name in the other case too.
fn folds_case(directory: &Path) -> bool {
    let name = directory.file_name().and_then(OsStr::to_str);
    let name = name.unwrap_or_default();
    let swapped: String = name.chars().map(swap_case).collect();
    if swapped == name {
        return cfg!(any(windows, target_vendor = "apple"));
    }
    let other = std::fs::canonicalize(directory.with_file_name(swapped));
    other.is_ok_and(|other| is_same(&other, directory))
}

fn swap_case(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    let metadata = |path| Dir::open_ambient_dir(path, ambient_authority())?.dir_metadata();
    match (metadata(a), metadata(b)) {
        (Ok(a), Ok(b)) => {
            identity(&a).is_some_and(|of_a| Some(of_a) == identity(&b)) || cfg!(windows)
        }
        _ => false,
    }
}

fn reversed(path: &Path) -> impl Iterator<Item = OsString> {
    let names = path.components().rev();
    names
        .filter(|name| matches!(name, Component::Normal(_) | Component::ParentDir))
        .map(|name| OsStr::to_owned(name.as_os_str()))
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems do not tell without opening the file"
)]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use cap_std::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// The path without `.` and doubled slashes.
fn tidy(path: &Path) -> PathBuf {
    let names = path.components();
    names.filter(|name| *name != Component::CurDir).collect()
}

/// Whether a path relative to a directory leaves it on its way.
fn climbs(relative: &Path) -> bool {
    let mut depth = 0_i32;
    relative.components().any(|name| {
        match name {
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            _ => {}
        }
        depth < 0
    })
}

/// An absolute path without `..`, as if there were no links.
fn without_dots(absolute: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for name in absolute.components() {
        if name == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(name);
        }
    }
    plain
}

#[cfg(test)]
mod tests;
