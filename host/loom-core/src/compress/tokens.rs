//! How many tokens a question has: a real tokenizer per model family, what a message costs beside its
//! text, counts that are kept, and the correction by what the provider reports. What is done about too
//! many tokens must not be here.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use loom_types::{Blob, Content, Message, Part, Reasoning, ToolCall, ToolDefinition, ToolResult};

/// Role and separators of a message (OpenAI's cookbook, "How to count tokens with tiktoken": 3, and 1
/// for a name).
const MESSAGE_TOKENS: u64 = 4;
/// Id and syntax of a call or of a result.
const CALL_TOKENS: u64 = 8;
/// Syntax around a tool's definition (the same cookbook: 7 for a function, 3 for each property).
const DEFINITION_TOKENS: u64 = 8;
/// The largest that an image costs in the usual APIs (Anthropic: 1,568 pixels on the long side are
/// about 1,600; OpenAI's high detail at 1,024 pixels is 765). Its size in pixels is not known here.
const IMAGE_TOKENS: u64 = 1_600;
/// The vocabulary's pattern looks back over blanks one by one, and its engine panics after some hundred
/// thousand. Each further piece may count one token more.
const MAX_BLANKS: usize = 10_000;
/// Bytes of a provider's opaque state to a token: it is base64, which no vocabulary packs well.
const STATE_BYTES_PER_TOKEN: u64 = 2;

/// Counts the tokens of texts as a family of models does.
///
/// `o200k_base` for gpt-4o, gpt-4.1, gpt-4.5, gpt-5, gpt-oss and the o-series; `cl100k_base` for the
/// other gpt-4 and gpt-3.5; for all other models `o200k_base` is an approximation (their vocabularies
/// are not public or not small), which is corrected by the provider's own counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokenizer(Vocabulary);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vocabulary {
    O200k,
    Cl100k,
}

impl Tokenizer {
    /// The tokenizer of a model, named with or without its provider (`openai/gpt-4o`). The vocabulary
    /// is loaded when the first text is counted.
    #[must_use]
    pub fn for_model(model: &str) -> Self {
        let model = model.to_ascii_lowercase();
        let name = model.rsplit('/').next().unwrap_or(&model);
        let old_gpt = ["gpt-4", "gpt-3.5", "gpt-35"]
            .iter()
            .any(|family| name.starts_with(family));
        let newer = ["gpt-4o", "gpt-4.1", "gpt-4.5"]
            .iter()
            .any(|family| name.starts_with(family));
        Self(if old_gpt && !newer {
            Vocabulary::Cl100k
        } else {
            Vocabulary::O200k
        })
    }

    /// Tokens of a text. Special tokens in it count as the text that they are.
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        let encoder = match self.0 {
            Vocabulary::O200k => tiktoken_rs::o200k_base_singleton(),
            Vocabulary::Cl100k => tiktoken_rs::cl100k_base_singleton(),
        };
        let pieces = without_long_blanks(text).into_iter();
        pieces
            .map(|piece| encoder.count_ordinary(piece) as u64)
            .sum()
    }

    /// Tokens of a message with what is around its text.
    pub(crate) fn message(&self, message: &Message) -> u64 {
        let parts = message.parts.iter().map(|part| self.part(part));
        MESSAGE_TOKENS + parts.sum::<u64>()
    }

    /// No message has more tokens than this. Loads no vocabulary: these are byte-level, so that a token is
    /// at least a byte.
    pub(crate) fn at_most(message: &Message) -> u64 {
        let parts = message.parts.iter().map(|part| match part {
            Part::Text { text } => text.len() as u64,
            Part::Image { .. } => IMAGE_TOKENS,
            Part::ToolCall(call) => CALL_TOKENS + (call.name.len() + call.arguments.len()) as u64,
            Part::ToolResult(result) => {
                let content = result.content.iter();
                CALL_TOKENS
                    + content
                        .map(|c| c.size_bytes() as u64 + IMAGE_TOKENS)
                        .sum::<u64>()
            }
            Part::Reasoning(reasoning) => {
                let state = reasoning.provider_state.as_ref();
                let state = state.map_or(0, |state| state.to_string().len());
                (reasoning.text.len() + state) as u64
            }
        });
        MESSAGE_TOKENS + parts.sum::<u64>()
    }

    /// Tokens of the tools' definitions.
    pub(crate) fn tools(&self, tools: &[Arc<ToolDefinition>]) -> u64 {
        let definition = |tool: &Arc<ToolDefinition>| {
            DEFINITION_TOKENS
                + self.count(&tool.name)
                + self.count(&tool.description)
                + self.count(&tool.input_schema.to_string())
        };
        tools.iter().map(definition).sum()
    }

    fn part(&self, part: &Part) -> u64 {
        match part {
            Part::Text { text } => self.count(text),
            Part::Image { .. } => IMAGE_TOKENS,
            Part::ToolCall(call) => self.call(call),
            Part::ToolResult(result) => self.result(result),
            Part::Reasoning(reasoning) => self.reasoning(reasoning),
        }
    }

    fn call(&self, call: &ToolCall) -> u64 {
        CALL_TOKENS + self.count(&call.name) + self.count(&call.arguments)
    }

    fn result(&self, result: &ToolResult) -> u64 {
        let content = result.content.iter().map(|content| match content {
            Content::Text(text) => self.count(text),
            Content::Json(value) => self.count(&value.to_string()),
            Content::Blob(Blob { mime, .. }) if mime.starts_with("image/") => IMAGE_TOKENS,
            Content::Blob(_) => self.count(&content.to_text()),
        });
        CALL_TOKENS + content.sum::<u64>()
    }

    fn reasoning(&self, reasoning: &Reasoning) -> u64 {
        let state = reasoning.provider_state.as_ref();
        let state_bytes = state.map_or(0, |state| state.to_string().len() as u64);
        self.count(&reasoning.text) + state_bytes / STATE_BYTES_PER_TOKEN
    }
}

