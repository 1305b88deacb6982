//! The question to the model: the conversation, hints beside it, and no more output than the budget
//! has left.

use std::sync::Arc;

use loom_types::{Limit, Message, ModelRequest};

use super::Executor;
use super::end::End;
use crate::budget::estimated_tokens;
use crate::read_result::ReadResult;
use crate::reminder::Hint;

/// An answer that has no limit of its own is held down only below this. Models refuse a limit above
/// what they can do, and 4,096 is the least of those in use (Anthropic's overview of models).
const HELD_DOWN_BELOW: u32 = 4_096;
/// Fewer tokens are no answer; the run ends instead. (OpenAI refuses a limit below 16.)
const LEAST_ANSWER: u64 = 50;

/// What a model is asked.
pub(super) struct Question {
    pub(super) request: ModelRequest,
    /// The limit that the answer's length was held down to, if it was.
    pub(super) held_to: Option<Limit>,
}

impl Executor {
    /// What the model is asked next. Ends the run, and says why, if the budget has no room for the
    /// question and an answer.
    pub(super) async fn question(&mut self, hints: &[Hint]) -> Result<Question, End> {
        let mut messages: Vec<_> = self.conversation().cloned().collect();
        if !hints.is_empty() {
            messages.push(Arc::new(reminder(hints)));
        }
        let mut request = ModelRequest {
            messages,
            ..self.agent.request.clone()
        };
        if self.transcript.compaction().is_some() {
            request.tools.push(Arc::clone(ReadResult::told()));
        }
        let mut question = Question {
            request,
            held_to: None,
        };
        if let Err(limit) = self.hold_to_budget(&mut question) {
            let tokens = self.question_tokens();
            self.warn(format!(
                "the next question has about {tokens} tokens, for which {limit} has no room left"
            ))
            .await;
            return Err(End::Limit(limit));
        }
        Ok(question)
    }

    fn conversation(&self) -> impl Iterator<Item = &Arc<Message>> {
        let messages = self.transcript.messages();
        self.agent.instructions.iter().chain(messages)
    }

    /// Tokens of the question without its hints, counted and calibrated.
    pub(super) fn question_tokens(&mut self) -> u64 {
        self.gauge.tokens(self.transcript.items())
    }

    /// Tokens of the question without its hints, from its bytes alone.
    pub(super) fn estimated_question_tokens(&mut self) -> u64 {
        estimated_tokens(self.gauge.bytes(self.transcript.items()))
    }

    /// Holds the answer down to what is left of the budget, so that the last one hardly overdraws it.
    fn hold_to_budget(&mut self, question: &mut Question) -> Result<(), Limit> {
        let scope = Arc::clone(&self.scope);
        let budget = &scope.budget;
        let (tokens, cost) = (
            budget.tokens_left(),
            budget.cost_left().zip(self.last_price),
        );
        if tokens.is_none() && cost.is_none() {
            return Ok(());
        }
        let asked = self.question_tokens();
        if let Some((left, limit)) = tokens {
            question.hold_to(left.saturating_sub(asked), limit)?;
        }
        if let Some((left, price)) = cost {
            let input = loom_types::Usage {
                input_tokens: asked,
                ..loom_types::Usage::default()
            };
            let left = left.nanos().saturating_sub(price.of(&input).nanos());
            if let Some(tokens) = tokens_for(left, price.output) {
                let limit = budget.cost_limit().map_or(Limit::Tokens(0), Limit::Cost);
                question.hold_to(tokens, limit)?;
            }
        }
        Ok(())
    }
}

impl Question {
    /// Lets the answer have `tokens` at most. Too few for an answer end the run.
    fn hold_to(&mut self, tokens: u64, limit: Limit) -> Result<(), Limit> {
        if tokens < LEAST_ANSWER {
            return Err(limit);
        }
        let most = self.request.max_output_tokens.unwrap_or(HELD_DOWN_BELOW);
        if let Some(tokens) = u32::try_from(tokens).ok().filter(|tokens| *tokens < most) {
            self.request.max_output_tokens = Some(tokens);
            self.held_to = Some(limit);
        }
        Ok(())
    }
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

/// Hints go out as a message of their own at the very end, so that a provider's prompt cache holds for
/// all before it. They are not part of the session.
fn reminder(hints: &[Hint]) -> Message {
    let texts: Vec<_> = hints.iter().map(|hint| hint.text.as_str()).collect();
    Message::user(format!(
        "<system-reminder>\n{}\n(From the agent host, not from the person.)\n</system-reminder>",
        texts.join("\n")
    ))
}
