use loom_types::SessionId;

use super::{Affinity, SESSIONS};

fn session(n: usize) -> SessionId {
    SessionId::from(n.to_string())
}

#[test]
fn the_sessions_not_heard_of_for_longest_are_forgotten() {
    let affinity = Affinity::default();
    affinity.set(&session(0), 7);
    for n in 1..SESSIONS {
        affinity.set(&session(n), 1);
    }
    affinity.set(&session(0), 8);
    affinity.set(&session(SESSIONS), 2);
    assert_eq!(affinity.of(&session(0)), Some(8));
    assert_eq!(affinity.of(&session(1)), None);
    assert_eq!(affinity.of(&session(SESSIONS)), Some(2));
    let known = (0..=SESSIONS).filter(|n| affinity.of(&session(*n)).is_some());
    assert!(known.count() <= SESSIONS / 2 + 1);
}
