//! Tool calls of one answer side by side: real guests that tell when they ran, called by an agent whose
//! model is a script. What overlaps is told by the guests' own clocks, not by how long it all took.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use loom_core::{Agent, AgentBuilder};
use loom_tests::guests;
use loom_tests::sandbox::{Guest, directory};
use loom_types::{AccessMode, Content, Footprint, Resource, RunEvent, ToolResult};
use loom_wasm::{DirectoryGrant, FileAccess, Grants, Limits};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything else that happens to a call, so that calls that may overlap do.
const NAP_MS: u64 = 100;

/// When a call ran, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u64,
    to: u64,
}

impl Span {
    fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// A call of a tool of the guest `overlap`.
fn call(name: &str, arguments: Value) -> Value {
    json!({ "name": name, "arguments": arguments })
}

fn nap(name: &str) -> Value {
    call(name, json!({ "ms": NAP_MS }))
}

fn read(path: &str) -> Value {
    call("nap_reading", json!({ "path": path, "ms": NAP_MS }))
}

fn append(path: &str) -> Value {
    let arguments = json!({ "path": path, "line": path, "ms": NAP_MS });
    call("append_slow", arguments)
}

fn with_clock(grants: Grants) -> Grants {
    Grants {
        clock: true,
        ..grants
    }
}

/// A directory, granted for writing.
fn writable() -> (TempDir, Grants) {
    let home = tempfile::tempdir().unwrap();
    let grants = directory(home.path(), FileAccess::ReadWrite);
    (home, with_clock(grants))
}

/// The results of calls in one turn, in call order.
async fn results(grants: Grants, calls: &[Value]) -> Vec<ToolResult> {
    results_of(grants, calls, |agent| agent).await
}

/// The same of an agent that is described further.
async fn results_of(
    grants: Grants,
    calls: &[Value],
    describe: impl FnOnce(AgentBuilder) -> AgentBuilder,
) -> Vec<ToolResult> {
    let script = json!([{ "calls": calls }, { "text": "done" }]).to_string();
    let settings = [("script", script.as_str())];
    let scripted = Guest::with(
        guests::SCRIPTED,
        Grants::default(),
        Limits::default(),
        &settings,
    );
    let provider = scripted.await.configured.provider("scripted");
    let overlap = Guest::new(guests::OVERLAP, grants).await.configured;
    // Compiled now, so that no call waits for it.
    overlap.plugin().prepare().await.unwrap();
    let agent = Agent::builder(provider, "scripted").tools(overlap.tools());
    let mut run = describe(agent).build().unwrap().run("go");
    let mut results = vec![None; calls.len()];
    while let Some(event) = run.next().await {
        if let RunEvent::ToolCompleted { result, .. } = event {
            let (_, index) = result.call_id.as_str().rsplit_once('-').unwrap();
            let index: usize = index.parse().unwrap();
            results[index] = Some(result);
        }
    }
    results.into_iter().map(Option::unwrap).collect()
}

fn text(result: &ToolResult) -> String {
    result.content.iter().map(Content::to_text).collect()
}

/// When calls of one turn ran, in call order.
async fn spans(grants: Grants, calls: &[Value]) -> Vec<Span> {
    let results = results(grants, calls).await;
    results.iter().map(span).collect()
}

fn span(result: &ToolResult) -> Span {
    let text = text(result);
    let span: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    let at = |name: &str| span[name].as_u64().unwrap();
    Span {
        from: at("from"),
        to: at("to"),
    }
}

/// How many of these ran at the same time at most.
fn most_at_once(spans: &[Span]) -> usize {
    let running = |at: u64| {
        let spans = spans.iter();
        spans.filter(|span| span.from <= at && at < span.to).count()
    };
    let starts = spans.iter().map(|span| span.from);
    starts.map(running).max().unwrap_or(0)
}

/// Calls of one turn all run at once.
async fn check_together(grants: Grants, calls: &[Value]) {
    let spans = spans(grants, calls).await;
    let last_start = spans.iter().map(|span| span.from).max();
    let first_end = spans.iter().map(|span| span.to).min();
    assert!(last_start < first_end, "{calls:?} ran as {spans:?}");
}

/// Calls of one turn run one after the other, in call order.
async fn check_in_order(grants: Grants, calls: &[Value]) {
    let spans = spans(grants, calls).await;
    for pair in spans.windows(2) {
        assert!(pair[0].to <= pair[1].from, "{calls:?} ran as {spans:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_calls_that_read_take_the_time_of_one() {
    let (_home, grants) = writable();
    let calls = vec![nap("nap_safe"); 10];
    let spans = spans(grants, &calls).await;
    let from = spans.iter().map(|span| span.from).min().unwrap();
    let to = spans.iter().map(|span| span.to).max().unwrap();
    println!("ten naps of {NAP_MS} ms took {} µs", to - from);
    // One after the other they take ten times the nap; the room is for a busy machine.
    assert!(to - from < 4 * NAP_MS * 1_000, "{spans:?}");
    let all = spans.iter();
    assert!(all.clone().all(|a| all.clone().all(|b| a.overlaps(*b))));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_writes_to_one_file_run_in_call_order() {
    let (home, grants) = writable();
    let write = |number: usize| {
        let arguments = json!({ "path": "log", "line": number.to_string(), "ms": 5 });
        call("append_slow", arguments)
    };
    let calls: Vec<_> = (0..10).map(write).collect();
    check_in_order(grants, &calls).await;
    let written = fs::read_to_string(home.path().join("log")).unwrap();
    assert_eq!(written, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_to_different_files_overlap() {
    let (_home, grants) = writable();
    check_together(grants, &[append("a"), append("b"), append("c")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spellings_of_one_file_never_overlap() {
    let (home, grants) = writable();
    fs::create_dir(home.path().join("sub")).unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    symlink("file", home.path().join("link")).unwrap();
    symlink("sub", home.path().join("other-sub")).unwrap();
    fs::hard_link(home.path().join("file"), home.path().join("hard")).unwrap();
    let calls = ["file", "sub/../file", "./link", "hard", "other-sub/../file"].map(append);
    check_in_order(grants, &calls).await;
    let written = fs::read_to_string(home.path().join("file")).unwrap();
    assert_eq!(written.lines().count(), 5, "a line is lost: {written}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_file_that_is_not_there_yet_never_overlaps_with_it() {
    let (home, grants) = writable();
    symlink("new", home.path().join("link")).unwrap();
    check_in_order(grants, &[append("link"), append("new")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_never_overlaps_with_writes_below_it() {
    let (home, grants) = writable();
    fs::create_dir_all(home.path().join("sub/deep")).unwrap();
    let calls = [read("sub"), append("sub/deep/file"), read("sub/deep")];
    check_in_order(grants, &calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_left_out_may_be_any() {
    let (_home, grants) = writable();
    let anywhere = nap("nap_reading");
    check_in_order(grants, &[append("file"), anywhere]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_asks_to_be_alone_is() {
    let (_home, grants) = writable();
    let calls = [nap("nap_safe"), nap("nap_alone"), nap("nap_safe")];
    check_in_order(grants, &calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_that_declare_nothing_overlap_where_they_cannot_write() {
    let (home, grants) = writable();
    let naps = [nap("nap_undeclared"), nap("nap_undeclared")];
    check_in_order(grants, &naps).await;
    let grants = directory(home.path(), FileAccess::ReadOnly);
    check_together(with_clock(grants), &naps).await;
    check_together(with_clock(Grants::default()), &naps).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_declares_nothing_waits_for_writes_to_its_directories() {
    let (_home, grants) = writable();
    let calls = [append("file"), nap("nap_undeclared"), read("other")];
    check_in_order(grants, &calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_and_the_plugins_own_names_are_waited_for() {
    let send = |url: &str, queue: &str| {
        let arguments = json!({ "url": url, "queue": queue, "ms": NAP_MS });
        call("nap_sending", arguments)
    };
    let calls = [send("http://x/a", "1"), send("http://x/b", "2")];
    check_together(with_clock(Grants::default()), &calls).await;
    let calls = [send("http://x/a", "1"), send("HTTP://X:80/./a#top", "2")];
    check_in_order(with_clock(Grants::default()), &calls).await;
    let calls = [send("http://x/a", "1"), send("http://x/b", "1")];
    check_in_order(with_clock(Grants::default()), &calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_declared_to_read_cannot_write_whatever_was_granted() {
    let (home, grants) = writable();
    fs::write(home.path().join("file"), "untouched").unwrap();
    let calls = [call("write_as_reader", json!({ "path": "file" }))];
    let results = results(grants, &calls).await;
    assert!(results[0].is_error, "{}", text(&results[0]));
    let left = fs::read_to_string(home.path().join("file")).unwrap();
    assert_eq!(left, "untouched");
}

/// Two writable directories, `.` and `/other`.
fn two_directories(home: &Path) -> Grants {
    let grant = |guest_path: &str, name: &str| {
        let host_path = home.join(name);
        fs::create_dir(&host_path).unwrap();
        DirectoryGrant {
            host_path,
            guest_paths: vec![guest_path.to_owned()],
            access: FileAccess::ReadWrite,
        }
    };
    Grants {
        directories: vec![grant(".", "here"), grant("/other", "other")],
        ..Grants::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_writes_in_the_directories_that_it_declares_and_in_no_other() {
    let home = tempfile::tempdir().unwrap();
    let grants = two_directories(home.path());
    let write = |path: &str, other: &str| {
        let arguments = json!({ "path": path, "other": other });
        call("write_elsewhere", arguments)
    };
    let calls = [
        write("file", "second"),
        write("/other/file", "/other/second"),
        write("file", "/other/third"),
        write("/other/file", "third"),
    ];
    let results = results(grants, &calls).await;
    let refused: Vec<_> = results.iter().map(|result| result.is_error).collect();
    assert_eq!(refused, [false, false, true, true]);
    for name in ["here", "other"] {
        let written = fs::read_dir(home.path().join(name)).unwrap().count();
        assert_eq!(written, 1, "in {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_tells_what_a_call_touches_by_the_hosts_names() {
    let (home, grants) = writable();
    let overlap = Guest::new(guests::OVERLAP, grants).await.configured;
    let tools = overlap.tools();
    let footprint = async |name: &str, arguments: Value| {
        let mut tools = tools.iter();
        let tool = tools.find(|tool| tool.definition().name == name).unwrap();
        tool.footprint(&arguments).await
    };
    let touches = async |name: &str, arguments: Value| match footprint(name, arguments).await {
        Footprint::Resources(touches) => touches,
        Footprint::Everything => panic!("{name} touches everything"),
    };
    let root = fs::canonicalize(home.path()).unwrap();
    let appended = touches("append_slow", json!({ "path": "a/../b" })).await;
    assert_eq!(appended[0].mode, AccessMode::Write);
    assert_eq!(appended[0].resource, Resource::file(root.join("b")));
    let arguments = json!({ "url": "http://x", "queue": "q" });
    let sent = touches("nap_sending", arguments).await;
    let queue = Resource::Named {
        scheme: "overlap/queue".into(),
        name: "q".into(),
    };
    assert_eq!(sent[1].resource, queue);
    let alone = footprint("nap_alone", json!({})).await;
    assert_eq!(alone, Footprint::Everything);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_with_a_limit_of_its_own_never_overlaps_more_often_and_holds_no_other_up() {
    let grants = with_clock(Grants::default());
    let limited = vec![nap("nap_safe"); 6];
    let others = vec![nap("nap_undeclared"); 4];
    let calls = [limited, others].concat();
    let results = results_of(grants, &calls, |agent| agent.tools_at_once("nap_safe", 2)).await;
    let spans: Vec<_> = results.iter().map(span).collect();
    let (limited, others) = spans.split_at(6);
    assert_eq!(most_at_once(limited), 2, "{limited:?}");
    assert_eq!(most_at_once(others), 4, "{others:?}");
    // They come last, and did not wait for the ones before them.
    let second = limited[2].from;
    assert!(others.iter().all(|span| span.from < second), "{spans:?}");
}
