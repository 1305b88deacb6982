//! Spans of runs, put together from their events. Their ids are those of [`Trace`], so that the
//! `traceparent` of what a run asked of other machines names the span it was done in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use loom_core::ObservedRun;
use loom_types::{
    CallId, Category, Outcome, Routing, RunEvent, RunId, ToolCall, ToolResult, Trace,
};
use opentelemetry::trace::{
    Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _,
};

use super::names::{self, CHAT, ERROR_TYPE, EXECUTE_TOOL, INVOKE_AGENT};
use super::{SERVICE, content};

/// Makes spans of events.
pub(super) struct Spans {
    processor: Arc<BatchSpanProcessor>,
    scope: InstrumentationScope,
    with_content: bool,
    open: Mutex<HashMap<RunId, OpenRun>>,
}

/// What is under way in a run.
struct OpenRun {
    started: SystemTime,
    /// `provider/model` that the run asks for.
    model: String,
    question: SystemTime,
    /// What the pool did about the question.
    routed: Vec<Event>,
    /// What was done to the context of the next question.
    context: Vec<Event>,
    /// An answer whose text is to follow.
    answer: Option<SpanData>,
    calls: HashMap<CallId, (SystemTime, ToolCall)>,
}

impl Spans {
    pub(super) fn new(processor: Arc<BatchSpanProcessor>, with_content: bool) -> Self {
        let scope = InstrumentationScope::builder(SERVICE).with_version(env!("CARGO_PKG_VERSION"));
        Self {
            processor,
            scope: scope.build(),
            with_content,
            open: Mutex::default(),
        }
    }

    pub(super) fn event(&self, run: &ObservedRun<'_>, event: &RunEvent) {
        if matches!(
            event,
            RunEvent::TextDelta { .. } | RunEvent::ReasoningDelta { .. }
        ) {
            return;
        }
        let mut runs = self.lock();
        if let RunEvent::RunStarted { model, .. } = event {
            runs.insert(run.run_id.clone(), OpenRun::new(model));
        }
        if let RunEvent::RunEnded { outcome } = event {
            let open = runs.remove(run.run_id);
            drop(runs);
            if let Some(mut open) = open {
                self.end_all(open.answer.take());
                self.end(self.run_span(run, &open, outcome));
            }
            return;
        }
        let Some(open) = runs.get_mut(run.run_id) else {
            return;
        };
        let ended = self.step(run, open, event);
        drop(runs);
        self.end_all(ended);
    }

    /// An event in the middle of a run; the spans that it ends.
    fn step(&self, run: &ObservedRun<'_>, open: &mut OpenRun, event: &RunEvent) -> Vec<SpanData> {
        let mut ended = Vec::new();
        match event {
            RunEvent::TurnStarted { .. } => {
                ended.extend(open.answer.take());
                open.question = SystemTime::now();
                open.routed.clear();
            }
            RunEvent::ModelRouted { routing } => open.routed.extend(routed(routing)),
            RunEvent::Compressed(_) | RunEvent::Retrieved { .. } => {
                open.context.extend(context(event));
            }
            RunEvent::ModelAnswered { error, .. } => {
                let span = self.chat_span(run, open, event);
                if self.with_content && error.is_none() {
                    open.answer = span;
                } else {
                    ended.extend(span);
                }
            }
            RunEvent::MessageCompleted { message } => {
                if let Some(mut span) = open.answer.take() {
                    span.attributes.push(content::answer(message));
                    ended.push(span);
                }
            }
            RunEvent::ToolStarted { call } => {
                let started = (SystemTime::now(), call.clone());
                open.calls.insert(call.id.clone(), started);
            }
            RunEvent::ToolCompleted {
                result,
                duration,
                error,
            } => {
                let started = open.calls.remove(&result.call_id);
                let mut span = self.tool_span(run, started, result, *duration);
                fail(&mut span, error.map(Category::as_str));
                ended.push(span);
            }
            _ => {}
        }
        ended
    }

