//! A run's context: compression, windows, what is remembered and looked up, and what of it a project
//! that is not trusted may say.

use super::super::{CompressionConfig, Config, EmbeddingModel, RecallConfig, RetrievalConfig};
use super::*;

const EVERYTHING: &str = r#"
[compression]
enabled = false
threshold = 0.8
target = 0.3
recent = 0.05
model = "ollama/qwen3"
pinned = ["the port is 4711"]
[context_windows]
"ollama/*" = 8192
"ollama/qwen3*" = 32_768
[recall]
enabled = false
tokens = 10
results = 1
sessions = false
extract = true
[embedding]
model = "ollama/nomic-embed-text"
[retrieval]
automatic = true
collections = ["docs"]
results = 9
threshold = 0.5
tokens = 100
queries = 3
rerank = true
[memory]
backups = 0
[plugins.calculator]
grants.embeddings = true
"#;

#[test]
fn every_key_is_read() {
    let config = Fixture::new().user(EVERYTHING).config();
    let compression = CompressionConfig {
        enabled: false,
        threshold: 0.8,
        target: 0.3,
        recent: 0.05,
        model: Some("ollama/qwen3".to_owned()),
        pinned: vec!["the port is 4711".to_owned()],
    };
    assert_eq!(config.compression, compression);
    let recall = RecallConfig {
        enabled: false,
        tokens: 10,
        results: 1,
        sessions: false,
        extract: true,
    };
    assert_eq!(config.recall, recall);
    let retrieval = RetrievalConfig {
        automatic: true,
        collections: vec!["docs".to_owned()],
        results: 9,
        threshold: 0.5,
        tokens: 100,
        queries: 3,
        rerank: true,
    };
    assert_eq!(config.retrieval, retrieval);
    let embedding = EmbeddingModel {
        provider: "ollama".to_owned(),
        model: "nomic-embed-text".to_owned(),
    };
    assert_eq!(config.embedding, Some(embedding));
    assert_eq!(config.memory.backups, 0);
    assert!(config.plugins["kb"].grants.embeddings);
    assert!(!config.plugins["fs"].grants.embeddings);
}

#[test]
fn the_default_file_says_what_the_code_falls_back_to() {
    let config = Fixture::new().config();
    assert_eq!(config.compression, CompressionConfig::default());
    assert_eq!(config.recall, RecallConfig::default());
    assert_eq!(config.retrieval, RetrievalConfig::default());
    assert_eq!(config.embedding, None);
    assert_eq!(config.memory.backups, 5);
}

