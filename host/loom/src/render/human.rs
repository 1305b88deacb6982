//! A run for people: the answer goes to stdout as it comes, everything else to stderr.

mod context;
mod notes;
mod todo;

use std::io::{self, Write};

use anstyle::Style;
use loom_types::{
    CallId, DecidedBy, Error, Limit, Message, Outcome, Report, Role, RunEvent, ToolCall, ToolResult,
};

use super::Render;
use super::sanitize::{Sanitizer, sanitize};
use super::sources::Sources;
use super::spinner::Spinner;
use super::text;
use crate::output::{CYAN, DIM, GREEN, RED, YELLOW};

/// How many lines of a tool's result are shown when all is to be seen.
const SHOWN_LINES: usize = 12;

/// How a run is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HumanOptions {
    /// Text to stdout is freed of what drives a terminal.
    pub(crate) out_is_terminal: bool,
    /// A spinner may be drawn on stderr.
    pub(crate) err_is_terminal: bool,
    /// Only the last message, once it is complete, instead of all text as it comes.
    pub(crate) last_message_only: bool,
    /// Nothing on stderr but what went wrong.
    pub(crate) quiet: bool,
    /// Reasoning and results of tools too.
    pub(crate) verbose: bool,
    /// Say how to go on with the session.
    pub(crate) resumable: bool,
    /// The person knows the model and the session already.
    pub(crate) introduced: bool,
}

/// The renderer. `O` is stdout; `E` is stderr, which takes styles out where they don't belong.
pub(crate) struct Human<O, E> {
    out: O,
    err: E,
    options: HumanOptions,
    spinner: Spinner,
    sanitizer: Sanitizer,
    /// Something of the answer is on stdout.
    has_answered: bool,
    /// What is not on stdout yet, because it may still turn out void.
    held_back: String,
    /// Some of a message that is not whole is on the terminal.
    message_is_open: bool,
    /// The last character on stdout was not a line break.
    line_is_open: bool,
    reasoning_is_open: bool,
    /// Calls that the person refused, who knows it.
    refused: Vec<CallId>,
    sources: Sources,
    stopping: bool,
}

impl<O: Write, E: Write> Human<O, E> {
    pub(crate) fn new(out: O, err: E, options: HumanOptions) -> Self {
        Self {
            out,
            err,
            options,
            spinner: Spinner::new(options.err_is_terminal && !options.quiet),
            sanitizer: Sanitizer::default(),
            has_answered: false,
            held_back: String::new(),
            message_is_open: false,
            line_is_open: false,
            reasoning_is_open: false,
            refused: Vec::new(),
            sources: Sources::default(),
            stopping: false,
        }
    }