    /// None if the event is no answer.
    fn chat_span(
        &self,
        run: &ObservedRun<'_>,
        open: &mut OpenRun,
        event: &RunEvent,
    ) -> Option<SpanData> {
        let RunEvent::ModelAnswered {
            turn,
            model,
            usage,
            cost,
            latency,
            error,
        } = event
        else {
            return None;
        };
        let (_, request) = names::parts(&open.model);
        let trace = run.trace.child(&format!("turn {turn}"));
        let name = format!("{CHAT} {request}");
        let mut span = self.span(name, SpanKind::Client, trace, Some(run.trace));
        span.start_time = open.question;
        span.attributes = asked(run, request, model);
        let first_token = latency.first_token.map(|time| time.as_secs_f64());
        let first_token = first_token.map(|it| KeyValue::new(names::TIME_TO_FIRST_CHUNK, it));
        let cost = cost.map(|cost| KeyValue::new(names::COST, cost.dollars()));
        let measured = first_token.into_iter().chain(cost).chain(counted(usage));
        span.attributes.extend(measured);
        span.attributes
            .push(KeyValue::new(names::TURN, i64::from(*turn)));
        span.events.events = std::mem::take(&mut open.context);
        span.events.events.append(&mut open.routed);
        fail(&mut span, error.as_ref().map(names::error_type));
        Some(span)
    }

    fn tool_span(
        &self,
        run: &ObservedRun<'_>,
        started: Option<(SystemTime, ToolCall)>,
        result: &ToolResult,
        duration: Duration,
    ) -> SpanData {
        let trace = run.trace.child(result.call_id.as_str());
        let name = format!("{EXECUTE_TOOL} {}", result.name);
        let mut span = self.span(name, SpanKind::Internal, trace, Some(run.trace));
        span.attributes = vec![
            KeyValue::new(names::OPERATION, EXECUTE_TOOL),
            KeyValue::new(names::TOOL, result.name.clone()),
            KeyValue::new(names::TOOL_TYPE, "function"),
            KeyValue::new(names::TOOL_CALL, result.call_id.to_string()),
            KeyValue::new(names::CONVERSATION, run.session_id.to_string()),
        ];
        if let Some((time, call)) = started {
            span.start_time = time;
            span.end_time = time + duration;
            if self.with_content {
                span.attributes.push(content::arguments(&call.arguments));
            }
        }
        if self.with_content {
            span.attributes.push(content::result(result));
        }
        span
    }

    fn run_span(&self, run: &ObservedRun<'_>, open: &OpenRun, outcome: &Outcome) -> SpanData {
        let name = match run.agent {
            Some(agent) => format!("{INVOKE_AGENT} {agent}"),
            None => INVOKE_AGENT.to_owned(),
        };
        let parent = run.parent.map(|parent| parent.trace);
        let mut span = self.span(name, SpanKind::Internal, run.trace, parent);
        span.start_time = open.started;
        span.attributes = names::operation(INVOKE_AGENT, &open.model);
        span.attributes.extend([
            KeyValue::new(names::CONVERSATION, run.session_id.to_string()),
            KeyValue::new(names::RUN, run.run_id.to_string()),
        ]);
        if let Some(agent) = run.agent {
            span.attributes
                .push(KeyValue::new(names::AGENT, agent.to_owned()));
        }
        let report = outcome.report();
        span.attributes.extend(counted(&report.usage));
        if let Some(cost) = report.cost {
            span.attributes
                .push(KeyValue::new(names::COST, cost.dollars()));
        }
        let (ending, failed) = match outcome {
            Outcome::Completed { .. } => ("completed", None),
            Outcome::LimitReached { .. } => ("limit_reached", None),
            Outcome::Cancelled { .. } => ("cancelled", None),
            Outcome::Failed { error, .. } => ("failed", Some(names::error_type(error))),
        };
        span.attributes.push(KeyValue::new(names::OUTCOME, ending));
        fail(&mut span, failed);
        // No question followed.
        span.events.events.clone_from(&open.context);
        span
    }

    /// A span without attributes that starts and ends now.
    fn span(
        &self,
        name: String,
        span_kind: SpanKind,
        trace: Trace,
        parent: Option<Trace>,
    ) -> SpanData {
        let span_context = SpanContext::new(
            TraceId::from(trace.correlation_id.trace_id()),
            SpanId::from(trace.span_id),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        );
        let now = SystemTime::now();
        SpanData {
            span_context,
            parent_span_id: parent.map_or(SpanId::INVALID, |parent| parent.span_id.into()),
            parent_span_is_remote: false,
            span_kind,
            name: name.into(),
            start_time: now,
            end_time: now,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        }
    }

