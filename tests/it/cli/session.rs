//! `loom session`: finding, forking and moving conversations, with the built-in store.

use loom_tests::cli::{Home, Ran};
use serde_json::{Value, json};

use crate::home;

fn session(home: &Home, arguments: &[&str]) -> Ran {
    home.with(["session"]).args(arguments).run()
}

/// A conversation of two answers, the first with two calls.
fn talk(home: &Home) {
    let read = |path: &str| json!({ "name": "read_file", "arguments": { "path": path } });
    let script = json!([
        { "text": "let me look", "calls": [read("notes.txt"), read("README.md")] },
        { "text": "the kettle is to be descaled" },
        { "text": "gladly" },
        { "text": "and a third time" },
    ]);
    for said in ["What is to be done?", "Thank you"] {
        let run = home.scripted(&script);
        run.args(["run", "--session", "talk", said]).run().code(0);
    }
}

fn export(home: &Home, id: &str) -> String {
    session(home, &["export", id]).code(0).stdout
}

/// The kinds of the entries of a session, and its texts.
fn entries(home: &Home, id: &str) -> Vec<(String, String)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let shown = session(home, &["show", id, "--json"]).code(0).json();
    let shown = shown.as_array().unwrap().iter();
    shown
        .map(|entry| (text(entry, "kind"), text(entry, "text")))
        .collect()
}

#[test]
fn a_session_is_found_by_what_was_said_in_it() {
    let home = home();
    talk(&home);
    home.with(["run", "--session", "other", "Hello"])
        .run()
        .code(0);
    let agent = concat!(
        r#"{"seq":0,"time_ms":1,"kind":"session","text":"","vector":null,"payload":{"created_ms":1,"model":"m","metadata":{"parent_session_id":"talk"}}}"#,
        "\n",
        r#"{"seq":1,"time_ms":1,"kind":"message","text":"kettle kettle","vector":null,"payload":{"role":"user","parts":[]}}"#,
    );
    let import = home.with(["session", "import", "--id", "agent", "-"]);
    import.stdin(agent).run().code(0);

    let found = session(&home, &["search", "DESCALED", "kettle"]).code(0);
    found
        .says("talk  What is to be done?")
        .says("#5 assistant: the kettle is to be descaled")
        .says("read_file: buy tea TODO: descale the kettle");
    let found = session(&home, &["search", "kettle", "--json"])
        .code(0)
        .json();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["id"], "talk");
    assert_eq!(found[0]["hits"].as_array().unwrap().len(), 2);
    let all = session(&home, &["search", "kettle", "--json", "--all"]).code(0);
    assert_eq!(all.json()[0]["id"], "agent");
    let one = session(&home, &["search", "kettle", "--json", "--all", "-n", "1"]);
    assert_eq!(one.code(0).json().as_array().unwrap().len(), 1);

    let none = session(&home, &["search", "samovar"]).code(0);
    assert_eq!(none.stdout, "");
    none.complains("nothing found for samovar");
    let none = session(&home, &["search", "…", "?"]).code(2);
    none.complains("there is no word to look for");
}

#[test]
fn a_fork_goes_another_way_and_leaves_the_source_as_it_is() {
    let home = home();
    talk(&home);
    let before = export(&home, "talk");
    session(&home, &["show", "talk"])
        .code(0)
        .says("## #5 Assistant")
        .says("#3 `read_file` returned");
    let forked = session(&home, &["fork", "talk", "--at", "#5"]).code(0);
    let id = forked.stdout.trim().to_owned();
    forked.complains(&format!("go on with: loom run --resume={id}"));
    let run = home.scripted(&json!([{}, {}, { "text": "another way" }]));
    let resume = format!("--resume={id}");
    run.args(["run", &resume, "Do it"])
        .run()
        .code(0)
        .says("another way");

    let said = entries(&home, &id);
    let texts: Vec<_> = said[5..].iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        texts,
        ["the kettle is to be descaled", "Do it", "another way"]
    );
    assert_eq!(export(&home, "talk"), before);
    let list = session(&home, &["list", "--json"]).code(0).json();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let header = session(&home, &["show", &id, "--json"]).code(0).json();
    let metadata = &header[0]["payload"]["metadata"];
    assert_eq!(metadata["forked_from"], "talk");
    assert_eq!(metadata["forked_at"], 5);
}

