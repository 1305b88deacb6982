//! What the three interpreters have in common: the same arguments, the same form of result, the same
//! sessions. Each is asked in its own language.

use std::fs;

use loom_tests::interpreters::{
    BASH, Interpreter, JAVASCRIPT, LANGUAGES, Language, PYTHON, limits, scratch,
};
use loom_tests::sandbox::{directory, engine};
use loom_types::ToolContext;
use loom_wasm::{FileAccess, Grants};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A language's way to say what all can say.
struct Dialect {
    language: Language,
    prints: &'static str,
    fails: &'static str,
    sets: &'static str,
    gets: &'static str,
    changes: &'static str,
    copies_stdin: &'static str,
    writes: &'static str,
}

const DIALECTS: [Dialect; 3] = [
    Dialect {
        language: PYTHON,
        prints: "print('grüße')\nimport sys\nprint('aside', file=sys.stderr)",
        fails: "print('before')\nmissing_name",
        sets: "x = 41",
        gets: "print(x)",
        changes: "x = 0",
        copies_stdin: "import sys\nsys.stdout.write(sys.stdin.read())",
        writes: "open('PLACE', 'w').write('made')",
    },
    Dialect {
        language: JAVASCRIPT,
        prints: "console.log('grüße'); console.error('aside')",
        fails: "console.log('before'); missing_name",
        sets: "let x = 41",
        gets: "console.log(x)",
        changes: "x = 0",
        copies_stdin: "process.stdout.write(require('fs').readFileSync(0, 'utf8'))",
        writes: "require('fs').writeFileSync('PLACE', 'made')",
    },
    Dialect {
        language: BASH,
        prints: "echo grüße; echo aside >&2",
        fails: "echo before; missing_name",
        sets: "x=41",
        gets: "echo $x",
        changes: "x=0",
        copies_stdin: "cat",
        writes: "printf made > 'PLACE'",
    },
];

async fn interpreter(dialect: &Dialect, grants: Grants) -> Option<Interpreter> {
    Interpreter::with(&engine(), dialect.language, grants, limits(PATIENCE)).await
}

fn context() -> ToolContext {
    ToolContext::standalone(PATIENCE)
}

fn session(code: &str) -> Value {
    json!({ "code": code, "session": "a" })
}

#[tokio::test]
async fn output_and_errors_of_the_code_are_results() {
    for dialect in &DIALECTS {
        let Some(interpreter) = interpreter(dialect, scratch()).await else {
            continue;
        };
        let name = dialect.language.plugin;
        let printed = json!({ "code": dialect.prints });
        let printed = interpreter.call(printed, &context()).await.unwrap();
        assert_eq!(printed["stdout"], "grüße\n", "{name}: {printed}");
        assert_eq!(printed["stderr"], "aside\n", "{name}: {printed}");
        assert_eq!(printed["exit_status"], 0, "{name}: {printed}");
        let failed = json!({ "code": dialect.fails });
        let failed = interpreter.call(failed, &context()).await.unwrap();
        assert_eq!(failed["stdout"], "before\n", "{name}: {failed}");
        assert_ne!(failed["exit_status"], 0, "{name}: {failed}");
        assert!(
            failed.to_string().contains("missing_name"),
            "{name}: {failed}"
        );
    }
}

