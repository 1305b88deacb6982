//! Loom's session store in files: a log for each session, in the granted directory, that works while
//! other processes use the same directory. Here are the format and the protocol; the modules each
//! say which part of it they keep.
//!
//! # Files
//!
//! The directory `sessions` in the granted one (setting `directory`) holds a file for each session,
//! named after its id, and `backups`. Files only ever grow, until another file takes their place. A
//! file is lines of text:
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
//! A record may be followed by a **seal**, the last line that matters:
//!
//! - `successor`: the name of the file that takes the place of this one.
//! - `seq` and `base`: as in a record.
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
//! # Another file in the place of this one
//!
//! A log is written anew where that saves a quarter of it and 4 KiB, a session is deleted, or restored
//! from a backup. All three are the same (`succession`):
//!
//! 1. Write the new file beside, under a name that no other has, and sync it and the directory.
//! 2. Append a seal to the old one. It counts under the rules for records, so that it is a claim too:
//!    "the first `base` bytes hold `seq` entries, I have used all of them, and nobody is ahead of me".
//!    If it does not count, somebody has appended meanwhile: remove the new file, and start again or
//!    let it be.
//! 3. Sync the old file, rename the new one over it, and sync the directory.
//!
//! Behind a seal that counts everything is void. So an append either is before the seal and in the new
//! file, or its writer finds out when it reads back (step 4 above), and appends to the new file. Who
//! finds a sealed file, because another process is between the steps 2 and 3 or died there, does step 3
//! itself. As there is one file of that name, it is renamed once, however many try. Nothing is
//! acknowledged in the new file before the rename is on disk: a writer that sees another file than
//! before syncs the directory too.
//!
//! What a process leaves that dies before step 2 is of no use to anyone, and removed after a day.
//!
//! The records of the new file have a writer of their own, since a reader recognises its file by the
//! start of the last record that counts, and by its length; if either does not fit, it starts anew.
//!
//! A deletion puts an empty file in the place of the session's, which is no session, and removes that
//! unless somebody has started a session in it. Who does that between the look and the removal has
//! their session deleted with the old one.
//!
//! # Backups
//!
//! They are logs of their own (`shelf`), written under another name, synced, read back, and renamed.
//! Only then may an older one go. The names say when a backup was made, by the file system's clock, and
//! the checksum of what is in it. The last one before a deletion or a restoration is marked, so that no
//! mending goes back behind it.
//!
//! # Damage
//!
//! If a file has lost entries that the newest whole backup has, and nothing was added since, the backup
//! takes its place (`mend`); the damaged file is kept beside the backups, and a warning says what was
//! lost. A file that was cut between two records shows its damage only by its backups, so that upkeep
//! looks for it. Without such a backup the file stays as it is:
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
mod mend;
mod name;
mod record;
mod report;
mod rewrite;
mod shelf;
mod store;
mod succession;
mod summary;
mod upkeep;

pub use store::FileMemory;

loom_sdk::manifest!("../plugin.toml");

loom_sdk::export_memory_with_backups!(FileMemory);

#[cfg(test)]
mod tests;
