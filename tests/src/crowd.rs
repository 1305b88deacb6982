//! Many agents at once: each has a number, calls a guest with it in four turns and says what came back.
//! Nothing here is a test.

mod figures;

use std::sync::Arc;
use std::time::Duration;

use loom_core::{Agent, BudgetLimits, Member, Pool, PoolOptions};
use loom_types::{Provider, Tool};
use loom_wasm::Grants;
use serde_json::json;

use crate::native::{Model, Question, Reply};
use crate::{guests, sandbox};
pub use figures::Figures;

/// Tool turns of each run, before its answer.
pub const TOOL_TURNS: usize = 4;

/// What is added to an input so that the run's second call traps.
pub const TRAP: &str = ", trap";

/// What the agents have in common: a pool with one model, and the guests `echo` and `rogue`.
pub struct Crowd {
    pool: Pool,
    tools: Vec<Arc<dyn Tool>>,
}

impl Crowd {
    /// Agents whose model takes its time for each question.
    ///
    /// # Panics
    ///
    /// If a guest cannot be loaded.
    pub async fn new(delay: Duration) -> Self {
        let engine = sandbox::engine_for(1_000);
        let model: Arc<dyn Provider> = Model::slow(delay, reply);
        let members = vec![Member::new(model, "m")];
        let pool = Pool::new(members, PoolOptions::default());
        let echo = sandbox::configured(&engine, "echo", guests::ECHO, Grants::default()).await;
        let rogue = sandbox::configured(&engine, "rogue", guests::ROGUE, Grants::default()).await;
        Self {
            pool: pool.expect("one member makes a pool"),
            tools: [echo.tools(), rogue.tools()].concat(),
        }
    }

    /// An agent of this budget. Each of its runs is one of the many.
    ///
    /// # Panics
    ///
    /// Never.
    #[must_use]
    pub fn agent(&self, budget: BudgetLimits) -> Agent {
        let provider = Arc::new(self.pool.clone());
        let builder = Agent::builder(provider, self.pool.model())
            .tools(self.tools.clone())
            .budget(budget);
        builder.build().expect("the guests make an agent")
    }
}

/// What the run whose input is its number has to say at its end.
#[must_use]
pub fn answer(number: usize) -> String {
    let texts = (0..TOOL_TURNS).map(|turn| format!("{number}.{turn}"));
    texts.collect::<Vec<_>>().join(" ")
}

fn reply(question: &Question<'_>) -> Reply {
    let (input, results) = (question.last_input(), question.results());
    let number = input.strip_suffix(TRAP);
    match results.len() {
        TOOL_TURNS => Reply::text(results.join(" ")),
        1 if number.is_some() => Reply::call("panic", json!({})),
        turn => {
            let number = number.unwrap_or(&input);
            Reply::call("echo", json!({ "text": format!("{number}.{turn}") }))
        }
    }
}
