//! What models write, run by the sandboxed interpreters: stdout and exit status as the native ones gave
//! them. The snippets and their format are in `tests/snippets`. Stderr, values and traceback texts are not
//! compared; whether calls keep their limits is `interpreters::limits`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use loom_tests::interpreters::{BASH, Interpreter, JAVASCRIPT, Language, PYTHON, limits, scratch};
use loom_tests::sandbox::engine;
use loom_types::ToolContext;
use loom_wasm::Grants;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const AT_ONCE: usize = 2;
/// Far more than any of them takes.
const LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, Default, PartialEq, Eq)]
struct Snippet {
    name: String,
    code: String,
    stdin: String,
    stdout: String,
    exit_status: i64,
}

/// Where the next line goes.
#[derive(Clone, Copy)]
enum Part {
    Code,
    Stdin,
    Stdout,
    Nowhere,
}

/// The snippets of a file.
fn parse(text: &str) -> Vec<Snippet> {
    let mut snippets: Vec<Snippet> = Vec::new();
    let mut part = Part::Nowhere;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            let name = name.to_owned();
            snippets.push(Snippet {
                name,
                ..Snippet::default()
            });
            part = Part::Code;
            continue;
        }
        let Some(snippet) = snippets.last_mut() else {
            continue;
        };
        let status = line.strip_prefix("--- exit ").map(str::parse);
        match (line, status) {
            (_, Some(Ok(status))) => {
                snippet.exit_status = status;
                part = Part::Nowhere;
            }
            ("--- stdin", _) => part = Part::Stdin,
            ("--- stdout", _) => part = Part::Stdout,
            _ => snippet.add(part, line),
        }
    }
    snippets
}

impl Snippet {
    fn add(&mut self, part: Part, line: &str) {
        let text = match part {
            Part::Code => &mut self.code,
            Part::Stdin => &mut self.stdin,
            Part::Stdout => &mut self.stdout,
            Part::Nowhere => return,
        };
        text.push_str(line);
        text.push('\n');
    }

    /// What is wrong with a result, if anything.
    fn complaint(&self, result: &Value) -> Option<String> {
        let stdout = result["stdout"].as_str().unwrap_or_default();
        let (actual, expected) = (stdout.trim_end_matches('\n'), self.stdout.trim_end());
        let error = &result["error"];
        let cause = if error.is_null() {
            result["stderr"].as_str().unwrap_or_default().to_owned()
        } else {
            format!("{}: {}", error["type"], error["message"])
        };
        if actual.trim_end() != expected {
            let mut lines = actual.lines().chain(["(nothing)"]);
            let mut wanted = expected.lines().chain(["(nothing)"]);
            let differs = |(actual, expected): &(&str, &str)| actual != expected;
            let (actual, expected) = lines.by_ref().zip(wanted.by_ref()).find(differs)?;
            return Some(format!("prints {actual:?} for {expected:?}; {cause}"));
        }
        let status = &result["exit_status"];
        let as_expected = *status == json!(self.exit_status);
        (!as_expected).then(|| format!("ends with {status} for {}; {cause}", self.exit_status))
    }
}

/// Files of a language.
fn directory(language: Language) -> PathBuf {
    let snippets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snippets");
    snippets.join(language.plugin)
}

fn all(language: Language) -> Vec<Snippet> {
    let files = fs::read_dir(directory(language)).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == "snippets"));
    paths.sort();
    let parsed = |path| parse(&fs::read_to_string(path).unwrap());
    paths.iter().flat_map(parsed).collect()
}

