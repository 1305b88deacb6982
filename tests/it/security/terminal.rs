//! Text of guests and models that would drive a person's terminal.

use loom_tests::cli::Home;
use loom_tests::guests::{COMMAND, ECHO, INTRUDER};
use loom_tests::terminal::Left;
use serde_json::json;

use super::report::Denied;

super::attempts!("terminal":
    a_text_for_the_clipboard,
    a_link_with_another_text,
    a_title,
    a_cleared_screen,
    a_moved_cursor,
    a_sequence_in_eight_bits,
    a_string_in_eight_bits,
    a_line_that_is_overwritten,
    letters_that_are_erased,
    a_line_that_is_reversed,
    a_question_to_the_terminal,
    a_bell,
    an_error_that_drives_the_terminal,
    progress_that_drives_the_terminal,
    a_log_that_drives_the_terminal,
    an_answer_of_a_model,
    an_argument_in_a_question_of_permission,
    the_name_of_a_file,
    the_output_of_a_command,
    the_complaint_of_a_command,
);

const CLIPBOARD: &str = "\u{1b}]52;c;cm0gLXJmIH4=\u{7}";

/// Runs something at a terminal on a thread that may block; the terminal must not have got `unwanted`,
/// but the harmless text around it.
async fn shows(unwanted: &str, run: impl FnOnce(&Home) -> Left + Send + 'static) -> Denied {
    let left = tokio::task::spawn_blocking(move || run(&crate::home()))
        .await
        .unwrap();
    assert!(!left.raw.contains(unwanted), "{:?}", left.raw);
    assert!(left.screen.contains("before"), "{}", left.screen);
    assert!(left.screen.contains("after"), "{}", left.screen);
    Denied::By(format!(
        "the terminal did not get {}",
        unwanted.escape_unicode()
    ))
}

/// A tool that answers with a text around what drives the terminal.
async fn answers(driving: &'static str) -> Denied {
    shows(driving, move |home| {
        home.install("echo", ECHO);
        let arguments = json!({ "text": format!("before {driving} after") }).to_string();
        let call = home
            .with_plugins()
            .args(["tool", "call", "echo", &arguments]);
        call.at_terminal().leave().code(0)
    })
    .await
}

async fn a_text_for_the_clipboard() -> Denied {
    answers(CLIPBOARD).await
}

async fn a_link_with_another_text() -> Denied {
    answers("\u{1b}]8;;https://evil.example\u{1b}\\safe\u{1b}]8;;\u{1b}\\").await
}

async fn a_title() -> Denied {
    answers("\u{1b}]0;root@server\u{7}").await
}

async fn a_cleared_screen() -> Denied {
    answers("\u{1b}[2J\u{1b}[H").await
}

async fn a_moved_cursor() -> Denied {
    answers("\u{1b}[5A\u{1b}[2K").await
}

async fn a_sequence_in_eight_bits() -> Denied {
    answers("\u{9b}2J").await
}

async fn a_string_in_eight_bits() -> Denied {
    answers("\u{9d}52;c;eA==\u{9c}").await
}

async fn a_line_that_is_overwritten() -> Denied {
    answers("rm -rf ~\rls      ").await
}

async fn letters_that_are_erased() -> Denied {
    answers("evil\u{8}\u{8}\u{8}\u{8}good").await
}

async fn a_line_that_is_reversed() -> Denied {
    answers("\u{202e}gpj.exe\u{202c}").await
}

async fn a_question_to_the_terminal() -> Denied {
    // It would answer as if the person had typed.
    answers("\u{1b}[6n\u{1b}P$qm\u{1b}\\").await
}

async fn a_bell() -> Denied {
    answers("\u{7}").await
}

/// A tool of the intruder that is called with a text around what drives the terminal.
async fn intruder(tool: &'static str, options: &'static [&'static str], code: i32) -> Denied {
    shows(CLIPBOARD, move |home| {
        home.install("intruder", INTRUDER);
        let arguments = json!({ "text": format!("before {CLIPBOARD} after") }).to_string();
        let call = home
            .with_plugins()
            .args(options)
            .args(["tool", "call", tool, &arguments]);
        call.at_terminal().leave().code(code)
    })
    .await
}

async fn an_error_that_drives_the_terminal() -> Denied {
    intruder("fail", &[], 1).await
}

async fn progress_that_drives_the_terminal() -> Denied {
    intruder("report", &[], 0).await
}

async fn a_log_that_drives_the_terminal() -> Denied {
    intruder("report", &["-vv"], 0).await
}

async fn an_answer_of_a_model() -> Denied {
    shows(CLIPBOARD, |home| {
        let script = json!([{ "text": format!("before {CLIPBOARD} after") }]);
        home.scripted(&script)
            .args(["run", "go"])
            .at_terminal()
            .leave()
            .code(0)
    })
    .await
}

async fn an_argument_in_a_question_of_permission() -> Denied {
    shows(CLIPBOARD, |home| {
        let path = format!("before{CLIPBOARD}after");
        let write = json!({ "name": "write_file", "arguments": { "path": path, "content": "x" } });
        let script = json!([{ "calls": [write] }, { "text": "over" }]);
        let mut terminal = home.scripted(&script).args(["run", "go"]).at_terminal();
        terminal
            .wait_for("May write_file run?")
            .wait_for_prompt(">");
        terminal.enter("n");
        terminal.leave().code(0)
    })
    .await
}

async fn the_name_of_a_file() -> Denied {
    shows(CLIPBOARD, |home| {
        home.write(
            &format!("before{}after", CLIPBOARD.replace('/', "")),
            "text",
        );
        let call = home.with(["tool", "call", "list_dir", "{}"]);
        call.at_terminal().leave().code(0)
    })
    .await
}

/// A command that writes a text around what drives the terminal.
async fn sandboxed(stdout: &'static str, stderr: &'static str) -> Denied {
    shows(CLIPBOARD, move |home| {
        let program = home.install("command", COMMAND);
        let sandbox = home.loom().arg("sandbox").arg(program).arg("say");
        sandbox.args([stdout, stderr]).at_terminal().leave().code(0)
    })
    .await
}

async fn the_output_of_a_command() -> Denied {
    sandboxed("before \u{1b}]52;c;cm0gLXJmIH4=\u{7} after", "").await
}

async fn the_complaint_of_a_command() -> Denied {
    sandboxed("", "before \u{1b}]52;c;cm0gLXJmIH4=\u{7} after").await
}