    fn answer(&mut self, piece: &str) -> io::Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        self.has_answered = true;
        self.spinner.stop();
        self.close_reasoning();
        if !self.options.out_is_terminal {
            // A program that reads cannot unread: a message goes out when it is whole.
            self.held_back.push_str(piece);
            return Ok(());
        }
        self.message_is_open = true;
        let piece = self.sanitizer.push(piece);
        self.out.write_all(piece.as_bytes())?;
        self.line_is_open = !piece.ends_with('\n');
        self.out.flush()
    }

    /// The pool asks again: what came of this answer is void.
    fn restart(&mut self) {
        self.held_back.clear();
        if std::mem::take(&mut self.message_is_open) {
            self.line(
                YELLOW,
                "·",
                "the answer above broke off and is void; it starts again",
            );
        }
    }

    /// Ends an unfinished line of the answer, so that what follows starts on its own.
    fn close_line(&mut self) -> io::Result<()> {
        self.sanitizer = Sanitizer::default();
        let held_back = std::mem::take(&mut self.held_back);
        if !held_back.is_empty() {
            self.out.write_all(held_back.as_bytes())?;
            self.line_is_open = !held_back.ends_with('\n');
            self.out.flush()?;
        }
        if std::mem::take(&mut self.line_is_open) {
            self.out.write_all(b"\n")?;
            self.out.flush()?;
        }
        Ok(())
    }

    fn reasoning(&mut self, piece: &str) {
        self.spinner.stop();
        self.reasoning_is_open = true;
        let piece = sanitize(piece);
        // Where stderr is closed nobody wants to know; here and below.
        let _ = write!(self.err, "{DIM}{piece}{DIM:#}");
    }

    fn close_reasoning(&mut self) {
        if std::mem::take(&mut self.reasoning_is_open) {
            let _ = writeln!(self.err);
        }
    }

    /// A line on stderr.
    fn line(&mut self, style: Style, mark: &str, text: &str) {
        self.spinner.stop();
        self.close_reasoning();
        if self.options.out_is_terminal && std::mem::take(&mut self.line_is_open) {
            let _ = self.out.write_all(b"\n");
            let _ = self.out.flush();
        }
        let text = sanitize(text);
        let _ = writeln!(self.err, "{style}{mark}{style:#} {text}");
    }

    fn note(&mut self, event: &RunEvent) {
        if let Some(note) = notes::of(event, self.options.verbose) {
            self.progress_line(note.style, note.mark, &note.text);
        }
    }

    fn progress_line(&mut self, style: Style, mark: &str, text: &str) {
        if !self.options.quiet {
            self.line(style, mark, text);
        }
    }

    fn message(&mut self, message: &Message) -> io::Result<()> {
        self.message_is_open = false;
        self.close_reasoning();
        if message.role == Role::Assistant && !self.options.last_message_only {
            self.close_line()?;
        }
        Ok(())
    }

    fn tool_started(&mut self, call: &ToolCall) {
        if let Some(list) = todo::of(call) {
            self.progress_line(CYAN, "→", &list.title());
            for (style, mark, text) in list.lines() {
                self.progress_line(style, mark, &text);
            }
            return;
        }
        let arguments = text::arguments(&call.arguments, 100);
        let line = format!("{} {arguments}", call.name);
        self.progress_line(CYAN, "→", line.trim_end());
        self.spinner.show(&call.name);
    }

    fn tool_completed(&mut self, result: &ToolResult, time: &str) {
        let answer = result.text();
        if self.refused.contains(&result.call_id) {
            // Nobody needs to be told what they said.
        } else if result.is_error {
            let shown = if self.options.verbose { 1_000 } else { 200 };
            let line = format!("{} {}", result.name, text::one_line(&answer, shown));
            self.progress_line(RED, "✗", &line);
        } else if result.name != todo::TOOL || self.options.verbose {
            let size = text::bytes(answer.len() as u64);
            self.progress_line(GREEN, "✓", &format!("{} {time}, {size}", result.name));
        }
        if self.options.verbose && !result.is_error {
            for line in answer.lines().take(SHOWN_LINES) {
                self.progress_line(DIM, "  |", &text::one_line(line, 160));
            }
        }
        self.spinner.show("working");
    }

    fn ended(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.spinner.stop();
        self.close_reasoning();
        let report = outcome.report();
        // A resumed session that had nothing left to do gives its last answer without an event.
        if outcome.is_completed() && !self.has_answered {
            self.answer(&report.text)?;
        }
        self.close_line()?;
        self.cited(&report.text);
        match outcome {
            Outcome::Completed { .. } => self.progress_line(DIM, "·", &summary(report)),
            Outcome::LimitReached { limit, .. } => {
                let line = format!("{limit} ended the run after {}", summary(report));
                self.line(YELLOW.bold(), "stopped:", &line);
                self.line(CYAN.bold(), "hint:", raise(*limit));
            }
            Outcome::Cancelled { .. } => {
                let line = format!("after {}", summary(report));
                self.line(YELLOW.bold(), "cancelled:", &line);
            }
            Outcome::Failed { error, .. } => self.failed(error),
        }
        if !outcome.is_completed() && self.options.resumable {
            let line = format!("go on with: loom run --resume={}", report.session_id);
            self.line(CYAN.bold(), "hint:", &line);
        }
        Ok(())
    }

    /// The sources that the answer cites.
    fn cited(&mut self, answer: &str) {
        let cited = self.sources.cited(answer).into_iter();
        let lines: Vec<_> = cited
            .map(|it| (context::source(it), it.source.clone()))
            .collect();
        let marks = std::iter::once("sources:").chain(std::iter::repeat("        "));
        for ((name, place), mark) in lines.into_iter().zip(marks) {
            let line = match name.ends_with(&place) {
                true => name,
                false => format!("{name} ({place})"),
            };
            self.progress_line(DIM, mark, &line);
        }
    }

    fn failed(&mut self, error: &Error) {
        let line = format!("{error} ({})", error.category());
        self.line(RED.bold(), "error:", &line);
        self.line(CYAN.bold(), "hint:", error.advice());
    }
}