/// The text in pieces that end where blanks go on for too long.
fn without_long_blanks(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut run) = (Vec::new(), 0, 0);
    for (index, character) in text.char_indices() {
        run = if character.is_whitespace() {
            run + 1
        } else {
            0
        };
        if run > MAX_BLANKS {
            pieces.push(&text[start..index]);
            (start, run) = (index, 1);
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// A tokenizer that remembers what it counted: a turn counts only messages that are new. Messages are
/// told apart by where they are, so the caller keeps them in the same `Arc`s.
#[derive(Debug)]
pub(crate) struct Counter {
    tokenizer: Tokenizer,
    /// By address.
    counts: HashMap<usize, Count>,
    /// Where the forgotten are looked for again.
    tidy_at: usize,
}

#[derive(Debug)]
struct Count {
    /// Holds the place, so that no other message can be where this one was.
    message: Weak<Message>,
    tokens: u64,
}

impl Counter {
    /// A counter that has counted nothing.
    pub(crate) fn new(tokenizer: Tokenizer) -> Self {
        Self {
            tokenizer,
            counts: HashMap::new(),
            tidy_at: 1_024,
        }
    }

    pub(crate) fn tokenizer(&self) -> Tokenizer {
        self.tokenizer
    }

    /// Tokens of a message. Counts it the first time only.
    pub(crate) fn message(&mut self, message: &Arc<Message>) -> u64 {
        let place = Arc::as_ptr(message).addr();
        if let Some(count) = self.counts.get(&place)
            && count.message.as_ptr() == Arc::as_ptr(message)
        {
            return count.tokens;
        }
        let tokens = self.tokenizer.message(message);
        self.remember(place, Arc::downgrade(message), tokens);
        tokens
    }

    fn remember(&mut self, place: usize, message: Weak<Message>, tokens: u64) {
        if self.counts.len() >= self.tidy_at {
            self.counts
                .retain(|_, count| count.message.strong_count() > 0);
            self.tidy_at = (self.counts.len() * 2).max(1_024);
        }
        self.counts.insert(place, Count { message, tokens });
    }
}

/// How far the provider's counts are from ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Calibration {
    /// Reported to counted.
    ratio: Option<f64>,
}

impl Calibration {
    /// What one answer weighs in the ratio; the first is taken as it is.
    const WEIGHT: f64 = 0.3;
    /// No vocabulary in use is further from ours; a report beyond is a fault of the server.
    const LEAST: f64 = 0.5;
    const MOST: f64 = 3.0;
    /// Questions below say more about what providers add than about their vocabulary.
    const MIN_COUNTED: u64 = 64;

    /// Believes our own counts.
    pub(crate) fn new() -> Self {
        Self { ratio: None }
    }

    /// Takes up what the provider reported as the input tokens of a question, all of them, cached or not.
    /// Zero is no report.
    #[expect(clippy::cast_precision_loss, reason = "tokens are far below 2^52")]
    pub(crate) fn saw(&mut self, counted: u64, reported: u64) {
        if counted < Self::MIN_COUNTED || reported == 0 {
            return;
        }
        let seen = (reported as f64 / counted as f64).clamp(Self::LEAST, Self::MOST);
        self.ratio = Some(match self.ratio {
            None => seen,
            Some(ratio) => ratio + Self::WEIGHT * (seen - ratio),
        });
    }

    /// The most counted tokens that the provider would report as no more than these.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "tokens are far below 2^52 and the ratio is positive"
    )]
    pub(super) fn counted(self, reported: u64) -> u64 {
        match self.ratio {
            None => reported,
            Some(ratio) => (reported as f64 / ratio) as u64,
        }
    }

    /// What the provider would report, rounded up.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "tokens are far below 2^52 and the ratio is positive"
    )]
    pub(crate) fn apply(self, counted: u64) -> u64 {
        match self.ratio {
            None => counted,
            Some(ratio) => (counted as f64 * ratio).ceil() as u64,
        }
    }
}

#[cfg(test)]
mod tests;
