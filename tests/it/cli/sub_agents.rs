//! Sub-agents, to-do lists and loops of failing calls, as a run shows them.

use loom_tests::cli::{Home, Loom};
use serde_json::{Value, json};

use crate::home;

const REVIEWER: &str =
    "---\ndescription: Reads a change.\nmodel: child/scripted\n---\nYou review.\n";

fn task(agent: &str) -> Value {
    let arguments = json!({ "description": "look", "prompt": "look at it", "agent": agent });
    json!({ "name": "task", "arguments": arguments })
}

/// A model that gives work to the agent `reviewer`, whose own model follows another script.
fn with_reviewer(home: &Home, child: &Value) -> Loom {
    let agents = home.config_file().with_file_name("agents");
    std::fs::create_dir_all(&agents).unwrap();
    std::fs::write(agents.join("reviewer.md"), REVIEWER).unwrap();
    let script = json!([{ "calls": [task("reviewer")] }, { "text": "over" }]);
    let child = format!("providers.child.config.script={child}");
    let run = home.scripted(&script);
    run.args(["-c", "providers.child.plugin=scripted", "-c", &child])
        .args(["run", "--session", "above", "go"])
}

/// The event of a run's only call that ended.
fn result(events: &[Value]) -> &Value {
    let ended =
        |event: &&Value| event["type"] == "item.completed" && event["item"]["type"] == "tool_call";
    &events.iter().find(ended).unwrap()["item"]
}

#[test]
fn an_agent_of_the_person_works_and_reports_back() {
    let home = home();
    let read = json!({ "name": "read_file", "arguments": { "path": "notes.txt" } });
    let child = json!([{ "calls": [read] }, { "text": "it is about tea" }]);
    let ran = with_reviewer(&home, &child).run().code(0).says("over");
    assert!(!ran.stdout.contains("about tea"), "{}", ran.stdout);
    ran.complains("→ task ")
        .complains("→ [reviewer] read_file path=notes.txt")
        .complains("✓ [reviewer] done: 2 turns, 1 tool call")
        .complains("✓ task ");
    let shown = home.with(["session", "show", "above"]).run().code(0);
    shown.says("it is about tea");
}

#[test]
fn scripts_see_the_events_of_an_agent() {
    let home = home();
    let child = json!([{ "text": "it is about tea" }]);
    let ran = with_reviewer(&home, &child).arg("--json").run().code(0);
    let events = ran.events();
    let inner: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "agent.event")
        .map(|event| {
            assert_eq!(event["agent"], "reviewer");
            assert_eq!(event["call_id"], "call-0-0");
            event["event"]["type"].as_str().unwrap()
        })
        .collect();
    assert_eq!(inner.first(), Some(&"run_started"));
    assert_eq!(inner.last(), Some(&"run_ended"));
    assert_eq!(result(&events)["result"], "it is about tea");
}

#[test]
fn an_agent_that_fails_is_a_result() {
    let home = home();
    let child = json!([{ "error": "overloaded" }]);
    let ran = with_reviewer(&home, &child).arg("--json").run().code(0);
    let events = ran.events();
    let message = result(&events)["error"]["message"].as_str().unwrap();
    assert!(message.contains("the agent `reviewer` failed"), "{message}");
    assert!(message.contains("overloaded"), "{message}");
    assert_eq!(events.last().unwrap()["text"], "over");

    let child = json!([{ "panic": "out of tea" }]);
    home.with(["session", "delete", "above"]).run().code(0);
    let ran = with_reviewer(&home, &child).run().code(0).says("over");
    ran.complains("✗ [reviewer] failed:");
}

#[test]
fn an_agent_of_a_project_that_is_not_trusted_is_not_used() {
    let home = home();
    home.write(
        ".loom/agents/helper.md",
        "---\ndescription: Helps.\n---\nYou help.\n",
    );
    let ran = home.with(["agent", "list"]).run().code(0);
    ran.says("helper").says("(not trusted)");
    let script = json!([{ "calls": [task("helper")] }, { "text": "over" }]);
    let run = home.scripted(&script).args(["run", "go"]);
    let ran = run.run().code(0);
    ran.complains("✗ task ").complains("helper");
    home.with(["config", "trust"]).run().code(0);
    let ran = home.scripted(&json!([{ "calls": [task("helper")] }]));
    ran.args(["run", "go"])
        .run()
        .code(0)
        .complains("[helper] done");
}

