//! `loom chat` at a terminal: what a person sees and types.

use loom_tests::cli::{Home, Loom};
use loom_tests::guests;
use loom_tests::held::Held;
use loom_tests::terminal::Terminal;
use serde_json::{Value, json};

use crate::home;

fn chat(loom: Loom) -> Terminal {
    let mut terminal = loom.arg("chat").at_terminal();
    terminal.wait_for("/help lists the commands");
    terminal.wait_for_prompt(">");
    terminal
}

fn scripted(home: &Home, script: &Value) -> Terminal {
    chat(home.scripted(script))
}

/// The lines of the screen with something on them.
fn lines(screen: &str) -> Vec<&str> {
    screen.lines().filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_conversation_reads_as_one() {
    let home = home();
    let mut terminal = scripted(&home, &json!([{ "text": "first" }, { "text": "second" }]));
    terminal.enter("one").wait_for("first").wait_for_prompt(">");
    terminal
        .enter("two")
        .wait_for("second")
        .wait_for_prompt(">");
    let screen = terminal.screen();
    let said = lines(&screen);
    let at = |text: &str| said.iter().position(|line| *line == text);
    let places = ["> one", "first", "> two", "second", ">"].map(at);
    assert!(places.iter().all(Option::is_some), "{screen}");
    assert!(places.is_sorted(), "{screen}");
    terminal.press("\u{4}");
    terminal
        .leave()
        .code(0)
        .shows("go on with: loom chat --resume=");
}

#[test]
fn what_is_typed_while_a_tool_runs_goes_into_the_run() {
    let (home, held) = (home(), Held::new());
    let script = json!([{ "text": "begun", "calls": [held.call()] }, { "text": "over" }]);
    let mut terminal = chat(held.grant(home.scripted(&script)));
    terminal.enter("go");
    let asking = held.asked();
    terminal.wait_for("→ http_request");
    terminal.enter("mind the tea");
    terminal.wait_for("» mind the tea (the model gets it next)");
    terminal
        .press("and the cuts\u{7f}\u{7f}ps")
        .wait_for("» and the cups_");
    terminal.enter("").wait_for("» and the cups (the model");
    asking.answer("tea");
    terminal
        .wait_for("» and the cups")
        .wait_for("over")
        .wait_for_prompt(">");
    let screen = terminal.screen();
    let said = lines(&screen);
    let at = |text: &str| said.iter().position(|line| *line == text);
    let places = ["» mind the tea", "» and the cups", "over"].map(at);
    assert!(places.iter().all(Option::is_some), "{screen}");
    assert!(places.is_sorted(), "{screen}");
    terminal.enter("/exit");
    terminal.leave().code(0);
}

#[test]
fn an_interrupt_stops_the_turn_and_not_the_chat() {
    let home = home();
    home.install("rogue", guests::ROGUE);
    let sleep = json!({ "name": "sleep_forever", "arguments": {} });
    let script = json!([{ "calls": [sleep] }, { "text": "awake again" }]);
    let auto = ["-c", "permissions.mode=auto"];
    let mut terminal = chat(home.scripted(&script).args(auto));
    terminal.enter("sleep").wait_for("→ sleep_forever");
    terminal
        .press("\u{3}")
        .wait_for("cancelled:")
        .wait_for_prompt(">");
    terminal
        .enter("hello")
        .wait_for("awake again")
        .wait_for_prompt(">");
    terminal
        .press("\u{3}")
        .wait_for("press Ctrl-C again or Ctrl-D");
    terminal.wait_for_prompt(">").press("\u{3}");
    terminal.leave().code(0);
}

#[test]
fn the_model_can_be_changed_and_a_slip_changes_nothing() {
    let home = home();
    let mut terminal = scripted(&home, &json!([{ "text": "first" }]));
    terminal
        .enter("/model")
        .wait_for("scripted/scripted")
        .wait_for_prompt(">");
    terminal
        .enter("/model nothing/x")
        .wait_for("error:")
        .wait_for_prompt(">");
    terminal.enter("one").wait_for("first").wait_for_prompt(">");
    terminal
        .enter("/model rules")
        .wait_for("rules/")
        .wait_for_prompt(">");
    terminal.enter("How many files are here?");
    terminal.wait_for("✓ ").wait_for_prompt(">");
    terminal
        .enter("/frobnicate")
        .wait_for("there is no command /frobnicate");
    terminal.wait_for_prompt(">").press("\u{4}");
    terminal.leave().code(0);
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let home = home();
    let script = json!([{ "text": "first" }, { "text": "second" }]);
    let mut terminal = scripted(&home, &script);
    terminal.press("/new\r/model\r/tools\r/exit\r");
    terminal
        .leave()
        .code(0)
        .shows("new session")
        .shows("read_file");
}

#[test]
fn what_was_begun_when_the_answer_ended_is_in_the_next_line() {
    let (home, held) = (home(), Held::new());
    let script = json!([{ "calls": [held.call()] }, { "text": "over" }, { "text": "yes" }]);
    let mut terminal = chat(held.grant(home.scripted(&script)));
    terminal.enter("go");
    let asking = held.asked();
    terminal.press("is it h").wait_for("» is it h_");
    asking.answer("tea");
    terminal.wait_for("over").wait_for_prompt("> is it h");
    terminal
        .enter("ot?")
        .wait_for("> is it hot?")
        .wait_for("yes");
    terminal.wait_for_prompt(">").press("\u{4}");
    terminal.leave().code(0);
}

#[test]
fn a_question_about_a_call_is_answered_in_the_chat() {
    let home = home();
    let write = json!({ "name": "write_file", "arguments": { "path": "a.txt", "content": "x" } });
    let script = json!([{ "calls": [write] }, { "text": "written" }]);
    let mut terminal = scripted(&home, &script);
    terminal.enter("write it").wait_for("May write_file run?");
    terminal.wait_for_prompt(">").enter("y");
    terminal.wait_for("written").wait_for_prompt(">");
    assert_eq!(home.read("a.txt").as_deref(), Some("x"));
    terminal.press("\u{4}");
    terminal.leave().code(0);
}

#[test]
fn a_chat_goes_on_in_another() {
    let home = home();
    let script = json!([{ "text": "first" }, { "text": "second" }]);
    let mut terminal = scripted(&home, &script);
    terminal.enter("one").wait_for("first").wait_for_prompt(">");
    terminal.press("\u{4}");
    terminal.leave().code(0);
    let again = home.scripted(&script).args(["chat", "--resume"]);
    let mut terminal = again.at_terminal();
    terminal
        .wait_for_prompt(">")
        .enter("two")
        .wait_for("second");
    terminal.wait_for_prompt(">").press("\u{4}");
    terminal.leave().code(0);
}

#[test]
fn a_fact_is_pinned_and_the_conversation_made_smaller_in_the_chat() {
    let home = home();
    let long = "vinegar ".repeat(600);
    let steps: Vec<_> = (0..9)
        .map(|n| json!({ "text": format!("answer {n} {long}") }))
        .collect();
    let mut terminal = scripted(&home, &json!(steps));
    terminal.enter("/compact").wait_for("nothing was said yet");
    terminal.wait_for_prompt(">").enter("/pin");
    terminal.wait_for("write the fact: /pin FACT");
    terminal.wait_for_prompt(">").enter("/pin tea at five");
    terminal.wait_for("pinned; the session has it with your next message");
    for n in 0..3 {
        let said = format!("question {n}");
        terminal.wait_for_prompt(">").enter(&said);
        terminal
            .wait_for(&format!("answer {n}"))
            .wait_for_prompt(">");
    }
    terminal.enter("/compact").wait_for("compressed ");
    terminal.wait_for("1 pinned").wait_for_prompt(">");
    terminal.enter("/exit");
    terminal.leave().code(0);
}
