//! The question to the model: the conversation, hints beside it, and no more output than the budget
//! has left.

use std::sync::Arc;

use loom_types::{Content, Limit, Message, ModelRequest, Part, ToolDefinition};

use super::Executor;
use super::end::End;
use crate::budget::estimated_tokens;
use crate::reminder::Hint;

impl Executor {
    /// What the model is asked next. Fails if the budget has not even room for the question.
    pub(super) fn request(&self, hints: &[Hint]) -> Result<ModelRequest, End> {
        let mut messages: Vec<_> = self.conversation().cloned().collect();
        if !hints.is_empty() {
            messages.push(Arc::new(reminder(hints)));
        }
        let request = ModelRequest {
            messages,
            ..self.agent.request.clone()
        };
        self.within_budget(request)
    }

    fn conversation(&self) -> impl Iterator<Item = &Arc<Message>> {
        let messages = self.transcript.messages().iter();
        self.agent.instructions.iter().chain(messages)
    }

    /// Tokens of the last question without its hints, estimated. Looks at all of the conversation.
    pub(super) fn question_tokens(&self) -> u64 {
        tokens_of(self.conversation(), &self.agent.request.tools)
    }

    /// Holds the answer down to what is left of the budget, so that the last one does not overdraw it.
    fn within_budget(&self, mut request: ModelRequest) -> Result<ModelRequest, End> {
        if let Some((left, limit)) = self.scope.budget.tokens_left() {
            let output = left.saturating_sub(input_tokens(&request));
            clamp(&mut request, output, limit)?;
        }
        let price = self.last_price;
        if let (Some(left), Some(price)) = (self.scope.budget.cost_left(), price) {
            let input = loom_types::Usage {
                input_tokens: input_tokens(&request),
                ..loom_types::Usage::default()
            };
            let left = left.nanos().saturating_sub(price.of(&input).nanos());
            if let Some(tokens) = tokens_for(left, price.output) {
                let limit = self
                    .scope
                    .budget
                    .cost_limit()
                    .map_or(Limit::Tokens(0), Limit::Cost);
                clamp(&mut request, tokens, limit)?;
            }
        }
        Ok(request)
    }
}

fn clamp(request: &mut ModelRequest, output: u64, limit: Limit) -> Result<(), End> {
    if output == 0 {
        return Err(End::Limit(limit));
    }
    let output = u32::try_from(output).unwrap_or(u32::MAX);
    if output < u32::MAX {
        let wanted = request.max_output_tokens.unwrap_or(u32::MAX);
        request.max_output_tokens = Some(wanted.min(output));
    }
    Ok(())
}

/// How many tokens an amount pays for; none if they cost nothing.
fn tokens_for(nanos: u64, dollars_per_million: f64) -> Option<u64> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate; what is too large becomes the largest count"
    )]
    let tokens = (nanos as f64 / (dollars_per_million * 1e3)) as u64;
    (dollars_per_million > 0.0).then_some(tokens)
}

/// Tokens of a question, estimated.
fn input_tokens(request: &ModelRequest) -> u64 {
    tokens_of(request.messages.iter(), &request.tools)
}

fn tokens_of<'a>(
    messages: impl Iterator<Item = &'a Arc<Message>>,
    tools: &[Arc<ToolDefinition>],
) -> u64 {
    let messages = messages.map(|message| bytes_of(message));
    // A schema is about as long again as the description.
    let tools = tools.iter();
    let tools = tools.map(|tool| 2 * tool.description.len() + tool.name.len());
    estimated_tokens(messages.chain(tools).sum())
}

fn bytes_of(message: &Message) -> usize {
    let part = |part: &Part| match part {
        Part::Text { text } => text.len(),
        // What providers count for an image of usual size, in bytes of text.
        Part::Image { .. } => 4 * 1500,
        Part::ToolCall(call) => call.name.len() + call.arguments.len(),
        Part::ToolResult(result) => result.content.iter().map(Content::size_bytes).sum(),
        Part::Reasoning(reasoning) => reasoning.text.len(),
    };
    message.parts.iter().map(part).sum()
}

/// Hints go out as a message of their own at the very end, so that a provider's prompt cache holds for
/// all before it. They are not part of the session.
fn reminder(hints: &[Hint]) -> Message {
    let texts: Vec<_> = hints.iter().map(|hint| hint.text.as_str()).collect();
    Message::user(format!(
        "<system-reminder>\n{}\n(From the agent host, not from the person.)\n</system-reminder>",
        texts.join("\n")
    ))
}