#[test]
fn the_most_exact_pattern_says_how_much_a_model_takes() {
    let pool = "[[pool]]\nmodel = \"openai/gpt-5\"\ncontext_window = 1000\n";
    let config = Fixture::new().user(&format!("{pool}{EVERYTHING}")).config();
    let check = |provider: &str, model: &str, expected: Option<u64>| {
        assert_eq!(config.context_window(provider, model), expected, "{model}");
    };
    check("anthropic", "claude-sonnet-4-5", Some(200_000));
    check("openrouter", "anthropic/claude-sonnet-4.5", Some(200_000));
    check("openai", "gpt-5-mini", Some(400_000));
    check("openai", "gpt-5-chat-latest", Some(128_000));
    check("openai", "gpt-4.1-nano", Some(1_047_576));
    check("openai", "gpt-4o-mini", Some(128_000));
    check("openai", "o3", Some(200_000));
    check("openai", "o3-mini", Some(200_000));
    check("openai", "o4-mini", Some(200_000));
    check("openai", "gpt-5", Some(1000));
    check("ollama", "llama3", Some(8192));
    check("ollama", "qwen3:8b", Some(32_768));
    check("custom", "mine", None);
    check("custom", "o3x", None);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let fixture = Fixture::new().user(
        r#"compression = { threshold = 1.1, target = 1, recent = -0.1, model = "nowhere/x", pinned = [" "], pin = [] }
context_windows = { gpt-5 = 1, "*/x" = 0, "*/y" = "big" }
recall = { tokens = 0, results = -1, extract = "yes" }
embedding = { model = "ollama" }
retrieval = { threshold = 2, queries = 0, collections = "docs" }
memory = { backups = -1 }
plugins.kb.grants.embeddings = 1
"#,
    );
    insta::assert_snapshot!(fixture.error(), @r#"
    the configuration has 18 problems
      ROOT/home/config/loom/config.toml:1: compression.threshold: 1.1 is no share of the window; write 0.92
      ROOT/home/config/loom/config.toml:1: compression.target: 1 is not between 0 and 1; write 0.25
      ROOT/home/config/loom/config.toml:1: compression.recent: -0.1 is not between 0 and 1; write 0.1
      ROOT/home/config/loom/config.toml:1: compression.pinned[0]: it is empty; write what is to be kept, or leave it out
      ROOT/home/config/loom/config.toml:1: compression.pin: unknown key; there are enabled, threshold, target, recent, model, pinned
      ROOT/home/config/loom/config.toml:1: compression.model: there is no provider `nowhere`; write PROVIDER/MODEL with one of anthropic, azure, custom, litellm, llamacpp, lmstudio, ollama, openai, openrouter, rules, vllm
      ROOT/home/config/loom/config.toml:2: context_windows."*/x": 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:2: context_windows."*/y": expected an integer, found a string
      ROOT/home/config/loom/config.toml:2: context_windows.gpt-5: `gpt-5` names no model; write "provider/gpt-5" or "*/gpt-5"
      ROOT/home/config/loom/config.toml:3: recall.tokens: 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:3: recall.results: -1 is too small; at least 1
      ROOT/home/config/loom/config.toml:3: recall.extract: expected true or false, found a string
      ROOT/home/config/loom/config.toml:4: embedding.model: `ollama` names no embedding model; write ollama/MODEL, for example openai/text-embedding-3-small or ollama/nomic-embed-text
      ROOT/home/config/loom/config.toml:5: retrieval.collections: expected a list of strings, found a string
      ROOT/home/config/loom/config.toml:5: retrieval.threshold: 2 is no share of the best score; write 0.5
      ROOT/home/config/loom/config.toml:5: retrieval.queries: 0 is too small; at least 1
      ROOT/home/config/loom/config.toml:6: memory.backups: -1 is too small; at least 0
      ROOT/home/config/loom/config.toml:7: plugins.kb.grants.embeddings: expected true or false, found an integer
    "#);
}

#[test]
fn a_compression_must_get_below_its_threshold() {
    let fixture = Fixture::new().user("compression.threshold = 0.2");
    let error = fixture.error();
    let expected = "compression.target: 0.25 is not below compression.threshold, 0.2";
    assert!(error.contains(expected), "{error}");
    let fixture = Fixture::new().user("compression = { recent = 0.95 }");
    assert!(fixture.error().contains("compression.recent: 0.95"));
    let fixture = Fixture::new().user("compression.recent = 0");
    assert!(fixture.config().compression.recent.abs() < 1e-9);
}

#[test]
fn an_embedding_model_needs_a_provider_that_can_be_reached() {
    let fixture = Fixture::new().user("embedding.model = \"custom/embed\"");
    assert!(fixture.error().contains("set LLM_BASE_URL"));
    let fixture = fixture.variable("LLM_BASE_URL", "http://localhost:1/v1");
    let embedding = fixture.config().embedding;
    assert_eq!(embedding.unwrap().to_string(), "custom/embed");
}

#[test]
fn the_layers_are_shown_with_their_places() {
    let shown = Fixture::new()
        .user("embedding.model = \"ollama/e\"\ncompression.pinned = [\"a\"]")
        .loaded()
        .layers
        .to_toml();
    for line in [
        "[embedding]\nmodel = \"ollama/e\"",
        "pinned = [\"a\"]",
        "\"*/gpt-4.1*\" = 1047576",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let again = Config::from_toml(&shown).unwrap();
    assert_eq!(again.compression.pinned, ["a"]);
}

const LOOSENING: &str = r#"
[compression]
enabled = true
threshold = 0.99
target = 0.9
recent = 0.9
model = "ollama/qwen3"
[context_windows]
"anthropic/claude-*" = 1_000_000
"evil/*" = 10
[recall]
enabled = true
tokens = 100_000
results = 100
sessions = true
extract = true
[embedding]
model = "custom/evil"
[retrieval]
automatic = true
collections = ["private"]
results = 100
threshold = 0.1
tokens = 100_000
queries = 10
rerank = true
[memory]
backups = 0
[plugins.calculator]
grants.embeddings = true
"#;

fn careful() -> Fixture {
    Fixture::new().user(
        "compression = { enabled = false, pinned = [\"mine\"] }\n\
         recall = { enabled = false, sessions = false }\n\
         retrieval = { collections = [\"public\", \"docs\"], threshold = 0.4 }",
    )
}

#[test]
fn an_untrusted_project_sends_nothing_elsewhere_and_raises_nothing() {
    let fixture = careful().project(LOOSENING);
    let (config, plain) = (fixture.config(), careful().config());
    assert_eq!(config.compression, plain.compression);
    assert_eq!(config.context_windows, plain.context_windows);
    assert_eq!(config.recall, plain.recall);
    assert_eq!(config.retrieval, plain.retrieval);
    assert_eq!(config.embedding, None);
    assert_eq!(config.memory.backups, 5);
    assert!(!config.plugins["calculator"].grants.embeddings);
    insta::assert_snapshot!(fixture.warnings(), @"the project ROOT/project is not trusted: compression.enabled, compression.model, compression.recent (it may only lower the limit), compression.target (it may only lower the limit), compression.threshold (it may only lower the limit), context_windows.anthropic/claude-* (it may only lower the window), context_windows.evil/* (it may only lower the window), embedding, memory, plugins.calculator.grants, recall.enabled, recall.extract, recall.results (it may only lower the limit), recall.sessions, recall.tokens (it may only lower the limit), retrieval.automatic, retrieval.collections (it may only take collections away), retrieval.queries (it may only lower the limit), retrieval.rerank, retrieval.results (it may only lower the limit), retrieval.threshold (it may only raise the threshold), retrieval.tokens (it may only lower the limit) of its loom.toml ignored; read it, then `loom config trust`");
}

#[test]
fn an_untrusted_project_may_pin_and_lower_without_a_word() {
    let fixture = careful().project(
        r#"
compression = { enabled = false, threshold = 0.5, target = 0.2, recent = 0.01, pinned = ["its"] }
context_windows = { "anthropic/claude-*" = 100_000, "*/gpt-5*" = 1000 }
recall = { tokens = 10, results = 1, sessions = false, extract = false }
retrieval = { automatic = false, collections = ["docs"], results = 1, threshold = 0.9, tokens = 9, rerank = false }
"#,
    );
    let config = fixture.config();
    assert_eq!(fixture.warnings(), "");
    assert_eq!(config.compression.pinned, ["its", "mine"]);
    assert!((config.compression.threshold - 0.5).abs() < 1e-9);
    let window = |provider, model| config.context_window(provider, model);
    assert_eq!(window("anthropic", "claude-x"), Some(100_000));
    assert_eq!(window("openai", "gpt-5"), Some(1000));
    assert_eq!((config.recall.tokens, config.recall.results), (10, 1));
    assert_eq!(config.retrieval.collections, ["docs"]);
    assert!((config.retrieval.threshold - 0.9).abs() < 1e-9);
    assert_eq!(config.retrieval.tokens, 9);
}

#[test]
fn a_list_of_collections_is_only_made_shorter() {
    let collections = |user: &str, project: &str| {
        let list = |text: &str| format!("retrieval.collections = {text}");
        let fixture = Fixture::new().user(&list(user)).project(&list(project));
        fixture.config().retrieval.collections
    };
    assert_eq!(collections("[]", "[\"a\"]"), ["a"]);
    assert_eq!(collections("[\"a\"]", "[]"), ["a"]);
    assert_eq!(collections("[\"a\"]", "[\"b\"]"), ["a"]);
    assert_eq!(collections("[\"a\", \"b\"]", "[\"b\"]"), ["b"]);
}

#[test]
fn a_trusted_project_says_what_it_wants() {
    let config = careful().project(LOOSENING).trusted();
    let config = config.variable("LLM_BASE_URL", "http://localhost:1/v1");
    let config = config.config();
    assert_eq!(config.retrieval.collections, ["private"]);
    assert_eq!(config.embedding.unwrap().model, "evil");
}