    fn end_all(&self, spans: impl IntoIterator<Item = SpanData>) {
        spans.into_iter().for_each(|span| self.end(span));
    }

    /// It waits for nobody: what the queue has no room for is dropped.
    fn end(&self, span: SpanData) {
        self.processor.on_end(span);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, OpenRun>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenRun {
    fn new(model: &str) -> Self {
        let now = SystemTime::now();
        Self {
            started: now,
            model: model.to_owned(),
            question: now,
            routed: Vec::new(),
            context: Vec::new(),
            answer: None,
            calls: HashMap::new(),
        }
    }
}

/// What a question was, and who answered it.
fn asked(run: &ObservedRun<'_>, request: &str, answered: &str) -> Vec<KeyValue> {
    let (provider, answered) = names::parts(answered);
    vec![
        KeyValue::new(names::OPERATION, CHAT),
        KeyValue::new(names::PROVIDER, provider.to_owned()),
        KeyValue::new(names::REQUEST_MODEL, request.to_owned()),
        KeyValue::new(names::RESPONSE_MODEL, answered.to_owned()),
        KeyValue::new(names::STREAM, true),
        KeyValue::new(names::CONVERSATION, run.session_id.to_string()),
    ]
}

/// Says of what class the error is, and nothing more: messages may quote the conversation.
fn fail(span: &mut SpanData, error: Option<&'static str>) {
    if let Some(error) = error {
        span.attributes.push(KeyValue::new(ERROR_TYPE, error));
        span.status = Status::error(error);
    }
}

/// Tokens, of the kinds that there are any of.
fn counted(usage: &loom_types::Usage) -> impl Iterator<Item = KeyValue> {
    let kinds = [
        (names::INPUT_TOKENS, usage.input_tokens),
        (names::OUTPUT_TOKENS, usage.output_tokens),
        (names::CACHE_READ_TOKENS, usage.cache_read_tokens),
        (names::CACHE_WRITE_TOKENS, usage.cache_write_tokens),
        (names::REASONING_TOKENS, usage.reasoning_tokens),
    ];
    let some = kinds.into_iter().filter(|(_, count)| *count > 0);
    some.map(|(name, count)| names::tokens(name, count))
}

/// What was done to a context as an event of the question's span; names of sources are content.
fn context(event: &RunEvent) -> Option<Event> {
    let (name, attributes) = match event {
        RunEvent::Compressed(compressed) => {
            let mut attributes = names::compression(compressed).to_vec();
            attributes.extend([
                names::tokens(names::BEFORE_TOKENS, compressed.before_tokens),
                names::tokens(names::AFTER_TOKENS, compressed.after_tokens),
            ]);
            ("loom.context.compressed", attributes)
        }
        RunEvent::Retrieved {
            retriever,
            sources,
            tokens,
        } => {
            let attributes = vec![
                KeyValue::new(names::RETRIEVER, retriever.clone()),
                names::tokens(names::PASSAGES, sources.len() as u64),
                names::tokens(names::RETRIEVED_TOKENS, *tokens),
            ];
            ("loom.context.retrieved", attributes)
        }
        _ => return None,
    };
    Some(Event::new(name, SystemTime::now(), attributes, 0))
}

/// A decision of the pool as an event of the question's span.
fn routed(routing: &Routing) -> Option<Event> {
    let (name, member, error) = match routing {
        Routing::Retried { member, error, .. } => ("loom.pool.retry", member, Some(error)),
        Routing::FailedOver { to, error, .. } => ("loom.pool.failover", to, Some(error)),
        Routing::Hedged { second, .. } => ("loom.pool.hedge", second, None),
        Routing::Cooled { member, error, .. } => ("loom.pool.cooldown", member, Some(error)),
        _ => return None,
    };
    let mut attributes = vec![KeyValue::new(names::MEMBER, member.clone())];
    attributes.extend(error.map(|error| KeyValue::new(ERROR_TYPE, names::error_type(error))));
    Some(Event::new(name, SystemTime::now(), attributes, 0))
}
