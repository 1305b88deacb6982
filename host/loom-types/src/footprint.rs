//! What a tool call touches: which resources it reads and which it writes. From this the schedule
//! decides what runs side by side, and the permissions what is asked.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::AccessMode;

/// What a call touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Footprint {
    /// Exactly these; nothing if it is empty.
    Resources(Vec<Touch>),
    /// Nobody knows, or it asked to be alone: the call conflicts with every other.
    Everything,
}

/// A resource that a call touches, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    pub mode: AccessMode,
    pub resource: Resource,
}

/// A thing that calls may get in each other's way over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A file, or a directory with all that is below it.
    File {
        /// Without `.` and `..`. Of a plugin's call: absolute, and without symbolic links as far as it
        /// exists; a call that goes through links touches the path as it was spelled as well. Of a
        /// native tool's: as it was spelled, and what a relative path is relative to, nobody knows.
        path: PathBuf,
        /// Device and inode of what is there, which tells hard links to be the same.
        identity: Option<(u64, u64)>,
    },
    /// A URL, normalised (WHATWG), without its fragment.
    Url(String),
    /// Anything else, by the plugin's own name for it. An empty name stands for all of its scheme.
    Named { scheme: String, name: String },
    /// What a plugin keeps of a session, by the session's name: an instance and its scratch directory.
    /// Only calls of that plugin in the same conversation get to it.
    Session { plugin: String, name: String },
}

impl Footprint {
    /// What somebody may be asked about: without the sessions, where nothing is but what the plugin's
    /// own calls have put there.
    #[must_use]
    pub fn without_sessions(&self) -> Self {
        match self {
            Self::Everything => Self::Everything,
            Self::Resources(touches) => {
                let is_session =
                    |touch: &&Touch| matches!(touch.resource, Resource::Session { .. });
                let touches = touches.iter().filter(|touch| !is_session(touch));
                Self::Resources(touches.cloned().collect())
            }
        }
    }
}

impl Resource {
    /// The file at a path, tidied as far as that goes without looking at files.
    #[must_use]
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::File {
            path: tidy_path(path.as_ref()),
            identity: None,
        }
    }

    /// A URL; what cannot be read as one is a name of the scheme `url`.
    #[must_use]
    pub fn url(text: &str) -> Self {
        match Url::parse(text) {
            Ok(mut url) => {
                url.set_fragment(None);
                Self::Url(url.into())
            }
            Err(_) => Self::Named {
                scheme: "url".to_owned(),
                name: text.to_owned(),
            },
        }
    }

    /// Whether both are, or hold, the same thing, as far as can be told; in doubt they do. A directory is
    /// not searched for other names of a file with hard links.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::File { path, identity },
                Self::File {
                    path: other_path,
                    identity: other_identity,
                },
            ) => (identity.is_some() && identity == other_identity) || nested(path, other_path),
            (Self::Url(url), Self::Url(other)) => url == other,
            (Self::Session { .. }, Self::Session { .. }) => self == other,
            (
                Self::Named { scheme, name },
                Self::Named {
                    scheme: other_scheme,
                    name: other_name,
                },
            ) => {
                scheme == other_scheme
                    && (name == other_name || name.is_empty() || other_name.is_empty())
            }
            // Without a name any URL may be meant.
            (Self::Named { scheme, name }, Self::Url(_))
            | (Self::Url(_), Self::Named { scheme, name }) => scheme == "url" && name.is_empty(),
            _ => false,
        }
    }
}

/// Whether two tidy paths may be the same or one above the other.
fn nested(a: &Path, b: &Path) -> bool {
    // Where a relative path starts is unknown, and one that climbs may come down anywhere.
    let comparable = a.is_absolute() == b.is_absolute() && !climbs(a) && !climbs(b);
    !comparable || a.components().zip(b.components()).all(|(a, b)| a == b)
}

fn climbs(path: &Path) -> bool {
    path.components().next() == Some(Component::ParentDir)
}

/// The path without `.` and `..`, as if there were no symbolic links. Of a relative one, the `..` that
/// lead above its start are kept.
#[must_use]
pub fn tidy_path(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match tidy.components().next_back() {
                Some(Component::Normal(_)) => {
                    tidy.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => tidy.push(component),
            },
            _ => tidy.push(component),
        }
    }
    tidy
}

#[cfg(test)]
mod tests;
