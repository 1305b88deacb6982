//! What can be typed.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use clap::CommandFactory as _;

use super::*;

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split_whitespace())
}

fn run_options(line: &str) -> (run::RunArguments, Global) {
    let arguments = parse(line).unwrap();
    match arguments.verb {
        Verb::Run(run) => (run, arguments.global),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definition_holds_together() {
    Arguments::command().debug_assert();
}

#[test]
fn global_options_stand_before_or_behind_the_verb() {
    for line in ["loom -C /x -c a=1 run hi", "loom run -C /x -c a=1 hi"] {
        let (_, global) = run_options(line);
        let overrides = global.overrides();
        assert_eq!(overrides.working_directory, Some("/x".into()), "{line}");
        assert_eq!(overrides.set, ["a=1"], "{line}");
    }
}

#[test]
fn options_of_an_agent_become_overrides() {
    let (run, global) = run_options(
        "loom run -m openai/x --allowed-tools read_*,grep --disallowed-tools a --disallowed-tools b \
         --max-turns 3 --timeout 90s --max-tokens 1000 --max-budget-usd 0.50 --permissions read-only \
         --ephemeral --add-dir /a --add-dir /b --plugin-dir /p hi",
    );
    let overrides = run.agent.overrides(&global);
    assert_eq!(overrides.model.as_deref(), Some("openai/x"));
    assert_eq!(overrides.allowed_tools.unwrap(), ["read_*", "grep"]);
    assert_eq!(overrides.disallowed_tools, ["a", "b"]);
    assert_eq!(overrides.max_turns, Some(3));
    assert_eq!(overrides.wall_time, Some(Duration::from_secs(90)));
    assert_eq!(overrides.max_tokens, Some(1000));
    assert_eq!(overrides.max_budget, Usd::from_dollars(0.5));
    assert_eq!(overrides.permission_mode, Some(PermissionMode::ReadOnly));
    assert_eq!(overrides.additional_directories.len(), 2);
    assert_eq!(overrides.plugin_dirs.len(), 1);
    assert!(overrides.ephemeral);
}

#[test]
fn nonsense_is_refused_before_anything_starts() {
    for line in [
        "loom",
        "loom fly",
        "loom run --max-turns 0 hi",
        "loom run --timeout 90 hi",
        "loom run --max-tokens 0 hi",
        "loom run --max-budget-usd 0 hi",
        "loom run --max-budget-usd nan hi",
        "loom run --permissions yolo hi",
        "loom agent show",
        "loom run --session ../x hi",
        "loom run --session a --resume=b hi",
        "loom run -q -v hi",
        "loom run two words",
        "loom tool call",
        "loom session delete",
        "loom session export x --format pdf",
        "loom config show --default --json",
    ] {
        let error = parse(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn version_and_help_are_no_errors() {
    for line in ["loom --version", "loom --help", "loom run --help"] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 0, "{line}");
    }
}

#[test]
fn only_run_with_json_puts_errors_on_stdout() {
    assert!(parse("loom run --json hi").unwrap().writes_json());
    assert!(!parse("loom run hi").unwrap().writes_json());
    assert!(!parse("loom tool list --json").unwrap().writes_json());
}

#[test]
fn ids_of_sessions_are_safe_as_file_names() {
    for good in ["a", "0198c2d4-aa", "my_session.1"] {
        assert!(session_id(good).is_ok(), "{good}");
    }
    let long = "x".repeat(129);
    for bad in [
        "", ".", "..", ".hidden", "-x", "a/b", "a b", "é", "a\n", &long,
    ] {
        assert!(session_id(bad).is_err(), "{bad:?}");
    }
}