impl<O: Write, E: Write> Render for Human<O, E> {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        match event {
            RunEvent::RunStarted {
                session_id, model, ..
            } if !self.options.introduced => {
                let line = format!("{model}, session {session_id}");
                self.progress_line(DIM, "·", &line);
            }
            RunEvent::TurnStarted { .. } => self.spinner.show("thinking"),
            RunEvent::TextDelta { text } if !self.options.last_message_only => self.answer(text)?,
            RunEvent::ReasoningDelta { text } if self.options.verbose => self.reasoning(text),
            RunEvent::MessageCompleted { message } => self.message(message)?,
            RunEvent::ToolStarted { call } => self.tool_started(call),
            RunEvent::ToolProgress { message, .. } => self.spinner.show(message),
            RunEvent::ToolCompleted {
                result, duration, ..
            } => {
                self.tool_completed(result, &text::duration(*duration));
            }
            RunEvent::Warning { message } => self.line(YELLOW.bold(), "warning:", message),
            RunEvent::ModelRouted { routing } if routing.restarts() => {
                self.note(event);
                self.restart();
            }
            RunEvent::PermissionDecided {
                call_id, decision, ..
            } => {
                if !decision.allowed && decision.by == DecidedBy::Person {
                    self.refused.push(call_id.clone());
                }
                self.note(event);
            }
            RunEvent::Retrieved { .. } => {
                self.sources.saw(event);
                self.note(event);
            }
            RunEvent::RunEnded { outcome } => self.ended(outcome)?,
            _ => self.note(event),
        }
        Ok(())
    }

    fn suspend(&mut self) {
        self.spinner.stop();
        self.close_reasoning();
        if self.options.out_is_terminal && std::mem::take(&mut self.line_is_open) {
            // A terminal that is gone shows in the next event.
            let _ = self.out.write_all(b"\n").and_then(|()| self.out.flush());
        }
    }

    fn draft(&mut self, text: &str) {
        self.spinner.draft(text);
        // Within an answer there is no room for it; it comes after.
        if !self.line_is_open && !self.reasoning_is_open && !text.is_empty() {
            self.spinner.show_draft();
        }
    }

    fn noted(&mut self, line: &str) {
        self.spinner.draft("");
        let line = text::one_line(line, 200);
        let activity = self.spinner.activity();
        self.progress_line(DIM, "»", &format!("{line} (the model gets it next)"));
        if let Some(activity) = activity {
            self.spinner.show(&activity);
        }
    }

    fn stopping(&mut self) {
        if !std::mem::replace(&mut self.stopping, true) {
            self.line(DIM, "·", "stopping; press Ctrl-C again to leave at once");
        }
    }
}

fn raise(limit: Limit) -> &'static str {
    match limit {
        Limit::Turns(_) => "allow more with --max-turns or limits.turns",
        Limit::WallTime(_) => "allow more with --timeout or limits.wall_time",
        Limit::OutputTokens(_) => "allow more with -c limits.output_tokens=…",
        Limit::Tokens(_) => "allow more with --max-tokens or budget.tokens",
        Limit::Cost(_) => "allow more with --max-budget-usd or budget.usd",
        Limit::ToolCalls(_) => "allow more with -c budget.tool_calls=…",
        Limit::RepeatedFailures(_) => {
            "see why the call fails, then go on with a hint to the model; -c limits.repeated_failures=… allows more"
        }
    }
}

/// What a run used.
fn summary(report: &Report) -> String {
    let mut parts = vec![text::plural(report.turns, "turn")];
    if report.tool_calls > 0 {
        parts.push(text::plural(report.tool_calls, "tool call"));
    }
    let usage = &report.usage;
    if usage.input_tokens + usage.output_tokens > 0 {
        parts.push(format!(
            "{} tokens in, {} out",
            text::count(usage.input_tokens),
            text::count(usage.output_tokens)
        ));
    }
    if let Some(cost) = report.cost {
        parts.push(cost.to_string());
    }
    parts.push(text::duration(report.duration));
    parts.join(", ")
}

#[cfg(test)]
mod tests;
