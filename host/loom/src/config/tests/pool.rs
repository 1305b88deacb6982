//! Which models answer, and what they cost.

use std::time::Duration;

use loom_types::Price;

use super::super::{DEFAULT_TOML, PoolMember};
use super::*;

const POOL: &str = r#"
model = "ollama/other"

[[pool]]
model = "ollama/qwen3:8b"
priority = 2

[[pool]]
model = "anthropic"
weight = 3
max_concurrent = 8
first_token_timeout = "20s"
idle_timeout = "5s"
price = { input = 3, output = 15.0, cache_read = 0.3 }
context_window = 200_000
"#;

fn names(fixture: &Fixture) -> Vec<String> {
    fixture.config().pool.iter().map(PoolMember::name).collect()
}

#[test]
fn members_are_tried_in_order_of_priority() {
    let fixture = Fixture::new().user(POOL);
    let config = fixture.config();
    let expected = PoolMember {
        weight: 3,
        max_concurrent: Some(8),
        first_token_timeout: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(5),
        price: Some(Price {
            input: 3.0,
            output: 15.0,
            cache_read: Some(0.3),
            cache_write: None,
        }),
        context_window: Some(200_000),
        ..PoolMember::new("anthropic", Some("claude-sonnet-4-5"))
    };
    assert_eq!(config.pool[0], expected);
    assert_eq!(config.pool[1].name(), "ollama/qwen3:8b");
    assert_eq!(config.pool[1].priority, 2);
    assert_eq!(fixture.model(), "anthropic/claude-sonnet-4-5");
    assert_eq!(fixture.warnings(), "");
}

#[test]
fn without_a_pool_the_chosen_model_is_the_only_member() {
    let fixture = Fixture::new().user("model = \"openai/gpt-9\"");
    let only = PoolMember::new("openai", Some("gpt-9"));
    assert_eq!(fixture.config().pool, [only]);
    assert_eq!(names(&Fixture::new()), ["rules/rules"]);
}

#[test]
fn a_model_that_a_later_layer_names_sets_the_pool_aside() {
    let check = |fixture: Fixture, expected: &[&str]| assert_eq!(names(&fixture), expected);
    let user = || Fixture::new().user(POOL);
    let mut option = user();
    option.overrides.model = Some("vllm/a".to_owned());
    check(option, &["vllm/a"]);
    check(user().set("model=vllm/b"), &["vllm/b"]);
    check(user().variable("LOOM_MODEL", "vllm/c"), &["vllm/c"]);
    check(user().variable("LOOM_PROVIDER", "rules"), &["rules/rules"]);
    check(user().project("model = \"vllm/d\""), &["vllm/d"]);
    let profile = format!("{POOL}\n[profiles.fast]\nmodel = \"vllm/e\"");
    let profile = Fixture::new().user(&profile);
    check(profile.variable("LOOM_PROFILE", "fast"), &["vllm/e"]);
}

#[test]
fn a_bare_model_as_an_option_belongs_to_the_provider_of_the_file() {
    let mut fixture = Fixture::new().user(POOL);
    fixture.overrides.model = Some("qwen4".to_owned());
    assert_eq!(names(&fixture), ["ollama/qwen4"]);
}

#[test]
fn the_pool_of_a_later_layer_replaces_the_whole_list() {
    let project = "[[pool]]\nmodel = \"rules\"";
    let fixture = Fixture::new().user(POOL).project(project).trusted();
    assert_eq!(names(&fixture), ["rules/rules"]);
    let fixture = fixture.set("pool=[{ model = \"vllm/x\" }]");
    assert_eq!(names(&fixture), ["vllm/x"]);
    let fixture = fixture.set("pool=[]");
    assert_eq!(names(&fixture), ["ollama/other"]);
}

