//! The files of a call: inputs are written before, outputs read after. What is not there afterwards
//! is a note in the result, since the code has run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use globset::{GlobBuilder, GlobMatcher};
use loom_sdk::Error;
use loom_sdk::tool::{Blob, Content};

use crate::arguments::{Files, Input};
use crate::media::{media_type, text};
use crate::result::{Note, Returned};
use crate::roots::Roots;

/// What outputs may have in all: less than a host lets a tool return by default (1 MiB), with room
/// for the result itself.
const OUTPUTS_BYTES: u64 = 640 * 1024;
/// How many files are looked at for a glob.
const ENTRIES: usize = 20_000;

/// What came of the outputs.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    pub(crate) returned: Vec<Returned>,
    pub(crate) missing: Vec<Note>,
    pub(crate) content: Vec<Content>,
}

/// Writes the inputs, with the directories above them.
///
/// # Errors
///
/// `invalid-input` for a path or Base64 that is none, else what the file system says.
pub(crate) fn place(files: &Files, roots: &Roots) -> Result<(), Error> {
    for (given, input) in &files.inputs {
        let path = roots.locate(given)?;
        let write = || {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(&path, bytes(given, input)?).map_err(Error::from)
        };
        write().map_err(|error: Error| error.context(format!("writing the input {given}")))?;
    }
    Ok(())
}

fn bytes(given: &str, input: &Input) -> Result<Vec<u8>, Error> {
    match input {
        Input::Text(text) => Ok(text.clone().into_bytes()),
        Input::Bytes { base64 } => STANDARD.decode(base64.trim()).map_err(|error| {
            Error::invalid_input(format!("the contents of {given} are no Base64: {error}"))
        }),
    }
}

/// Refuses what can never name an output, before the code runs.
///
/// # Errors
///
/// `invalid-input` for a bad glob, `denied` for a path outside of the directories.
pub(crate) fn check_outputs(files: &Files, roots: &Roots) -> Result<(), Error> {
    files.outputs.iter().try_for_each(|pattern| {
        if is_glob(pattern) {
            matcher(pattern, roots).map(|_| ())
        } else {
            roots.locate(pattern).map(|_| ())
        }
    })
}

/// Reads the outputs, as many as fit.
pub(crate) fn collect(files: &Files, roots: &Roots) -> Outputs {
    let mut outputs = Outputs::default();
    let mut seen = BTreeSet::new();
    let mut room = OUTPUTS_BYTES;
    for pattern in &files.outputs {
        let paths = match find(pattern, roots) {
            Ok(paths) => paths,
            Err(error) => {
                outputs.missing.push(Note::new(pattern, error.message));
                continue;
            }
        };
        if paths.is_empty() {
            outputs.missing.push(Note::new(pattern, "no file matches"));
        }
        for path in paths {
            if seen.insert(path.clone()) {
                take(&path, roots, &mut room, &mut outputs);
            }
        }
    }
    outputs
}

fn take(path: &Path, roots: &Roots, room: &mut u64, outputs: &mut Outputs) {
    let shown = roots.shown(path);
    match read(path, *room) {
        Ok(bytes) => {
            *room -= bytes.len() as u64;
            let mime = media_type(&shown, &bytes);
            outputs.returned.push(Returned {
                path: shown,
                mime: mime.into(),
                bytes: bytes.len() as u64,
            });
            outputs.content.push(content(bytes, mime));
        }
        Err(error) => outputs.missing.push(Note::new(&shown, error.message)),
    }
}

fn read(path: &Path, room: u64) -> Result<Vec<u8>, Error> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(Error::invalid_input(
            "is a directory; name the files in it, for example with a glob",
        ));
    }
    if metadata.len() > room {
        return Err(Error::invalid_input(format!(
            "has {} bytes and only {room} of {OUTPUTS_BYTES} are left for outputs; return a smaller file or a part",
            metadata.len()
        )));
    }
    Ok(std::fs::read(path)?)
}

fn content(bytes: Vec<u8>, mime: &str) -> Content {
    let is_image = mime.starts_with("image/") && mime != "image/svg+xml";
    if !is_image && let Some(text) = text(&bytes) {
        return Content::Text(text.to_owned());
    }
    Content::Blob(Blob {
        mime: mime.into(),
        data: bytes,
    })
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '{'])
}

fn find(pattern: &str, roots: &Roots) -> Result<Vec<PathBuf>, Error> {
    if !is_glob(pattern) {
        let path = roots.locate(pattern)?;
        std::fs::symlink_metadata(&path)?;
        return Ok(vec![path]);
    }
    let (base, matcher) = matcher(pattern, roots)?;
    let mut found = Vec::new();
    let mut directories = vec![base];
    let mut seen = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            seen += 1;
            if seen > ENTRIES {
                return Err(Error::invalid_input(
                    "there are too many files to look through; name a directory in the glob",
                ));
            }
            let (path, kind) = (entry.path(), entry.file_type());
            if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                directories.push(path);
            } else if matcher.is_match(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The directory to look in, and what full paths must match.
fn matcher(pattern: &str, roots: &Roots) -> Result<(PathBuf, GlobMatcher), Error> {
    let plain = pattern.split('/').take_while(|part| !is_glob(part));
    let base = match plain.collect::<Vec<_>>().join("/").as_str() {
        "" | "." if !pattern.starts_with('/') => roots.working().map(Path::to_owned),
        base => Some(roots.locate(base)?),
    };
    let base = base.ok_or_else(|| Error::denied("there is no directory to look in"))?;
    let rest: Vec<&str> = pattern
        .split('/')
        .skip_while(|part| !is_glob(part))
        .collect();
    let full = format!(
        "{}/{}",
        globset::escape(&base.to_string_lossy()),
        rest.join("/")
    );
    let glob = GlobBuilder::new(&full).literal_separator(true).build();
    let glob =
        glob.map_err(|error| Error::invalid_input(format!("{pattern}: {}", error.kind())))?;
    Ok((base, glob.compile_matcher()))
}