#[tokio::test]
async fn input_comes_as_text_and_as_files_and_files_go_back() {
    for dialect in &DIALECTS {
        let Some(interpreter) = interpreter(dialect, scratch()).await else {
            continue;
        };
        let name = dialect.language.plugin;
        let copied = json!({ "code": dialect.copies_stdin, "stdin": "one\ntwo\n" });
        let copied = interpreter.call(copied, &context()).await.unwrap();
        assert_eq!(copied["stdout"], "one\ntwo\n", "{name}: {copied}");
        let files =
            json!({ "inputs": { "deep/in.txt": "given" }, "outputs": ["*.txt", "deep/*.txt"] });
        let written = json!({ "code": dialect.writes.replace("PLACE", "out.txt"), "files": files });
        let written = interpreter.call(written, &context()).await.unwrap();
        let outputs: Vec<&str> = written["outputs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|output| output["path"].as_str())
            .collect();
        assert!(outputs.contains(&"out.txt"), "{name}: {written}");
        assert!(outputs.contains(&"deep/in.txt"), "{name}: {written}");
    }
}

#[tokio::test]
async fn a_session_keeps_variables_and_another_does_not_see_them() {
    for dialect in &DIALECTS {
        let Some(interpreter) = interpreter(dialect, scratch()).await else {
            continue;
        };
        let (name, mine) = (dialect.language.plugin, context());
        interpreter
            .call(session(dialect.sets), &mine)
            .await
            .unwrap();
        let seen = interpreter
            .call(session(dialect.gets), &mine)
            .await
            .unwrap();
        assert_eq!(seen["stdout"], "41\n", "{name}: {seen}");
        let conversation = interpreter
            .call(session(dialect.gets), &context())
            .await
            .unwrap();
        assert_ne!(conversation["stdout"], "41\n", "{name}: {conversation}");
        let fresh = json!({ "code": dialect.gets });
        let fresh = interpreter.call(fresh, &mine).await.unwrap();
        assert_ne!(fresh["stdout"], "41\n", "{name}: {fresh}");
    }
}

#[tokio::test]
async fn a_snapshot_is_gone_back_to_and_a_reset_forgets() {
    for dialect in &DIALECTS {
        let Some(interpreter) = interpreter(dialect, scratch()).await else {
            continue;
        };
        let (name, mine) = (dialect.language.plugin, context());
        let kept = json!({ "code": dialect.sets, "session": "a", "snapshot": "good" });
        interpreter.call(kept, &mine).await.unwrap();
        interpreter
            .call(session(dialect.changes), &mine)
            .await
            .unwrap();
        let back = json!({ "code": dialect.gets, "session": "a", "reset": "good" });
        let back = interpreter.call(back, &mine).await.unwrap();
        assert_eq!(back["stdout"], "41\n", "{name}: {back}");
        let anew = json!({ "code": dialect.gets, "session": "a", "reset": true });
        let anew = interpreter.call(anew, &mine).await.unwrap();
        assert_ne!(anew["stdout"], "41\n", "{name}: {anew}");
    }
}

#[tokio::test]
async fn what_is_granted_for_reading_is_not_written() {
    for dialect in &DIALECTS {
        let project = tempfile::tempdir().unwrap();
        let path = project.path().canonicalize().unwrap();
        let mut grants = directory(&path, FileAccess::ReadOnly);
        let own = path.to_string_lossy().into_owned();
        grants.directories[0].guest_paths.push(own);
        grants.scratch = scratch().scratch;
        let Some(interpreter) = interpreter(dialect, grants).await else {
            continue;
        };
        let name = dialect.language.plugin;
        let place = path.join("planted.txt");
        let code = dialect.writes.replace("PLACE", &place.to_string_lossy());
        let result = interpreter
            .call(json!({ "code": code }), &context())
            .await
            .unwrap();
        assert_ne!(result["exit_status"], 0, "{name}: {result}");
        assert!(
            fs::read_dir(&path).unwrap().next().is_none(),
            "{name}: {result}"
        );
    }
}

#[tokio::test]
async fn a_project_at_the_place_of_the_scratch_directory_makes_way() {
    for dialect in &DIALECTS {
        let project = tempfile::tempdir().unwrap();
        let mut grants = directory(project.path(), FileAccess::ReadWrite);
        grants.directories[0].guest_paths.push("/work".to_owned());
        grants.scratch = scratch().scratch;
        let Some(interpreter) = interpreter(dialect, grants).await else {
            continue;
        };
        let name = dialect.language.plugin;
        for (place, is_in_the_project) in [("/work/a", false), ("/granted/work/b", true)] {
            let code = dialect.writes.replace("PLACE", place);
            let written = interpreter.call(json!({ "code": code }), &context()).await;
            let written = written.unwrap();
            assert_eq!(written["exit_status"], 0, "{name} {place}: {written}");
            let file = project.path().join(&place[place.len() - 1..]);
            assert_eq!(file.exists(), is_in_the_project, "{name} {place}");
        }
    }
}

#[tokio::test]
async fn wrong_arguments_are_errors_that_say_what_is_wrong() {
    for language in LANGUAGES {
        let grants = scratch();
        let Some(interpreter) =
            Interpreter::with(&engine(), language, grants, limits(PATIENCE)).await
        else {
            continue;
        };
        for arguments in [
            json!({ "code": language.trivial, "session": "../up" }),
            json!({ "code": language.trivial, "session": "a", "reset": "none-such" }),
            json!({ "code": language.trivial, "files": { "inputs": { "../up.txt": "x" } } }),
            json!({ "code": language.trivial, "timeout_ms": 0 }),
        ] {
            let result = interpreter.call(arguments.clone(), &context()).await;
            let error = result.expect_err(&format!("{} {arguments}", language.plugin));
            assert!(!error.message.is_empty());
        }
    }
}
