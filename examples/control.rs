//! A run under control: a budget, a sub-agent, a program that says which calls may run, a pause, a
//! message that comes while the agent works, two who watch. The rules below stand in for a model.
//!
//! ```sh
//! cargo run -p loom-examples --example control
//! ```

#![expect(clippy::print_stdout, reason = "what happens is for a person")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::{
    Approval, BudgetLimits, Config, Content, Loom, Metrics, ObservedRun, Observer,
    PermissionRequest, Priority, Result, RunEvent, SubAgent, SubAgents, Tool, ToolContext,
    ToolDefinition, approve_with, async_trait,
};
use serde_json::{Value, json};

const CONFIG: &str = r#"
model = "rules"
memory.plugin = "memory-ram"
permissions.mode = "ask"
[[providers.rules.config.rules]]
name = "tidy"
pattern = '^water the plants first$'
steps = [{ tool = "water", arguments = {} },
         [{ tool = "task", arguments = { agent = "librarian", description = "count", prompt = "count the books" } },
          { tool = "throw_away", arguments = {}, may_fail = true }]]
answer = "The plants are watered, the shelf is tidy."
[[providers.rules.config.rules]]
name = "count"
pattern = '^count the books$'
steps = [{ tool = "count_books", arguments = {} }]
answer = "There are {{ result.text }}."
"#;

/// Something to do in the house, and what comes of it.
struct Chore(Arc<ToolDefinition>, &'static str);

#[async_trait]
impl Tool for Chore {
    fn definition(&self) -> &Arc<ToolDefinition> {
        &self.0
    }

    async fn call(&self, _: &Value, _: &ToolContext) -> Result<Vec<Content>> {
        Ok(vec![self.1.into()])
    }
}

fn chore(name: &str, result: &'static str) -> Arc<dyn Tool> {
    let definition = ToolDefinition::new(name, "A chore.", json!({ "type": "object" }));
    Arc::new(Chore(Arc::new(definition), result))
}

/// Sees the runs of sub-agents too, every event once.
#[derive(Default)]
struct CallsOfSubAgents(AtomicUsize);

impl Observer for CallsOfSubAgents {
    fn event(&self, run: &ObservedRun<'_>, event: &RunEvent) {
        let counts = run.agent.is_some() && matches!(event, RunEvent::ToolStarted { .. });
        self.0.fetch_add(usize::from(counts), Relaxed);
    }
}

async fn answer(request: PermissionRequest) -> Approval {
    let reason = Some("we may need it".to_owned());
    match request.tool.as_str() {
        "throw_away" => Approval::Deny { reason },
        _ => Approval::ForRun,
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let metrics = Arc::new(Metrics::new());
    let calls = Arc::new(CallsOfSubAgents::default());
    let mut librarian = SubAgent::new("librarian", "Knows about books.");
    librarian.tools = Some(vec!["count_*".to_owned()]);
    let budget = BudgetLimits {
        tool_calls: Some(10),
        ..BudgetLimits::default()
    };
    let loom = Loom::open(&Config::from_toml(CONFIG)?).await?;
    let agent = loom.agent().await?;
    let agent = agent
        .tools([chore("count_books", "7 books"), chore("water", "watered")])
        .tool(chore("throw_away", "gone"))
        .sub_agents(SubAgents::new(vec![librarian]))
        .budget(budget)
        .approver(Arc::new(approve_with(answer)))
        .observer(Arc::clone(&metrics) as _)
        .observer(Arc::clone(&calls) as _)
        .build()?;
    let mut run = agent.run("tidy up");
    run.steering().pause();
    while let Some(event) = run.next().await {
        match event {
            RunEvent::Paused => {
                let said = run
                    .steering()
                    .inject("water the plants first", Priority::MAX);
                tokio::spawn(async { said.await.expect("the run takes it") });
                run.steering().resume();
            }
            RunEvent::MessageInjected { text, .. } => println!("> {text}"),
            RunEvent::ToolCompleted { result: it, .. } => println!("{}: {}", it.name, it.text()),
            _ => {}
        }
    }
    println!("{}", run.outcome().await.text());
    let (counted, calls) = (metrics.snapshot(), calls.0.load(Relaxed));
    let (runs, inner) = (counted.runs.started, counted.runs.sub_agents);
    println!("{runs} runs, {inner} of a sub-agent, {calls} call in it");
    let (tools, failed, turns) = (counted.tools.calls, counted.tools.errors, counted.turns);
    println!("{tools} tool calls, {failed} failed; {turns} turns");
    Ok(())
}
