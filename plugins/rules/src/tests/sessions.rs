//! Questions that go on from others, and conversations that are long, cut or come from elsewhere.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::HashSet;

use loom_sdk::llm::{Message, Part, Role, ToolCall, ToolChoice, ToolResult};
use loom_sdk::tool::Content;

use crate::testing::{Chat, ask, request, says, tool, user};

/// Questions of one conversation, each with the start of its answer.
#[track_caller]
fn check(turns: &[(&str, &str)]) {
    let mut chat = Chat::new();
    for (question, answer) in turns {
        let found = chat.ask(question).text;
        assert!(found.starts_with(answer), "{question}: {found}");
    }
}

#[test]
fn another_kind_or_folder_is_asked_about() {
    check(&[
        (
            "how many Rust files are here?",
            "There are 4 Rust files here",
        ),
        ("and how many Python files?", "There is 1 Python file here"),
        ("what about toml?", "There is 1 TOML file here"),
        ("and Rust?", "There are 4 Rust files here"),
        ("in src?", "There are 3 Rust files in `src`"),
        ("which ones?", "- src/größe/maß.rs"),
    ]);
    check(&[
        ("search for main in src", "1 line in `src` with `main`"),
        ("what about answer?", "2 lines in `src` with `answer`"),
        ("how about in tools?", "I found no `answer` in `tools`"),
    ]);
}

#[test]
fn files_are_pointed_at() {
    check(&[
        (
            "which is the largest file?",
            "The largest file here is `src/lib.rs`",
        ),
        ("read it", "`src/lib.rs` (5 lines)"),
        ("how many lines does it have?", "`src/lib.rs` has 5 lines."),
        ("and main.rs?", "`src/main.rs` has 3 lines."),
        ("what is it about?", "I can't understand a text"),
    ]);
    check(&[
        ("list the Rust files", "4 Rust files here"),
        ("show me the second one", "`src/lib.rs` (5 lines)"),
        ("first line of it", "The first line of `src/lib.rs`"),
    ]);
    check(&[
        ("list the Rust files", "4 Rust files here"),
        ("read it", "There are 4 files that \"it\" could be."),
        ("the last one", "`tools/lib.rs` (1 line)"),
    ]);
    check(&[
        ("where is lib.rs?", "2 files here"),
        ("read them", "`src/lib.rs` (5 lines)"),
    ]);
    check(&[("read it", "I don't know which file you mean by \"it\"")]);
}

