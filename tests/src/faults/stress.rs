//! Many runs at once against models that fail by chance, and what came of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use loom_core::Agent;
use loom_types::{Content, Outcome, Provider, Result, Tool, ToolContext, ToolDefinition};
use serde_json::{Value, json};

use super::{Answer, Asked};

/// How many calls of the counting tool each run makes, one a turn.
const CALLS: usize = 2;

/// What came of the runs.
#[derive(Debug, Default)]
pub struct Stressed {
    pub completed: usize,
    /// Outcomes of the others, and completed runs that made more or fewer calls than they should.
    pub wrong: Vec<String>,
    /// Calls that ran more than once, with how often.
    pub repeated: BTreeMap<String, usize>,
}

impl Stressed {
    /// The share of runs that completed and were right, 0.0 to 1.0.
    #[must_use]
    pub fn success_rate(&self) -> f64 {
        let all = self.completed + self.wrong.len();
        self.completed as f64 / all.max(1) as f64
    }
}

/// Runs `runs` agents on a provider whose servers answer with [`counting_answers`], at most `at_once`
/// side by side. Each has two turns with a call of a tool that counts, and an answer.
///
/// # Panics
///
/// If no agent can be made.
pub async fn stress(
    provider: Arc<dyn Provider>,
    model: &str,
    runs: usize,
    at_once: usize,
) -> Stressed {
    let counter = Arc::new(Counter::default());
    let agent = Agent::builder(provider, model)
        .tool(Arc::clone(&counter) as Arc<dyn Tool>)
        .build()
        .expect("a provider and a tool make an agent");
    let outcomes: Vec<_> = stream::iter(0..runs)
        .map(|number| {
            let mut run = agent.run(format!("run {number}"));
            async move { run.outcome().await }
        })
        .buffered(at_once.max(1))
        .collect()
        .await;
    let mut stressed = Stressed {
        repeated: counter.repeated(),
        ..Stressed::default()
    };
    let counts = counter.counts();
    for (number, outcome) in outcomes.iter().enumerate() {
        match judge(number, outcome, &counts) {
            Ok(()) => stressed.completed += 1,
            Err(wrong) => stressed.wrong.push(wrong),
        }
    }
    stressed
}

fn judge(number: usize, outcome: &Outcome, counts: &BTreeMap<String, usize>) -> Result<(), String> {
    if !outcome.is_completed() {
        return Err(format!("run {number}: {outcome:?}"));
    }
    if outcome.text() != format!("run {number} is done") {
        return Err(format!("run {number} said {:?}", outcome.text()));
    }
    let made = (0..CALLS).all(|call| counts.contains_key(&key(&format!("run {number}"), call)));
    if made {
        Ok(())
    } else {
        Err(format!("run {number} left a call out"))
    }
}

/// What servers answer in [`stress`]: the calls, and then that the run is done.
#[must_use]
pub fn counting_answers(asked: &Asked) -> Answer {
    let (question, results) = (asked.question(), asked.tool_results());
    if results < CALLS {
        Answer::call("count", json!({ "key": key(question, results) }))
    } else {
        Answer::text(format!("{question} is done"))
    }
}

fn key(question: &str, call: usize) -> String {
    format!("{question}, call {call}")
}

/// The tool that [`counting_answers`] call: it counts how often it is called with each key.
pub struct Counter {
    definition: Arc<ToolDefinition>,
    counts: Mutex<BTreeMap<String, usize>>,
}

impl Default for Counter {
    fn default() -> Self {
        let schema = json!({
            "type": "object",
            "properties": { "key": { "type": "string" } },
            "required": ["key"],
        });
        let definition = ToolDefinition::new("count", "Counts a call.", schema);
        Self {
            definition: Arc::new(definition),
            counts: Mutex::default(),
        }
    }
}

impl Counter {
    /// How often it was called with each key so far.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.lock().clone()
    }

    /// The keys with which it was called more than once, with how often.
    #[must_use]
    pub fn repeated(&self) -> BTreeMap<String, usize> {
        let mut counts = self.counts();
        counts.retain(|_, times| *times > 1);
        counts
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Tool for Counter {
    fn definition(&self) -> &Arc<ToolDefinition> {
        &self.definition
    }

    async fn call(&self, arguments: &Value, _context: &ToolContext) -> Result<Vec<Content>> {
        let key = arguments["key"].as_str().unwrap_or_default();
        *self.lock().entry(key.to_owned()).or_default() += 1;
        Ok(vec![Content::Text("counted".into())])
    }
}
