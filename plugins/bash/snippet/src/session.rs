//! A call from beginning to end on an engine that may be kept, and what the engine's variables need
//! to outlive it: `begun`, `state` and `snapshots` in the session's own directory. Knows no language.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use loom_sdk::Error;
use loom_sdk::tool::{Content, Context};

use crate::arguments::{Arguments, Reset};
use crate::capture::Capture;
use crate::files;
use crate::result::{Ending, Note, Outcome, Written};
use crate::roots::Roots;
use crate::scan::Scan;
use crate::settings::Settings;
use crate::tree::{self, Bounds};

/// What an engine leaves between its own end and the host's: a tenth of the time, since on a busy
/// machine a guest may not run for a while, but no less and no more than this.
const SPARE: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(500)];
/// More than any state that a session should have.
const STATE_BYTES: u64 = 128 * 1024 * 1024;

/// An interpreter of a language.
pub trait Engine {
    /// Runs code. What goes wrong in the code is in the ending.
    ///
    /// # Errors
    ///
    /// What is no fault of the code.
    fn run(&mut self, run: Run<'_>) -> Result<Ending, Error>;

    /// Forgets everything: as new.
    fn reset(&mut self, roots: &Roots) -> Result<(), Error>;

    /// The variables as bytes that `restore` of a later version may read, and what can't be kept.
    fn save(&mut self) -> Result<(Vec<u8>, Vec<Note>), Error>;

    /// Takes the variables back, on a new or reset engine; returns what was lost.
    fn restore(&mut self, state: &[u8], roots: &Roots) -> Result<Vec<Note>, Error>;
}

/// One run of an engine.
pub struct Run<'a> {
    pub code: &'a str,
    pub stdin: &'a str,
    /// When the engine should stop the code by itself.
    pub deadline: Instant,
    pub roots: &'a Roots,
    pub capture: &'a mut Capture,
}

/// An engine and whether it has begun.
pub struct Session<E> {
    engine: E,
    begun: bool,
}

/// What the beginning of a call found.
#[derive(Default)]
struct Beginning {
    restored: bool,
    lost: Vec<Note>,
    /// A suspended state to remove once the engine has outlived a call with it.
    used: Option<PathBuf>,
}

impl<E: Engine> Session<E> {
    pub fn new(engine: E) -> Self {
        Self {
            engine,
            begun: false,
        }
    }

    /// Runs a call: reset or restore, inputs, code, snapshot, outputs.
    ///
    /// # Errors
    ///
    /// For arguments that can't be carried out; what goes wrong in the code is a result.
    pub fn call(
        &mut self,
        arguments: &Arguments,
        context: &Context,
        roots: &Roots,
        settings: &Settings,
    ) -> Result<Vec<Content>, Error> {
        let start = Instant::now();
        arguments.validate()?;
        let files = arguments.files.clone().unwrap_or_default();
        files::check_outputs(&files, roots)?;
        let own = own_directory(arguments, roots);
        let mut beginning = self.begin(arguments, roots, own)?;
        files::place(&files, roots)?;
        let before = Scan::of(roots);
        let whole = roots.work.as_deref().filter(|_| own.is_some());
        let whole = whole.map(|work| work.join(".output"));
        let mut capture = Capture::new(settings.output_bytes, whole.as_deref());
        let ending = self.engine.run(Run {
            code: &arguments.code,
            stdin: arguments.stdin.as_deref().unwrap_or_default(),
            deadline: start + time(arguments, context),
            roots,
            capture: &mut capture,
        })?;
        let written = written(&before, &ending, roots);
        let mut outcome = Outcome::new(ending, capture.finish(), roots);
        outcome.files = written;
        if let (Some(name), Some(own)) = (&arguments.snapshot, own) {
            outcome.missing.extend(self.snapshot(name, own, roots));
        }
        if let Some(used) = beginning.used.take() {
            remove(&used)?;
        }
        let outputs = files::collect(&files, roots);
        outcome.outputs = outputs.returned;
        outcome.missing.extend(outputs.missing);
        outcome.restored = beginning.restored;
        outcome.lost = beginning.lost;
        outcome.duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        outcome.into_content(outputs.content)
    }