#[test]
fn a_sum_goes_on() {
    let mut chat = Chat::new();
    chat.ask("what is 2 + 2?");
    let answer = chat.ask("divided by 5");
    assert_eq!(answer.calls, [r#"calculate {"expression":"(1234) / 5"}"#]);
    assert_eq!(answer.text, "1,234 divided by 5 = 1,234");
    let answer = chat.ask("squared");
    assert_eq!(answer.calls, [r#"calculate {"expression":"(1234) ^2"}"#]);
    assert_eq!(Chat::new().rule_for("times 2"), "fallback");
}

#[test]
fn the_rest_of_a_list_is_shown() {
    let mut chat = Chat::new();
    for n in 0..60 {
        chat.files
            .insert(format!("docs/{n:02}.md"), "TODO\n".into());
    }
    assert!(
        chat.ask("list the markdown files")
            .text
            .ends_with("… and 41 more")
    );
    assert!(chat.ask("show all").text.ends_with("\n- docs/59.md"));
    assert!(
        chat.ask("todos in docs")
            .text
            .ends_with("… and 40 more; say \"show all\" to see them.")
    );
    assert!(
        chat.ask("show me the rest")
            .text
            .ends_with("\n- docs/59.md:1: TODO")
    );
    assert!(
        chat.ask("what's in docs?")
            .text
            .ends_with("… and 10 more; say \"show all\" to see them.")
    );
    assert!(chat.ask("all").text.ends_with("\n- docs/59.md (5 bytes)"));
}

#[test]
fn going_on_without_a_beginning_is_another_question() {
    let chat = Chat::new();
    for question in ["the rest", "what about main?", "and in src?", "which ones?"] {
        assert_eq!(chat.rule_for(question), "fallback", "{question}");
    }
}

#[test]
fn many_turns_going_on_from_each_other_come_to_an_end() {
    let mut chat = Chat::new();
    chat.ask("how many Rust files are here?");
    for _ in 0..14 {
        assert!(
            chat.ask("and in src?")
                .text
                .starts_with("There are 3 Rust files")
        );
    }
    for _ in 0..20 {
        chat.ask("what about src?");
    }
}

#[test]
fn a_long_conversation_is_no_problem() {
    let mut messages = Vec::new();
    for n in 0..5000 {
        messages.push(user(&format!("what is {n} + 1?")));
        messages.push(says(Role::Assistant, "some number"));
    }
    messages.push(user("hello"));
    let said = ask(&request(messages), None).unwrap();
    assert!(said.text.starts_with("Hello!"));
}

#[test]
fn ids_of_calls_are_unique_in_a_session() {
    let mut chat = Chat::new();
    for _ in 0..20 {
        chat.ask("which is the largest file?");
    }
    let parts = chat
        .request
        .messages
        .iter()
        .flat_map(|message| &message.parts);
    let ids: Vec<&str> = parts
        .filter_map(|part| match part {
            Part::ToolCall(call) => Some(&*call.id),
            _ => None,
        })
        .collect();
    let distinct: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!((ids.len(), distinct.len()), (100, 100));
}

#[test]
fn the_same_conversation_gets_the_same_answer() {
    let request = request(vec![user("how many lines are in all Rust files?")]);
    let once = ask(&request, None).unwrap();
    assert_eq!(once.calls, ask(&request, None).unwrap().calls);
}

#[test]
fn a_turn_goes_on_although_the_host_has_cut_messages_out() {
    let mut chat = Chat::new();
    chat.ask("last line of notes.txt");
    // The question, two calls with their results, the answer: as if the first call had been cut.
    let messages = chat.request.messages;
    let cut = [&messages[..1], &messages[3..5]].concat();
    let said = ask(&request(cut), None).unwrap();
    assert!(said.calls.is_empty(), "{:?}", said.calls);
    assert!(said.text.contains("four"), "{}", said.text);
}

#[test]
fn calls_of_another_model_are_not_taken_for_own_ones() {
    let messages = vec![
        user("how many lines does notes.txt have?"),
        Message {
            role: Role::Assistant,
            parts: vec![Part::ToolCall(ToolCall {
                id: "call_abc".into(),
                name: "read_file".into(),
                arguments: r#"{"path":"other.txt"}"#.into(),
            })],
        },
        Message {
            role: Role::Tool,
            parts: vec![Part::ToolResult(ToolResult {
                call_id: "call_abc".into(),
                name: "read_file".into(),
                content: vec![Content::Text("x\n".into())],
                is_error: false,
            })],
        },
    ];
    let said = ask(&request(messages), None).unwrap();
    assert_eq!(said.calls[0].arguments, r#"{"limit":1,"path":"notes.txt"}"#);
}

#[test]
fn a_file_that_another_model_named_can_be_pointed_at() {
    let messages = vec![
        user("which file has the bug?"),
        says(
            Role::Assistant,
            "It is in `src/main.rs`, where the loop ends too early.",
        ),
        user("show me that file"),
    ];
    let said = ask(&request(messages), None).unwrap();
    assert_eq!(
        said.calls[0].arguments,
        r#"{"limit":300,"path":"src/main.rs"}"#
    );
}

#[test]
fn a_tool_that_is_not_offered_is_named() {
    let mut request = request(vec![user("how many Rust files are here?")]);
    request.tools = vec![tool("read_file")];
    let said = ask(&request, None).unwrap();
    assert!(
        said.text
            .starts_with("I would use the tool `glob` for this, but it isn't offered"),
        "{}",
        said.text
    );
    assert!(said.calls.is_empty());
    request.tools = vec![tool("glob")];
    for choice in [ToolChoice::None, ToolChoice::Tool("grep".into())] {
        request.tool_choice = choice;
        assert!(ask(&request, None).unwrap().calls.is_empty());
    }
    for choice in [ToolChoice::Required, ToolChoice::Tool("glob".into())] {
        request.tool_choice = choice;
        assert_eq!(ask(&request, None).unwrap().calls.len(), 1);
    }
}

#[test]
fn no_question_at_all_gets_an_answer() {
    for messages in [
        vec![],
        vec![says(Role::System, "Be brief.")],
        vec![user("")],
    ] {
        assert!(
            ask(&request(messages), None)
                .unwrap()
                .text
                .starts_with("I have no rule")
        );
    }
}

#[test]
fn a_huge_question_is_answered() {
    let question = format!("search for {}", "ü".repeat(5_000_000));
    let said = ask(&request(vec![user(&question)]), None).unwrap();
    assert_eq!(said.calls.len(), 1);
    assert!(said.calls[0].arguments.len() < 20_000);
}

#[test]
fn another_model_is_not_found() {
    let mut request = request(vec![user("hello")]);
    request.model = "gpt".into();
    let error = ask(&request, None).unwrap_err();
    assert_eq!(error.kind, loom_sdk::ErrorKind::NotFound);
    assert!(
        error.message.contains("its only one is \"rules\""),
        "{}",
        error.message
    );
}
