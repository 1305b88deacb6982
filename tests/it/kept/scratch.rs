//! Scratch directories: whose they are, when they go, and that nothing leads out of them.

use std::fs;
use std::path::Path;

use loom_types::ErrorKind;
use serde_json::json;

use super::{Counter, files_named};

#[tokio::test]
async fn a_calls_directory_is_empty_at_first_and_gone_at_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    for path in ["/work/unlikely", "/tmp/unlikely"] {
        counter
            .call("put", json!({"path": path, "text": "x"}))
            .await
            .unwrap();
        let names = counter.call("names", json!({"path": "/work"})).await;
        assert_eq!(names.unwrap(), "");
    }
    assert_eq!(
        files_named(directory.path(), "unlikely"),
        Vec::<std::path::PathBuf>::new()
    );
    let session = counter
        .call("put", json!({"path": "/session/x", "text": "x"}))
        .await;
    assert_eq!(
        session.unwrap_err().kind,
        ErrorKind::NotFound,
        "no session, no /session"
    );
}

#[tokio::test]
async fn a_call_that_ends_badly_leaves_nothing_either() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    counter
        .call("fill", json!({"how": "file"}))
        .await
        .unwrap_err();
    counter
        .call("fill", json!({"how": "deep", "stop": 3000}))
        .await
        .unwrap_err();
    let calls = entries(&directory.path().join("calls"));
    let own = calls.iter().find(|path| path.is_dir()).unwrap();
    assert_eq!(entries(own), [own.join("lock")]);
}

#[tokio::test]
async fn sessions_do_not_see_each_others_files() {
    let directory = tempfile::tempdir().unwrap();
    let counter = Counter::new(directory.path()).await;
    let file = |session: &str| json!({"path": "/work/x", "text": session, "session": session});
    counter.call("put", file("a")).await.unwrap();
    for (conversation, session) in [("c", "b"), ("other", "a"), ("c", "../a"), ("c", "/a")] {
        let get = json!({"path": "/work/x", "session": session});
        let error = counter.call_in(conversation, "get", get).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{conversation} {session}");
    }
    let kept = counter
        .call("get", json!({"path": "/work/x", "session": "a"}))
        .await;
    assert_eq!(kept.unwrap(), "a");
}

#[tokio::test]
async fn directories_are_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let base = directory.path().join("scratch");
    let counter = Counter::new(&base).await;
    counter.count("a").await;
    counter
        .call("put", json!({"path": "/work/x", "text": "x"}))
        .await
        .unwrap();
    let mut waiting = vec![base];
    while let Some(path) = waiting.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        waiting.extend(entries(&path).into_iter().filter(|path| path.is_dir()));
    }
}

#[tokio::test]
async fn removal_follows_no_link() {
    let directory = tempfile::tempdir().unwrap();
    let victim = directory.path().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("file"), "x").unwrap();
    let base = directory.path().join("scratch");
    let counter = Counter::new(&base).await;
    counter.count("a").await;
    // WASI makes no absolute links, so the host plants one that is worse than a guest can make.
    let state = files_named(&base, "count");
    assert!(state.is_empty(), "not suspended yet");
    let files = find_directory(&base, "work");
    std::os::unix::fs::symlink(&victim, files.join("out")).unwrap();
    std::os::unix::fs::symlink(victim.join("file"), files.join("out-file")).unwrap();
    let up = "../".repeat(12);
    let relative = format!("{up}{}", victim.display());
    let link = json!({"path": "/work/up", "target": relative, "session": "a"});
    counter.call("link", link).await.unwrap();
    let through = counter
        .call("get", json!({"path": "/work/up/file", "session": "a"}))
        .await;
    assert!(through.is_err());
    // Measured as what they are: nothing of the victim counts.
    fs::write(victim.join("large"), vec![0; 2 << 20]).unwrap();
    counter.count("a").await;
    counter.engine.forget_session("c").await.unwrap();
    assert!(!files.exists());
    assert_eq!(fs::read_to_string(victim.join("file")).unwrap(), "x");
    assert!(victim.join("large").exists());
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_and_what_a_living_one_has_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let calls = directory.path().join("calls");
    let dead = calls.join("0123456789abcdef");
    fs::create_dir_all(dead.join("7/work/deep")).unwrap();
    fs::write(dead.join("lock"), "").unwrap();
    fs::write(dead.join("7/work/deep/file"), "x").unwrap();
    let living = calls.join("fedcba9876543210");
    fs::create_dir_all(living.join("0/work")).unwrap();
    let lock = fs::File::create(living.join("lock")).unwrap();
    lock.lock().unwrap();
    let counter = Counter::new(directory.path()).await;
    counter
        .call("names", json!({"path": "/work"}))
        .await
        .unwrap();
    super::until(|| !dead.exists()).await;
    assert!(living.join("0/work").exists());
}

#[tokio::test]
async fn a_session_that_another_process_has_is_a_conflict() {
    let directory = tempfile::tempdir().unwrap();
    let first = Counter::new(directory.path()).await;
    let second = Counter::new(directory.path()).await;
    first.count("a").await;
    let error = second
        .call("count", json!({"session": "a"}))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(
        error.message.contains("in use by another process"),
        "{error}"
    );
    assert_eq!(second.count("b").await, "1");
    first.engine.shutdown().await;
    assert_eq!(second.count("a").await, "2");
}

#[tokio::test]
async fn without_a_grant_there_is_no_directory() {
    let engine = loom_tests::sandbox::engine();
    let guest = loom_tests::sandbox::configured(
        &engine,
        "counter",
        loom_tests::guests::COUNTER,
        loom_wasm::Grants::default(),
    );
    let tools = guest.await.tools();
    let put = tools
        .iter()
        .find(|tool| tool.definition().name == "put")
        .unwrap();
    let arguments = json!({"path": "/work/x", "text": "x"});
    let error = put
        .call(&arguments, &super::context("c"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

fn entries(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn find_directory(directory: &Path, name: &str) -> std::path::PathBuf {
    let mut waiting = vec![directory.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.file_name().is_some_and(|each| each == name) {
            return path;
        }
        waiting.extend(entries(&path).into_iter().filter(|path| path.is_dir()));
    }
    panic!("there is no directory {name}");
}
