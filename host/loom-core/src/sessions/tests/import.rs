//! Imports: what comes back, and what is refused with the line that is wrong.

use super::super::import::{Import, Origin, import};
use super::*;

fn lines(entries: &[Entry]) -> String {
    let line = |entry| serde_json::to_string(entry).unwrap() + "\n";
    entries.iter().map(line).collect()
}

fn parse(text: &str) -> Result<Import> {
    let origin = Origin {
        model: "p/m".to_owned(),
        metadata: json!({ "directory": "/d" }),
    };
    Import::parse(text.as_bytes(), &origin)
}

#[track_caller]
fn refused(text: &str, message: &str) {
    let error = parse(text).unwrap_err();
    assert!(error.message.contains(message), "{error}");
}

async fn exported() -> (ProcessMemory, String) {
    let entries = vec![
        header(json!({ "directory": "/d" })),
        says("größer\u{2028}\u{0}"),
        opaque("compaction"),
        asks("", &["a"]),
        returns("a"),
        opaque("newer"),
    ];
    let memory = store("s", entries).await;
    let text = lines(&read(&memory, &id("s")).await.unwrap());
    (memory, text)
}

#[tokio::test]
async fn what_was_exported_comes_back_the_same_under_a_free_id() {
    let (memory, text) = exported().await;
    let named = text.replacen('{', "{\"session\":\"s\",", 1);
    let other = import(&memory, parse(&named).unwrap(), None).await.unwrap();
    assert_ne!(other, id("s"), "there is one already");
    assert_eq!(lines(&read(&memory, &other).await.unwrap()), text);
    memory.delete(&id("s")).await.unwrap();
    let same = import(&memory, parse(&named).unwrap(), None).await.unwrap();
    assert_eq!(same, id("s"));
    let chosen = import(&memory, parse(&text).unwrap(), Some(id("mine")))
        .await
        .unwrap();
    assert_eq!(chosen, id("mine"));
    let error = import(&memory, parse(&text).unwrap(), Some(id("mine")))
        .await
        .unwrap_err();
    assert_eq!(
        error.message,
        "there is a session mine already; choose another id"
    );
}

#[tokio::test]
async fn a_file_that_was_cut_anywhere_is_refused_or_a_beginning() {
    let (_, text) = exported().await;
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let cut = &text[..end];
        match parse(cut) {
            Ok(import) => assert_eq!(lines(&import.entries).trim_end(), cut.trim_end()),
            Err(error) if end == 0 => assert_eq!(error.message, "there is nothing in it"),
            Err(error) => {
                let line = format!("line {}: it ends in the middle", cut.lines().count());
                assert!(error.message.starts_with(&line), "{end}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn lines_that_are_wrong_are_named() {
    let (_, text) = exported().await;
    let all: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n");
    refused(
        &joined(&[all[0], all[2]]),
        "line 2: entry 2 stands where entry 1 should be",
    );
    refused(&joined(&all[1..]), "line 1: entry 1 stands where entry 0");
    refused(
        &joined(&[all[0], "", "{oops", all[1]]),
        "line 3: it is not JSON",
    );
    refused(
        &joined(&[all[0], "{\"seq\":1}"]),
        "line 2: it is no entry of a session",
    );
    refused(&joined(&[all[0], "[1]"]), "line 2: it is no entry");
    let garbage = all[1].replacen("\"payload\":{", "\"payload\":7,\"x\":{", 1);
    refused(&joined(&[all[0], &garbage]), "line 2: entry 1 of session");
    refused("# Session s\n\nhello", "line 1: it is not JSON");
    refused("{\"a\":1}", "line 1: it is neither an entry");
    refused(" \n\n", "there is nothing in it");
    let error = Import::parse(b"{}\n\xff", &Origin::default()).unwrap_err();
    assert_eq!(error.message, "line 2: it is not UTF-8 text");
}

#[test]
fn messages_of_other_tools_become_a_session() {
    let openai = r#"{"role":"system","content":"be brief"}
{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{}}]}
{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"ls","arguments":"{\"d\":1}"}}]}
{"role":"tool","tool_call_id":"c","content":"a.txt"}
{"role":"assistant","content":"one file"}"#;
    let anthropic = r#"{"role":"system","content":"be brief"}
{"role":"user","content":["look",{"type":"image","source":{}}]}
{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"ls","input":{"d":1}}]}
{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"a.txt"}]}]}
{"role":"assistant","content":"one file"}"#;
    for text in [
        openai,
        anthropic,
        &openai.replace('\n', "\r\n\r\n"),
        &format!("\u{feff}{openai}"),
    ] {
        let import = parse(text).unwrap();
        assert_eq!(import.left_out, 1);
        let entries = &import.entries;
        let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.as_str()).collect();
        let expect = [
            "session",
            "message",
            "message",
            "message",
            "tool_result",
            "message",
        ];
        assert_eq!(kinds, expect);
        assert_eq!(entries[0].payload["metadata"]["directory"], "/d");
        assert!(
            entries[2].text.starts_with("look[a part of type image"),
            "{}",
            entries[2].text
        );
        assert_eq!(entries[4].payload["name"], "ls");
        assert_eq!(entries[5].text, "one file");
        let seqs: Vec<_> = entries.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, [0, 1, 2, 3, 4, 5]);
    }
}

#[test]
fn messages_that_make_no_sense_are_named() {
    let user = r#"{"role":"user","content":"a"}"#;
    let check = |line: &str, message: &str| refused(&format!("{user}\n{line}"), message);
    check(
        r#"{"role":"robot","content":"a"}"#,
        "line 2: `robot` is none of the roles",
    );
    check(r#"{"content":"a"}"#, "line 2: it has no `role`");
    check(
        r#"{"role":"user","content":7}"#,
        "line 2: `content` is neither",
    );
    check(
        r#"{"role":"tool","tool_call_id":"x","content":""}"#,
        "line 2: it has the result of a call x",
    );
    check(
        r#"{"role":"assistant","tool_calls":{}}"#,
        "line 2: `tool_calls` is no list",
    );
    check(
        r#"{"role":"assistant","tool_calls":[{"id":"x"}]}"#,
        "line 2: a tool call has no `name`",
    );
    check(
        r#"{"role":"user","content":[{}]}"#,
        "line 2: a part of `content` has no `type`",
    );
    check("{\"role\":\"us", "line 2: it ends in the middle");
}
