//! The store: which file a call is about, and what it is answered. How a file is read and written is
//! not decided here.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use loom_memory_query::page;
use loom_memory_query::ranking::{Candidate, Ranking};
use loom_sdk::Error;
use loom_sdk::error::Result;
use loom_sdk::host::{self, LogLevel};
use loom_sdk::memory::{Entry, Hit, Memory, Page, Query, SessionInfo};

use crate::append::Marks;
use crate::disk::{Calls, Disk, Listed, fault};
use crate::ledger::{Ledger, Loss};
use crate::log::Log;
use crate::logs::Logs;
use crate::name::{self, Named};
use crate::record::{FORMAT, StoredEntry};
use crate::report::Reports;
use crate::summary;

/// Where sessions are kept, unless the setting `directory` says otherwise.
const DEFAULT_DIRECTORY: &str = "sessions";

/// How often a file that changes under the reader is read.
const READS: u32 = 3;

/// How often another file may take the place of one that is opened.
const SUCCESSIONS: u32 = 20;

/// Sessions in files, one each.
pub struct FileMemory {
    pub(crate) disk: Disk,
    pub(crate) logs: Logs,
    pub(crate) reports: Reports,
    pub(crate) marks: Marks,
    /// What the list says of each file, as long as the file looks the same.
    summaries: HashMap<String, (Listed, Option<SessionInfo>)>,
    /// Damages for which the backups were looked at.
    examined: HashSet<(String, Loss)>,
}

impl Default for FileMemory {
    /// The store in the configured directory.
    fn default() -> Self {
        let directory = host::config("directory").filter(|directory| !directory.is_empty());
        let directory = directory.unwrap_or_else(|| DEFAULT_DIRECTORY.to_owned());
        Self::new(directory, |message| host::log(LogLevel::Warn, message))
    }
}

impl FileMemory {
    /// A store in a directory, which is made when it is first needed. What people should know of
    /// goes to `warn`.
    pub fn new(directory: impl Into<PathBuf>, warn: impl Fn(&str) + 'static) -> Self {
        Self::with_calls(directory.into(), warn, Calls::default())
    }

    pub(crate) fn with_calls(
        directory: PathBuf,
        warn: impl Fn(&str) + 'static,
        calls: Calls,
    ) -> Self {
        Self {
            disk: Disk::new(directory, calls),
            logs: Logs::default(),
            reports: Reports::new(warn),
            marks: Marks::default(),
            summaries: HashMap::new(),
            examined: HashSet::new(),
        }
    }

    /// Opens a session's file and brings its log up to date; none if it holds no session.
    pub(crate) fn open(&mut self, name: &str) -> Result<Option<(File, &Log)>> {
        for _ in 0..SUCCESSIONS {
            let Some(mut file) = self.disk.open(name)? else {
                self.logs.forget(name);
                return Ok(None);
            };
            let is_settled = self.catch_up_with(name, &mut file)?;
            let log = self.logs.get(name);
            if let Some(successor) = log.ledger().successor().map(str::to_owned) {
                self.move_into_place(name, &successor)?;
                continue;
            }
            if is_settled && self.is_mended(name, &mut file)? {
                continue;
            }
            let path = self.disk.path(name);
            let log = self.logs.get(name);
            if is_settled {
                self.reports.loss(&path, log.ledger());
            }
            return Ok(log.ledger().is_session().then_some((file, log)));
        }
        let path = self.disk.path(name);
        Err(Error::unavailable(format!(
            "the file that is to take the place of {} is missing, or others replace it all the time; \
             try again, or restore a backup",
            path.display()
        )))
    }

    /// Reads what is new; false if another writer seems to be in the middle of a record.
    fn catch_up_with(&mut self, name: &str, file: &mut File) -> Result<bool> {
        let path = self.disk.path(name);
        let wait = self.disk.calls.wait;
        let log = self.logs.get(name);
        let is_settled = log
            .refresh(file)
            .and_then(|()| Ok(!log.ledger().has_tail() || log.settle(file, wait)?))
            .map_err(|error| unread(&error, &path))?;
        check_format(&path, log.ledger())?;
        Ok(is_settled)
    }

