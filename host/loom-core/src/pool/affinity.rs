//! Which member answered a session last: the provider's prompt cache is warm there.

use std::collections::HashMap;
use std::sync::Mutex;

use loom_types::SessionId;

/// How many sessions are remembered: more than talk at the same time; some hundred kilobytes.
const SESSIONS: usize = 4096;

/// Members by session; the sessions that were not heard of for the longest time are forgotten.
#[derive(Debug, Default)]
pub(super) struct Affinity(Mutex<Sessions>);

#[derive(Debug, Default)]
struct Sessions {
    members: HashMap<SessionId, (usize, u64)>,
    clock: u64,
}

impl Affinity {
    /// Who answered this session last.
    pub(super) fn of(&self, session: &SessionId) -> Option<usize> {
        let sessions = self.0.lock().expect("nothing panics with the lock held");
        sessions.members.get(session).map(|(member, _)| *member)
    }

    /// This member answered this session.
    pub(super) fn set(&self, session: &SessionId, member: usize) {
        let mut sessions = self.0.lock().expect("nothing panics with the lock held");
        sessions.clock += 1;
        let clock = sessions.clock;
        if let Some(known) = sessions.members.get_mut(session) {
            *known = (member, clock);
            return;
        }
        if sessions.members.len() >= SESSIONS {
            sessions.forget_half();
        }
        sessions.members.insert(session.clone(), (member, clock));
    }
}

impl Sessions {
    /// Half at once, so that the search for the oldest ones is rare.
    fn forget_half(&mut self) {
        let mut times: Vec<u64> = self.members.values().map(|(_, time)| *time).collect();
        let (_, median, _) = times.select_nth_unstable(SESSIONS / 2);
        let median = *median;
        self.members.retain(|_, (_, time)| *time >= median);
    }
}

#[cfg(test)]
mod tests;
