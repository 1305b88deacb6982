//! What the list of sessions says of a file, without reading all of a long one.

use std::fs::File;
use std::io;

use crate::frame;
use crate::ledger::Ledger;
use crate::lines::Lines;
use crate::record::Content;

/// Files up to this length are read as a whole; it takes about as long as opening them.
const SHORT_BYTES: u64 = 256 * 1024;

/// How much of the end of a long file is searched for its last record.
const END_BYTES: u64 = 64 * 1024;

/// What was read of a file.
pub(crate) struct Summary {
    /// The lines up to the first record that counts, or all lines.
    pub(crate) start: Ledger,
    /// The lines from the last record on, if not all lines were read.
    pub(crate) end: Option<Ledger>,
}

impl Summary {
    /// Whether another file is to take the place of this one.
    pub(crate) fn is_sealed(&self) -> bool {
        let end = self.end.as_ref().unwrap_or(&self.start);
        end.successor().is_some()
    }
}

/// Reads a short file, or the two ends of a long one. Damage in the middle of a long file is found
/// when the session is opened, not here.
pub(crate) fn read(file: &mut File) -> io::Result<Summary> {
    let length = file.metadata()?.len();
    if length > SHORT_BYTES {
        let start = start(file, length)?;
        let end = end(file, length)?;
        if end.is_some() {
            return Ok(Summary { start, end });
        }
    }
    let start = Ledger::default();
    Ok(Summary {
        start: take_all(start, file, length)?,
        end: None,
    })
}

fn start(file: &mut File, length: u64) -> io::Result<Ledger> {
    let mut ledger = Ledger::default();
    let mut lines = Lines::new(file, 0, length)?;
    while let Some(line) = lines.next()? {
        ledger.take(&line);
        if !ledger.slots().is_empty() {
            break;
        }
    }
    Ok(ledger)
}

/// None if the last record is too long or does not count.
fn end(file: &mut File, length: u64) -> io::Result<Option<Ledger>> {
    let from = length.saturating_sub(END_BYTES);
    let mut last = None;
    let mut lines = Lines::new(file, from, length)?;
    while let Some(line) = lines.next()? {
        let content = frame::read(line.bytes).and_then(|(json, _)| Content::parse(json));
        // The first line is most likely the end of one.
        if let (true, Some(Content::Record(record))) = (line.start > from, content) {
            last = Some((record.base, record.seq));
        }
    }
    let Some((base, seq)) = last.filter(|(base, _)| *base < length) else {
        return Ok(None);
    };
    let ledger = take_all(Ledger::from(base, seq), file, length)?;
    Ok(Some(ledger).filter(|ledger| !ledger.slots().is_empty()))
}

fn take_all(mut ledger: Ledger, file: &mut File, length: u64) -> io::Result<Ledger> {
    let mut lines = Lines::new(file, ledger.resume(), length)?;
    while let Some(line) = lines.next()? {
        ledger.take(&line);
    }
    Ok(ledger)
}
