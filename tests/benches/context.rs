//! What keeping a conversation within its window costs, the model's time apart, and what it leaves of
//! real conversations. The bound that Loom holds itself to is 100 ms at 200,000 tokens.
//!
//! `.ci/datasets; cargo bench -p loom-tests --bench context`

#![expect(clippy::print_stdout, reason = "figures are for a person")]

use std::time::Duration;

use loom_tests::datasets::{self, Session};
use loom_tests::retention::Retention;
use loom_types::{Message, Role};

const TOKENS: u64 = 200_000;
const TRIES: usize = 20;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        overhead().await;
        conversations().await;
    });
}

/// The host's part of a compaction of so many tokens, in a conversation and in one long tool loop.
async fn overhead() {
    let conversation = Session {
        id: "talk".to_owned(),
        messages: talk(),
    };
    for with_model in [true, false] {
        let mut times: Vec<Duration> = Vec::new();
        let mut tokens = 0;
        for _ in 0..TRIES {
            let measured = Retention::measure(&conversation, with_model).await;
            let measured = measured.expect("a long conversation is compressed");
            tokens = measured.told.before_tokens;
            times.push(measured.host_time());
        }
        times.sort();
        let (median, worst) = (times[TRIES / 2], times[TRIES - 1]);
        let how = if with_model {
            "a model's summary"
        } else {
            "the host's own rules"
        };
        println!("{how}: {tokens} tokens, median {median:?}, worst {worst:?} of {TRIES}");
    }
}

/// A conversation of about [`TOKENS`] tokens, different words in each message.
fn talk() -> Vec<Message> {
    let mut seed = 1_u64;
    let mut word = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        WORDS[usize::try_from(seed >> 40).unwrap_or(0) % WORDS.len()]
    };
    let mut messages = Vec::new();
    let mut tokens = 0;
    while tokens < TOKENS {
        let words: Vec<_> = (0..400).map(|_| word()).collect();
        // These words have a token each.
        tokens += 400;
        let role = if messages.len() % 2 == 0 {
            Role::User
        } else {
            Role::Assistant
        };
        let text = format!("Step {}: {}.", messages.len(), words.join(" "));
        messages.push(match role {
            Role::User => Message::user(text),
            _ => Message::assistant(text),
        });
    }
    messages
}

const WORDS: [&str; 24] = [
    "the", "file", "test", "error", "line", "build", "value", "reads", "server", "client", "index",
    "table", "query", "result", "column", "before", "after", "while", "never", "always", "should",
    "number", "name", "path",
];

async fn conversations() {
    let sessions = match datasets::sessions() {
        Ok(sessions) => sessions,
        Err(problem) => return println!("no real conversations: {problem:#}"),
    };
    println!("\nsession messages before after reduction pins request summarized");
    for with_model in [true, false] {
        for session in &sessions {
            let Ok(measured) = Retention::measure(session, with_model).await else {
                continue;
            };
            println!(
                "{:<24} {:>5} {:>7} {:>6} {:>5.1} % {}/{} {} {}",
                measured.session,
                measured.messages,
                measured.told.before_tokens,
                measured.told.after_tokens,
                100.0 * measured.told.reduction(),
                measured.pins_kept,
                measured.pins,
                measured.request_kept,
                measured.is_summarized(),
            );
        }
    }
}
