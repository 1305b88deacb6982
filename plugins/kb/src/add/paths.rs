//! Files and directories: which are read, in which order, and which have gone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobMatcher};
use loom_sdk::{Error, host};

use super::{Adding, document_id, hash};
use crate::document::Document;
use crate::extract::{self, MAX_PDF_BYTES, MAX_TEXT_BYTES};
use crate::places::Places;
use crate::walk::{self, Found};

/// Reading a file that is larger may go wrong in ways that end the component; so may any PDF.
const RISKY_BYTES: u64 = 64 << 10;

/// Directories that were gone through, and the ids of what is in them.
#[derive(Default)]
struct Seen {
    directories: Vec<PathBuf>,
    ids: HashSet<String>,
}

pub(super) fn add(
    adding: &mut Adding<'_>,
    places: &Places,
    paths: &[String],
    glob: Option<&str>,
) -> Result<(), Error> {
    let glob = glob.map(compile).transpose()?;
    let mut seen = Seen::default();
    let mut files = Vec::new();
    for path in paths {
        find(adding, places, path, glob.as_ref(), &mut seen, &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    seen.ids.extend(files.iter().map(|file| id_of(&file.path)));
    read_all(adding, files)?;
    if adding.report.remaining == 0 {
        remove_gone(adding, glob.as_ref(), &seen)?;
        adding.report.done = true;
    }
    Ok(())
}

pub(crate) fn compile(pattern: &str) -> Result<GlobMatcher, Error> {
    let glob = Glob::new(pattern).map_err(|error| {
        Error::invalid_input(format!("the pattern {pattern} is no glob: {error}"))
    })?;
    Ok(glob.compile_matcher())
}

/// Finds the files that a path of the call means.
fn find(
    adding: &mut Adding<'_>,
    places: &Places,
    given: &str,
    glob: Option<&GlobMatcher>,
    seen: &mut Seen,
    files: &mut Vec<Found>,
) -> Result<(), Error> {
    let path = places.locate(given).ok_or_else(|| {
        let granted = places.names();
        Error::denied(format!(
            "{given} is in no granted directory (granted: {granted}); a person can add it with `loom kb add`"
        ))
    })?;
    let found = walk::look_at(&path).map_err(|error| Error::from(error).context(given))?;
    if !path.is_dir() {
        files.push(found);
        return Ok(());
    }
    let walk = walk::walk(&path, glob);
    files.extend(walk.files);
    let mut left_out = Vec::new();
    if walk.hidden > 0 {
        left_out.push(format!("{} hidden", walk.hidden));
    }
    if walk.ignored > 0 {
        left_out.push(format!("{} ignored by git", walk.ignored));
    }
    if !left_out.is_empty() {
        let note = format!(
            "{given}: left out {} files or directories",
            left_out.join(" and ")
        );
        adding.report.notes.push(note);
    }
    if walk.problems.is_empty() {
        seen.directories.push(path);
    }
    for (path, problem) in walk.problems {
        adding.skip(&path.to_string_lossy(), problem);
    }
    Ok(())
}

/// Reads the files that have changed: first those that are harmless, so that nothing waits for one
/// that ends the component.
fn read_all(adding: &mut Adding<'_>, files: Vec<Found>) -> Result<(), Error> {
    let total = files.len();
    let (risky, harmless): (Vec<_>, Vec<_>) = files.into_iter().partition(is_risky);
    let first_risky = harmless.len();
    for (index, file) in harmless.iter().chain(&risky).enumerate() {
        if index == first_risky {
            adding.flush()?;
        }
        if adding.is_over() {
            adding.report.remaining = total - index;
            break;
        }
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        host::progress(&name, Some(index as f32 / total as f32));
        read(adding, file)?;
    }
    adding.flush()
}

fn is_risky(file: &Found) -> bool {
    file.bytes > RISKY_BYTES || extract::is_pdf(&file.path.to_string_lossy())
}

fn read(adding: &mut Adding<'_>, file: &Found) -> Result<(), Error> {
    let source = file.path.to_string_lossy().into_owned();
    let id = id_of(&file.path);
    let known = adding
        .known
        .get(&id)
        .filter(|known| adding.has_metadata(known));
    let is_same = known.is_some_and(|known| {
        (known.bytes, known.modified_ms) == (file.bytes, file.modified_ms) && file.modified_ms > 0
    });
    if is_same {
        adding.report.unchanged += 1;
        return Ok(());
    }
    let known = known.map(|known| known.hash.clone());
    let most = if extract::is_pdf(&source) {
        MAX_PDF_BYTES
    } else {
        MAX_TEXT_BYTES
    };
    if file.bytes > most {
        adding.skip(&source, format!("larger than {} MiB", most >> 20));
        return Ok(());
    }
    let guard = is_risky(file).then(|| format!("reading-{}", &hash(source.as_bytes())[..16]));
    let disk = adding.base.store().disk();
    let attempt = format!("{} {}", file.bytes, file.modified_ms);
    if let Some(guard) = &guard {
        // It names a reading that has not ended: this version of the file broke the component.
        if disk
            .read(guard)
            .is_ok_and(|noted| noted == attempt.as_bytes())
        {
            adding.skip(
                &source,
                "it could not be read the last time, and will not be tried again until it changes",
            );
            return Ok(());
        }
        let noted = disk.note(guard, attempt.as_bytes());
        noted.map_err(|fault| fault.told("writing the knowledge base"))?;
    }
    let result = read_file(adding, file, &source, id, known.as_deref());
    if let Some(guard) = &guard {
        adding.base.store().disk().remove(guard);
    }
    result
}

fn read_file(
    adding: &mut Adding<'_>,
    file: &Found,
    source: &str,
    id: String,
    known_hash: Option<&str>,
) -> Result<(), Error> {
    let bytes = match std::fs::read(&file.path) {
        Ok(bytes) => bytes,
        Err(error) => {
            adding.skip(source, error.to_string());
            return Ok(());
        }
    };
    let hash = hash(&bytes);
    if known_hash == Some(&hash) {
        adding.report.unchanged += 1;
        return Ok(());
    }
    match extract::extract(source, &bytes) {
        Err(reason) => adding.skip(source, reason),
        Ok(extracted) if extracted.text.trim().is_empty() => adding.skip(source, "blank"),
        Ok(extracted) => {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            let document = Document {
                id,
                title: extracted.title.clone().unwrap_or_else(|| name.into_owned()),
                source: source.to_owned(),
                hash,
                bytes: file.bytes,
                modified_ms: file.modified_ms,
                ..Document::default()
            };
            adding.take(document, &extracted)?;
        }
    }
    Ok(())
}

/// Removes documents of directories that were gone through whole and in which they are not any more.
fn remove_gone(
    adding: &mut Adding<'_>,
    glob: Option<&GlobMatcher>,
    seen: &Seen,
) -> Result<(), Error> {
    let is_gone = |document: &Document| {
        let source = Path::new(&document.source);
        let mut roots = seen.directories.iter();
        let root = roots.find_map(|directory| source.strip_prefix(directory).ok());
        document.modified_ms > 0
            && !seen.ids.contains(&document.id)
            && root.is_some_and(|relative| glob.is_none_or(|glob| glob.is_match(relative)))
    };
    let gone = adding.known.values().filter(|document| is_gone(document));
    let gone: HashSet<String> = gone.map(|document| document.id.clone()).collect();
    adding.remove(&gone)
}

fn id_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    document_id(&name, &path.to_string_lossy())
}
