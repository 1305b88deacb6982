//! Sessions across processes, kept by the built-in store: going on, and being in each other's way.

use std::fs;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use loom_tests::server::{Server, response};
use serde_json::{Value, json};

use crate::home;

/// What the guest `scripted` says depends on how many answers of its own it is sent, so each of these
/// proves that the conversation so far was read.
fn conversation() -> Value {
    json!([{ "text": "first" }, { "text": "second" }, { "text": "third" }, { "text": "fourth" }])
}

/// The texts of a session's messages, and its results.
fn texts(entries: &[Value]) -> Vec<&str> {
    let texts = entries.iter().skip(1);
    texts.map(|entry| entry["text"].as_str().unwrap()).collect()
}

#[test]
fn a_conversation_goes_on_in_another_process() {
    let home = home();
    let run = |arguments: &[&str]| {
        home.scripted(&conversation())
            .arg("run")
            .args(arguments)
            .run()
    };
    run(&["--session", "tea-talk", "one"]).code(0).says("first");
    run(&["--session", "tea-talk", "two"])
        .code(0)
        .says("second");
    run(&["--resume=tea", "three"]).code(0).says("third");
    run(&["--resume", "the number four"]).code(0).says("fourth");
    let exported = home.with(["session", "export", "tea-talk"]).run().code(0);
    let entries = exported.events();
    let said = [
        "one",
        "first",
        "two",
        "second",
        "three",
        "third",
        "the number four",
        "fourth",
    ];
    assert_eq!(texts(&entries), said);
    for (at, entry) in entries.iter().enumerate() {
        assert_eq!(entry["seq"], at);
    }
}

#[test]
fn without_an_id_the_last_session_of_the_directory_is_meant() {
    let home = home();
    let elsewhere = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| home.scripted(&conversation()).arg("run").args(arguments);
    run(&["--session", "here", "one"]).run().code(0);
    let there = run(&["--session", "there", "one"]).current_dir(elsewhere.path());
    there.run().code(0);
    run(&["two", "--resume", "--json"])
        .run()
        .code(0)
        .says("\"thread_id\":\"here\"");
    let nowhere = tempfile::tempdir().unwrap();
    let run = run(&["two", "--resume"]).current_dir(nowhere.path()).run();
    run.code(1)
        .complains("there is no session of the directory");
}

#[test]
fn a_session_that_was_done_gives_its_answer_again() {
    let home = home();
    let run = |arguments: &[&str]| {
        home.scripted(&conversation())
            .arg("run")
            .args(arguments)
            .run()
    };
    run(&["--session", "talk", "one"]).code(0);
    let again = run(&["--resume=talk"]).code(0);
    assert_eq!(again.stdout, "first\n");
}

#[test]
fn ids_that_name_nothing_or_too_much_are_refused() {
    let home = home();
    let run = |arguments: &[&str]| home.with(["run"]).args(arguments).run();
    run(&["--resume=nothing", "hi"])
        .code(1)
        .complains("there is no session nothing");
    run(&["--session", "../../outside", "hi"]).code(2);
    run(&["--session", "a", "--resume=b", "hi"]).code(2);
    assert!(!home.sessions().join("../../outside").exists());
}

#[test]
fn a_torn_end_costs_only_what_was_not_whole() {
    let home = home();
    let run = |arguments: &[&str]| {
        home.scripted(&conversation())
            .arg("run")
            .args(arguments)
            .run()
    };
    run(&["--session", "torn", "one"]).code(0);
    run(&["--session", "torn", "two"]).code(0);
    let path = home.sessions().join("sessions/s-torn.log");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();

    // The last answer was torn, so it is given again.
    let resumed = run(&["--resume=torn"]).code(0).says("second");
    resumed.complains("are no whole record and are ignored");
    run(&["--resume=torn", "three"]).code(0).says("third");
    let exported = home.with(["session", "export", "torn"]).run().code(0);
    let said = ["one", "first", "two", "second", "three", "third"];
    assert_eq!(texts(&exported.events()), said);
}

/// A model server whose answer to the first question has to be let go; `asked` tells when it came.
async fn slow_model(asked: Sender<()>, go: Receiver<()>) -> Server {
    let (asked, go) = (Mutex::new(asked), Mutex::new(go));
    Server::start(move |_| {
        asked.lock().unwrap().send(()).unwrap();
        go.lock().unwrap().recv().unwrap();
        let body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"late\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        response("200 OK", &[("content-type", "text/event-stream")], body)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_second_writer_of_a_session_is_told_and_nothing_is_lost() {
    let home = home();
    let (asked, was_asked) = channel();
    let (go, may_go) = channel();
    let server = slow_model(asked, may_go).await;
    let url = format!("{}/v1", server.url());
    let slow = home.with(["run", "-m", "custom/slow", "--session", "shared", "from A"]);
    let slow = slow.env("LLM_BASE_URL", url).spawn();
    was_asked.recv().unwrap();

    let quick = home.scripted(&conversation());
    quick
        .args(["run", "--session", "shared", "from B"])
        .run()
        .code(0)
        .says("first");
    go.send(()).unwrap();
    let slow = slow.wait_with_output().unwrap();
    let complaint = String::from_utf8(slow.stderr).unwrap();
    assert_eq!(slow.status.code(), Some(1), "{complaint}");
    assert!(
        complaint.contains("another process is writing to session shared; nothing was overwritten"),
        "{complaint}"
    );

    let exported = home.with(["session", "export", "shared"]).run().code(0);
    assert_eq!(texts(&exported.events()), ["from A", "from B", "first"]);
}

#[test]
fn processes_that_race_for_a_session_lose_nothing_that_they_acknowledged() {
    let home = home();
    let script: Vec<_> = (0..20)
        .map(|n| json!({ "text": format!("answer {n}") }))
        .collect();
    let script = json!(script);
    let run = |said: &str| {
        let run = home.scripted(&script);
        run.args(["run", "--json", "--session", "race", said])
    };
    let children: Vec<_> = ["one", "two", "three", "four"]
        .map(|said| (said, run(said).spawn()))
        .into_iter()
        .collect();
    let mut winners = 0;
    let mut acknowledged = Vec::new();
    for (said, child) in children {
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        match output.status.code() {
            Some(0) => winners += 1,
            code => {
                assert_eq!(code, Some(1), "{said}: {stdout}");
                assert!(stdout.contains("another process is writing"), "{stdout}");
            }
        }
        for line in stdout.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            if event["type"] == "item.completed" && event["item"]["status"] == "completed" {
                acknowledged.push(event["item"]["text"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(winners > 0, "somebody has to get through");
    let exported = home.with(["session", "export", "race"]).run().code(0);
    let entries = exported.events();
    for text in acknowledged {
        assert!(texts(&entries).contains(&text.as_str()), "{text} is lost");
    }
    home.with(["session", "show", "race"]).run().code(0);
}
