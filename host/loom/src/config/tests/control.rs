//! What keeps a run in bounds: budgets, permissions, sub-agents, reminders, telemetry.

use std::time::Duration;

use loom_types::{PermissionMode, Usd};

use super::super::{AgentsConfig, BudgetConfig, FailoverConfig, RemindersConfig, TelemetryConfig};
use super::*;

#[test]
fn every_key_is_read() {
    let config = Fixture::new()
        .user(
            r#"
[failover]
attempts = 3
hedge = true
[limits]
repeated_failures = 2
[budget]
tokens = 200_000
usd = 1.50
turns = 200
tool_calls = 100
[permissions]
mode = "read-only"
allow = ["write_file(src/**)", "grep"]
ask = ["http_request(https://*.example.com)"]
deny = ["*"]
[agents]
enabled = false
depth = 1
timeout = "90s"
turns = 5
directories = ["mine", "~/agents"]
[reminders]
enabled = false
disabled = ["stale-todos"]
[telemetry]
otlp_endpoint = "http://localhost:4318"
content = true
[tools]
at_once = { run_bash = 2 }
todo = false
"#,
        )
        .config();
    assert_eq!(config.failover.attempts, Some(3));
    assert!(config.failover.hedge);
    assert_eq!(config.limits.repeated_failures, 2);
    assert_eq!(config.budget.tokens, Some(200_000));
    assert_eq!(config.budget.usd, Usd::from_dollars(1.5));
    assert_eq!(config.budget.tool_calls, Some(100));
    assert_eq!(config.budget.turns, Some(200));
    let permissions = &config.permissions;
    assert_eq!(permissions.mode, PermissionMode::ReadOnly);
    assert_eq!(permissions.allow, ["write_file(src/**)", "grep"]);
    assert_eq!(permissions.ask, ["http_request(https://*.example.com)"]);
    assert_eq!(permissions.deny, ["*"]);
    assert!(!config.agents.enabled);
    assert_eq!((config.agents.depth, config.agents.turns), (1, 5));
    assert_eq!(config.agents.timeout, Duration::from_secs(90));
    assert!(!config.reminders.enabled);
    assert_eq!(config.reminders.disabled, ["stale-todos"]);
    let endpoint = config.telemetry.otlp_endpoint.as_deref();
    assert_eq!(endpoint, Some("http://localhost:4318"));
    assert!(config.telemetry.content);
    assert_eq!(config.tools.at_once["run_bash"], 2);
    assert!(!config.tools.todo);
}

#[test]
fn the_default_file_says_what_the_code_falls_back_to() {
    let config = Fixture::new().config();
    let core = loom_core::Limits::default();
    assert_eq!(config.limits.repeated_failures, core.repeated_failures);
    assert_eq!(config.failover, FailoverConfig::default());
    assert_eq!(config.budget, BudgetConfig::default());
    assert_eq!(config.reminders, RemindersConfig::default());
    assert_eq!(config.telemetry, TelemetryConfig::default());
    assert_eq!(config.permissions.mode, PermissionMode::default());
    assert!(config.permissions.allow.is_empty());
    let agents = AgentsConfig {
        directories: config.agents.directories.clone(),
        ..AgentsConfig::default()
    };
    assert_eq!(config.agents, agents);
    assert!(config.tools.todo);
    assert!(config.prices.is_empty());
}

#[test]
fn every_key_that_exists_is_in_the_default_file() {
    let documented = |key: &str| {
        let line = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{key} = "))
        };
        super::super::DEFAULT_TOML.lines().any(line)
    };
    for key in [
        "attempts",
        "hedge",
        "repeated_failures",
        "tokens",
        "usd",
        "turns",
        "tool_calls",
        "mode",
        "allow",
        "ask",
        "deny",
        "enabled",
        "depth",
        "timeout",
        "turns",
        "directories",
        "disabled",
        "otlp_endpoint",
        "content",
        "at_once",
        "todo",
        "priority",
        "weight",
        "max_concurrent",
        "first_token_timeout",
        "idle_timeout",
        "price",
        "context_window",
    ] {
        assert!(documented(key), "{key}");
    }
}

