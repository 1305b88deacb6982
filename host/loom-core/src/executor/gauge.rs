//! How large the next question is: each message is counted once, and the counts are put right by what
//! the provider says.

use std::sync::Arc;

use loom_types::{Message, ToolDefinition};

use crate::compress::{Calibration, Counter, Tokenizer};
use crate::context::Item;

/// Syntax around a definition; known providers count fewer tokens.
const FRAME: usize = 16;

/// Of one run.
pub(super) struct Gauge {
    counter: Counter,
    calibration: Calibration,
    instructions: Option<Arc<Message>>,
    tools: Vec<Arc<ToolDefinition>>,
    /// Bytes and tokens of the instructions and the tools. Tokens are counted when they are needed.
    fixed_bytes: u64,
    fixed: Option<u64>,
    /// Bytes of the messages that were measured last.
    measured: Vec<(Arc<Message>, u64)>,
    /// Tokens of the question that is out, before calibration, if they were counted.
    asked: Option<u64>,
}

impl Gauge {
    pub(super) fn new(
        model: &str,
        instructions: Option<Arc<Message>>,
        tools: Vec<Arc<ToolDefinition>>,
    ) -> Self {
        let instruction_bytes = instructions.as_deref().map_or(0, Tokenizer::at_most);
        let tool_bytes = tools.iter().map(|tool| at_most(tool));
        Self {
            counter: Counter::new(Tokenizer::for_model(model)),
            calibration: Calibration::new(),
            fixed_bytes: instruction_bytes + tool_bytes.sum::<u64>(),
            fixed: None,
            instructions,
            tools,
            measured: Vec::new(),
            asked: None,
        }
    }

    /// Whether the question surely has fewer tokens than this, as its bytes tell. Spares the counting
    /// while a conversation is small.
    pub(super) fn is_surely_below(&mut self, limit: u64, items: &[Item]) -> bool {
        let bytes = self.bytes(items);
        self.calibration.apply(bytes) < limit
    }

    /// Bytes of the question that these messages make; a token has one at least.
    pub(super) fn bytes(&mut self, items: &[Item]) -> u64 {
        let known = self.measured.iter().zip(items);
        let same = known.take_while(|((message, _), item)| Arc::ptr_eq(message, &item.message));
        let same = same.count();
        self.measured.truncate(same);
        let new = items[same..].iter().map(|item| &item.message);
        self.measured
            .extend(new.map(|message| (Arc::clone(message), Tokenizer::at_most(message))));
        let messages = self.measured.iter().map(|(_, bytes)| bytes);
        messages.sum::<u64>() + self.fixed_bytes
    }

    /// Tokens of the question that these messages make, calibrated.
    pub(super) fn tokens(&mut self, items: &[Item]) -> u64 {
        let messages = items.iter().map(|item| self.counter.message(&item.message));
        let messages: u64 = messages.sum();
        let counted = messages + self.fixed();
        self.asked = Some(counted);
        self.calibration.apply(counted)
    }

    /// Tokens of the instructions and the tools, before calibration.
    pub(super) fn fixed(&mut self) -> u64 {
        *self.fixed.get_or_insert_with(|| {
            let tokenizer = self.counter.tokenizer();
            let instructions = self.instructions.as_deref();
            instructions.map_or(0, |message| tokenizer.message(message))
                + tokenizer.tools(&self.tools)
        })
    }

    pub(super) fn tokenizer(&self) -> Tokenizer {
        self.counter.tokenizer()
    }

    /// Lends the counter, with what it has counted, until it is put back.
    pub(super) fn lend_counter(&mut self) -> Counter {
        let tokenizer = self.counter.tokenizer();
        std::mem::replace(&mut self.counter, Counter::new(tokenizer))
    }

    pub(super) fn put_back(&mut self, counter: Counter) {
        self.counter = counter;
    }

    pub(super) fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// Takes note of what the provider counted for the question that is out; zero if it did not say.
    pub(super) fn saw(&mut self, reported: u64) {
        if let Some(asked) = self.asked.take() {
            self.calibration.saw(asked, reported);
        }
    }
}

/// More than the tokens that a definition has.
fn at_most(tool: &ToolDefinition) -> u64 {
    let schema = tool.input_schema.to_string();
    (tool.name.len() + tool.description.len() + schema.len() + FRAME) as u64
}
