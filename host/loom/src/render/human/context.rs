//! What people are told of the context of a run: that it was made smaller, and what was found for it.

use loom_types::{Compressed, CompressionMethod, CompressionReason, Source};

use super::super::text::{duration, one_line, plural, rounded};

/// Sources that are named; more are counted.
const SHOWN: usize = 5;

/// `compressed 184k → 46k tokens (75 %), 12 messages kept, 90 summarized`.
pub(super) fn compressed(compressed: &Compressed, verbose: bool) -> String {
    let (before, after) = (compressed.before_tokens, compressed.after_tokens);
    let mut parts = vec![
        format!(
            "compressed {} → {} tokens ({:.0} %)",
            rounded(before),
            rounded(after),
            compressed.reduction().max(0.0) * 100.0
        ),
        format!(
            "{} kept",
            plural(number(compressed.kept_messages), "message")
        ),
    ];
    if compressed.summarized_messages > 0 {
        let how = match compressed.method {
            CompressionMethod::Fallback => " by rules, for no model gave a usable summary",
            _ => "",
        };
        parts.push(format!(
            "{} summarized{how}",
            compressed.summarized_messages
        ));
    }
    if compressed.shortened_results > 0 {
        let results = plural(number(compressed.shortened_results), "result");
        parts.push(format!("{results} shortened"));
    }
    if compressed.pinned > 0 {
        parts.push(format!("{} pinned", compressed.pinned));
    }
    if verbose {
        parts.push(details(compressed));
    }
    parts.join(", ")
}

fn details(compressed: &Compressed) -> String {
    let why = match compressed.reason {
        CompressionReason::Threshold => "the threshold was reached",
        CompressionReason::Overflow => "the model said that it is too long",
        CompressionReason::Request => "on request",
    };
    let mut text = format!("{why}, {} here", duration(compressed.host_time));
    if !compressed.model_time.is_zero() {
        text.push_str(&format!(
            ", {} of the model",
            duration(compressed.model_time)
        ));
    }
    if compressed.generation > 1 {
        text.push_str(&format!(
            ", compression {} of this session",
            compressed.generation
        ));
    }
    text
}

/// `3 passages from kb, 1.2k tokens: [guide#2] Guide, [notes#1] notes.md`.
pub(super) fn retrieved(retriever: &str, sources: &[Source], tokens: u64) -> String {
    if sources.is_empty() {
        return format!("nothing found in {retriever}");
    }
    let count = plural(number(sources.len()), "passage");
    let mut text = format!("{count} from {retriever}, {} tokens: ", rounded(tokens));
    let named: Vec<_> = sources.iter().take(SHOWN).map(source).collect();
    text.push_str(&named.join(", "));
    if let more @ 1.. = sources.len().saturating_sub(SHOWN) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// `[guide#2] Guide`.
pub(super) fn source(source: &Source) -> String {
    let name = source.title.as_deref().unwrap_or(&source.source);
    format!("[{}] {}", source.id, one_line(name, 60))
}

fn number(count: usize) -> u64 {
    count.try_into().unwrap_or(u64::MAX)
}
