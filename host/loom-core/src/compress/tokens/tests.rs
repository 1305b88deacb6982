//! Counts, their memory, and their correction.

use std::sync::Arc;

use super::*;

/// The counts of two other implementations, `bpe-openai` and `tiktoken`.
#[test]
fn families_count_as_their_own_tokenizers_do() {
    let text = "नमस्ते, the migration's step_17 failed: ledger::Entry { id: 9041 }";
    let count = |model| Tokenizer::for_model(model).count(text);
    assert_eq!(count("gpt-4o"), 23);
    assert_eq!(count("gpt-4"), 25);
}

#[test]
fn a_model_is_known_with_and_without_its_provider_and_version() {
    for model in [
        "gpt-4",
        "openai/gpt-4-turbo",
        "gpt-4-0613",
        "azure/gpt-35-turbo",
        "GPT-3.5-turbo",
    ] {
        assert_eq!(Tokenizer::for_model(model).0, Vocabulary::Cl100k, "{model}");
    }
    for model in [
        "gpt-4o-mini",
        "openai/gpt-4.1",
        "gpt-4.5-preview",
        "gpt-5",
        "o3",
        "chatgpt-4o-latest",
        "claude-sonnet-4-5",
        "llama3",
        "",
    ] {
        assert_eq!(Tokenizer::for_model(model).0, Vocabulary::O200k, "{model}");
    }
}

#[test]
fn no_text_is_too_odd_to_be_counted() {
    let tokenizer = Tokenizer::for_model("gpt-4o");
    for text in [
        " ",
        "\n",
        "\u{3000}",
        "\t ",
        "a",
        "é",
        "0",
        "/",
        "<|endoftext|>",
    ] {
        let long = text.repeat(300_000 / text.len());
        let tokens = tokenizer.count(&long);
        assert!(
            tokens > 0 && tokens <= long.len() as u64,
            "{text:?}: {tokens}"
        );
    }
    assert_eq!(tokenizer.count(""), 0);
    assert_eq!(
        tokenizer.count("    fn"),
        tokenizer.count("   ") + tokenizer.count(" fn")
    );
}

#[test]
fn a_message_is_counted_once_as_long_as_it_lives() {
    let mut counter = Counter::new(Tokenizer::for_model("gpt-4o"));
    let long = Arc::new(Message::user("one two three ".repeat(200)));
    let tokens = counter.message(&long);
    assert_eq!(tokens, counter.message(&long));
    assert_eq!(counter.counts.len(), 1);
    for n in 0..5_000 {
        let short = Arc::new(Message::user(format!("{n}")));
        assert!(counter.message(&short) < 10, "a place that was used again");
    }
    assert!(counter.counts.len() < 3_000, "the dead are forgotten");
    assert_eq!(tokens, counter.message(&long));
}

#[test]
fn counts_are_corrected_by_what_the_provider_reports() {
    let mut calibration = Calibration::new();
    assert_eq!(calibration.apply(1_000), 1_000);
    calibration.saw(1_000, 1_200);
    assert_eq!(calibration.apply(1_000), 1_200);
    calibration.saw(1_000, 1_000);
    assert_eq!(calibration.apply(1_000), 1_140);
    let before = calibration;
    calibration.saw(1_000, 0);
    calibration.saw(10, 500);
    assert_eq!(calibration, before, "no report, and one of almost nothing");
}

#[test]
fn a_server_that_reports_nonsense_is_believed_within_bounds() {
    let mut calibration = Calibration::new();
    for _ in 0..50 {
        calibration.saw(100, u64::MAX);
    }
    assert_eq!(calibration.apply(100), 300);
    for _ in 0..50 {
        calibration.saw(100_000, 1);
    }
    assert!((50..=51).contains(&calibration.apply(100)));
}

#[test]
fn what_fits_by_our_count_fits_by_the_providers() {
    for (counted, reported) in [(1_000, 1_371), (997, 1_003), (4_096, 3_333)] {
        let mut calibration = Calibration::new();
        calibration.saw(counted, reported);
        for limit in [1, 99, 8_191, 127_999] {
            let most = calibration.counted(limit);
            assert!(calibration.apply(most) <= limit + 1, "{limit}: {most}");
        }
    }
}

#[test]
fn tools_cost_what_the_model_reads_of_them() {
    let tokenizer = Tokenizer::for_model("gpt-4o");
    let schema = serde_json::json!({"type": "object"});
    let short = Arc::new(ToolDefinition::new("run", "Runs it", schema.clone()));
    let long = Arc::new(ToolDefinition::new("run", "Runs it ".repeat(50), schema));
    assert_eq!(tokenizer.tools(&[]), 0);
    let both = tokenizer.tools(&[Arc::clone(&short), Arc::clone(&long)]);
    let one = tokenizer.tools(&[short]);
    assert_eq!(both, one + tokenizer.tools(&[long]));
    assert!(both > 2 * one + 90);
}
