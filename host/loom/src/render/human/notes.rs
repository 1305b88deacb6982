//! What people are told of events that need no memory of what came before: a line each.

use std::time::Duration;

use anstyle::Style;
use loom_types::{DecidedBy, Outcome, PermissionDecision, Routing, RunEvent};

use super::super::text;
use super::{context, todo};
use crate::output::{CYAN, DIM, GREEN, RED, YELLOW};

/// A line on stderr.
pub(super) struct Note {
    pub(super) style: Style,
    pub(super) mark: &'static str,
    pub(super) text: String,
}

fn note(style: Style, mark: &'static str, text: impl Into<String>) -> Option<Note> {
    Some(Note {
        style,
        mark,
        text: text.into(),
    })
}

/// What to say of an event; `verbose` says more.
pub(super) fn of(event: &RunEvent, verbose: bool) -> Option<Note> {
    match event {
        RunEvent::ModelRouted { routing } => of_routing(routing, verbose),
        RunEvent::PermissionDecided { tool, decision, .. } => of_decision(tool, decision, verbose),
        RunEvent::SubAgent { agent, event, .. } => of_sub_agent(agent, event, verbose),
        RunEvent::Paused => note(YELLOW, "·", "paused"),
        RunEvent::Resumed => note(DIM, "·", "resumed"),
        RunEvent::MessageInjected { text, .. } => note(CYAN, "»", text::one_line(text, 200)),
        RunEvent::Compressed(compressed) => {
            note(DIM, "⤓", context::compressed(compressed, verbose))
        }
        RunEvent::Retrieved {
            retriever,
            sources,
            tokens,
        } => note(DIM, "⌕", context::retrieved(retriever, sources, *tokens)),
        RunEvent::Reminded { rule, text } if verbose => note(
            DIM,
            "·",
            format!("reminder ({rule}): {}", text::one_line(text, 200)),
        ),
        _ => None,
    }
}

fn of_routing(routing: &Routing, verbose: bool) -> Option<Note> {
    match routing {
        Routing::Retried {
            member,
            attempt,
            wait,
            error,
        } => {
            let when = match *wait {
                Duration::ZERO => "now".to_owned(),
                wait => format!("in {}", text::duration(wait)),
            };
            let line = format!("{member}: {error}; asking again {when} (attempt {attempt})");
            note(YELLOW, "↻", line)
        }
        Routing::FailedOver { from, to, error } => {
            note(YELLOW, "↻", format!("{from}: {error}; asking {to} instead"))
        }
        Routing::Hedged {
            first,
            second,
            after,
        } if verbose => {
            let after = text::duration(*after);
            note(
                DIM,
                "·",
                format!("{first} said nothing for {after}; asking {second} too"),
            )
        }
        Routing::Cooled { member, time, .. } if verbose => note(
            DIM,
            "·",
            format!("{member} is left out for {}", text::duration(*time)),
        ),
        _ => None,
    }
}

fn of_decision(tool: &str, decision: &PermissionDecision, verbose: bool) -> Option<Note> {
    let by = match &decision.by {
        DecidedBy::Rule { rule } => format!("the rule {rule}"),
        DecidedBy::Mode { mode } => format!("the mode {}", mode.as_str()),
        DecidedBy::Person => "you said no".to_owned(),
        DecidedBy::Nobody => "nobody was there to ask".to_owned(),
    };
    if decision.allowed {
        // What a person has just allowed needs no line of its own.
        let told = verbose && decision.by != DecidedBy::Person;
        return note(DIM, "·", format!("{tool} allowed by {by}")).filter(|_| told);
    }
    note(YELLOW, "⊘", format!("{tool} not allowed: {by}"))
}

/// The calls of a sub-agent and its end; with `verbose` whatever else is told of runs.
fn of_sub_agent(agent: &str, event: &RunEvent, verbose: bool) -> Option<Note> {
    let (style, mark, text) = match event {
        RunEvent::ToolStarted { call } => {
            let told = match todo::of(call) {
                Some(list) => list.title(),
                None => format!("{} {}", call.name, text::arguments(&call.arguments, 80)),
            };
            (CYAN, "→", told)
        }
        RunEvent::ToolCompleted { result, .. } if result.is_error => {
            let answer = text::one_line(&result.text(), 160);
            (RED, "✗", format!("{} {answer}", result.name))
        }
        RunEvent::RunEnded { outcome } => of_end(outcome),
        RunEvent::Warning { message } => (YELLOW, "warning:", message.clone()),
        _ => {
            let inner = of(event, verbose)?;
            (inner.style, inner.mark, inner.text)
        }
    };
    note(style, mark, format!("[{agent}] {}", text.trim_end()))
}

fn of_end(outcome: &Outcome) -> (Style, &'static str, String) {
    let used = super::summary(outcome.report());
    match outcome {
        Outcome::Completed { .. } => (GREEN, "✓", format!("done: {used}")),
        Outcome::LimitReached { limit, .. } => (YELLOW, "✗", format!("{limit} ended it: {used}")),
        Outcome::Cancelled { .. } => (YELLOW, "✗", format!("cancelled: {used}")),
        Outcome::Failed { error, .. } => (RED, "✗", format!("failed: {error}")),
    }
}
