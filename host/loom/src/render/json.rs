//! A run for programs: one JSON object per line, its `type` first.
//!
//! | type | fields |
//! |---|---|
//! | `thread.started` | `thread_id` (the session), `run_id`, `model`, `resumed` |
//! | `turn.started` | `turn` |
//! | `item.started`, `item.updated`, `item.completed` | `item`, see below |
//! | `turn.completed` | `turn`, `usage` |
//! | `turn.failed` | `turn`, `error` (`kind`, `category`, `message`, `advice`, `retryable`, …) |
//! | `model.routed` | `turn`, `decision` and its fields: `chosen` (`member`, `price`), `waiting` (`member`, `wait_ms`), `retried` (`member`, `attempt`, `wait_ms`, `error`), `failed_over` (`from`, `to`, `error`), `hedged` (`first`, `second`, `after_ms`), `hedge_lost` (`member`, `price`, `usage`), `cooled` (`member`, `time_ms`, `error`); after `retried` and `failed_over` the items of the turn so far are void |
//! | `model.answered` | `turn`, `model`, `usage`, `cost_usd`, `latency_ms`, `first_token_ms`; with `error` if there is no answer |
//! | `permission.asked` | `call_id`, `tool`, `arguments`, `footprint`, … |
//! | `permission.decided` | `call_id`, `tool`, `allowed`, `by`, `reason` |
//! | `agent.event` | `call_id`, `agent`, `event`: an event of a sub-agent's run, named as in the crate |
//! | `run.paused`, `run.resumed` | |
//! | `message.injected` | `priority`, `text`; the message is in the session |
//! | `context.compressed` | `reason` (`threshold`, `overflow`, `request`), `method` (`trimmed`, `summarized`, `fallback`), `before_tokens`, `after_tokens`, `reduction` (0.0 to 1.0), `kept_messages`, `summarized_messages`, `shortened_results`, `pinned`, `generation`, `host_time_ms`, `model_time_ms` |
//! | `context.retrieved` | `retriever`, `sources` (`id`, `source`, `title`, `score`), `tokens` |
//! | `reminder` | `rule`, `text` |
//! | `warning`, `error` | `message` |
//! | `run.completed`, `run.limit_reached`, `run.cancelled`, `run.failed` | the last line: `thread_id`, `run_id`, `exit_code`, `text`, `turns`, `tool_calls`, `usage`, `cost_usd`, `duration_ms`, `sources` (those that the text cites, if any), `pool` (how each model does: `member`, `status`, `success_rate`, `mean_latency_ms`, `p95_latency_ms`, `consecutive_failures`, `breaker`, `cooldown_left_ms`, …); with `limit` or `error` |
//!
//! An `item` has `id` (`item_0`, `item_1`, …), `type` and `status` (`in_progress`, `completed`,
//! `failed`). An `agent_message` or `reasoning` has `delta` when it is updated and the whole `text`
//! when it is completed; a `tool_call` has `call_id`, `name`, `arguments`, and in the end `result` or
//! `error`.

mod line;
mod routed;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};

use loom_types::{CallId, Message, Outcome, Part, Role, Routing, RunEvent, ToolCall, ToolResult};

use loom_core::Pool;

use super::Render;
use super::health::Health;
use super::sources::Sources;
use crate::fault::Exit;
use line::{
    CallContent, CallError, CompressedContext, Counts, Item, ItemContent, Line, ModelAnswered,
    ProgressContent, Status, Summary,
};
use routed::Decision;

pub(crate) use line::{Failure, milliseconds};

/// The renderer.
pub(crate) struct Json<W> {
    out: W,
    /// Whose health the last line tells.
    pool: Option<Pool>,
    items: u32,
    turn: u32,
    message: Option<Streamed>,
    reasoning: Option<Streamed>,
    /// The items of calls that have not ended.
    calls: BTreeMap<CallId, (String, CallContent)>,
    sources: Sources,
}

/// An item of text that is coming in.
struct Streamed {
    id: String,
    text: String,
}

#[derive(Clone, Copy)]
enum Kind {
    Message,
    Reasoning,
}

impl Kind {
    fn item(self, id: String, status: Status, content: ItemContent) -> Item {
        let kind = match self {
            Self::Message => "agent_message",
            Self::Reasoning => "reasoning",
        };
        Item {
            id,
            kind,
            status,
            content,
        }
    }
}

