//! The programs in `examples/`, run as a person runs them.
//!
//! `cargo test --workspace` builds them beside this test; no cargo is started from here, as it would
//! build Loom a second time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program printed, run in a project with one large file.
fn run(example: &str, arguments: &[&str]) -> String {
    let home = crate::home();
    home.write("large.txt", &"tea ".repeat(100));
    let directories = tempfile::tempdir().unwrap();

    let mut command = Command::new(executable(example));
    command.args(arguments).current_dir(home.project());
    for variable in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env(variable, directories.path().join(variable));
    }
    command.env("XDG_CACHE_HOME", concat!(env!("OUT_DIR"), "/cache"));
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (printed, complaint) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{example}: {printed}\n{complaint}");
    assert_eq!(complaint, "", "{example} complained");
    printed
}

fn executable(example: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join(example);
    let path = path.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        path.is_file(),
        "{} is not built; run cargo test --workspace, or cargo build -p loom-examples --examples",
        path.display()
    );
    path
}

#[test]
fn the_ten_lines_answer_a_question_about_real_files() {
    let here = run("quickstart", &[]);
    assert!(here.contains("large.txt (400 bytes)"), "{here}");
    assert!(here.contains("src/main.rs ("), "{here}");

    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("other.txt"), "coffee").unwrap();
    let there = run("quickstart", &[elsewhere.path().to_str().unwrap()]);
    assert!(there.contains("other.txt (6 bytes)"), "{there}");
    assert!(!there.contains("large.txt"), "{there}");
}

#[test]
fn a_native_tool_changes_the_programs_own_state() {
    let printed = run("native_tool", &[]);
    assert!(
        printed.contains("> sell 2 teapots\nSold. 5 teapots are left."),
        "{printed}"
    );
    assert!(printed.contains("there are only 5 teapots"), "{printed}");
    assert!(
        printed.contains(r#"{"cups": 28, "teapots": 5}"#),
        "{printed}"
    );
}

#[test]
fn a_provider_dropped_into_a_directory_answers() {
    let printed = run("custom_provider", &["good morning"]);
    assert_eq!(printed, "GOOD MORNING!!!\n");
}

#[test]
fn events_stream_from_the_start_of_a_run_to_its_end() {
    let printed = run("streaming", &[]);
    let position = |text: &str| {
        let found = printed.find(text);
        found.unwrap_or_else(|| panic!("{text} is missing in\n{printed}"))
    };
    let order = [
        "rules/rules starts session",
        "turn 1\n",
        "→ glob {",
        "✓ glob in",
        "turn 1 took",
        "turn 2\n",
        "large.txt (400 bytes)",
        "ended after",
    ];
    let positions: Vec<usize> = order.into_iter().map(position).collect();
    assert!(positions.is_sorted(), "{positions:?} in\n{printed}");
}

#[test]
fn a_run_is_held_to_what_its_program_says() {
    let printed = run("control", &[]);
    for line in [
        "throw_away: error (permission): the person said no: we may need it",
        "task: There are 7 books.",
        "> water the plants first",
        "The plants are watered, the shelf is tidy.",
        "2 runs, 1 of a sub-agent, 1 call in it",
        "4 tool calls, 1 failed; 5 turns",
    ] {
        assert!(printed.contains(line), "{line} is missing in\n{printed}");
    }
    assert!(!printed.contains("gone"), "{printed}");
}

#[test]
fn what_is_remembered_and_looked_up_is_beside_the_question() {
    let printed = run("memory", &[]);
    for line in [
        "memory found [m",
        "library found [care] in care.txt",
        "> With vinegar [care], on Mondays.",
        "cited: care",
        "found in 1 session, forked at message",
    ] {
        assert!(printed.contains(line), "{line} is missing in\n{printed}");
    }
}

#[test]
fn a_thousand_agents_at_once_are_all_right() {
    let printed = run("many_agents", &[]);
    assert!(
        printed.starts_with("1000 of 1000 agents were right after "),
        "{printed}"
    );
}

#[test]
fn code_that_a_model_wrote_makes_numbers_and_a_chart_of_a_table() {
    if loom_builtins::MISSING
        .iter()
        .any(|missing| missing.name == "python")
    {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let printed = run("data_analysis", &[directory.path().to_str().unwrap()]);
    assert!(printed.contains("6 months, 16197.50 in all"), "{printed}");
    let chart = fs::read_to_string(directory.path().join("revenue.svg")).unwrap();
    assert_eq!(chart.matches("<rect ").count(), 6, "{chart}");
}