    /// Mends a damaged file from a backup, which is tried once for each damage; whether it is another
    /// file now.
    fn is_mended(&mut self, name: &str, file: &mut File) -> Result<bool> {
        let log = self.logs.get(name);
        let is_junk = !log.ledger().is_session() && log.ledger().seen() > 0;
        let loss = log.ledger().loss().unwrap_or_default();
        if !is_junk && loss.junk == 0 && loss.stray_records == 0 {
            return Ok(false);
        }
        if !self.examined.insert((name.to_owned(), loss)) {
            return Ok(false);
        }
        let log = log.clone();
        let mended = self.mend(name, file, &log);
        Ok(self.or_leave_out(name, mended).unwrap_or(false))
    }

    /// Shows the entries of a session from a seq on until told to stop; false if there is no such
    /// session.
    fn visit(
        &mut self,
        name: &str,
        from_seq: u64,
        mut visit: impl FnMut(u64, StoredEntry<'_>) -> ControlFlow<()>,
    ) -> Result<bool> {
        let mut next_seq = from_seq;
        for _ in 0..READS {
            let Some((mut file, log)) = self.open(name)? else {
                return Ok(false);
            };
            let is_whole = log.visit(&mut file, next_seq, |seq, entry| {
                next_seq = seq + 1;
                visit(seq, entry)
            });
            if is_whole.map_err(|error| unread(&error, &self.disk.path(name)))? {
                return Ok(true);
            }
            self.logs.forget(name);
        }
        let path = self.disk.path(name);
        Err(Error::unavailable(format!(
            "{} changed while it was read; try again",
            path.display()
        )))
    }

    /// The entries of a session from a seq on; none if there is no such session.
    fn entries(&mut self, name: &str, from_seq: u64, limit: u32) -> Result<Option<Vec<Entry>>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        if limit == 0 {
            return Ok(self.open(name)?.map(|_| entries));
        }
        let is_session = self.visit(name, from_seq, |seq, entry| {
            entries.push(entry.into_entry(seq));
            if entries.len() < limit {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(is_session.then_some(entries))
    }

    /// What the list says of a file; none if it holds no session that can be used.
    fn info(&mut self, file: &Listed, named: Named) -> Option<SessionInfo> {
        if let Some((known, info)) = self.summaries.get(&file.name)
            && known == file
        {
            return info.clone();
        }
        let info = self.summarize(&file.name, named);
        let info = self.or_leave_out(&file.name, info)?;
        let known = (file.clone(), info.clone());
        self.summaries.insert(file.name.clone(), known);
        info
    }

    fn summarize(&mut self, name: &str, named: Named) -> Result<Option<SessionInfo>> {
        let path = self.disk.path(name);
        if self.logs.contains(name) {
            let Some((_, log)) = self.open(name)? else {
                return Ok(None);
            };
            return session_info(&path, named, log.ledger(), log.ledger());
        }
        let Some(mut file) = self.disk.open(name)? else {
            return Ok(None);
        };
        let summary = summary::read(&mut file).map_err(|error| unread(&error, &path))?;
        if summary.is_sealed() {
            let Some((_, log)) = self.open(name)? else {
                return Ok(None);
            };
            return session_info(&path, named, log.ledger(), log.ledger());
        }
        check_format(&path, &summary.start)?;
        match &summary.end {
            Some(end) => session_info(&path, named, &summary.start, end),
            None => session_info(&path, named, &summary.start, &summary.start),
        }
    }

    /// The files that a search looks into, with the ids of their sessions.
    fn searched(&mut self, query: &Query) -> Result<Vec<(String, String)>> {
        if let Some(session) = &query.session {
            return Ok(vec![(name::file_name(session), session.clone())]);
        }
        let mut files = Vec::new();
        for file in self.disk.list()? {
            let named = name::read(&file.name);
            if named != Named::Foreign {
                let info = self.info(&file, named);
                files.extend(info.map(|info| (file.name, info.id)));
            }
        }
        Ok(files)
    }

    /// A file that can't be used must not keep the others from being used.
    fn or_leave_out<T>(&mut self, name: &str, result: Result<T>) -> Option<T> {
        result
            .inspect_err(|error| {
                let path = self.disk.path(name);
                let message = &error.message;
                self.reports
                    .warn(format!("{} is left out: {message}", path.display()));
            })
            .ok()
    }
}

impl Memory for FileMemory {
    fn append(&mut self, session: &str, expected_seq: u64, entries: Vec<Entry>) -> Result<u64> {
        self.append_entries(session, expected_seq, &entries)
    }

    fn read(&mut self, session: &str, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        self.entries(&name::file_name(session), from_seq, limit)?
            .ok_or_else(|| unknown(session))
    }

    fn sessions(&mut self, limit: u32, cursor: Option<&str>) -> Result<Page> {
        let files = self.disk.list()?;
        let mut infos = Vec::new();
        for file in &files {
            let named = name::read(&file.name);
            if named != Named::Foreign {
                infos.extend(self.info(file, named));
            }
        }
        let names: HashSet<_> = files.iter().map(|file| &file.name).collect();
        self.summaries.retain(|name, _| names.contains(name));
        page::page(infos, limit, cursor)
    }

    fn delete(&mut self, session: &str) -> Result<()> {
        self.delete_session(session)
    }

    fn search(&mut self, query: &Query, limit: u32) -> Result<Vec<Hit>> {
        let files = self.searched(query)?;
        let mut ranking = Ranking::new(query);
        for (place, (name, session)) in files.iter().enumerate() {
            let visited = self.visit(name, 0, |seq, entry| {
                let candidate = Candidate {
                    session,
                    time_ms: entry.time_ms,
                    kind: &entry.kind,
                    text: &entry.text,
                    vector: entry.vector.as_deref(),
                };
                ranking.look_at(candidate, (place, seq));
                ControlFlow::Continue(())
            });
            self.or_leave_out(name, visited);
        }
        let mut hits = Vec::new();
        for found in ranking.best(limit) {
            let (place, seq) = found.key;
            let (name, session) = &files[place];
            let entries = self.entries(name, seq, 1);
            let entries = self.or_leave_out(name, entries).flatten();
            hits.extend(entries.into_iter().flatten().map(|entry| Hit {
                session: session.clone(),
                entry,
                score: found.score,
            }));
        }
        Ok(hits)
    }
}

/// Refuses a file that this code can't understand.
pub(crate) fn check_format(path: &Path, ledger: &Ledger) -> Result<()> {
    match ledger.header() {
        Some(header) if header.format != FORMAT => Err(Error::internal(format!(
            "{} has format {} and this version of the store knows format {FORMAT}; update Loom to use \
             the session",
            path.display(),
            header.format
        ))),
        _ => Ok(()),
    }
}

fn session_info(
    path: &Path,
    named: Named,
    start: &Ledger,
    end: &Ledger,
) -> Result<Option<SessionInfo>> {
    if !start.is_session() {
        return Ok(None);
    }
    let header_id = || start.header().map(|header| header.id.clone());
    let id = match named {
        Named::Session(id) => Some(id),
        Named::Hashed => header_id().filter(|id| path.ends_with(name::file_name(id))),
        Named::Foreign => None,
    };
    let Some(id) = id else {
        return Err(Error::internal(
            "its name does not belong to the session in it",
        ));
    };
    Ok(Some(SessionInfo {
        id,
        entries: end.next_seq(),
        created_ms: start.times_ms().0,
        updated_ms: end.times_ms().1,
    }))
}

fn unread(error: &std::io::Error, path: &Path) -> Error {
    fault(error, format!("reading {}", path.display()))
}

pub(crate) fn unknown(session: &str) -> Error {
    Error::not_found(format!(
        "there is no session {session:?}; the list of sessions shows which there are"
    ))
}