impl<W: Write> Json<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            pool: None,
            items: 0,
            turn: 0,
            message: None,
            reasoning: None,
            calls: BTreeMap::new(),
            sources: Sources::default(),
        }
    }

    /// The last line tells how the members of this pool do.
    pub(crate) fn with_pool(self, pool: Pool) -> Self {
        let pool = Some(pool);
        Self { pool, ..self }
    }

    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.out.write_all(&bytes)?;
        self.out.flush()
    }

    /// A decision of the pool. Items of an answer that is void end as failed.
    fn routed(&mut self, routing: &Routing) -> io::Result<()> {
        if routing.restarts() {
            for kind in [Kind::Reasoning, Kind::Message] {
                if let Some(Streamed { id, text }) = self.slot(kind).take() {
                    let item = kind.item(id, Status::Failed, ItemContent::Text { text });
                    self.line(&Line::ItemCompleted { item: &item })?;
                }
            }
        }
        let turn = self.turn;
        match Decision::of(routing) {
            Some(decision) => self.line(&Line::ModelRouted { turn, decision }),
            None => Ok(()),
        }
    }

    fn next_id(&mut self) -> String {
        let id = format!("item_{}", self.items);
        self.items += 1;
        id
    }

    fn slot(&mut self, kind: Kind) -> &mut Option<Streamed> {
        match kind {
            Kind::Message => &mut self.message,
            Kind::Reasoning => &mut self.reasoning,
        }
    }

    fn delta(&mut self, kind: Kind, piece: &str) -> io::Result<()> {
        let mut streamed = match self.slot(kind).take() {
            Some(streamed) => streamed,
            None => self.start(kind)?,
        };
        streamed.text.push_str(piece);
        let content = ItemContent::Delta {
            delta: piece.to_owned(),
        };
        let item = kind.item(streamed.id.clone(), Status::InProgress, content);
        *self.slot(kind) = Some(streamed);
        self.line(&Line::ItemUpdated { item: &item })
    }

    fn start(&mut self, kind: Kind) -> io::Result<Streamed> {
        let id = self.next_id();
        let text = String::new();
        let content = ItemContent::Text { text };
        let item = kind.item(id.clone(), Status::InProgress, content);
        self.line(&Line::ItemStarted { item: &item })?;
        Ok(Streamed {
            id,
            text: String::new(),
        })
    }

    /// Ends an item of text. `whole` is the text as it was written down; without it the item was cut
    /// off.
    fn complete(&mut self, kind: Kind, whole: Option<String>) -> io::Result<()> {
        let status = match whole {
            Some(_) => Status::Completed,
            None => Status::Failed,
        };
        let whole = whole.filter(|text| !text.is_empty());
        let (id, text) = match (self.slot(kind).take(), whole) {
            (Some(streamed), whole) => (streamed.id, whole.unwrap_or(streamed.text)),
            (None, Some(text)) => (self.next_id(), text),
            (None, None) => return Ok(()),
        };
        let item = kind.item(id, status, ItemContent::Text { text });
        self.line(&Line::ItemCompleted { item: &item })
    }

    fn message(&mut self, message: &Message) -> io::Result<()> {
        if message.role != Role::Assistant {
            return Ok(());
        }
        let reasoning = message.parts.iter().filter_map(|part| match part {
            Part::Reasoning(reasoning) => Some(reasoning.text.as_str()),
            _ => None,
        });
        let reasoning: String = reasoning.collect();
        self.complete(Kind::Reasoning, Some(reasoning))?;
        self.complete(Kind::Message, Some(message.text()))
    }

    fn tool_started(&mut self, call: &ToolCall) -> io::Result<()> {
        let id = self.next_id();
        let parsed = serde_json::from_str(&call.arguments);
        let arguments = parsed.unwrap_or_else(|_| call.arguments.as_str().into());
        let content = CallContent {
            arguments: Some(arguments),
            ..CallContent::new(&call.id, &call.name)
        };
        let item = content.clone().item(id.clone(), Status::InProgress);
        self.calls.insert(call.id.clone(), (id, content));
        self.line(&Line::ItemStarted { item: &item })
    }

    fn tool_progress(&mut self, call: &CallId, progress: ProgressContent) -> io::Result<()> {
        let Some((id, content)) = self.calls.get(call) else {
            return Ok(());
        };
        let content = CallContent {
            progress: Some(progress),
            ..content.clone()
        };
        let item = content.item(id.clone(), Status::InProgress);
        self.line(&Line::ItemUpdated { item: &item })
    }

    fn tool_completed(&mut self, result: &ToolResult, duration_ms: u64) -> io::Result<()> {
        let started = self.calls.remove(&result.call_id);
        let (id, mut content) = started.unwrap_or_else(|| {
            let content = CallContent::new(&result.call_id, &result.name);
            (self.next_id(), content)
        });
        content.duration_ms = Some(duration_ms);
        let text = result.text();
        let status = if result.is_error {
            content.error = Some(CallError { message: text });
            Status::Failed
        } else {
            content.result = Some(text);
            Status::Completed
        };
        let item = content.item(id, status);
        self.line(&Line::ItemCompleted { item: &item })
    }

    /// A call whose result was not told before the end.
    fn fail_open_calls(&mut self) -> io::Result<()> {
        for (id, mut content) in std::mem::take(&mut self.calls).into_values() {
            let message = "the run ended before the call did".to_owned();
            content.error = Some(CallError { message });
            let item = content.item(id, Status::Failed);
            self.line(&Line::ItemCompleted { item: &item })?;
        }
        Ok(())
    }

    fn ended(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.complete(Kind::Reasoning, None)?;
        self.complete(Kind::Message, None)?;
        self.fail_open_calls()?;
        let health = self.pool.as_ref().map(Pool::health).unwrap_or_default();
        let health: Vec<_> = health.iter().map(Health::of).collect();
        let sources = std::mem::take(&mut self.sources);
        let cited = sources.cited(&outcome.report().text);
        let summary = |exit| {
            let summary = Summary::new(outcome.report(), exit).with_pool(health);
            summary.with_sources(cited)
        };
        let last = match outcome {
            Outcome::Completed { .. } => Line::RunCompleted(summary(Exit::Done)),
            Outcome::LimitReached { limit, .. } => {
                Line::RunLimitReached(summary(Exit::Limit).with_limit(*limit))
            }
            Outcome::Cancelled { .. } => Line::RunCancelled(summary(Exit::Cancelled)),
            Outcome::Failed { error, .. } => {
                self.line(&Line::TurnFailed {
                    turn: self.turn,
                    error: Failure::of(error),
                })?;
                let message = &error.message;
                self.line(&Line::Error { message })?;
                Line::RunFailed(summary(Exit::Failed).with_error(error))
            }
        };
        self.line(&last)
    }
}