#[test]
fn the_option_for_the_model_wins_over_a_pool_on_the_command_line() {
    let mut fixture = Fixture::new().set("pool=[{ model = \"vllm/x\" }]");
    fixture.overrides.model = Some("vllm/y".to_owned());
    assert_eq!(names(&fixture), ["vllm/y"]);
}

#[test]
fn members_that_can_not_answer_are_refused_together() {
    let fixture = Fixture::new().user(
        r#"
[[pool]]
model = "opnai/gpt-9"
[[pool]]
priority = 0
[[pool]]
model = "gpt-9"
wieght = 2
[[pool]]
model = "openai"
[[pool]]
model = "openai/gpt-5-mini"
price = { input = -1, cost = "x" }
[[pool]]
model = "azure/mine"
max_concurrent = 5_000_000_000
idle_timeout = 60
[failover]
attempts = 0
hedge = "yes"
[prices]
"gpt-9" = { input = 1, output = 2 }
"openai/*" = { input = nan, output = inf }
"vllm/*" = 3
"#,
    );
    insta::assert_snapshot!(fixture.error(), @r#"
    the configuration has 18 problems
      ROOT/home/config/loom/config.toml:3: pool[0].model: there is no provider `opnai`; did you mean `openai`?
      ROOT/home/config/loom/config.toml:4: pool[1]: the key `model` is missing
      ROOT/home/config/loom/config.toml:5: pool[1].priority: 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:7: pool[2].model: `gpt-9` names no provider; write openai/gpt-9
      ROOT/home/config/loom/config.toml:8: pool[2].wieght: unknown key; did you mean `pool[2].weight`?
      ROOT/home/config/loom/config.toml:12: pool[4].model: `openai/gpt-5-mini` is in the pool twice; raise its weight instead
      ROOT/home/config/loom/config.toml:13: pool[4].price.input: -1 is no amount; write 0 or more
      ROOT/home/config/loom/config.toml:13: pool[4].price: the key `output` is missing
      ROOT/home/config/loom/config.toml:13: pool[4].price.cost: unknown key; there are input, output, cache_read, cache_write
      ROOT/home/config/loom/config.toml:15: providers.azure: the provider has no address; set AZURE_OPENAI_ENDPOINT or providers.azure.base_url
      ROOT/home/config/loom/config.toml:16: pool[5].max_concurrent: 5000000000 is too large
      ROOT/home/config/loom/config.toml:17: pool[5].idle_timeout: expected a duration such as "30s", found an integer
      ROOT/home/config/loom/config.toml:19: failover.attempts: 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:20: failover.hedge: expected true or false, found a string
      ROOT/home/config/loom/config.toml:22: prices.gpt-9: `gpt-9` names no model; write "provider/gpt-9" or "*/gpt-9"
      ROOT/home/config/loom/config.toml:23: prices."openai/*".input: NaN is no amount; write 0 or more
      ROOT/home/config/loom/config.toml:23: prices."openai/*".output: inf is no amount; write 0 or more
      ROOT/home/config/loom/config.toml:24: prices."vllm/*": expected a table, found an integer
    "#);
}

#[test]
fn the_own_price_wins_and_then_the_most_exact_pattern() {
    let config = Fixture::new()
        .user(
            r#"
[prices]
"*" = { input = 1, output = 1 }
"openai/*" = { input = 2, output = 2 }
"openai/gpt-*" = { input = 3, output = 3 }
"openai/gpt-9" = { input = 4, output = 4 }
"vllm/x" = { input = 5, output = 5 }
[[pool]]
model = "vllm/x"
price = { input = 6, output = 6 }
[[pool]]
model = "ollama"
price = { input = 0, output = 0 }
"#,
        )
        .config();
    let check = |provider: &str, model: &str, input: f64| {
        let price = config.price(provider, model).unwrap();
        assert_eq!(price.input, input, "{provider}/{model}");
    };
    check("rules", "rules", 1.0);
    check("openai", "o9", 2.0);
    check("openai", "gpt-8", 3.0);
    check("openai", "gpt-9", 4.0);
    check("vllm", "x", 6.0);
    check("ollama", "whatever", 0.0);
    assert_eq!(Fixture::new().config().price("openai", "gpt-9"), None);
}

#[test]
fn what_is_shown_of_a_pool_can_be_read_again() {
    let fixture = Fixture::new().user(&format!(
        "{POOL}\n[prices]\n\"openai/*\" = {{ input = 1.5, output = 2 }}"
    ));
    let shown = fixture.loaded().layers.to_toml();
    let again = Config::from_toml(&shown).unwrap();
    let config = fixture.config();
    assert_eq!(again.pool, config.pool);
    assert_eq!(again.prices, config.prices);
    let stable = fixture.stable(&shown);
    let end = stable.find("\n\n[agents]").unwrap();
    insta::assert_snapshot!(stable[..end], @r#"
    plugin_dirs = []  # built-in defaults:35

    [[pool]]
    model = "ollama/qwen3:8b"  # ROOT/home/config/loom/config.toml:5
    priority = 2               # ROOT/home/config/loom/config.toml:6

    [[pool]]
    context_window = 200000      # ROOT/home/config/loom/config.toml:15
    first_token_timeout = "20s"  # ROOT/home/config/loom/config.toml:12
    idle_timeout = "5s"          # ROOT/home/config/loom/config.toml:13
    max_concurrent = 8           # ROOT/home/config/loom/config.toml:11
    model = "anthropic"          # ROOT/home/config/loom/config.toml:9
    price.cache_read = 0.3       # ROOT/home/config/loom/config.toml:14
    price.input = 3              # ROOT/home/config/loom/config.toml:14
    price.output = 15.0          # ROOT/home/config/loom/config.toml:14
    weight = 3                   # ROOT/home/config/loom/config.toml:10
    "#);
}

#[test]
fn the_model_of_an_agent_is_a_member_or_stands_alone() {
    let config = Fixture::new().user(POOL).config();
    let own = config.member_for("ollama/qwen3:8b").unwrap();
    assert_eq!(own, config.pool[1]);
    let alone = PoolMember::new("vllm", Some("a/b"));
    assert_eq!(config.member_for("vllm/a/b"), Ok(alone));
    let default = config.member_for("openai").unwrap();
    assert_eq!(default.name(), "openai/gpt-5-mini");
    let bare = config.member_for("claude-opus").unwrap();
    assert_eq!(bare.name(), "anthropic/claude-opus");
    for bad in ["", "nobody/x", "vllm/"] {
        assert!(config.member_for(bad).is_err(), "{bad}");
    }
    let offline = Fixture::new().config();
    let error = offline.member_for("gpt-9").unwrap_err();
    assert!(error.contains("write PROVIDER/MODEL"), "{error}");
}

/// What the default file writes behind `# ` from a line on, up to the next line without `# `.
fn example(first: &str) -> String {
    let lines = DEFAULT_TOML.lines().skip_while(|line| *line != first);
    let lines = lines.map_while(|line| line.strip_prefix('#'));
    lines.map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn the_examples_in_the_default_file_can_be_used() {
    let config = Fixture::new().user(&example("# [[pool]]")).config();
    assert_eq!(config.pool.len(), 2);
    let first = &config.pool[0];
    let defaults = PoolMember::new("anthropic", Some("claude-sonnet-4-5"));
    assert_eq!(first.first_token_timeout, defaults.first_token_timeout);
    assert_eq!(first.idle_timeout, defaults.idle_timeout);
    assert_eq!((first.priority, first.weight), (1, 1));
    let prices = DEFAULT_TOML.lines().filter(|it| it.starts_with("# \""));
    let prices: Vec<_> = prices.map(|it| &it[2..]).collect();
    let text = format!("[prices]\n{}", prices.join("\n"));
    let config = Fixture::new().user(&text).config();
    assert_eq!(config.prices.len(), 2);
}
