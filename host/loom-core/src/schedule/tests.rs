//! Orders in which calls may run.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::{Arc, LazyLock};

use loom_types::{CallId, Tool, ToolCall, ToolDefinition};

use super::*;
use crate::catalogue::Catalogue;
use crate::dispatch;
use crate::testing::FakeTool;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let exclusive = |definition| ToolDefinition {
        safety: Safety::Exclusive,
        ..definition
    };
    let tools = [
        FakeTool::echo("s").safe(),
        FakeTool::echo("c"),
        FakeTool::echo("x").with(exclusive),
    ];
    let tools = tools
        .into_iter()
        .map(|tool| Arc::new(tool) as Arc<dyn Tool>);
    Catalogue::new(tools.collect()).unwrap()
});

/// A schedule of calls: `s` safe, `c` cautious, `x` exclusive, `?` refused.
fn schedule(kinds: &str, at_once: usize) -> Schedule {
    let call = |(index, kind): (usize, char)| ToolCall {
        id: CallId::from(index.to_string()),
        name: kind.to_string(),
        arguments: String::new(),
    };
    let calls = kinds.chars().enumerate().map(call);
    let planned: Vec<_> = calls.map(|call| dispatch::plan(&CATALOGUE, call)).collect();
    Schedule::new(&planned, at_once)
}

fn start_all(schedule: &mut Schedule) -> Vec<usize> {
    std::iter::from_fn(|| schedule.start()).collect()
}

/// What starts, when all that runs ends before more may start.
fn waves(kinds: &str, at_once: usize) -> Vec<Vec<usize>> {
    let mut schedule = schedule(kinds, at_once);
    let mut waves = Vec::new();
    loop {
        let wave = start_all(&mut schedule);
        if wave.is_empty() {
            return waves;
        }
        for index in &wave {
            schedule.done(*index);
        }
        waves.push(wave);
    }
}

#[test]
fn safe_calls_start_together() {
    assert_eq!(waves("ssss", 10), [[0, 1, 2, 3]]);
}

#[test]
fn no_more_calls_run_than_may() {
    assert_eq!(waves("sssss", 2), [vec![0, 1], vec![2, 3], vec![4]]);
}

#[test]
fn zero_at_once_counts_as_one() {
    assert_eq!(waves("ss", 0), [[0], [1]]);
}

#[test]
fn effects_run_in_call_order_and_alone() {
    assert_eq!(waves("ccxx", 10), [[0], [1], [2], [3]]);
}

#[test]
fn readers_wait_for_the_writer_before_them_and_the_writer_for_those_before_it() {
    assert_eq!(waves("sscss", 10), [vec![0, 1], vec![2], vec![3, 4]]);
}

#[test]
fn a_refused_call_waits_for_nobody_and_blocks_nobody() {
    assert_eq!(waves("c?c?", 10), [vec![0, 1, 3], vec![2]]);
}

#[test]
fn a_slow_reader_holds_only_the_writer_up() {
    let mut schedule = schedule("ssc", 10);
    assert_eq!(start_all(&mut schedule), [0, 1]);
    schedule.done(1);
    assert_eq!(schedule.start(), None);
    schedule.done(0);
    assert_eq!(start_all(&mut schedule), [2]);
}

#[test]
fn no_calls_start_nothing() {
    assert!(waves("", 10).is_empty());
}

#[test]
fn every_mix_of_calls_ends_and_keeps_the_order_of_conflicts() {
    for mix in 0..4_u32.pow(6) {
        let kinds: String = (0..6)
            .map(|i| ['s', 'c', 'x', '?'][(mix / 4_u32.pow(i) % 4) as usize])
            .collect();
        let order = waves(&kinds, 3).concat();
        assert_eq!(order.len(), 6, "{kinds} stopped at {order:?}");
        let effects: Vec<_> = order
            .iter()
            .filter(|i| matches!(&kinds[**i..=**i], "c" | "x"))
            .collect();
        assert!(effects.is_sorted(), "{kinds} ran as {order:?}");
    }
}