#[test]
fn agents_start_agents_only_so_deep() {
    let home = home();
    // Each of them does the same as the one above it.
    let script = json!([{ "calls": [task("general")] }, { "text": "over" }]);
    let run = home.scripted(&script).args(["run", "--json", "go"]);
    let events = run.run().code(0).events();
    fn depth(event: &Value) -> usize {
        match &event["event"] {
            Value::Null => 0,
            inner => 1 + depth(inner),
        }
    }
    assert_eq!(events.iter().map(depth).max(), Some(3));
    assert_eq!(result(&events)["result"], "over");
}

#[test]
fn a_question_names_the_agent_that_wants_it() {
    let home = home();
    let write = json!({ "name": "write_file", "arguments": { "path": "a.txt", "content": "x" } });
    let child = json!([{ "calls": [write] }, { "text": "written" }]);
    let mut terminal = with_reviewer(&home, &child).at_terminal();
    terminal.wait_for("May write_file run? For the agent reviewer.");
    terminal.wait_for_prompt(">").enter("y");
    terminal.leave().code(0).shows("over");
    assert_eq!(home.read("a.txt").as_deref(), Some("x"));
}

#[test]
fn sessions_of_agents_are_listed_only_when_asked_for_and_never_gone_on_with_by_chance() {
    let home = home();
    let child = json!([{ "text": "it is about tea" }]);
    with_reviewer(&home, &child).run().code(0);
    let list = |arguments: &[&str]| {
        let list = home.with(["session", "list"]).args(arguments);
        list.run().code(0)
    };
    assert!(!list(&[]).stdout.contains("look at it"));
    let all = list(&["--all"]);
    all.says("reviewer").says("look at it").says("above");
    let listed = list(&["--json", "--all"]).json();
    let sessions = listed.as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let child = sessions
        .iter()
        .find(|it| it["agent"] == "reviewer")
        .unwrap();
    assert_eq!(child["parent_session_id"], "above");

    let resumed = home
        .scripted(&json!([]))
        .args(["run", "--resume", "--json", "more"]);
    resumed.run().code(0).says("\"thread_id\":\"above\"");
}

#[test]
fn a_loop_of_one_failing_call_ends_with_its_own_words() {
    let home = home();
    let read = json!({ "calls": [{ "name": "read_file", "arguments": { "path": "none" } }] });
    let script = Value::from(vec![read; 9]);
    let ran = home.scripted(&script).args(["run", "go"]).run().code(3);
    ran.complains("stopped: ")
        .complains("5")
        .complains("see why the call fails");
    let run = home.scripted(&script).args(["run", "--json", "go"]);
    let events = run.run().code(3).events();
    let last = events.last().unwrap();
    assert_eq!(last["type"], "run.limit_reached");
    assert_eq!(
        last["limit"],
        json!({ "kind": "repeated_failures", "value": 5 })
    );
    let reminded = |event: &Value| event["type"] == "reminder";
    assert!(events.iter().any(reminded), "the model was not warned");
}

#[test]
fn a_to_do_list_is_shown_as_one() {
    let home = home();
    let todo = |content: &str, status: &str| json!({ "content": content, "status": status });
    let list = |statuses: [&str; 3]| {
        let names = ["boil \u{1b}[2Jwater", "steep", "pour"];
        let todos = names.iter().zip(statuses);
        let todos: Vec<_> = todos.map(|(it, status)| todo(it, status)).collect();
        json!({ "calls": [{ "name": "todo", "arguments": { "todos": todos } }] })
    };
    let script = json!([
        list(["in_progress", "pending", "pending"]),
        list(["completed", "in_progress", "pending"]),
        { "text": "over" },
    ]);
    let ran = home.scripted(&script).args(["run", "go"]).run().code(0);
    ran.complains("→ todo, 0 of 3 done\n  ◐ boil water\n  ☐ steep\n  ☐ pour\n")
        .complains("→ todo, 1 of 3 done\n  ☑ boil water\n  ◐ steep\n  ☐ pour\n");
}

#[test]
fn what_was_counted_is_told_in_the_end_of_a_verbose_run() {
    let home = home();
    let read = json!({ "name": "read_file", "arguments": { "path": "notes.txt" } });
    let child = json!([{ "calls": [read] }, { "text": "it is about tea" }]);
    let ran = with_reviewer(&home, &child).arg("-v").run().code(0);
    ran.complains("runs                 2 (1 sub-agent), 4 turns, 2 completed")
        .complains("  child/scripted     2 calls, 20 tokens in, 10 out")
        .complains("  read_file          1 call, mean ")
        .complains("permissions          2 allowed")
        .complains("time to first token  mean ")
        .complains("· [reviewer] read_file allowed by the mode ask");
}
