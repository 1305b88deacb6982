//! Tests of the rules by which records count.

use super::*;
use crate::record::StoredEntry;
use loom_sdk::testing::memory::entry;

/// A file in the making.
#[derive(Clone, Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn add(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A record of `entries` entries as `writer` writes it.
    fn record(self, writer: u64, seq: u64, base: u64, entries: usize) -> Self {
        self.add(b"\n").add(&record(writer, seq, base, entries))
    }

    /// A record by a writer who has seen everything.
    fn next(self, writer: u64, seq: u64, entries: usize) -> Self {
        let base = self.len();
        self.record(writer, seq, base, entries)
    }
}

fn record(writer: u64, seq: u64, base: u64, entries: usize) -> Vec<u8> {
    let entry = entry(writer, "user", "text");
    let record = Record {
        seq,
        base,
        writer: Mark { writer, count: 1 },
        entries: (0..entries).map(|_| StoredEntry::of(&entry)).collect(),
    };
    let json = serde_json::to_string(&record).expect("a record is JSON");
    let mut line = Vec::new();
    frame::write(&json, &mut line);
    line
}

fn feed(ledger: &mut Ledger, bytes: &[u8]) {
    let mut rest = &bytes[ledger.resume() as usize..];
    while !rest.is_empty() {
        let start = (bytes.len() - rest.len()) as u64;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let length = end.unwrap_or(rest.len());
        ledger.take(&Line {
            start,
            end: start + length as u64,
            closed: end.is_some(),
            bytes: &rest[..length],
        });
        rest = &rest[(length + 1).min(rest.len())..];
    }
}

fn ledger(bytes: &Bytes) -> Ledger {
    let mut ledger = Ledger::default();
    feed(&mut ledger, &bytes.0);
    ledger
}

/// The writers whose records count, and the number of entries.
fn check(bytes: &Bytes, writers: &[u64], entries: u64) -> Ledger {
    let ledger = ledger(bytes);
    assert_eq!(owners(&ledger), writers);
    assert_eq!(ledger.next_seq(), entries);
    ledger
}

fn owners(ledger: &Ledger) -> Vec<u64> {
    ledger.slots().iter().map(|slot| slot.mark.writer).collect()
}

fn damage(bytes: &Bytes, place: u64) -> Bytes {
    let mut bytes = bytes.clone();
    bytes.0[place as usize] ^= 1;
    bytes
}

#[test]
fn nothing_is_no_session() {
    assert!(!check(&Bytes::default(), &[], 0).is_session());
    assert!(!check(&Bytes::default().add(b"junk\n\n"), &[], 0).is_session());
}

#[test]
fn records_that_follow_on_count() {
    let bytes = Bytes::default().next(1, 0, 2).next(2, 2, 1).next(1, 3, 3);
    let ledger = check(&bytes, &[1, 2, 1], 6);
    assert_eq!(ledger.loss(), None);
    let slots: Vec<_> = (0..7).map(|seq| ledger.slot_of(seq)).collect();
    assert_eq!(
        slots,
        [0, 0, 1, 2, 2, 2]
            .map(Some)
            .into_iter()
            .chain([None])
            .collect::<Vec<_>>()
    );
}

#[test]
fn the_first_of_two_that_claim_a_seq_owns_it() {
    let start = Bytes::default().next(1, 0, 1);
    let base = start.len();
    let raced = start
        .record(2, 1, base, 1)
        .record(3, 1, base, 5)
        .next(3, 2, 1);
    assert_eq!(check(&raced, &[1, 2, 3], 3).loss(), None);
}

#[test]
fn a_loser_does_not_take_the_place_of_a_damaged_winner() {
    let start = Bytes::default().next(1, 0, 1);
    let base = start.len();
    let winner = start.record(2, 1, base, 1);
    let raced = winner.clone().record(3, 1, base, 1);
    for place in base + 1..winner.len() {
        check(&damage(&raced, place), &[1], 1);
    }
    check(&damage(&raced, base), &[1], 1);
}

#[test]
fn a_torn_record_is_junk_and_what_follows_it_counts() {
    let start = Bytes::default().next(1, 0, 1);
    for torn in 1..record(2, 1, start.len(), 1).len() {
        let torn = start
            .clone()
            .add(b"\n")
            .add(&record(2, 1, start.len(), 1)[..torn]);
        let tail = torn.len() - start.len() - 1;
        let loss = ledger(&torn)
            .loss()
            .map(|loss| (loss.from, loss.tail, loss.junk));
        assert_eq!(loss, Some((start.len() + 1, tail, 0)));
        let continued = torn.clone().next(3, 1, 1);
        assert_eq!(check(&continued, &[1, 3], 2).loss(), None);
        let unaware = torn.record(3, 1, start.len(), 1);
        let loss = check(&unaware, &[1], 1).loss();
        assert_eq!(
            loss.map(|loss| loss.junk),
            Some(tail),
            "the writer did not see the junk"
        );
    }
}

#[test]
fn records_torn_by_each_other_count_for_none_until_one_is_whole() {
    let start = Bytes::default().next(1, 0, 1);
    let (base, size) = (start.len(), 40);
    let (two, three) = (record(2, 1, base, 9), record(3, 1, base, 9));
    let mixed = start
        .add(b"\n")
        .add(&two[..size])
        .add(b"\n")
        .add(&three[..size]);
    let mixed = mixed.add(&two[size..]).add(&three[size..]);
    check(&mixed, &[1], 1);
    check(&mixed.next(3, 1, 9), &[1, 3], 10);
}

