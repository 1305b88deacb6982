//! Which layer wins.

use std::time::Duration;

use super::super::{Overrides, PluginLimits};
use super::*;

#[test]
fn the_defaults_alone_work_offline() {
    let fixture = Fixture::new();
    let config = fixture.config();
    assert_eq!(fixture.model(), "rules/rules");
    assert_eq!(config.limits.turns, 50);
    assert_eq!(config.limits.tools_at_once, 10);
    assert_eq!(config.limits.tool_timeout, Duration::from_secs(120));
    assert_eq!(config.limits.wall_time, None);
    assert_eq!(config.memory.plugin, "memory-file");
    assert_eq!(
        config.memory.directory,
        fixture.places().data.join("loom/sessions")
    );
    assert_eq!(fixture.warnings(), "");
}

#[test]
fn later_layers_win() {
    let fixture = Fixture::new()
        .user("limits.turns = 40\nlimits.output_tokens = 7\n[profiles.p]\nlimits.turns = 20")
        .project("limits.turns = 30");
    assert_eq!(fixture.config().limits.turns, 30);
    let fixture = fixture.variable("LOOM_PROFILE", "p");
    assert_eq!(fixture.config().limits.turns, 20);
    let mut fixture = fixture.set("limits.turns=10");
    assert_eq!(fixture.config().limits.turns, 10);
    fixture.overrides.max_turns = Some(5);
    assert_eq!(fixture.config().limits.turns, 5);
    assert_eq!(fixture.config().limits.output_tokens, Some(7));
}

#[test]
fn the_profile_option_wins_over_the_variable() {
    let mut fixture = Fixture::new()
        .user("profiles.a.limits.turns = 1\nprofiles.b.limits.turns = 2")
        .variable("LOOM_PROFILE", "a");
    fixture.overrides.profile = Some("b".to_owned());
    assert_eq!(fixture.config().limits.turns, 2);
}

#[test]
fn the_file_that_loom_config_names_is_the_users() {
    let fixture = Fixture::new().user("limits.turns = 1");
    let other = fixture.root.path().join("other.toml");
    fs::write(&other, "limits.turns = 2").unwrap();
    let fixture = fixture.variable("LOOM_CONFIG", other.to_str().unwrap());
    assert_eq!(fixture.config().limits.turns, 2);
}

#[test]
fn a_project_is_found_upwards() {
    let fixture = Fixture::new().project("limits.turns = 3");
    let deep = fixture.workspace().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    let loaded = load(Sources {
        places: Places::below(&fixture.root.path().join("home"), deep),
        environment: Vec::new(),
        overrides: &Overrides::default(),
    });
    assert_eq!(loaded.unwrap().config.limits.turns, 3);
}

#[test]
fn a_setting_without_quotes_is_a_string() {
    let fixture = Fixture::new()
        .set("limits.wall_time=90s")
        .set("instructions = be \"brief\" = always")
        .set("tools.disallowed=[\"http_request\"]")
        .set("plugins.\"odd name\".enabled=false");
    let config = fixture.config();
    assert_eq!(config.limits.wall_time, Some(Duration::from_secs(90)));
    assert_eq!(config.instructions.unwrap(), "be \"brief\" = always");
    assert_eq!(config.tools.disallowed, ["http_request"]);
    assert!(!config.plugins["odd name"].enabled);
}

