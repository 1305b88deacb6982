//! Scripted answers, and what the person sees.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;

use loom_core::{Approval, Approver as _};
use loom_types::{
    AccessMode, CallId, Footprint, PermissionRequest, Resource, RunId, Safety, Touch,
};
use serde_json::{Value, json};

use super::conversation::Conversation;
use super::{Setting, channel};

fn setting() -> Setting {
    Setting {
        workspace: "/work".into(),
        store: "/home/me/permissions.toml".into(),
    }
}

fn request(arguments: Value, footprint: Footprint) -> PermissionRequest {
    PermissionRequest {
        run_id: RunId::from("run"),
        call_id: CallId::from("call"),
        tool: "write_file".to_owned(),
        arguments,
        safety: Safety::Cautious,
        footprint,
        agents: Vec::new(),
    }
}

fn writes(path: &str) -> PermissionRequest {
    let touch = Touch {
        mode: AccessMode::Write,
        resource: Resource::File {
            path: path.into(),
            identity: None,
        },
    };
    request(
        json!({"content": "one\ntwo", "path": path}),
        Footprint::Resources(vec![touch]),
    )
}

/// The answer to what the person types, and all that they saw, without styles.
async fn ask(request: &PermissionRequest, typed: &str) -> (Approval, String) {
    let mut out = Vec::new();
    let setting = setting();
    let mut conversation = Conversation::new(
        &setting,
        request,
        typed.as_bytes(),
        anstream::StripStream::new(&mut out),
    );
    let approval = conversation.hold().await.unwrap();
    (approval, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn each_answer_can_be_typed() {
    let deny = |reason: Option<&str>| Approval::Deny {
        reason: reason.map(str::to_owned),
    };
    for (typed, expected) in [
        ("y\n", Approval::Once),
        (" YES \r\n", Approval::Once),
        ("r\n", Approval::ForRun),
        ("a\ny\n", Approval::Always),
        ("a\nn\ny\n", Approval::Once),
        ("a\n\nr\n", Approval::ForRun),
        ("n\n", deny(None)),
        ("no  use b.txt instead\n", deny(Some("use b.txt instead"))),
        ("\nwhat?\ny please\ny\n", Approval::Once),
        ("", deny(Some("the person gave no answer"))),
        ("a\n", deny(Some("the person gave no answer"))),
        ("\u{fffd}\n", deny(Some("the person gave no answer"))),
    ] {
        let (approval, _) = ask(&writes("/work/a"), typed).await;
        assert_eq!(approval, expected, "{typed:?}");
    }
}

#[tokio::test]
async fn the_question_shows_what_is_touched_and_the_rule_before_it_is_stored() {
    let mut call = writes("/work/src/main.rs");
    call.agents = vec!["reviewer".to_owned(), "tester".to_owned()];
    let (_, seen) = ask(&call, "a\ny\n").await;
    insta::assert_snapshot!(seen, @r#"

    May write_file run? For the agent reviewer › tester.
      writes src/main.rs
      content: one\ntwo
      path: /work/src/main.rs
    y once, r for this run, a always, n no, n REASON no and why
    > Stored in /home/me/permissions.toml:
      write_file(src/main.rs)
      for work in /work
    For more than this, add to the configuration: [permissions] allow = ["write_file(src/**)"]
    Store it? y or n
    > 
    "#);
}

#[tokio::test]
async fn what_nobody_knows_is_shown_by_its_arguments() {
    let call = request(json!({"command": "x".repeat(5_000)}), Footprint::Everything);
    let (_, seen) = ask(&call, "n\n").await;
    assert!(
        seen.contains("it may touch anything that its plugin was granted"),
        "{seen}"
    );
    assert!(seen.contains("… (1000 characters more)"), "{seen}");
    let (_, seen) = ask(&writes("/etc/hosts"), "n\n").await;
    assert!(
        seen.contains("writes /etc/hosts (outside of the workspace)"),
        "{seen}"
    );
}

#[tokio::test]
async fn nothing_in_a_call_drives_the_terminal() {
    let mut call = writes("/work/\u{1b}[2Ja\u{202e}b");
    call.tool = "t\u{1b}]0;x\u{7}".to_owned();
    call.agents = vec!["\r\u{9b}1A".to_owned()];
    call.arguments = json!({"\u{8}k": "\u{1b}[31m", "list": ["\u{202e}"]});
    let (_, seen) = ask(&call, "a\nn\nn\n").await;
    let odd = |c: &char| (c.is_control() && *c != '\n') || *c == '\u{202e}';
    assert_eq!(seen.chars().find(odd), None, "{seen:?}");
    assert!(seen.contains("\\u{1b}[2Ja\\u{202e}b"), "{seen}");
}

#[tokio::test]
async fn a_question_reaches_whoever_shows_the_run_and_the_answer_comes_back() {
    let (approver, mut questions) = channel();
    let call = writes("/work/a");
    let put = async {
        let question = questions.next().await;
        question
            .put_to(&setting(), "r\n".as_bytes(), Vec::new())
            .await
    };
    let (approval, put) = tokio::join!(approver.approve(&call), put);
    put.unwrap();
    assert_eq!(approval, Approval::ForRun);
}

#[tokio::test]
async fn a_question_that_is_dropped_decides_nothing() {
    let (approver, mut questions) = channel();
    let approver = Arc::new(approver);
    let asking = Arc::clone(&approver);
    let task = tokio::spawn(async move { asking.approve(&writes("/work/a")).await });
    drop(questions.next().await);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!task.is_finished());
    task.abort();
    drop(questions);
    let approval = approver.approve(&writes("/work/a")).await;
    assert!(matches!(approval, Approval::Deny { .. }));
}

#[cfg(unix)]
#[tokio::test]
async fn a_terminal_gives_what_is_there_and_nothing_is_lost_when_a_read_is_dropped() {
    use super::terminal::Terminal;
    use futures::FutureExt as _;
    use std::io::Write as _;
    use std::os::fd::OwnedFd;
    use tokio::io::AsyncReadExt as _;

    let (reader, mut writer) = std::io::pipe().unwrap();
    let reader = std::fs::File::from(OwnedFd::from(reader));
    let mut terminal = Terminal::over(reader.try_clone().unwrap()).unwrap();
    writer.write_all(b"y\nn\n").unwrap();
    for expected in [b"y\n", b"n\n"] {
        let mut line = [0; 2];
        terminal.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, expected);
    }
    let mut line = [0; 2];
    assert!(terminal.read(&mut line).now_or_never().is_none());
    drop(terminal);
    writer.write_all(b"a\n").unwrap();
    let mut terminal = Terminal::over(reader).unwrap();
    terminal.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"a\n");
    drop(writer);
    assert_eq!(terminal.read(&mut line).await.unwrap(), 0);
}

#[tokio::test]
async fn a_question_goes_when_its_run_has_ended() {
    let (approver, mut questions) = channel();
    let request = writes("/work/a");
    let asking = tokio::spawn(async move { approver.approve(&request).await });
    let question = questions.next().await;
    let (_keyboard, input) = tokio::io::duplex(16);
    let setting = setting();
    let input = tokio::io::BufReader::new(input);
    let put = question.put_to(&setting, input, std::io::sink());
    asking.abort();
    put.await.unwrap();
}