#[test]
fn wrong_values_say_what_is_expected() {
    let fixture = Fixture::new().user(
        r#"
budget = { tokens = 0, usd = -1.5, tool_calls = "many", tool_call = 1 }
permissions = { mode = "yolo", allow = ["write_file(src", "(x)", "a b", "x()"], deny = "x" }
agents = { enabled = 1, depth = 0, timeout = "5", directories = ["$nowhere"] }
reminders = { disabled = ["stale-todo", "x"] }
telemetry = { otlp_endpoint = "localhost:4317", content = "no" }
tools = { at_once = { run_bash = 0, "a.b" = "x" }, todo = 0 }
"#,
    );
    insta::assert_snapshot!(fixture.error(), @r#"
    the configuration has 21 problems
      ROOT/home/config/loom/config.toml:2: budget.usd: it must be more than zero
      ROOT/home/config/loom/config.toml:2: budget.tokens: 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:2: budget.tool_calls: expected an integer, found a string
      ROOT/home/config/loom/config.toml:2: budget.tool_call: unknown key; did you mean `budget.tool_calls`?
      ROOT/home/config/loom/config.toml:3: permissions.mode: `yolo` is no mode; there are ask, auto, read-only, deny
      ROOT/home/config/loom/config.toml:3: permissions.allow[0]: `write_file(src` is not a rule: the last sign must be `)`; right are for example `write_file`, `write_file(src/**)`, `http_request(https://api.example.com)` and `run(command=git *)`
      ROOT/home/config/loom/config.toml:3: permissions.allow[1]: `(x)` is not a rule: it has no tool; right are for example `write_file`, `write_file(src/**)`, `http_request(https://api.example.com)` and `run(command=git *)`
      ROOT/home/config/loom/config.toml:3: permissions.allow[2]: `a b` is not a rule: a tool's name has no spaces and no `)`; right are for example `write_file`, `write_file(src/**)`, `http_request(https://api.example.com)` and `run(command=git *)`
      ROOT/home/config/loom/config.toml:3: permissions.allow[3]: `x()` is not a rule: there is nothing between the parentheses; leave them out to mean every call; right are for example `write_file`, `write_file(src/**)`, `http_request(https://api.example.com)` and `run(command=git *)`
      ROOT/home/config/loom/config.toml:3: permissions.deny: expected a list of strings, found a string
      ROOT/home/config/loom/config.toml:4: agents.enabled: expected true or false, found an integer
      ROOT/home/config/loom/config.toml:4: agents.depth: 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:4: agents.timeout: `5` has no unit; write 5s for seconds
      ROOT/home/config/loom/config.toml:4: agents.directories[0]: `$nowhere` is not known; there are $workspace, $memory, $data and $cache
      ROOT/home/config/loom/config.toml:5: reminders.disabled[0]: there is no rule `stale-todo`; did you mean "stale-todos"?
      ROOT/home/config/loom/config.toml:5: reminders.disabled[1]: there is no rule `x`; there are context, compression, errors, repetition, stale-todos, budget
      ROOT/home/config/loom/config.toml:6: telemetry.otlp_endpoint: `localhost:4317` has no scheme; write http://host:port/path or https://…
      ROOT/home/config/loom/config.toml:6: telemetry.content: expected true or false, found a string
      ROOT/home/config/loom/config.toml:7: tools.at_once."a.b": expected an integer, found a string
      ROOT/home/config/loom/config.toml:7: tools.at_once.run_bash: 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:7: tools.todo: expected true or false, found an integer
    "#);
    let error = Fixture::new().set("permissions.mode=readonly").error();
    assert!(error.contains("did you mean \"read-only\"?"), "{error}");
    assert!(
        Fixture::new()
            .set("budget.usd=0")
            .error()
            .contains("more than zero")
    );
    let error = Fixture::new().set("limits.repeated_failures=1").error();
    assert!(error.contains("1 is too small; at least 2"), "{error}");
}

#[test]
fn options_win() {
    let mut fixture = Fixture::new()
        .user("budget = { tokens = 5, usd = 2 }\npermissions.mode = \"auto\"")
        .set("budget.tool_calls=7")
        .set("budget.tokens=6");
    let config = fixture.config();
    assert_eq!(config.budget.tokens, Some(6));
    assert_eq!(config.budget.tool_calls, Some(7));
    fixture.overrides.max_tokens = Some(8);
    fixture.overrides.max_budget = Usd::from_dollars(0.25);
    fixture.overrides.permission_mode = Some(PermissionMode::Deny);
    let config = fixture.config();
    assert_eq!(config.budget.tokens, Some(8));
    assert_eq!(config.budget.usd, Usd::from_dollars(0.25));
    assert_eq!(config.permissions.mode, PermissionMode::Deny);
    let shown = fixture.loaded().layers.to_toml();
    assert!(shown.contains("# --max-budget-usd"), "{shown}");
}

#[test]
fn agents_are_looked_for_in_the_project_then_the_users_directory_then_elsewhere() {
    let fixture = Fixture::new().user("agents.directories = [\"mine\"]");
    let config = fixture.config();
    let places = fixture.places();
    let directories = &config.agents.directories;
    let paths: Vec<_> = directories.iter().map(|it| it.path.clone()).collect();
    let workspace = places.workspace;
    let expected = [
        workspace.join(".loom/agents"),
        workspace.join(".claude/agents"),
        places.config.join("agents"),
        places.config.join("mine"),
    ];
    assert_eq!(paths, expected);
    let trusted: Vec<_> = directories.iter().map(|it| it.trusted).collect();
    assert_eq!(trusted, [false, false, true, true]);
}

#[test]
fn the_variable_of_opentelemetry_names_the_collector() {
    const NAME: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let fixture = Fixture::new()
        .user("telemetry.otlp_endpoint = \"http://file:4318\"")
        .variable(NAME, "https://collector.example/base");
    let endpoint = |fixture: &Fixture| fixture.config().telemetry.otlp_endpoint.unwrap();
    assert_eq!(endpoint(&fixture), "https://collector.example/base");
    let fixture = fixture.set("telemetry.otlp_endpoint=\"http://option:4318\"");
    assert_eq!(endpoint(&fixture), "http://option:4318");

    let fixture = Fixture::new().variable(NAME, "localhost:4317");
    assert_eq!(fixture.config().telemetry.otlp_endpoint, None);
    insta::assert_snapshot!(fixture.warnings(), @"OTEL_EXPORTER_OTLP_ENDPOINT is not used: `localhost:4317` has no scheme; write http://host:port/path or https://…");
}
