//! What is said of a wrong configuration.

use super::*;

#[test]
fn all_problems_of_all_layers_are_reported_together() {
    let mut fixture = Fixture::new()
        .user(
            "modle = \"x\"\n\n[limits]\nturns = \"many\"\ntool_timeout = \"5\"\n\
             [plugins.fs]\ngrants.files = [{ path = \"$home/x\", access = \"all\" }, 3]\n",
        )
        .project("limits.turns = 3\ncompletely_unknown = 1\n[provider.x]\n")
        .set("limits.turn=5")
        .set("nonsense");
    fixture.overrides.profile = Some("fast".to_owned());
    insta::assert_snapshot!(fixture.error(), @r#"
    the configuration has 10 problems
      ROOT/home/config/loom/config.toml:1: modle: unknown key; did you mean `model`?
      ROOT/home/config/loom/config.toml:4: limits.turns: expected an integer, found a string
      ROOT/home/config/loom/config.toml:5: limits.tool_timeout: `5` has no unit; write 5s for seconds
      ROOT/home/config/loom/config.toml:7: plugins.fs.grants.files[1]: expected a table, found an integer
      ROOT/home/config/loom/config.toml:7: plugins.fs.grants.files[0].access: `all` is no kind of access; write "read-only" or "read-write"
      ROOT/project/loom.toml:2: completely_unknown: unknown key; there are model, instructions, plugin_dirs, limits, tools, pool, prices, failover, budget, permissions, agents, reminders, telemetry, context_windows, compression, recall, embedding, retrieval, workspace, memory, sandbox, providers, plugins, profiles
      ROOT/project/loom.toml:3: provider: unknown key; did you mean `providers`?
      --profile: there is no profile `fast`; write one as [profiles.NAME] into the configuration
      -c nonsense: write it as key=value, for example -c limits.turns=5
      -c limits.turn=5: limits.turn: unknown key; did you mean `limits.turns`?
    "#);
}

#[test]
fn a_value_that_another_layer_hides_is_still_refused() {
    let error = Fixture::new()
        .user("limits.turns = true")
        .set("limits.turns=5")
        .error();
    insta::assert_snapshot!(error, @r"
    the configuration has a problem
      ROOT/home/config/loom/config.toml:1: limits.turns: expected an integer, found a boolean
    ");
}

#[test]
fn wrong_types_say_what_is_expected() {
    let fixture = Fixture::new().user(
        r#"
model = 1
plugin_dirs = "x"
limits = 5
tools.allowed = ["ok", 2, "sp ace", ""]
memory.directory = ["x"]
providers.p = { plugin = true, base_url = "localhost:80", api_key_env = 1 }
plugins.a.enabled = "yes"
plugins.a.limits = { memory = "lots", time = 5, output = -1, host_calls = 0 }
plugins.a.grants = { network = ["example.com"], clock = 1, environment = { TZ = 1 } }
plugins.b.grants.secrets = { k = { env = "K", hosts = ["*"] }, l = { env = "L" } }
plugins.c.grants.files = [{ path = "x" }]
plugins.d = "off"
"#,
    );
    insta::assert_snapshot!(fixture.error(), @r#"
    the configuration has 22 problems
      ROOT/home/config/loom/config.toml:2: model: expected a string, found an integer
      ROOT/home/config/loom/config.toml:3: plugin_dirs: expected a list of strings, found a string
      ROOT/home/config/loom/config.toml:4: limits: expected a table, found an integer
      ROOT/home/config/loom/config.toml:5: tools.allowed[1]: expected a string, found an integer
      ROOT/home/config/loom/config.toml:5: tools.allowed[2]: `sp ace` can't match a tool; write a name such as "read_file" or a pattern such as "read_*"
      ROOT/home/config/loom/config.toml:5: tools.allowed[3]: `` can't match a tool; write a name such as "read_file" or a pattern such as "read_*"
      ROOT/home/config/loom/config.toml:6: memory.directory: expected a string, found a list
      ROOT/home/config/loom/config.toml:7: providers.p.plugin: expected a string, found a boolean
      ROOT/home/config/loom/config.toml:7: providers.p.api_key_env: expected a string, found an integer
      ROOT/home/config/loom/config.toml:7: providers.p.base_url: `localhost:80` has no scheme; write http://host:port/path or https://…
      ROOT/home/config/loom/config.toml:8: plugins.a.enabled: expected true or false, found a string
      ROOT/home/config/loom/config.toml:9: plugins.a.limits.memory: `lots` is not a size; write 64KiB, 16MiB or 1GiB
      ROOT/home/config/loom/config.toml:9: plugins.a.limits.time: expected a duration such as "30s", found an integer
      ROOT/home/config/loom/config.toml:9: plugins.a.limits.output: -1 is too small; at least 1
      ROOT/home/config/loom/config.toml:9: plugins.a.limits.host_calls: 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:10: plugins.a.grants.network[0]: `example.com` has no scheme; write https://api.example.com, https://*.example.com or *
      ROOT/home/config/loom/config.toml:10: plugins.a.grants.environment.TZ: expected a string, found an integer
      ROOT/home/config/loom/config.toml:10: plugins.a.grants.clock: expected true or false, found an integer
      ROOT/home/config/loom/config.toml:11: plugins.b.grants.secrets.k.hosts[0]: a secret is bound to hosts by name, `*` would send it anywhere
      ROOT/home/config/loom/config.toml:11: plugins.b.grants.secrets.l: the key `hosts` is missing
      ROOT/home/config/loom/config.toml:12: plugins.c.grants.files[0]: the key `access` is missing
      ROOT/home/config/loom/config.toml:13: plugins.d: expected a table, found a string
    "#);
}

#[test]
fn paths_that_mean_nothing_are_refused() {
    let fixture = Fixture::new().user(
        r#"
plugin_dirs = ["$nowhere/x", "~other/x", ""]
workspace.additional_directories = ["missing"]
memory.directory = "$memory/x"
"#,
    );
    insta::assert_snapshot!(fixture.error(), @r"
    the configuration has 5 problems
      ROOT/home/config/loom/config.toml:2: plugin_dirs[0]: `$nowhere` is not known; there are $workspace, $memory, $data and $cache
      ROOT/home/config/loom/config.toml:2: plugin_dirs[1]: `~other` is not supported; write ~ or the whole path
      ROOT/home/config/loom/config.toml:2: plugin_dirs[2]: the path is empty; write . for the directory of this file
      ROOT/home/config/loom/config.toml:3: workspace.additional_directories[0]: there is no directory ROOT/home/config/loom/missing
      ROOT/home/config/loom/config.toml:4: memory.directory: `$memory` is not known here
    ");
}

#[test]
fn syntax_errors_have_a_line_and_do_not_hide_the_rest() {
    let fixture = Fixture::new()
        .user("limits.turns = 3\nx = = 1\n[unclosed\n")
        .project("limits.turns = 99999999999999999999");
    insta::assert_snapshot!(fixture.error(), @r"
    the configuration has 4 problems
      ROOT/home/config/loom/config.toml:2: not valid TOML: extra `=`, expected nothing
      ROOT/home/config/loom/config.toml:2: not valid TOML: unexpected key or value, expected newline, `#`
      ROOT/home/config/loom/config.toml:3: not valid TOML: unclosed table, expected `]`
      ROOT/project/loom.toml:1: the number 99999999999999999999 does not fit into 64 bits
    ");
}

#[test]
fn a_missing_provider_plugin_and_a_missing_file_are_named() {
    let fixture = Fixture::new()
        .user("[providers.mine]\nbase_url = \"http://h\"")
        .variable("LOOM_PROVIDER", "ollma");
    insta::assert_snapshot!(fixture.error(), @r#"
    the configuration has 2 problems
      environment variable LOOM_PROVIDER: there is no provider `ollma`; did you mean `ollama`?
      ROOT/home/config/loom/config.toml:1: providers.mine: the key `plugin` is missing; write plugin = "openai"
    "#);
    let fixture = Fixture::new();
    let missing = fixture.workspace().join("nope.toml");
    let fixture = fixture.variable("LOOM_CONFIG", missing.to_str().unwrap());
    insta::assert_snapshot!(fixture.error(), @r"
    the configuration has a problem
      environment variable LOOM_CONFIG: there is no file ROOT/project/nope.toml
    ");
}

#[test]
fn a_mistyped_variable_is_a_warning() {
    let fixture = Fixture::new()
        .variable("LOOM_MODLE", "x")
        .variable("LOOM_SOMETHING_ELSE", "x");
    insta::assert_snapshot!(fixture.warnings(), @"LOOM_MODLE is not a variable that Loom reads; did you mean LOOM_MODEL?");
}

#[test]
fn a_file_that_is_not_text_is_refused_and_a_byte_order_mark_is_not() {
    let fixture = Fixture::new().user("\u{feff}limits.turns = 4");
    assert_eq!(fixture.config().limits.turns, 4);
    fs::write(fixture.places().config.join("config.toml"), [0xff, 0xfe]).unwrap();
    assert!(fixture.error().contains("it can't be read"));
}

#[test]
fn unicode_and_depth_do_no_harm() {
    let deep = format!(
        "plugins.x.config.a = {}{}",
        "[".repeat(400),
        "]".repeat(400)
    );
    let _ = Fixture::new().user(&deep).try_load();
    let keys = vec!["ключ"; 300].join(".");
    let _ = Fixture::new().user(&format!("{keys} = 1")).try_load();
    let error = Fixture::new().user("\"лимит 🎉\" = 1").error();
    assert!(error.contains("\"лимит 🎉\": unknown key"), "{error}");
}
