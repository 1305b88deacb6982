//! Which provider and model a run uses.

use super::*;

fn check(fixture: &Fixture, model: &str) {
    assert_eq!(fixture.model(), model);
}

fn with_option(model: &str) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.overrides.model = Some(model.to_owned());
    fixture
}

#[test]
fn the_option_names_provider_and_model() {
    check(&with_option("ollama/qwen3:8b"), "ollama/qwen3:8b");
    check(
        &with_option("openrouter/meta/llama"),
        "openrouter/meta/llama",
    );
    check(&with_option("openai"), "openai/gpt-5-mini");
    check(&with_option("ollama"), "ollama");
}

#[test]
fn a_bare_model_belongs_to_the_provider_that_would_be_used() {
    check(
        &with_option("gpt-9").variable("OPENAI_API_KEY", "k"),
        "openai/gpt-9",
    );
    check(
        &with_option("qwen3").user("model = \"ollama/other\""),
        "ollama/qwen3",
    );
    check(
        &with_option("x").variable("LOOM_PROVIDER", "vllm"),
        "vllm/x",
    );
}

#[test]
fn a_bare_model_without_a_provider_is_refused_with_the_likely_one() {
    let check = |model: &str, hint: &str| {
        let error = with_option(model).error();
        assert!(error.contains(hint), "{error}");
    };
    check("gpt-5", "write openai/gpt-5");
    check("claude-opus", "write anthropic/claude-opus");
    check("opnai/gpt-5", "did you mean `openai`?");
    check("meta/llama", "there is no provider `meta`");
    check("openai/", "no model after the slash");
    check(" ", "the model is empty");
}

#[test]
fn the_order_of_precedence_holds() {
    let fixture = Fixture::new();
    check(&fixture, "rules/rules");
    let fixture = fixture
        .variable("AZURE_OPENAI_API_KEY", "k")
        .variable("AZURE_OPENAI_ENDPOINT", "https://x.openai.azure.com");
    check(&fixture, "azure");
    let fixture = fixture.variable("OPENAI_API_KEY", "k");
    check(&fixture, "openai/gpt-5-mini");
    let fixture = fixture.variable("ANTHROPIC_API_KEY", "k");
    check(&fixture, "anthropic/claude-sonnet-4-5");
    let fixture = fixture
        .variable("LLM_BASE_URL", "http://localhost:9/v1")
        .variable("LLM_MODEL", "m");
    check(&fixture, "custom/m");
    let fixture = fixture.user("model = \"rules\"");
    check(&fixture, "rules/rules");
    let fixture = fixture.variable("LOOM_MODEL", "ollama/a");
    check(&fixture, "ollama/a");
    let mut fixture = fixture.set("model=vllm/b");
    check(&fixture, "vllm/b");
    fixture.overrides.model = Some("lmstudio/c".to_owned());
    check(&fixture, "lmstudio/c");
}

#[test]
fn behind_the_provider_variable_a_model_may_contain_slashes() {
    let with = |model: &str| {
        Fixture::new()
            .variable("LOOM_PROVIDER", "openrouter")
            .variable("LOOM_MODEL", model)
    };
    check(&with("openai/gpt-9"), "openrouter/openai/gpt-9");
    check(&with("openrouter/auto"), "openrouter/auto");
    check(
        &Fixture::new().variable("LOOM_PROVIDER", "anthropic"),
        "anthropic/claude-sonnet-4-5",
    );
}

#[test]
fn empty_variables_count_as_unset() {
    let fixture = Fixture::new()
        .variable("OPENAI_API_KEY", "")
        .variable("LOOM_MODEL", " ");
    check(&fixture, "rules/rules");
}

#[test]
fn a_half_prepared_environment_is_said_once_and_only_where_it_matters() {
    let fixture = Fixture::new().variable("LLM_MODEL", "m");
    check(&fixture, "rules/rules");
    insta::assert_snapshot!(fixture.warnings(), @"LLM_MODEL is set but LLM_BASE_URL is not, so the provider `custom` is not used");
    let fixture = fixture.variable("LOOM_PROVIDER", "rules");
    assert_eq!(fixture.warnings(), "");
}

#[test]
fn a_provider_without_its_address_is_refused() {
    let error = Fixture::new().variable("LOOM_PROVIDER", "azure").error();
    assert!(error.contains("set AZURE_OPENAI_ENDPOINT"), "{error}");
}

#[test]
fn the_address_of_the_environment_wins_over_files_and_not_over_options() {
    let fixture = Fixture::new()
        .user("providers.openai.base_url = \"https://file.example\"")
        .variable("OPENAI_BASE_URL", "http://variable.example:8080/v1 ");
    let provider = &fixture.config().providers["openai"];
    assert_eq!(
        provider.base_url.as_deref(),
        Some("http://variable.example:8080/v1")
    );
    assert_eq!(provider.grants.network, ["http://variable.example:8080"]);
    assert_eq!(
        provider.grants.secrets["api-key"].hosts,
        ["http://variable.example:8080"]
    );
    let fixture = fixture.set("providers.openai.base_url=\"http://option.example\"");
    let provider = &fixture.config().providers["openai"];
    assert_eq!(provider.base_url.as_deref(), Some("http://option.example"));
}

#[test]
fn settings_of_a_provider_carry_its_address_and_model() {
    let config = Fixture::new()
        .user("[providers.mine]\nplugin = \"openai\"\nbase_url = \"http://h/v1\"\nmodel = \"m\"\nconfig = { azure = true }")
        .config();
    let settings = serde_json::Value::Object(config.providers["mine"].settings());
    let expected = serde_json::json!({ "azure": true, "base_url": "http://h/v1", "model": "m" });
    assert_eq!(settings, expected);
}
