//! Appending: the protocol that the crate's documentation promises.

use loom_sdk::error::Result;
use loom_sdk::memory::Entry;
use loom_sdk::{Error, ErrorKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::point::{self, Append, size};
use crate::{Log, QdrantMemory, error, live};

/// How large a request gets, about; the host lets 16 MiB through by default, Qdrant 32.
const REQUEST_BYTES: usize = 4 << 20;
/// How many points a request has at most.
const POINTS_AT_ONCE: usize = 500;
/// What one entry may take: it has to come back in one answer, too.
const MAX_ENTRY_BYTES: usize = 8 << 20;
/// How many requests one append may need: the host allows 100 in one call by default.
const MAX_BATCHES: usize = 80;

/// What became of an append's first entry.
enum Outcome {
    Stored,
    /// Another writer made the point, or the session is another.
    Beaten,
    Missing,
}

impl QdrantMemory {
    pub(crate) fn append_entries(
        &mut self,
        session: &str,
        expected_seq: u64,
        entries: Vec<Entry>,
    ) -> Result<u64> {
        let client = self.client()?;
        let batches = batches(&entries)?;
        let first_try = self.try_append(&client, session, expected_seq, &entries, &batches);
        match first_try {
            // Somebody removed the collection under this store.
            Err(error) if error::is_missing_collection(&error) => {
                self.collection.forget();
                self.known.clear();
                self.try_append(&client, session, expected_seq, &entries, &batches)
            }
            result => result,
        }
    }

    fn try_append(
        &mut self,
        client: &Client,
        session: &str,
        expected_seq: u64,
        entries: &[Entry],
        batches: &[usize],
    ) -> Result<u64> {
        self.collection.ensure(client)?;
        let known = self.known.get(session).copied();
        let log = match known.filter(|log| log.next_seq == expected_seq && !entries.is_empty()) {
            Some(log) => log,
            None => self.look(client, session, expected_seq)?,
        };
        let Some(last) = entries.last() else {
            return Ok(expected_seq);
        };
        let append = Append {
            session,
            generation: log.generation,
            id: Uuid::new_v4(),
            first: expected_seq,
            count: entries.len() as u64,
            last_time_ms: last.time_ms,
        };
        self.ensure_vectors(client, entries)?;
        let next_seq = write(client, &append, entries, batches)?;
        let log = Log { next_seq, ..log };
        self.known.insert(session.to_owned(), log);
        Ok(next_seq)
    }

    /// The log that the server has, with as many entries as expected; it is started if that is none.
    fn look(&mut self, client: &Client, session: &str, expected_seq: u64) -> Result<Log> {
        self.known.remove(session);
        let mut log = live::log(client, session)?;
        if log.is_none() && expected_seq == 0 {
            start(client, session)?;
            log = live::log(client, session)?;
        }
        match log {
            Some(log) if log.next_seq == expected_seq => Ok(log),
            other => {
                let next_seq = other.map_or(0, |log| log.next_seq);
                Err(conflict(session, next_seq, expected_seq))
            }
        }
    }

    fn ensure_vectors(&mut self, client: &Client, entries: &[Entry]) -> Result<()> {
        for vector in entries.iter().filter_map(|entry| entry.vector.as_deref()) {
            if point::unit(vector).is_some() {
                self.collection.ensure_vectors(client, vector.len())?;
            }
        }
        Ok(())
    }
}

/// Makes the point that stands for the session. Of several writers one succeeds, and all go on with
/// its generation.
fn start(client: &Client, session: &str) -> Result<()> {
    // A removal that was interrupted has to end first.
    crate::sessions::finish_removal(client, session)?;
    let point = point::session_point(session, Uuid::new_v4());
    insert(client, &[point]).map(drop)
}

/// Writes the entries: those behind the first, then the first, which makes all of them count.
fn write(
    client: &Client,
    append: &Append<'_>,
    entries: &[Entry],
    batches: &[usize],
) -> Result<u64> {
    let numbered: Vec<(u64, &Entry)> = (append.first..).zip(entries).collect();
    let mut rest = &numbered[1..];
    for length in batches {
        let (batch, others) = rest.split_at(*length);
        rest = others;
        let points: Vec<Value> = batch
            .iter()
            .map(|(seq, entry)| append.point(*seq, entry))
            .collect();
        insert(client, &points)?;
    }
    let written = insert(client, &[append.point(append.first, &entries[0])]);
    // A refusal is final. Anything else may have arrived, whatever came back.
    if let Err(error) = written.as_ref()
        && !error::is_open(error)
    {
        return written.map(|_| 0);
    }
    match (outcome(client, append), written) {
        (Ok(Outcome::Stored), _) => Ok(append.first + append.count),
        (Ok(Outcome::Beaten), _) => {
            discard(client, append);
            let log = live::log(client, append.session)?;
            let next_seq = log.map_or(0, |log| log.next_seq);
            Err(conflict(append.session, next_seq, append.first))
        }
        (Ok(Outcome::Missing), Ok(_)) => Err(unknown(Error::unavailable(
            "Qdrant took an entry and does not have it",
        ))),
        (Ok(Outcome::Missing) | Err(_), Err(error)) | (Err(error), Ok(_)) => Err(unknown(error)),
    }
}

/// Writes points that do not exist yet; those that do stay as they are.
fn insert(client: &Client, points: &[Value]) -> Result<Value> {
    let body = json!({ "points": points, "update_mode": "insert_only" });
    client.write("PUT", "/points", &body)
}

/// Reads back who was first, and whether the session is still the same.
fn outcome(client: &Client, append: &Append<'_>) -> Result<Outcome> {
    let session = point::session_id(append.session);
    let first = append.point_id(append.first);
    let points = live::about(client, [session, first])?;
    let is_same = points
        .get(&session)
        .is_some_and(|session| session.generation == append.generation && !session.deleted);
    Ok(match points.get(&first) {
        _ if !is_same => Outcome::Beaten,
        Some(first) if first.append == append.id => Outcome::Stored,
        Some(_) => Outcome::Beaten,
        None => Outcome::Missing,
    })
}

/// Removes what nobody will ever see. It only takes room, so a failure is no matter.
fn discard(client: &Client, append: &Append<'_>) {
    let seqs = append.first + 1..append.first + append.count;
    let ids: Vec<Uuid> = seqs.map(|seq| append.point_id(seq)).collect();
    for ids in ids.chunks(1000) {
        let _ = client.write("POST", "/points/delete", &json!({ "points": ids }));
    }
    let session = point::session_id(append.session);
    let points = live::about(client, [session]).unwrap_or_default();
    let is_same = |about: &&point::About| about.generation == append.generation;
    let session = points.get(&session).filter(is_same);
    if session.is_none_or(|session| session.deleted) {
        // The session was deleted while this was written.
        let filter = json!({ "must": [
            live::has(point::field::GENERATION, json!(append.generation)),
        ] });
        let _ = client.write("POST", "/points/delete", &json!({ "filter": filter }));
    }
}

/// How many entries behind the first go into each request.
fn batches(entries: &[Entry]) -> Result<Vec<usize>> {
    let (mut batches, mut bytes) = (Vec::new(), 0);
    for (index, entry) in entries.iter().enumerate() {
        let size = size(entry);
        if size > MAX_ENTRY_BYTES {
            return Err(Error::invalid_input(format!(
                "an entry takes {size} bytes and Qdrant shall have at most {MAX_ENTRY_BYTES} in one; \
                 make it smaller"
            )));
        }
        if index == 0 {
            continue;
        }
        match batches.last_mut() {
            Some(length) if *length < POINTS_AT_ONCE && bytes + size <= REQUEST_BYTES => {
                *length += 1;
                bytes += size;
            }
            _ => {
                batches.push(1);
                bytes = size;
            }
        }
    }
    if batches.len() > MAX_BATCHES {
        return Err(Error::invalid_input(format!(
            "{} entries are more than one append can take; append fewer at once",
            entries.len()
        )));
    }
    Ok(batches)
}

fn conflict(session: &str, next_seq: u64, expected_seq: u64) -> Error {
    Error::conflict(format!(
        "the session {session:?} has {next_seq} entries, not {expected_seq}; read it again"
    ))
}

fn unknown(error: Error) -> Error {
    let kind = match error.kind {
        ErrorKind::Timeout => ErrorKind::Timeout,
        _ => ErrorKind::Unavailable,
    };
    Error {
        kind,
        message: format!(
            "{}; whether the entries were stored is not known, so read the session before trying again",
            error.message
        ),
        ..error
    }
}
