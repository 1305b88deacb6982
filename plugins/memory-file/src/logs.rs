//! The logs of the sessions that were used last.

use std::collections::HashMap;

use crate::log::Log;

/// How many logs are kept. Each takes 40 bytes a record.
const MAX_LOGS: usize = 128;

/// Logs by file name.
#[derive(Default)]
pub(crate) struct Logs {
    logs: HashMap<String, Used>,
    uses: u64,
}

struct Used {
    at: u64,
    log: Log,
}

impl Logs {
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.logs.contains_key(name)
    }

    /// The log of a file; one that knows nothing yet if there is none.
    pub(crate) fn get(&mut self, name: &str) -> &mut Log {
        if !self.logs.contains_key(name) {
            self.make_room();
        }
        self.uses += 1;
        let used = self.logs.entry(name.to_owned()).or_insert_with(|| Used {
            at: 0,
            log: Log::default(),
        });
        used.at = self.uses;
        &mut used.log
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.logs.remove(name);
    }

    fn make_room(&mut self) {
        while self.logs.len() >= MAX_LOGS {
            let oldest = self.logs.iter().min_by_key(|(_, used)| used.at);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else {
                return;
            };
            self.logs.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_that_was_not_used_for_longest_goes_first() {
        let mut logs = Logs::default();
        for number in 0..MAX_LOGS {
            logs.get(&number.to_string()).is_name_durable = true;
        }
        assert!(logs.get("0").is_name_durable);
        assert!(!logs.get("new").is_name_durable);
        assert!(logs.contains("0") && logs.contains("new") && !logs.contains("1"));
        assert_eq!(logs.logs.len(), MAX_LOGS);
    }
}
