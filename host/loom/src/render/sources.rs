//! Which sources an answer cites: those whose ids stand in it in brackets.

use loom_core::retrieval::cited;
use loom_types::{RunEvent, Source};

/// What was put before the input of a run.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Source>);

impl Sources {
    /// Takes note of what was found. What is found again is the same.
    pub(super) fn saw(&mut self, event: &RunEvent) {
        if let RunEvent::Retrieved { sources, .. } = event {
            for source in sources {
                if !self.0.iter().any(|known| known.id == source.id) {
                    self.0.push(source.clone());
                }
            }
        }
    }

    /// Those that an answer cites, in the order of their first mention.
    pub(super) fn cited(&self, answer: &str) -> Vec<&Source> {
        cited(answer, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expect: &[&str]) {
        let source = |id: &&str| Source {
            id: (*id).to_owned(),
            source: "notes.md".to_owned(),
            title: None,
            score: 1.0,
        };
        let mut sources = Sources::default();
        for ids in [&["1", "kb:a#2"][..], &["1", "x, y"]] {
            sources.saw(&RunEvent::Retrieved {
                retriever: "kb".to_owned(),
                sources: ids.iter().map(source).collect(),
                tokens: 1,
            });
        }
        let cited = sources.cited(answer);
        let cited: Vec<_> = cited.iter().map(|source| source.id.as_str()).collect();
        assert_eq!(cited, expect, "{answer}");
    }

    #[test]
    fn ids_in_brackets_are_cited_and_no_others() {
        check("as it says [kb:a#2].", &["kb:a#2"]);
        check("[kb:a#2; 1] and [1] again", &["kb:a#2", "1"]);
        check("[ 1 ](notes.md), [[x, y]]", &["1", "x, y"]);
        check("1 is not [2], nor is kb:a#2, [1", &[]);
        check("", &[]);
    }
}
