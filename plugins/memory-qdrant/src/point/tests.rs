//! Tests of the format.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::memory::Entry;
use loom_sdk::testing::memory::{entry, same};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Append, first_id, more_id, session_id, unit};

fn append(session: &str) -> Append<'_> {
    Append {
        session,
        generation: Uuid::from_u128(1),
        id: Uuid::from_u128(2),
        first: 3,
        count: 2,
        last_time_ms: 9,
    }
}

/// What a server that keeps JSON gives back.
fn through_json(payload: &Value) -> Value {
    serde_json::from_str(&payload.to_string()).unwrap()
}

#[test]
fn entries_come_back_from_their_points() {
    let vector = Some(vec![0.1, -0.0, f32::MIN_POSITIVE, f32::MAX, f32::NAN]);
    for (seq, time_ms) in [(3, 0), (4, 1 << 53), (4, (1 << 53) + 1), (4, u64::MAX)] {
        let entry = Entry {
            seq,
            vector: vector.clone(),
            payload: " {\"a\": 1e400}\n".into(),
            ..entry(time_ms, "kind", "text \u{0}")
        };
        let point = append("s").point(seq, &entry);
        let back = super::entry(&through_json(&point["payload"])).unwrap();
        assert!(same(&back, &entry), "{back:?}");
    }
}

#[test]
fn ids_never_change() {
    // Sessions are found by them: a change would hide every session that is there.
    let generation = Uuid::from_u128(7);
    assert_eq!(
        session_id("tea-talk").to_string(),
        "fb377035-79fd-5620-943b-ea74152c6c0d"
    );
    assert_eq!(
        first_id(generation, 5).to_string(),
        "320c86f8-50de-52bf-aa53-988648b8a7e3"
    );
    assert_eq!(
        more_id(generation, generation, 5).to_string(),
        "f1a9761c-1920-54b7-bc9e-626cd4783dba"
    );
}

#[test]
fn only_the_first_entry_of_an_append_has_an_id_that_others_would_choose() {
    let (mine, theirs) = (
        append("s"),
        Append {
            id: Uuid::from_u128(9),
            ..append("s")
        },
    );
    assert_eq!(mine.point_id(3), theirs.point_id(3));
    assert_ne!(mine.point_id(4), theirs.point_id(4));
}

#[test]
fn what_is_no_entry_is_not_read_as_one() {
    for payload in [json!({}), json!(null), json!({ "seq": 1, "time": -1 })] {
        assert!(super::entry(&payload).is_none());
    }
}

#[test]
fn only_vectors_with_a_direction_are_searched() {
    let long = unit(&[3.0, 4.0]).unwrap();
    assert_eq!(long, [0.6, 0.8]);
    assert!(unit(&[f32::MAX, f32::MAX]).is_some());
    for none in [&[][..], &[0.0], &[f32::NAN], &[f32::INFINITY]] {
        assert!(unit(none).is_none(), "{none:?}");
    }
}
