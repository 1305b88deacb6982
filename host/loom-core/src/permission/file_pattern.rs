//! Patterns of files: a directory by name, and below it a glob. Relative ones begin at the base
//! directory of the scope.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::scope::Scope;
use super::text::{Sign, bytes};

/// What has a meaning in a pattern of files.
pub(super) const MEANT: &str = "*?[]{};:=~";

/// Which files a rule speaks of.
#[derive(Clone, Debug)]
pub(super) struct FilePattern {
    /// What comes before the first wildcard; may be relative.
    root: PathBuf,
    /// One glob for each of the segments from the first wildcard on, with all segments before it. The
    /// last is the pattern itself; a directory that matches an earlier one may hold what matches.
    globs: Vec<GlobMatcher>,
    /// The last segment is `**`: the directory before it is meant too.
    all_below: bool,
    /// The last segment has no wildcard: if it is a directory, all that is in it is meant too where
    /// something is forbidden.
    named: bool,
}

impl FilePattern {
    pub(super) fn new(signs: &[Sign]) -> Result<Self, String> {
        if signs.first() == Some(&Sign::Plain('~')) {
            return Err("`~` is not known here; write the whole path".to_owned());
        }
        let mut root = PathBuf::new();
        if signs.first().and_then(|it| it.char()) == Some('/') {
            root.push("/");
        }
        let mut globs: Vec<String> = Vec::new();
        let mut named = true;
        for segment in signs.split(|sign| sign.char() == Some('/')) {
            let name = bytes(segment);
            let wild = segment.iter().any(is_wildcard);
            match name.as_slice() {
                b"" | b"." => {}
                b".." if !globs.is_empty() => {
                    return Err("`..` can't come after a wildcard".to_owned());
                }
                _ if globs.is_empty() && !wild => root.push(os_string(name)?),
                _ => {
                    named = !wild;
                    globs.push(glob(segment)?);
                }
            }
        }
        let all_below = globs.last().is_some_and(|it| it == "**");
        let prefixes = (1..=globs.len()).map(|count| matcher(&globs[..count].join("/")));
        Ok(Self {
            root,
            globs: prefixes.collect::<Result<_, _>>()?,
            all_below,
            named,
        })
    }

    /// Whether the pattern speaks of this file. `path` is absolute. Links in the pattern are not
    /// followed: where they lead may change after a person allowed what was there.
    pub(super) fn matches(&self, path: &Path, scope: &Scope) -> bool {
        self.matches_from(&scope.absolute(&self.root), path)
    }

    /// Whether the pattern speaks of this file, of a directory that it is in or, if it is a directory
    /// itself, of anything in it. A glob such as `*.rs` names no directory.
    pub(super) fn concerns(&self, path: &Path, scope: &Scope) -> bool {
        let roots = self.roots(scope);
        if roots.iter().any(|root| root.starts_with(path)) {
            return true;
        }
        let matches = |path: &Path| roots.iter().any(|root| self.matches_from(root, path));
        let mut inside = path.ancestors().skip(1);
        if matches(path) || (self.named && inside.any(matches)) {
            return true;
        }
        let may_hold = |root: &PathBuf| {
            let rest = path.strip_prefix(root);
            rest.is_ok_and(|rest| self.directories().iter().any(|it| it.is_match(rest)))
        };
        (scope.disk.is_directory)(path) && roots.iter().any(may_hold)
    }

    fn matches_from(&self, root: &Path, path: &Path) -> bool {
        let rest = path.strip_prefix(root);
        rest.is_ok_and(|it| self.matches_below(it))
    }

    fn matches_below(&self, rest: &Path) -> bool {
        let Some(last) = self.globs.last() else {
            return rest.as_os_str().is_empty();
        };
        if rest.as_os_str().is_empty() {
            return self.all_below && self.globs.len() == 1;
        }
        let before = self.directories().last();
        last.is_match(rest) || (self.all_below && before.is_some_and(|it| it.is_match(rest)))
    }

    /// The globs of the directories on the way to what is meant.
    fn directories(&self) -> &[GlobMatcher] {
        &self.globs[..self.globs.len().saturating_sub(1)]
    }

    /// Where the pattern begins: as it is written, and where links lead from there.
    fn roots(&self, scope: &Scope) -> Vec<PathBuf> {
        let written = scope.absolute(&self.root);
        let resolved = (scope.disk.resolve)(&written);
        if resolved == written {
            vec![written]
        } else {
            vec![written, resolved]
        }
    }
}

fn is_wildcard(sign: &Sign) -> bool {
    matches!(sign, Sign::Plain('*' | '?' | '[' | '{'))
}

/// A segment with wildcards as `globset` reads it.
fn glob(segment: &[Sign]) -> Result<String, String> {
    let mut glob = String::new();
    for sign in segment {
        match sign {
            Sign::Plain(c) => glob.push(*c),
            Sign::Escaped(c) if c.is_alphanumeric() => glob.push(*c),
            Sign::Escaped(c) => glob.extend(['\\', *c]),
            Sign::Byte(_) => {
                return Err("a name with a wildcard can't have bytes that are not text".to_owned());
            }
        }
    }
    Ok(glob)
}

fn matcher(glob: &str) -> Result<GlobMatcher, String> {
    let mut builder = GlobBuilder::new(glob);
    let built = builder
        .literal_separator(true)
        .backslash_escape(true)
        .build();
    match built {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err(format!(
            "`{glob}` is not a pattern of files: {}",
            error.kind()
        )),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere names are text")]
fn os_string(bytes: Vec<u8>) -> Result<OsString, String> {
    use std::os::unix::ffi::OsStringExt as _;
    Ok(OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Result<OsString, String> {
    let text = String::from_utf8(bytes);
    Ok(text.map_err(|_| "a name is not text".to_owned())?.into())
}
