//! Many agents at once in one process: what becomes of one is nothing to the others.

use std::time::Duration;

use futures::future::join_all;
use loom_core::{BudgetLimits, Run};
use loom_tests::crowd::{Crowd, TOOL_TURNS, TRAP, answer};
use loom_types::{Limit, Outcome, RunEvent};

const AGENTS: usize = 200;
/// Those that are not as the others.
const TRAPPED: usize = 17;
const CANCELLED: usize = 71;
const OVERDRAWN: usize = 117;

/// Tells a run to stop when it has the results of two of its calls.
async fn cancel_in_the_middle(mut run: Run) -> Outcome {
    let mut results = 0;
    while results < 2 {
        let event = run.next().await.unwrap();
        results += usize::from(matches!(event, RunEvent::ToolCompleted { .. }));
    }
    run.cancel();
    run.outcome().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_a_cancellation_and_a_spent_budget_are_nothing_to_the_others() {
    let crowd = Crowd::new(Duration::from_millis(50)).await;
    let agent = crowd.agent(BudgetLimits::default());
    let poor = crowd.agent(BudgetLimits {
        turns: Some(2),
        ..BudgetLimits::default()
    });
    let runs = (0..AGENTS).map(|number| match number {
        TRAPPED => agent.run(format!("{number}{TRAP}")),
        OVERDRAWN => poor.run(number.to_string()),
        _ => agent.run(number.to_string()),
    });
    let runs: Vec<_> = runs.collect();
    let ends = runs
        .into_iter()
        .enumerate()
        .map(async |(number, mut run)| match number {
            CANCELLED => cancel_in_the_middle(run).await,
            _ => run.outcome().await,
        });
    let outcomes = join_all(ends).await;
    for (number, outcome) in outcomes.iter().enumerate() {
        let report = outcome.report();
        match number {
            TRAPPED => {
                assert!(outcome.is_completed(), "{outcome:?}");
                let text = outcome.text();
                assert!(text.contains("the rogue tool panics on purpose"), "{text}");
                assert!(text.contains("17.0") && text.contains("17.3"), "{text}");
            }
            CANCELLED => {
                assert!(matches!(outcome, Outcome::Cancelled { .. }), "{outcome:?}");
                assert!((2..=3).contains(&report.tool_calls), "{report:?}");
            }
            OVERDRAWN => {
                let Outcome::LimitReached { limit, .. } = outcome else {
                    panic!("{outcome:?}");
                };
                assert_eq!((*limit, report.tool_calls), (Limit::Turns(2), 2));
            }
            _ => {
                assert!(outcome.is_completed(), "{outcome:?}");
                assert_eq!(outcome.text(), answer(number));
                assert_eq!(report.tool_calls as usize, TOOL_TURNS);
            }
        }
    }
}