#[test]
fn a_small_record_in_the_middle_of_a_large_one_counts_if_it_was_seen() {
    let start = Bytes::default().next(1, 0, 1);
    let large = record(2, 1, start.len(), 9);
    let half = start.add(b"\n").add(&large[..100]);
    let whole = half.next(3, 1, 1).add(&large[100..]);
    let ledger = check(&whole, &[1, 3], 2);
    let junk = large.len() as u64 - 100;
    assert_eq!(
        ledger.loss().map(|loss| loss.junk),
        Some(junk),
        "what follows the record"
    );
    check(&whole.next(4, 2, 1), &[1, 3, 4], 3);
}

#[test]
fn a_record_behind_a_gap_does_not_count_and_new_ones_continue_before_it() {
    let mut bytes = Bytes::default();
    let mut starts = Vec::new();
    for seq in 0..5 {
        starts.push(bytes.len());
        bytes = bytes.next(1, seq, 1);
    }
    let damaged = damage(&bytes, starts[2] + 30);
    let ledger = check(&damaged, &[1, 1], 2);
    let loss = ledger.loss().expect("a loss");
    assert_eq!((loss.from, loss.tail), (starts[2] + 1, 0));
    assert_eq!((loss.stray_records, loss.stray_seq), (2, 5));
    assert_eq!(loss.junk, starts[3] - starts[2] - 1);
    let continued = damaged
        .next(2, 2, 1)
        .next(2, 3, 1)
        .next(2, 4, 1)
        .next(2, 5, 1);
    assert_eq!(check(&continued, &[1, 1, 2, 2, 2, 2], 6).loss(), None);
}

#[test]
fn damage_in_what_does_not_count_does_no_harm() {
    let start = Bytes::default().next(1, 0, 1);
    let base = start.len();
    let won = start.record(2, 1, base, 1);
    let lost = won.clone().record(3, 1, base, 1);
    let continued = lost.clone().next(4, 2, 1).next(4, 3, 1);
    for place in won.len() + 1..lost.len() {
        check(&damage(&continued, place), &[1, 2, 4, 4], 4);
    }
}

#[test]
fn a_writer_who_saw_the_damage_contradicts_a_ledger_that_did_not() {
    let start = Bytes::default().next(1, 0, 1);
    let bytes = start.clone().next(1, 1, 1);
    let mut before = ledger(&bytes);
    let damaged = damage(&bytes, start.len() + 20).next(2, 1, 1);
    feed(&mut before, &damaged.0);
    assert_eq!((owners(&before), before.strays()), (vec![1, 1], 1));
    assert_eq!(check(&damaged, &[1, 2], 2).strays(), 0);
}

#[test]
fn a_lost_race_is_no_contradiction() {
    let start = Bytes::default().next(1, 0, 1);
    let base = start.len();
    let bytes = start.next(2, 1, 1);
    let mut ledger = ledger(&bytes);
    let bytes = bytes
        .record(3, 1, base, 1)
        .record(4, 1, base, 1)
        .record(5, 0, 0, 1);
    feed(&mut ledger, &bytes.0);
    assert_eq!((ledger.strays(), ledger.loss()), (0, None));
}

#[test]
fn reading_piece_by_piece_comes_to_the_same() {
    let start = Bytes::default().add(&record(1, 0, 0, 1));
    let base = start.len();
    let large = record(2, 1, base, 3);
    let bytes = start
        .record(3, 1, base, 2)
        .record(4, 1, base, 1)
        .add(b"\n\n")
        .add(&large[..50])
        .next(3, 3, 1)
        .add(&large[50..])
        .add(b"\n")
        .next(5, 4, 1)
        .add(b"\njunk");
    let whole = check(&bytes, &[1, 3, 3, 5], 5);
    for step in 1..40 {
        let mut ledger = Ledger::default();
        for length in (0..bytes.0.len()).step_by(step) {
            feed(&mut ledger, &bytes.0[..length]);
        }
        feed(&mut ledger, &bytes.0);
        assert_eq!(
            format!("{ledger:?}"),
            format!("{whole:?}"),
            "in steps of {step}"
        );
    }
}

#[test]
fn the_end_alone_comes_to_the_same_as_the_whole() {
    let start = Bytes::default().next(1, 0, 3).next(1, 3, 1);
    let base = start.len();
    let bytes = start
        .record(2, 4, base, 1)
        .record(3, 4, base, 7)
        .record(4, 3, 0, 9);
    let whole = check(&bytes, &[1, 1, 2], 5);
    let mut end = Ledger::from(base, 4);
    feed(&mut end, &bytes.0);
    assert_eq!((owners(&end), end.next_seq()), (vec![2], whole.next_seq()));
    assert_eq!((end.strays(), end.loss()), (0, None));
}

#[test]
fn absurd_claims_do_not_count() {
    let start = Bytes::default().next(1, 0, 1);
    for (seq, base) in [
        (1, u64::MAX),
        (u64::MAX, 0),
        (u64::MAX, u64::MAX),
        (2, 0),
        (1, 0),
    ] {
        let ledger = check(&start.clone().record(2, seq, base, 2), &[1], 1);
        assert_eq!(ledger.strays(), 1, "seq {seq}, base {base}");
    }
}
