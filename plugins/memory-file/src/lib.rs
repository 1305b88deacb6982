//! Loom's session store in files: a log for each session, in the granted directory, that works while
//! other processes use the same directory. Here are the format and the protocol; the modules each
//! say which part of it they keep.
//!
//! # Files
//!
//! The directory `sessions` in the granted one (setting `directory`) holds a file for each session,
//! named after its id. Files only ever grow. A file is lines of text:
//!
//! ```text
//! ae627a67 30 {"loom-session":1,"id":"demo"}
//! 6af756d5 138 {"seq":0,"base":42,"writer":"9e3779b97f4a7c15-1","entries":[{"time_ms":…
//! ```
//!
//! A line is a CRC-32 (ISO-HDLC, eight hexadecimal digits) of what follows it, the length of the
//! JSON in bytes, and the JSON, which has no newline in it. The first line, the header, has the
//! version of the format and the id; a file with a version that is not known is not touched. Every
//! other line is a **record** with the entries of one append, so that they count all or none:
//!
//! - `seq`: of the first entry. The others follow; no entry repeats it.
//! - `base`: how many bytes of the file the writer had seen.
//! - `writer`: a random number for each writer and the count of its records.
//! - `entries`: `payload` is part of the line where it is JSON on one line (absent if it is `null`),
//!   else it is in `payload_text`; `vector` is Base64 of little-endian floats.
//!
//! What is no framed line with such JSON is **junk**, except that junk at the very end without a
//! newline behind it is a **tail**, which may still become a record. Empty lines are nothing.
//!
//! # Which records count
//!
//! There are no locks: a crash would leave them behind, and WASI has none. The order of the bytes in
//! the file decides, which every process sees alike. A record claims "the first `base` bytes hold
//! `seq` entries, and mine are next". Read from the start, it counts if
//!
//! 1. the claim is true,
//! 2. no record in between was first, so that its `seq` is still the next one, and
//! 3. there is no junk between `base` and the record.
//!
//! A record whose claim is true but that fails the rest is **void**: its writer lost a race, and has
//! told its caller so. Rule 3 keeps it void if the record that won is damaged later: what is left of
//! the winner is junk in the loser's gap. A record whose claim is false is a **stray**: something
//! before it has been damaged since it was written.
//!
//! Bytes behind a line never change what that line is, so whatever counts goes on counting.
//!
//! # Appending
//!
//! 1. Open the file, or make it if `expected_seq` is 0. Never use a handle of an earlier call: it may
//!    be of a file that was deleted since. Read what is new, and stop with `conflict` unless the
//!    session has `expected_seq` entries.
//! 2. If the file ends in a tail, wait a little once: another writer may be in the middle of it.
//! 3. Write a newline and the record with `O_APPEND`. The newline parts the record from whatever a
//!    crashed writer left behind. WASI may split a long write, and another writer's pieces may come
//!    to lie in between.
//! 4. Read back from where step 1 ended. If the record counts, go on; if another one has its `seq`,
//!    stop with `conflict`; else it was torn for good, and starts again at 1 after a random pause.
//! 5. Sync the file and, the first time, the directory. Then, and not before, say `Ok`.
//!
//! What a crash leaves:
//!
//! - before or within step 3, a torn record: junk as soon as something follows, and never seen;
//! - after step 3, a whole record that nobody was told of. It counts for everyone, so the client
//!   that tries again gets a `conflict` and finds its entries there.
//!
//! # Deleting
//!
//! The file is removed, and the directory synced. A process that had it open for an append may still
//! write to the removed file and say `Ok`: that append was before the deletion. A reader recognises
//! its file by the start of the last record that counts, and by its length; if either does not fit,
//! it starts anew.
//!
//! # Damage
//!
//! Only entries without a gap before them are ever shown. If a record in the middle is damaged, the
//! ones behind it become strays: they are not shown, new entries take their numbers, and the bytes
//! stay in the file for whoever wants to rescue them. That is preferred to refusing further appends,
//! since the person who is told can decide, and nothing that was acknowledged is overwritten. If a
//! stray turns up in a file that was read before, it was damaged meanwhile and is read again from
//! the start, so that all processes agree again.
//!
//! Junk, tails and strays behind the last record that counts are reported as a warning, once for
//! each store. What is before that record was reported by its writer.
//!
//! # What it relies on
//!
//! A local file system: `O_APPEND` writes go to the end as one piece (of at least a few bytes), and
//! processes see each other's writes. NFS does not promise that. Where a directory can't be synced
//! (Windows), the file's own sync has to do.

mod append;
mod disk;
mod frame;
mod ledger;
mod lines;
mod log;
mod logs;
mod name;
mod record;
mod report;
mod store;
mod summary;

pub use store::FileMemory;

loom_sdk::manifest!("../plugin.toml");

loom_sdk::export_memory!(FileMemory);

#[cfg(test)]
mod tests;
