//! The rules one by one, and when they are silent.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;
use crate::todo::TodoStatus;

const VIEW: RunView<'static> = RunView {
    turn: 1,
    calls: &[],
    context_tokens: None,
    context_window: None,
    compressions: &[],
    budget: None,
    todos: &[],
    turns_since_todo: 0,
};

fn call(turn: u32, arguments: &str, failed: bool) -> CallRecord {
    CallRecord {
        turn,
        tool: "read_file".to_owned(),
        arguments: arguments.to_owned(),
        failed,
    }
}

/// The names of the rules that speak.
fn spoken(view: &RunView<'_>) -> Vec<String> {
    let hints = Given::default()
        .due(&Reminders::default(), view)
        .into_iter();
    hints.map(|hint| hint.rule).collect()
}

/// Ten different calls, the first `failed` of them failed.
fn calls(failed: u32) -> Vec<CallRecord> {
    (0..10)
        .map(|n| call(n, &n.to_string(), n < failed))
        .collect()
}

#[test]
fn a_run_that_goes_well_gets_no_hint() {
    assert!(spoken(&VIEW).is_empty());
    assert!(
        spoken(&RunView {
            calls: &calls(2),
            ..VIEW
        })
        .is_empty()
    );
}

#[test]
fn a_context_that_is_nearly_full_is_told() {
    let view = |tokens| RunView {
        context_tokens: Some(tokens),
        context_window: Some(1000),
        ..VIEW
    };
    assert!(spoken(&view(849)).is_empty());
    assert_eq!(spoken(&view(850)), ["context"]);
}

#[test]
fn a_context_that_is_full_again_after_few_turns_is_told() {
    let check = |turn, compressions: &[u32], expect: &[&str]| {
        let view = RunView {
            turn,
            compressions,
            ..VIEW
        };
        assert_eq!(spoken(&view), expect, "{turn}: {compressions:?}");
    };
    check(9, &[9], &[]);
    check(9, &[4, 9], &["compression"]);
    check(10, &[1, 4, 9], &["compression"]);
    check(9, &[3, 9], &[]);
    check(12, &[4, 9], &[]);
}

#[test]
fn a_window_that_nobody_knows_is_never_full() {
    let view = RunView {
        context_tokens: Some(u64::MAX),
        ..VIEW
    };
    assert!(spoken(&view).is_empty());
}

#[test]
fn many_errors_are_told_and_most_errors_differently() {
    let hint = |failed| {
        let calls = calls(failed);
        let view = RunView {
            calls: &calls,
            ..VIEW
        };
        let mut hints = Given::default().due(&Reminders::default(), &view);
        hints.pop().map(|hint| hint.text)
    };
    assert_eq!(hint(2), None);
    let (some, most) = (hint(3).unwrap(), hint(6).unwrap());
    assert!(some.contains("3 of your last 10"), "{some}");
    assert!(most.contains("another way"), "{most}");
}

#[test]
fn a_few_calls_are_no_error_rate() {
    let calls: Vec<_> = (0..4).map(|n| call(n, &n.to_string(), true)).collect();
    assert!(
        spoken(&RunView {
            calls: &calls,
            ..VIEW
        })
        .is_empty()
    );
}

#[test]
fn the_third_identical_call_in_a_row_is_told() {
    let same: Vec<_> = (0..3).map(|turn| call(turn, "{}", false)).collect();
    assert!(
        spoken(&RunView {
            calls: &same[..2],
            ..VIEW
        })
        .is_empty()
    );
    assert_eq!(
        spoken(&RunView {
            calls: &same,
            ..VIEW
        }),
        ["repetition"]
    );
}

#[test]
fn identical_calls_of_one_turn_are_one_repetition() {
    let same = vec![call(1, "{}", true); 5];
    assert_eq!(repetitions(&same, |_| true), 1);
}

#[test]
fn another_call_between_ends_a_repetition() {
    let calls = [call(1, "a", true), call(2, "b", true), call(3, "a", true)];
    assert_eq!(repetitions(&calls, |call| call.failed), 1);
}

#[test]
fn a_list_that_nobody_touches_is_told() {
    let todos = [Todo {
        content: "test".to_owned(),
        status: TodoStatus::InProgress,
    }];
    let view = RunView {
        todos: &todos,
        turns_since_todo: 8,
        ..VIEW
    };
    assert_eq!(spoken(&view), ["stale-todos"]);
    assert!(
        spoken(&RunView {
            turns_since_todo: 7,
            ..view
        })
        .is_empty()
    );
}

#[test]
fn a_list_that_is_done_is_never_stale() {
    let todos = [Todo {
        content: "test".to_owned(),
        status: TodoStatus::Completed,
    }];
    let view = RunView {
        todos: &todos,
        turns_since_todo: 100,
        ..VIEW
    };
    assert!(spoken(&view).is_empty());
}

#[test]
fn a_budget_at_four_fifths_is_told() {
    let view = |share| RunView {
        budget: Some((share, Limit::Tokens(100))),
        ..VIEW
    };
    assert!(spoken(&view(0.79)).is_empty());
    assert_eq!(spoken(&view(0.8)), ["budget"]);
}

#[test]
fn a_rule_that_spoke_is_silent_for_a_while() {
    let rules = Reminders::none().with(Reminder::new("always", |_| Some("hint".to_owned())));
    let mut given = Given::default();
    let spoke = |turn| !given.due(&rules, &RunView { turn, ..VIEW }).is_empty();
    let turns: Vec<u32> = (1..=12)
        .filter({
            let mut spoke = spoke;
            move |turn| spoke(*turn)
        })
        .collect();
    assert_eq!(turns, [1, 6, 11]);
}

#[test]
fn rules_can_be_left_out_and_replaced() {
    let rules = Reminders::default()
        .without("context")
        .with(Reminder::new("budget", |_| None))
        .with(Reminder::new("own", |_| None));
    let names: Vec<_> = rules.names().collect();
    assert_eq!(
        names,
        [
            "compression",
            "errors",
            "repetition",
            "stale-todos",
            "budget",
            "own"
        ]
    );
}