    /// Writes the variables for a later instance. Without a kept session there is nothing to write.
    ///
    /// # Errors
    ///
    /// What the engine or the file system says.
    pub fn suspend(&mut self, roots: &Roots) -> Result<(), Error> {
        match &roots.session {
            Some(own) if self.begun => self.save_to(&own.join("state")),
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        arguments: &Arguments,
        roots: &Roots,
        own: Option<&Path>,
    ) -> Result<Beginning, Error> {
        let first = !std::mem::replace(&mut self.begun, true);
        match (&arguments.reset, own) {
            (Some(Reset::Anew(true)), _) if arguments.session.is_some() => {
                self.anew(roots, own)?;
                Ok(Beginning::default())
            }
            (Some(Reset::To(name)), Some(own)) => self.go_back(name, own, roots),
            (Some(Reset::To(name)), None) => Err(no_snapshot(name, &[])),
            (_, Some(own)) if first => self.resume(own, roots),
            _ => Ok(Beginning::default()),
        }
    }

    /// Finds out what an instance before this one left.
    fn resume(&mut self, own: &Path, roots: &Roots) -> Result<Beginning, Error> {
        let (marker, state) = (own.join("begun"), own.join("state"));
        if !marker.exists() {
            fs::write(&marker, "")?;
            return Ok(Beginning::default());
        }
        let mut beginning = Beginning::default();
        if !state.exists() {
            beginning.lost.push(Note::new(
                "variables",
                "the interpreter that held them was stopped; files and snapshots are still there",
            ));
            return Ok(beginning);
        }
        match self.load(&state, roots) {
            Ok(lost) => {
                beginning.restored = true;
                beginning.lost = lost;
            }
            Err(error) => beginning.lost.push(Note::new("variables", error.message)),
        }
        beginning.used = Some(state);
        Ok(beginning)
    }

    fn anew(&mut self, roots: &Roots, own: Option<&Path>) -> Result<(), Error> {
        for directory in roots.work.iter().chain(&roots.temporary) {
            tree::clear(directory)
                .map_err(|error| error.context("removing the session's files"))?;
        }
        if let Some(own) = own {
            remove(&own.join("state"))?;
            fs::write(own.join("begun"), "")?;
        }
        self.engine.reset(roots)
    }

    fn go_back(&mut self, name: &str, own: &Path, roots: &Roots) -> Result<Beginning, Error> {
        let snapshot = own.join("snapshots").join(name);
        if !snapshot.join("state").exists() {
            return Err(no_snapshot(name, &snapshots(own)));
        }
        self.anew(roots, Some(own))?;
        if let Some(work) = &roots.work {
            tree::copy(&snapshot.join("files"), work, Bounds::SNAPSHOT)
                .map_err(|error| error.context(format!("going back to the snapshot {name}")))?;
        }
        let lost = self.load(&snapshot.join("state"), roots)?;
        Ok(Beginning {
            restored: true,
            lost,
            used: None,
        })
    }

    /// Keeps variables and files; a note if that fails, since the code has run.
    fn snapshot(&mut self, name: &str, own: &Path, roots: &Roots) -> Option<Note> {
        let target = own.join("snapshots").join(name);
        let new = own.join("snapshots").join(format!("{name}~new"));
        let mut keep = || -> Result<(), Error> {
            remove(&new)?;
            fs::create_dir_all(&new)?;
            if let Some(work) = &roots.work {
                tree::copy(work, &new.join("files"), Bounds::SNAPSHOT)?;
            }
            self.save_to(&new.join("state"))?;
            remove(&target)?;
            Ok(fs::rename(&new, &target)?)
        };
        let error = keep().err()?;
        let _ = remove(&new);
        Some(Note::new(
            format!("snapshot {name}"),
            format!("could not be kept: {}", error.message),
        ))
    }

    /// The notes travel with the state: who takes it back wants to know what is not in it.
    fn save_to(&mut self, path: &Path) -> Result<(), Error> {
        let (state, lost) = self.engine.save()?;
        let lost: Vec<(&str, &str)> = lost.iter().map(|n| (&*n.name, &*n.reason)).collect();
        let mut bytes = serde_json::to_vec(&lost)?;
        bytes.push(b'\n');
        bytes.extend(state);
        let unfinished = path.with_extension("new");
        fs::write(&unfinished, bytes)?;
        Ok(fs::rename(unfinished, path)?)
    }

    fn load(&mut self, path: &Path, roots: &Roots) -> Result<Vec<Note>, Error> {
        let size = fs::metadata(path)?.len();
        if size > STATE_BYTES {
            return Err(Error::invalid_input(format!(
                "the kept state has {size} bytes, more than {STATE_BYTES}"
            )));
        }
        let bytes = fs::read(path)?;
        let damaged = || Error::internal("the kept state is damaged");
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (notes, state) = bytes.split_at(end.ok_or_else(damaged)?);
        let notes: Vec<(String, String)> = serde_json::from_slice(notes).map_err(|_| damaged())?;
        let mut lost = self.engine.restore(&state[1..], roots)?;
        lost.extend(
            notes
                .into_iter()
                .map(|(name, reason)| Note { name, reason }),
        );
        Ok(lost)
    }
}

fn own_directory<'a>(arguments: &Arguments, roots: &'a Roots) -> Option<&'a Path> {
    arguments.session.as_ref()?;
    roots.session.as_deref()
}

/// How long the code may run: what was asked for, less than what the host gives.
fn time(arguments: &Arguments, context: &Context) -> Duration {
    let asked = Duration::from_millis(arguments.timeout_ms.into());
    let given = asked.min(Duration::from_millis(context.deadline_ms));
    given.saturating_sub((given / 10).clamp(SPARE[0], SPARE[1]))
}

fn written(before: &Scan, ending: &Ending, roots: &Roots) -> Vec<Written> {
    let mut changed = Scan::of(roots).changed_since(before);
    for path in &ending.written {
        let is_own = [&roots.temporary, &roots.session].into_iter().flatten();
        let is_file = fs::symlink_metadata(path)
            .ok()
            .filter(fs::Metadata::is_file);
        if let Some(metadata) = is_file
            && !is_own.into_iter().any(|own| path.starts_with(own))
        {
            changed.insert(path.clone(), metadata.len());
        }
    }
    changed
        .into_iter()
        .map(|(path, bytes)| Written {
            path: roots.shown(&path),
            bytes,
        })
        .collect()
}

fn snapshots(own: &Path) -> Vec<String> {
    let entries = fs::read_dir(own.join("snapshots")).into_iter().flatten();
    let names = entries
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.contains('~')).collect();
    names.sort();
    names
}

fn no_snapshot(name: &str, known: &[String]) -> Error {
    let known = if known.is_empty() {
        "there is none; make one with `snapshot`".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    };
    Error::not_found(format!("this session has no snapshot {name}: {known}"))
}

/// Removes a file or a tree, if it is there.
fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
