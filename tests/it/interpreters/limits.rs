//! Code that misbehaves ends within its limits, ten at once in each language, says why, and nobody else
//! is the worse for it. How quickly it ends and what others feel is measured by the bench `interpreters`.

use std::time::{Duration, Instant};

use futures::future::join_all;
use loom_tests::interpreters::{BASH, Interpreter, JAVASCRIPT, LANGUAGES, Language, PYTHON};
use loom_tests::sandbox::{engine, engine_with};
use loom_types::{ErrorKind, ToolContext};
use serde_json::{Value, json};

const AT_ONCE: usize = 10;
const LIMIT: Duration = Duration::from_secs(5);
/// Far more than it takes: a machine that is busy with other tests is no failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a call said about its end, as an error of the tool or as one in its result.
fn complaint(result: Result<Value, loom_types::Error>) -> String {
    match result {
        Ok(value) => format!("{} {}", value["error"], value["truncated"]),
        Err(error) => error.to_string(),
    }
}

async fn ten_that_misbehave(language: Language, name: &str, words: &[&str]) {
    ten_within(LIMIT, language, name, words).await;
}

async fn ten_within(limit: Duration, language: Language, name: &str, words: &[&str]) {
    let engine = engine();
    let Some(interpreter) = Interpreter::within(&engine, language, limit).await else {
        return;
    };
    let all = language.misbehaves();
    let (_, code) = all.iter().find(|(each, _)| *each == name).unwrap();
    let begun = Instant::now();
    let calls = (0..AT_ONCE).map(|_| async {
        let context = ToolContext::standalone(limit * 10);
        interpreter.call(json!({ "code": code }), &context).await
    });
    for result in join_all(calls).await {
        let complaint = complaint(result);
        assert!(
            words.iter().any(|word| complaint.contains(word)),
            "{} {name}: {complaint}",
            language.plugin
        );
    }
    assert!(begun.elapsed() < limit + PATIENCE);
    let context = ToolContext::standalone(PATIENCE);
    let after = interpreter.call(json!({ "code": language.trivial }), &context);
    let after = after.await.unwrap();
    assert_eq!(after["exit_status"], 0, "{after}");
}

const TIME: [&str; 3] = ["time limit", "Timeout", "deadline"];
/// A shell that may not make a variable larger goes on until its time is over.
const MEMORY: [&str; 4] = ["memory", "Memory", "time limit", "Timeout"];
const DEPTH: [&str; 4] = ["ecursion", "stack", "depth", "nested"];
/// A flood goes on until the time is over: what is too much is not kept.
const FLOOD: [&str; 4] = ["time limit", "Timeout", "deadline", "output"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_endless_loops_in_python_end_in_time() {
    ten_that_misbehave(PYTHON, "an endless loop", &TIME).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_memory_bombs_in_python_end_at_their_memory() {
    ten_that_misbehave(PYTHON, "a memory bomb", &MEMORY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_deep_recursions_in_python_end_at_their_stack() {
    ten_that_misbehave(PYTHON, "deep recursion", &DEPTH).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_floods_of_output_in_python_end() {
    ten_that_misbehave(PYTHON, "a flood of output", &FLOOD).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_endless_loops_in_javascript_end_in_time() {
    ten_that_misbehave(JAVASCRIPT, "an endless loop", &TIME).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_memory_bombs_in_javascript_end_at_their_memory() {
    ten_that_misbehave(JAVASCRIPT, "a memory bomb", &MEMORY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_deep_recursions_in_javascript_end_at_their_stack() {
    ten_that_misbehave(JAVASCRIPT, "deep recursion", &DEPTH).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_floods_of_output_in_javascript_end() {
    ten_that_misbehave(JAVASCRIPT, "a flood of output", &FLOOD).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_endless_loops_in_bash_end_in_time() {
    ten_that_misbehave(BASH, "an endless loop", &TIME).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_memory_bombs_in_bash_end_at_their_memory() {
    ten_that_misbehave(BASH, "a memory bomb", &MEMORY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_deep_recursions_in_bash_end_at_their_depth() {
    // Each level of a shell's function costs more than the one before: ten take seconds.
    ten_within(6 * LIMIT, BASH, "deep recursion", &["nesting level"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_floods_of_output_in_bash_end() {
    ten_that_misbehave(BASH, "a flood of output", &FLOOD).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_for_which_there_is_no_room_wait() {
    let engine = engine_with(|config| {
        config.max_instances = 12;
        config.max_large_instances = 2;
        config.kept.instances = 0;
    });
    for language in LANGUAGES {
        let Some(interpreter) = Interpreter::new(&engine, language).await else {
            continue;
        };
        let calls = (0..12).map(|_| async {
            let context = ToolContext::standalone(PATIENCE);
            let call = json!({ "code": language.trivial });
            interpreter.call(call, &context).await
        });
        for result in join_all(calls).await {
            let ended = result.unwrap_or_else(|error| panic!("{}: {error}", language.plugin));
            assert_eq!(ended["exit_status"], 0, "{}: {ended}", language.plugin);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_room_can_be_cancelled() {
    let engine = engine_with(|config| config.max_instances = 1);
    let Some(interpreter) = Interpreter::within(&engine, JAVASCRIPT, LIMIT).await else {
        return;
    };
    let [busy, unwanted] = [LIMIT; 2].map(ToolContext::standalone);
    let first = async {
        let code = "while (true) {}";
        let _ = interpreter.call(json!({ "code": code }), &busy).await;
        Instant::now()
    };
    let second = async {
        unwanted.cancel.cancel();
        let ended = interpreter.call(json!({ "code": "1" }), &unwanted).await;
        busy.cancel.cancel();
        assert_eq!(ended.unwrap_err().kind, ErrorKind::Cancelled);
        Instant::now()
    };
    let begun = Instant::now();
    let (first, second) = tokio::join!(first, second);
    assert!(second <= first, "it waited for the other");
    assert!(first - begun < LIMIT, "so did the other");
}