#[test]
fn a_fork_between_a_call_and_its_results_takes_all_results_and_says_so() {
    let home = home();
    talk(&home);
    for at in ["2", "3"] {
        let id = format!("fork-{at}");
        let forked = session(&home, &["fork", "talk", "--at", at, "--id", &id]).code(0);
        forked.complains(&format!(
            "taken up to #4, not #{at}: a tool call is not parted"
        ));
        assert_eq!(entries(&home, &id).len(), 5);
        // The results are there, so that no tool runs again.
        let run = home.scripted(&json!([{}, { "text": "answered" }]));
        let resume = format!("--resume={id}");
        let ran = run.args(["run", &resume, "--json"]).run().code(0);
        ran.says("answered").says("\"tool_calls\":0,");
    }
}

#[test]
fn a_fork_that_cannot_be_is_explained() {
    let home = home();
    talk(&home);
    let fork = |arguments: &[&str]| home.with(["session", "fork"]).args(arguments).run();
    fork(&["talk", "--at", "99"])
        .code(2)
        .complains("session talk has no entry 99; its last one is 7")
        .complains("`loom session show talk` has the numbers");
    fork(&["talk", "--at", "five"]).code(2);
    fork(&["nobody"])
        .code(1)
        .complains("there is no session nobody");
    fork(&["talk", "--id", "talk"])
        .code(1)
        .complains("there is a session talk already");
    fork(&["talk", "--id", "../x"]).code(2);
    assert_eq!(
        session(&home, &["list", "--json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_is_exported_imports_and_exports_the_same() {
    let home = home();
    talk(&home);
    // What newer versions write beside messages.
    let mut lines = export(&home, "talk");
    let compaction = json!({ "seq": 8, "time_ms": 5, "kind": "compaction", "text": "größe",
        "vector": [0.1, -3.5e-8], "payload": { "upto": 4, "share": 0.1, "nested": [null, { "a": 1 }] } });
    let pin = json!({ "seq": 9, "time_ms": 6, "kind": "pin", "text": "p", "vector": null, "payload": { "fact": "p" } });
    lines.push_str(&format!("{compaction}\n{pin}\n"));
    home.write("talk.jsonl", &lines);

    let copy = session(&home, &["import", "talk.jsonl"]).code(0);
    let id = copy.stdout.trim().to_owned();
    copy.complains("imported 10 entries; there is a session talk already");
    let again = export(&home, &id);
    home.write("again.jsonl", &again);
    let named = session(&home, &["import", "again.jsonl", "--id", "named"]).code(0);
    assert_eq!(named.stdout, "named\n");
    session(&home, &["delete", &id]).code(0);
    let own = session(&home, &["import", "again.jsonl"]).code(0);
    assert_eq!(own.stdout.trim(), id, "its id is free again");
    assert_eq!(export(&home, &id), again, "byte for byte");
    let renamed = again.replacen(&id, "named", 1);
    assert_eq!(export(&home, "named"), renamed);
    let values = |text: &str| {
        let lines = text.lines().skip(1);
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect::<Vec<Value>>()
    };
    assert_eq!(values(&again), values(&lines));

    let markdown = |id: &str| {
        session(&home, &["export", id, "--format", "markdown"])
            .code(0)
            .stdout
    };
    assert_eq!(markdown(&id), markdown("named").replacen("named", &id, 1));
    let run = home.scripted(&json!([{}, {}, {}, { "text": "it goes on" }]));
    run.args(["run", "--resume=named", "On"])
        .run()
        .code(0)
        .says("it goes on");
}

#[test]
fn a_file_that_is_wrong_anywhere_imports_nothing() {
    let home = home();
    talk(&home);
    let whole = export(&home, "talk");
    let check = |text: &str, complaint: &str| {
        home.write("bad.jsonl", text);
        let ran = session(&home, &["import", "bad.jsonl"]).code(1);
        assert_eq!(ran.stdout, "");
        ran.complains(complaint).complains("nothing was imported");
        let list = session(&home, &["list", "--all", "--json"]).json();
        assert_eq!(list.as_array().unwrap().len(), 1);
    };
    check(
        &whole[..whole.len() - 20],
        "bad.jsonl: line 8: it ends in the middle",
    );
    let lines: Vec<_> = whole.lines().collect();
    check(
        &lines[2..].join("\n"),
        "line 1: entry 2 stands where entry 0 should be",
    );
    check("# Session talk\n", "line 1: it is not JSON");
    check("", "there is nothing in it");
    check(
        r#"{"role":"user","content":"a"}
{"role":"tool","tool_call_id":"c","content":"b"}"#,
        "line 2: it has the result of a call c",
    );
    let ran = session(&home, &["import", "none.jsonl"]).code(1);
    ran.complains("reading none.jsonl");
    home.write("whole.jsonl", &whole);
    let ran = session(&home, &["import", "whole.jsonl", "--id", "talk"]).code(1);
    ran.complains("there is a session talk already");
}

#[test]
fn a_conversation_of_another_tool_goes_on_here() {
    let home = home();
    let messages = r#"{"role":"system","content":"Be brief."}
{"role":"user","content":"Is there tea?"}
{"role":"assistant","content":[{"type":"text","text":"Yes."},{"type":"audio","data":""}]}"#;
    let import = home.with(["session", "import", "-"]).stdin(messages);
    let ran = import.run().code(0);
    ran.complains("1 part of messages left out")
        .complains("imported 4 entries");
    // It is the last one of this directory.
    let run = home.scripted(&json!([{}, { "text": "Earl Grey." }]));
    let ran = run.args(["run", "Which?", "--resume"]).run().code(0);
    ran.says("Earl Grey.");
    let list = session(&home, &["list", "--json"]).code(0).json();
    assert_eq!(list[0]["title"], "Is there tea?");
    assert_eq!(list[0]["entries"], 6);
}

#[test]
fn an_id_in_a_file_cannot_name_anything_but_a_session() {
    let home = home();
    talk(&home);
    let evil = export(&home, "talk").replacen("\"talk\"", "\"../../evil\"", 1);
    let ran = home
        .with(["session", "import", "-"])
        .stdin(evil)
        .run()
        .code(0);
    assert!(!ran.stdout.contains(".."), "{}", ran.stdout);
}

/// A conversation that is worth making smaller.
fn long_talk(home: &Home) {
    let line = |n: usize| {
        let role = if n.is_multiple_of(2) {
            "user"
        } else {
            "assistant"
        };
        json!({ "role": role, "content": format!("{n}: {}", "the kettle is descaled with vinegar. ".repeat(20)) }).to_string()
    };
    let lines: Vec<_> = (0..60).map(line).collect();
    let import = home.with(["session", "import", "--id", "long", "-"]);
    import.stdin(lines.join("\n")).run().code(0);
}

#[test]
fn a_session_is_made_smaller_on_request_and_goes_on() {
    let home = home();
    long_talk(&home);
    let before = export(&home, "long");
    let steps: Vec<_> = (0..40).map(|_| json!({ "text": "as before" })).collect();
    let script = json!(steps);
    let compact = home.scripted(&script);
    let compact = compact.args(["session", "compact", "long", "--pin", "tea at five"]);
    compact.run().code(0).complains("⤓ compressed ");
    let after = export(&home, "long");
    assert!(after.starts_with(&before), "the log keeps every message");
    let kinds: Vec<_> = entries(&home, "long")[61..]
        .iter()
        .map(|(kind, _)| kind.clone())
        .collect();
    assert_eq!(kinds, ["pin", "compaction"]);
    session(&home, &["show", "long"])
        .code(0)
        .says("Compression 1")
        .says("- tea at five");

    let run = home
        .scripted(&script)
        .args(["run", "--resume=long", "--json", "And now?"]);
    run.run().code(0).says("as before");
    // What a compaction says of entries holds in a copy too.
    let copy = session(&home, &["fork", "long", "--id", "copy"]).code(0);
    copy.complains("go on with");
    let run = home
        .scripted(&script)
        .args(["run", "--resume=copy", "And there?"]);
    run.run().code(0).says("as before");
    home.write("long.jsonl", &export(&home, "long"));
    session(&home, &["import", "long.jsonl", "--id", "moved"]).code(0);
    let same = export(&home, "moved").replacen("moved", "long", 1);
    assert_eq!(same, export(&home, "long"));
    let run = home
        .scripted(&script)
        .args(["run", "--resume=moved", "And elsewhere?"]);
    run.run().code(0).says("as before");
}

#[test]
fn a_compression_is_told_to_programs_and_refused_where_there_is_nothing() {
    let home = home();
    long_talk(&home);
    let script = json!([{ "text": "short" }]);
    let compact = home
        .scripted(&script)
        .args(["session", "compact", "long", "--json"]);
    let events = compact.run().code(0).events();
    let told = events
        .iter()
        .find(|event| event["type"] == "context.compressed")
        .unwrap();
    assert_eq!(told["reason"], "request");
    assert!(
        told["after_tokens"].as_u64() < told["before_tokens"].as_u64(),
        "{told}"
    );
    assert_eq!(events.last().unwrap()["type"], "run.completed");

    home.scripted(&script)
        .args(["run", "--session", "short", "hi"])
        .run()
        .code(0);
    let compact = home.scripted(&script).args(["session", "compact", "short"]);
    compact
        .run()
        .code(0)
        .complains("nothing in the session that could be made smaller");
    let compact = home
        .scripted(&script)
        .args(["session", "compact", "nobody"]);
    compact
        .run()
        .code(1)
        .complains("there is no session nobody");
}

#[test]
fn pinned_facts_are_in_the_session_once() {
    let home = home();
    let script = json!([{ "text": "one" }, { "text": "two" }]);
    for said in ["a", "b"] {
        let run = home.scripted(&script).args(["run", "--session", "s", said]);
        run.args(["--pin", "tea at five", "--pin", " no sugar "])
            .run()
            .code(0);
    }
    let pins: Vec<_> = entries(&home, "s")
        .into_iter()
        .filter(|(kind, _)| kind == "pin")
        .collect();
    let texts: Vec<_> = pins.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["tea at five", "no sugar"]);
    session(&home, &["show", "s"])
        .code(0)
        .says("Pinned: tea at five");
    home.with(["run", "--pin", " ", "hi"])
        .run()
        .code(2)
        .complains("write the fact");
}

#[test]
fn a_session_is_had_back_as_it_was() {
    let home = home();
    talk(&home);
    let before = export(&home, "talk");
    let backups = session(&home, &["backups", "talk", "--json"])
        .code(0)
        .json();
    assert_eq!(backups[0]["entries"], 8);
    let script = json!([{}, {}, {}, { "text": "a mistake" }]);
    let run = home
        .scripted(&script)
        .args(["run", "--session", "talk", "Forget the tea"]);
    run.run().code(0).says("a mistake");
    let list = session(&home, &["backups", "talk"]).code(0);
    list.says("N  MADE (UTC)").says("  10 ");

    session(&home, &["restore", "ta", "--backup", "2"])
        .code(0)
        .complains("session talk is what it was at")
        .complains("with 8 entries");
    assert_eq!(export(&home, "talk"), before);
    // What was before is a backup as well, so it can be undone.
    let backups = session(&home, &["backups", "talk", "--json"])
        .code(0)
        .json();
    let backups = backups.as_array().unwrap();
    let undo = backups
        .iter()
        .find(|backup| backup["entries"] == 10)
        .unwrap();
    session(
        &home,
        &["restore", "talk", "--backup", undo["id"].as_str().unwrap()],
    )
    .code(0);
    session(&home, &["show", "talk"]).code(0).says("a mistake");

    session(&home, &["delete", "talk"]).code(0);
    session(&home, &["show", "talk"]).code(1);
    session(&home, &["restore", "talk"]).code(0);
    session(&home, &["show", "talk"]).code(0).says("a mistake");
    let ran = session(&home, &["restore", "talk", "--backup", "99"]).code(2);
    ran.complains("has no backup 99")
        .complains("`loom session backups talk` lists");
    session(&home, &["backups", "nobody"])
        .code(1)
        .complains("there is no session nobody");
}
