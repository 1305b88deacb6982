//! Conversations rebuilt from records, in order and out of it.

use loom_types::Content;

use super::*;

fn assistant_calling(ids: &[&str]) -> Message {
    let call = |id: &&str| {
        Part::ToolCall(ToolCall {
            id: CallId::from(*id),
            name: "f".to_owned(),
            arguments: "{}".to_owned(),
        })
    };
    Message {
        role: Role::Assistant,
        parts: ids.iter().map(call).collect(),
    }
}

fn result(id: &str) -> Record {
    result_with(id, &format!("r{id}"))
}

fn result_with(id: &str, text: &str) -> Record {
    Record::ToolResult(ToolResult {
        call_id: CallId::from(id),
        name: "f".to_owned(),
        content: vec![Content::from(text)],
        is_error: false,
    })
}

fn transcript(records: impl IntoIterator<Item = Record>) -> Transcript {
    let mut transcript = Transcript::default();
    for (record, seq) in records.into_iter().zip(0..) {
        transcript.push(seq, record);
    }
    transcript
}

/// Messages in short: `user text`, `assistant text`, `assistant[ids]`, `tool[results]`.
fn shorthand(transcript: &Transcript) -> Vec<String> {
    let short = |message: &Arc<Message>| {
        let calls: Vec<_> = message.tool_calls().map(|call| call.id.as_str()).collect();
        let results: Vec<_> = message.tool_results().map(ToolResult::text).collect();
        match message.role {
            Role::Assistant if !calls.is_empty() => format!("assistant{calls:?}"),
            Role::Tool => format!("tool{results:?}"),
            role => format!("{role:?} {}", message.text()).to_lowercase(),
        }
    };
    transcript.messages().map(short).collect()
}

fn open(transcript: &Transcript) -> Vec<String> {
    transcript
        .open_calls()
        .iter()
        .map(|call| call.id.to_string())
        .collect()
}

#[test]
fn results_stand_in_call_order_whatever_order_they_came_in() {
    let calls = Record::Message(assistant_calling(&["1", "2", "3"]));
    let transcript = transcript([calls, result("3"), result("1"), result("2")]);
    let expect = [r#"assistant["1", "2", "3"]"#, r#"tool["r1", "r2", "r3"]"#];
    assert_eq!(shorthand(&transcript), expect);
    assert!(open(&transcript).is_empty());
}

#[test]
fn calls_without_results_are_open() {
    let calls = Record::Message(assistant_calling(&["1", "2", "3"]));
    let transcript = transcript([calls, result("2")]);
    assert_eq!(open(&transcript), ["1", "3"]);
}

#[test]
fn what_the_person_says_meanwhile_comes_after_the_results() {
    let calls = Record::Message(assistant_calling(&["1"]));
    let note = Record::Message(Message::user("hurry"));
    let transcript = transcript([calls, note, result("1")]);
    assert_eq!(
        shorthand(&transcript),
        [r#"assistant["1"]"#, r#"tool["r1"]"#, "user hurry"]
    );
}

#[test]
fn calls_that_were_passed_over_get_a_result() {
    let calls = Record::Message(assistant_calling(&["1"]));
    let transcript = transcript([calls, Record::Message(Message::assistant("done"))]);
    let [_, tool, answer] = &shorthand(&transcript)[..] else {
        panic!("{transcript:?}");
    };
    assert!(tool.contains("outcome is unknown"), "{tool}");
    assert_eq!(answer, "assistant done");
}

#[test]
fn results_of_nothing_and_second_results_are_skipped() {
    let calls = Record::Message(assistant_calling(&["1", "2"]));
    let again = || result_with("1", "again");
    let records = [
        result("0"),
        calls,
        result("1"),
        again(),
        result("9"),
        result("2"),
        again(),
    ];
    let expect = [r#"assistant["1", "2"]"#, r#"tool["r1", "r2"]"#];
    assert_eq!(shorthand(&transcript(records)), expect);
}

#[test]
fn the_next_step_follows_from_the_last_message() {
    let user = || Record::Message(Message::user("hi"));
    let answer = || Record::Message(Message::assistant("ho"));
    let calls = || Record::Message(assistant_calling(&["1"]));
    assert!(matches!(transcript([]).next(), Next::Input));
    assert!(matches!(transcript([Record::Unknown]).next(), Next::Input));
    assert!(matches!(transcript([user()]).next(), Next::Model));
    assert!(matches!(
        transcript([user(), calls(), result("1")]).next(),
        Next::Model
    ));
    let done = transcript([user(), answer(), Record::Unknown]);
    assert!(matches!(done.next(), Next::Answer(answer) if answer.text() == "ho"));
}

#[test]
fn ids_of_all_calls_are_known() {
    let calls = Record::Message(assistant_calling(&["1"]));
    let transcript = transcript([calls, result("1"), Record::Message(Message::user("hi"))]);
    assert!(transcript.knows_call(&CallId::from("1")));
    assert!(!transcript.knows_call(&CallId::from("2")));
}

fn writing_todos(arguments: &[&str]) -> Record {
    let call = |(arguments, index): (&&str, usize)| {
        Part::ToolCall(ToolCall {
            id: CallId::from(format!("{index}")),
            name: todo::NAME.to_owned(),
            arguments: (*arguments).to_owned(),
        })
    };
    Record::Message(Message {
        role: Role::Assistant,
        parts: arguments.iter().zip(0..).map(call).collect(),
    })
}

#[test]
fn the_last_list_of_things_to_do_is_known() {
    let list =
        |content: &str| format!(r#"{{"todos":[{{"content":"{content}","status":"pending"}}]}}"#);
    let transcript = transcript([
        writing_todos(&[&list("old")]),
        writing_todos(&[&list("older"), &list("new")]),
        writing_todos(&["nonsense"]),
        Record::Message(Message::user("go on")),
    ]);
    let todos = transcript.todos().expect("there is a list");
    assert_eq!(
        todos.iter().map(|todo| &*todo.content).collect::<Vec<_>>(),
        ["new"]
    );
}

#[test]
fn what_was_found_comes_before_the_input_and_a_pin_is_no_message() {
    let transcript = transcript([
        Record::Retrieved(crate::session::Retrieved {
            retriever: "memory".to_owned(),
            text: "found".to_owned(),
            sources: Vec::new(),
        }),
        Record::Pin(crate::session::Pin {
            fact: "the port is 8443".to_owned(),
        }),
        Record::Pin(crate::session::Pin {
            fact: "the port is 8443".to_owned(),
        }),
        Record::Message(Message::user("go")),
    ]);
    assert_eq!(shorthand(&transcript), ["user found", "user go"]);
    assert_eq!(transcript.pins(), ["the port is 8443"]);
    let origins: Vec<_> = transcript
        .items()
        .iter()
        .map(|item| (item.seq, item.origin))
        .collect();
    assert_eq!(origins, [(0, Origin::Retrieved), (3, Origin::Said)]);
}