impl CallContent {
    fn new(call_id: &CallId, name: &str) -> Self {
        Self {
            call_id: call_id.clone(),
            name: name.to_owned(),
            arguments: None,
            progress: None,
            result: None,
            error: None,
            duration_ms: None,
        }
    }

    fn item(self, id: String, status: Status) -> Item {
        Item {
            id,
            kind: "tool_call",
            status,
            content: ItemContent::Call(self),
        }
    }
}

impl<W: Write> Render for Json<W> {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        self.sources.saw(event);
        match event {
            RunEvent::RunStarted {
                run_id,
                session_id,
                model,
                resumed,
                correlation_id,
                ..
            } => self.line(&Line::ThreadStarted {
                thread_id: session_id,
                run_id,
                model,
                resumed: *resumed,
                correlation_id: *correlation_id,
            }),
            RunEvent::TurnStarted { turn } => {
                self.turn = *turn;
                self.line(&Line::TurnStarted { turn: *turn })
            }
            RunEvent::TextDelta { text } => self.delta(Kind::Message, text),
            RunEvent::ReasoningDelta { text } => self.delta(Kind::Reasoning, text),
            RunEvent::MessageCompleted { message } => self.message(message),
            RunEvent::ToolStarted { call } => self.tool_started(call),
            RunEvent::ToolProgress {
                call_id,
                message,
                fraction,
            } => {
                let message = message.clone();
                let fraction = *fraction;
                self.tool_progress(call_id, ProgressContent { message, fraction })
            }
            RunEvent::ToolCompleted {
                result, duration, ..
            } => self.tool_completed(result, milliseconds(*duration)),
            RunEvent::TurnCompleted { turn, usage } => self.line(&Line::TurnCompleted {
                turn: *turn,
                usage: Counts::of(*usage),
            }),
            RunEvent::Warning { message } => self.line(&Line::Warning { message }),
            RunEvent::RunEnded { outcome } => self.ended(outcome),
            RunEvent::ModelRouted { routing } => self.routed(routing),
            other => match plain(other) {
                Some(line) => self.line(&line),
                None => Ok(()),
            },
        }
    }
}

/// The line of an event that needs nothing but itself.
fn plain(event: &RunEvent) -> Option<Line<'_>> {
    Some(match event {
        RunEvent::ModelAnswered {
            turn,
            model,
            usage,
            cost,
            latency,
            error,
        } => Line::ModelAnswered(ModelAnswered {
            turn: *turn,
            model,
            usage: Counts::of(*usage),
            cost_usd: *cost,
            latency_ms: milliseconds(latency.total),
            first_token_ms: latency.first_token.map(milliseconds),
            error: error.as_ref().map(Failure::of),
        }),
        RunEvent::PermissionAsked { request } => Line::PermissionAsked { request },
        RunEvent::PermissionDecided {
            call_id,
            tool,
            decision,
        } => Line::PermissionDecided {
            call_id,
            tool,
            decision,
        },
        RunEvent::SubAgent {
            call_id,
            agent,
            event,
        } => Line::AgentEvent {
            call_id,
            agent,
            event,
        },
        RunEvent::Paused => Line::RunPaused,
        RunEvent::Resumed => Line::RunResumed,
        RunEvent::MessageInjected { priority, text } => Line::MessageInjected {
            priority: *priority,
            text,
        },
        RunEvent::Compressed(compressed) => {
            Line::ContextCompressed(CompressedContext::of(compressed))
        }
        RunEvent::Retrieved {
            retriever,
            sources,
            tokens,
        } => Line::ContextRetrieved {
            retriever,
            sources,
            tokens: *tokens,
        },
        RunEvent::Reminded { rule, text } => Line::Reminder { rule, text },
        _ => return None,
    })
}