#[test]
fn options_add_to_lists_and_replace_what_is_allowed() {
    let mut fixture = Fixture::new()
        .user("plugin_dirs = [\"mine\"]\ntools = { allowed = [\"read_*\"], disallowed = [\"a\"] }");
    let extra = fixture.root.path().join("extra");
    fs::create_dir(&extra).unwrap();
    fixture.overrides = Overrides {
        allowed_tools: Some(vec!["grep".to_owned()]),
        disallowed_tools: vec!["b".to_owned()],
        plugin_dirs: vec![extra.clone()],
        additional_directories: vec![extra.clone(), extra.clone()],
        ephemeral: true,
        ..Overrides::default()
    };
    let config = fixture.config();
    assert_eq!(config.tools.allowed, ["grep"]);
    assert_eq!(config.tools.disallowed, ["a", "b"]);
    assert_eq!(config.additional_directories, vec![extra.clone()]);
    let places = fixture.places();
    let directories: Vec<_> = config.plugin_dirs.iter().map(|it| &it.path).collect();
    assert_eq!(
        directories,
        [
            &places.config.join("plugins"),
            &places.workspace.join(".loom/plugins"),
            &places.config.join("mine"),
            &extra,
        ]
    );
    assert!(config.ephemeral);
    assert_eq!(config.memory.plugin, "memory-ram");
}

#[test]
fn limits_of_plugins_are_read_key_by_key() {
    let config = Fixture::new()
        .user("plugins.fs.limits = { memory = \"1GiB\", output = 2048 }")
        .config();
    let expected = PluginLimits {
        memory_bytes: 1 << 30,
        output_bytes: 2048,
        ..PluginLimits::default()
    };
    assert_eq!(config.plugins["fs"].limits, expected);
    let provider = &config.providers["openai"];
    assert_eq!(provider.limits.time, Duration::from_secs(600));
}

#[test]
fn an_embedder_needs_no_files() {
    let config = Config::from_toml("model = \"ollama/qwen3:8b\"\nlimits.turns = 2").unwrap();
    assert_eq!(config.provider, "ollama");
    assert_eq!(config.model.as_deref(), Some("qwen3:8b"));
    assert_eq!(config.limits.turns, 2);
    assert_eq!(Config::default().provider, "rules");
    assert!(Config::from_toml("model = 1").is_err());
}

#[test]
fn an_embedder_names_the_directory_that_tools_work_in() {
    let directory = tempfile::tempdir().unwrap();
    let expected = directory.path().canonicalize().unwrap();
    let config = Config::in_directory(directory.path(), "limits.turns = 2").unwrap();
    assert_eq!(config.working_directory, expected);
    assert_eq!(config.plugins["fs"].grants.files[0].path, expected);
    assert_eq!(config.limits.turns, 2);

    let missing = directory.path().join("missing");
    let error = Config::in_directory(&missing, "").unwrap_err().to_string();
    assert!(error.contains(&*missing.to_string_lossy()), "{error}");
}

#[test]
fn what_is_shown_says_where_it_comes_from_and_can_be_read_again() {
    let fixture = Fixture::new()
        .user(
            "[limits]\nturns = 3\n[plugins.\"a b\".config]\nwhen = 2024-01-01\nlist = [1.5, true]",
        )
        .set("model=openai/gpt-9");
    let shown = fixture.loaded().layers.to_toml();
    let stable = fixture.stable(&shown);
    for line in [
        "model = \"openai/gpt-9\"  # -c model=openai/gpt-9",
        "# ROOT/home/config/loom/config.toml:2",
        "grants.clock = true  # built-in defaults:",
        "[plugins.\"a b\"]",
    ] {
        assert!(stable.contains(line), "{line} is missing in\n{stable}");
    }
    let again = Config::from_toml(&shown).unwrap();
    let config = fixture.config();
    assert_eq!(again.plugins["a b"], config.plugins["a b"]);
    assert_eq!(again.providers, config.providers);
    assert_eq!(again.limits, config.limits);
}

#[test]
fn the_code_and_the_default_file_agree() {
    let config = Fixture::new().config();
    let commented = super::super::DEFAULT_TOML
        .lines()
        .find_map(|line| line.strip_prefix("# limits = "))
        .unwrap();
    let text = format!("plugins.x.limits = {commented}");
    let spelled_out = Fixture::new().user(&text).config();
    assert_eq!(spelled_out.plugins["x"].limits, PluginLimits::default());
    assert_eq!(config.plugins["fs"].limits, PluginLimits::default());
}