/// Why the snippets fail that are known to.
fn known(language: Language) -> BTreeMap<String, String> {
    let text = fs::read_to_string(directory(language).join("known-failures.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    let pair = |line: &str| {
        let (name, reason) = line.split_once(" — ").expect("name — reason");
        (name.to_owned(), reason.to_owned())
    };
    lines.map(pair).collect()
}

async fn run(interpreter: &Interpreter, snippet: &Snippet) -> Option<String> {
    let mut arguments = json!({ "code": snippet.code });
    if !snippet.stdin.is_empty() {
        arguments["stdin"] = json!(snippet.stdin);
    }
    let context = ToolContext::standalone(LIMIT);
    match interpreter.call(arguments, &context).await {
        Ok(result) => snippet.complaint(&result),
        Err(error) => Some(error.to_string()),
    }
}

/// What is wrong with those that fail, by name.
async fn failures(interpreter: Interpreter, snippets: Vec<Snippet>) -> BTreeMap<String, String> {
    let (interpreter, snippets) = (Arc::new(interpreter), Arc::new(snippets));
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (interpreter, snippets) = (Arc::clone(&interpreter), Arc::clone(&snippets));
        let next = Arc::clone(&next);
        workers.spawn(async move {
            let mut failed = Vec::new();
            while let Some(snippet) = snippets.get(next.fetch_add(1, Ordering::Relaxed)) {
                let complaint = run(&interpreter, snippet).await;
                failed.extend(complaint.map(|complaint| (snippet.name.clone(), complaint)));
            }
            failed
        });
    }
    workers.join_all().await.into_iter().flatten().collect()
}

async fn exactly_the_known_fail(language: Language) {
    let grants = Grants {
        clock: true,
        ..scratch()
    };
    let interpreter = Interpreter::with(&engine(), language, grants, limits(LIMIT)).await;
    let Some(interpreter) = interpreter else {
        return;
    };
    let (snippets, begun) = (all(language), Instant::now());
    let count = snippets.len();
    let failed = failures(interpreter, snippets).await;
    let known = known(language);
    let passed = count - failed.len();
    println!(
        "{}: {passed} of {count} snippets pass, {:.1} %, in {:.0?}",
        language.plugin,
        100.0 * f64::from(u32::try_from(passed).unwrap())
            / f64::from(u32::try_from(count).unwrap()),
        begun.elapsed()
    );
    for (name, complaint) in &failed {
        let reason = known.get(name).map_or("NEW", String::as_str);
        println!("  fails: {name} ({reason}): {complaint}");
    }
    let mended: Vec<&String> = known
        .keys()
        .filter(|name| !failed.contains_key(*name))
        .collect();
    assert!(mended.is_empty(), "pass, though known to fail: {mended:?}");
    let new: Vec<&String> = failed
        .keys()
        .filter(|name| !known.contains_key(*name))
        .collect();
    assert!(new.is_empty(), "fail: {new:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snippets_in_python_print_what_cpython_prints() {
    exactly_the_known_fail(PYTHON).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snippets_in_javascript_print_what_node_prints() {
    exactly_the_known_fail(JAVASCRIPT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snippets_in_bash_print_what_bash_prints() {
    exactly_the_known_fail(BASH).await;
}

#[test]
fn every_language_has_three_hundred_snippets_with_names_of_their_own() {
    for language in [PYTHON, JAVASCRIPT, BASH] {
        let snippets = all(language);
        let mut names: Vec<&String> = snippets.iter().map(|snippet| &snippet.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), snippets.len(), "{}", language.plugin);
        assert!(names.len() >= 300, "{}: {}", language.plugin, names.len());
        let silent = snippets.iter().find(|snippet| snippet.stdout.is_empty());
        assert_eq!(silent, None, "what prints nothing shows nothing");
        let known = known(language);
        let stale = known.keys().find(|name| !names.contains(name));
        assert_eq!(stale, None, "known to fail, and not there");
    }
}

#[test]
fn a_wrong_result_is_told_from_a_right_one() {
    let text =
        "=== one\necho hi\nexit 3\n--- stdin\nin\n--- stdout\nhi\n--- exit 3\n\n=== two\n:\n";
    let [one, two] = &parse(text)[..] else {
        panic!("two snippets");
    };
    assert_eq!(one.code, "echo hi\nexit 3\n");
    assert_eq!((one.stdin.as_str(), one.exit_status), ("in\n", 3));
    assert_eq!((two.name.as_str(), two.stdout.as_str()), ("two", ""));
    let right = json!({"stdout": "hi\n", "exit_status": 3});
    assert_eq!(one.complaint(&right), None);
    for wrong in [
        json!({"stdout": "hi\n", "exit_status": 0}),
        json!({"stdout": "hi\nho\n", "exit_status": 3}),
        json!({"exit_status": 3}),
    ] {
        assert!(one.complaint(&wrong).is_some(), "{wrong}");
    }
}
