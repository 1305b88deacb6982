//! Budgets alone and in trees.

use super::*;

fn tokens(limit: u64) -> BudgetLimits {
    BudgetLimits {
        tokens: Some(limit),
        ..BudgetLimits::default()
    }
}

fn calls(limit: u32) -> BudgetLimits {
    BudgetLimits {
        tool_calls: Some(limit),
        ..BudgetLimits::default()
    }
}

#[test]
fn without_limits_nothing_is_ever_reached() {
    let budget = Budget::root(BudgetLimits::default());
    budget.charge_answer(u64::MAX / 2, Some(Usd::from_nanos(u64::MAX / 2)));
    assert_eq!(budget.reached(), None);
    assert_eq!(budget.used(), None);
}

#[test]
fn what_a_child_spends_its_parent_has_spent() {
    let parent = Budget::root(tokens(100));
    let child = parent.child(tokens(1000));
    child.charge_answer(100, None);
    assert_eq!(parent.reached(), Some(Limit::Tokens(100)));
    assert_eq!(child.reached(), Some(Limit::Tokens(100)));
}

#[test]
fn what_a_parent_spends_its_child_has_left_its_own() {
    let parent = Budget::root(BudgetLimits::default());
    let child = parent.child(tokens(10));
    parent.charge_answer(50, None);
    assert_eq!(child.reached(), None);
    assert_eq!(child.tokens_left(), Some((10, Limit::Tokens(10))));
}

#[test]
fn no_more_tool_calls_are_taken_than_there_are() {
    let parent = Budget::root(calls(3));
    let child = parent.child(calls(2));
    assert_eq!(child.take_tool_call(), Ok(()));
    assert_eq!(child.take_tool_call(), Ok(()));
    assert_eq!(child.take_tool_call(), Err(Limit::ToolCalls(2)));
    assert_eq!(parent.take_tool_call(), Ok(()));
    assert_eq!(parent.take_tool_call(), Err(Limit::ToolCalls(3)));
}

#[test]
fn a_call_that_the_parent_refuses_is_not_taken_from_the_child() {
    let parent = Budget::root(calls(1));
    let child = parent.child(calls(5));
    assert_eq!(parent.take_tool_call(), Ok(()));
    for _ in 0..10 {
        assert_eq!(child.take_tool_call(), Err(Limit::ToolCalls(1)));
    }
    assert_eq!(child.used(), Some((1.0, Limit::ToolCalls(1))));
}

#[test]
fn a_run_without_tool_calls_left_may_still_answer() {
    let budget = Budget::root(calls(1));
    assert_eq!(budget.take_tool_call(), Ok(()));
    assert_eq!(budget.reached(), None);
}

#[test]
fn threads_cannot_overdraw_tool_calls() {
    let parent = Budget::root(calls(1000));
    let taken: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let child = parent.child(BudgetLimits::default());
                scope.spawn(move || (0..1000).filter(|_| child.take_tool_call().is_ok()).count())
            })
            .collect();
        let counts = threads.into_iter().map(|thread| thread.join().unwrap_or(0));
        counts
            .map(|count| u32::try_from(count).unwrap_or(u32::MAX))
            .sum()
    });
    assert_eq!(taken, 1000);
}

#[test]
fn the_scarcest_thing_tells_how_much_is_used() {
    let budget = Budget::root(BudgetLimits {
        tokens: Some(1000),
        cost: Usd::from_dollars(1.0),
        ..BudgetLimits::default()
    });
    budget.charge_answer(100, Usd::from_dollars(0.9));
    let (share, limit) = budget.used().unwrap_or((0.0, Limit::Turns(0)));
    assert!((share - 0.9).abs() < 1e-9, "{share}");
    assert!(matches!(limit, Limit::Cost(_)), "{limit:?}");
    assert_eq!(budget.cost_left(), Usd::from_dollars(0.1));
}

#[test]
fn a_budget_of_nothing_is_reached_at_once() {
    assert_eq!(Budget::root(tokens(0)).reached(), Some(Limit::Tokens(0)));
}
