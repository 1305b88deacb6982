//! Fakes for the tests of this crate: a scripted model, tools made of closures, a memory that fails at a
//! chosen append. No test here sleeps for real: time is tokio's paused clock.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod memory;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::BoxFuture;
use loom_types::{
    CallId, CompletionContext, Content, Entry, Error, EventStream, Memory, Message, ModelEvent,
    ModelInfo, ModelRequest, Outcome, Provider, Result, RunEvent, SessionId, StopReason, Tool,
    ToolContext, ToolDefinition, Usage,
};
use serde_json::{Value, json};

pub(crate) use memory::{Fault, FaultyMemory};

use crate::session::Record;
use crate::{Agent, Run};

/// One answer of a scripted model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    refuse: Option<Error>,
    events: Vec<Result<ModelEvent>>,
    hang: bool,
}

impl Script {
    /// An answer of exactly these events.
    pub(crate) fn events(events: impl IntoIterator<Item = ModelEvent>) -> Self {
        Self {
            events: events.into_iter().map(Ok).collect(),
            ..Self::default()
        }
    }

    /// A whole answer of text.
    pub(crate) fn text(text: &str) -> Self {
        Self::events([say(text), stop(StopReason::EndTurn)])
    }

    /// A whole answer of tool calls, each an id, a name and arguments.
    pub(crate) fn calls(calls: &[(&str, &str, &str)]) -> Self {
        let starts = calls.iter().zip(0..).flat_map(|(call, index)| {
            let (id, name, arguments) = *call;
            [
                ModelEvent::ToolCallStart {
                    index,
                    id: CallId::from(id),
                    name: name.to_owned(),
                },
                ModelEvent::ToolCallArguments {
                    index,
                    fragment: arguments.to_owned(),
                },
            ]
        });
        Self::events(starts.chain([stop(StopReason::ToolUse)]))
    }

    /// No answer: the provider refuses.
    pub(crate) fn refused(error: Error) -> Self {
        Self {
            refuse: Some(error),
            ..Self::default()
        }
    }

    /// The same, then an error.
    pub(crate) fn then_error(mut self, error: Error) -> Self {
        self.events.push(Err(error));
        self
    }

    /// The same, then nothing more for ever.
    pub(crate) fn then_hang(mut self) -> Self {
        self.hang = true;
        self
    }

    /// The same with tokens counted, before everything else.
    pub(crate) fn with_output_tokens(self, output_tokens: u64) -> Self {
        let usage = Usage {
            output_tokens,
            ..Usage::default()
        };
        self.preceded_by(ModelEvent::Usage { usage })
    }

    /// The same with an event before everything else.
    pub(crate) fn preceded_by(mut self, event: ModelEvent) -> Self {
        self.events.insert(0, Ok(event));
        self
    }
}

pub(crate) fn say(text: &str) -> ModelEvent {
    ModelEvent::Text {
        text: text.to_owned(),
    }
}

pub(crate) fn stop(reason: StopReason) -> ModelEvent {
    ModelEvent::Stop { reason }
}

type Answerer = Box<dyn Fn(&ModelRequest) -> Script + Send + Sync>;

/// A model that answers what it is told to, and remembers what it was asked.
pub(crate) struct Model {
    answer: Answerer,
    requests: Mutex<Vec<ModelRequest>>,
    contexts: Mutex<Vec<CompletionContext>>,
}

impl Model {
    /// A model that decides from the request.
    pub(crate) fn new(
        answer: impl Fn(&ModelRequest) -> Script + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            requests: Mutex::default(),
            contexts: Mutex::default(),
        })
    }

    /// A model that gives these answers in order and then refuses.
    pub(crate) fn script(answers: impl IntoIterator<Item = Script>) -> Arc<Self> {
        let answers: Mutex<VecDeque<Script>> = Mutex::new(answers.into_iter().collect());
        Self::new(move |_| {
            let next = answers.lock().unwrap().pop_front();
            next.unwrap_or_else(|| Script::refused(Error::internal("the script is over")))
        })
    }

    pub(crate) fn requests(&self) -> Vec<ModelRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// On whose behalf it was asked last.
    pub(crate) fn last_context(&self) -> CompletionContext {
        self.contexts.lock().unwrap().last().unwrap().clone()
    }

    /// The messages of the last request.
    pub(crate) fn last_messages(&self) -> Vec<Arc<Message>> {
        self.requests().last().unwrap().messages.clone()
    }
}

#[async_trait]
impl Provider for Model {
    fn name(&self) -> &'static str {
        "fake"
    }

    async fn models(&self) -> Result<Vec<ModelInfo>> {
        Ok(Vec::new())
    }

    async fn complete(
        &self,
        request: ModelRequest,
        context: &CompletionContext,
    ) -> Result<EventStream> {
        let script = (self.answer)(&request);
        self.requests.lock().unwrap().push(request);
        self.contexts.lock().unwrap().push(context.clone());
        match script.refuse {
            Some(error) => Err(error),
            None if script.hang => Ok(futures::stream::iter(script.events)
                .chain(futures::stream::pending())
                .boxed()),
            None => Ok(futures::stream::iter(script.events).boxed()),
        }
    }
}

type Body =
    Box<dyn Fn(Value, ToolContext) -> BoxFuture<'static, Result<Vec<Content>>> + Send + Sync>;

/// A tool made of a closure, which counts its calls.
pub(crate) struct FakeTool {
    definition: Arc<ToolDefinition>,
    body: Body,
    calls: AtomicU32,
}

impl FakeTool {
    /// A tool that takes any object.
    pub(crate) fn new<F>(
        name: &str,
        body: impl Fn(Value, ToolContext) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<Content>>> + Send + 'static,
    {
        Self {
            definition: Arc::new(ToolDefinition::new(
                name,
                "A test",
                json!({"type": "object"}),
            )),
            body: Box::new(move |arguments, context| Box::pin(body(arguments, context))),
            calls: AtomicU32::new(0),
        }
    }

    /// A tool that returns its name at once.
    pub(crate) fn echo(name: &str) -> Self {
        let text = name.to_owned();
        Self::new(name, move |_, _| {
            let text = text.clone();
            async { Ok(vec![Content::Text(text)]) }
        })
    }

    /// A tool that returns its name after a time.
    pub(crate) fn slow(name: &str, time: Duration) -> Self {
        let text = name.to_owned();
        Self::new(name, move |_, _| {
            let text = text.clone();
            async move {
                tokio::time::sleep(time).await;
                Ok(vec![Content::Text(text)])
            }
        })
    }

    /// A tool that never returns.
    pub(crate) fn stuck(name: &str) -> Self {
        Self::new(name, |_, _| std::future::pending())
    }

    /// The same, declared safe and idempotent.
    pub(crate) fn safe(self) -> Self {
        self.with(|definition| definition.safe())
    }

    /// The same with another definition.
    pub(crate) fn with(mut self, change: impl FnOnce(ToolDefinition) -> ToolDefinition) -> Self {
        self.definition = Arc::new(change((*self.definition).clone()));
        self
    }

    /// The same with a schema.
    pub(crate) fn with_schema(self, input_schema: Value) -> Self {
        self.with(|definition| ToolDefinition {
            input_schema,
            ..definition
        })
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Tool for FakeTool {
    fn definition(&self) -> &Arc<ToolDefinition> {
        &self.definition
    }

    async fn call(&self, arguments: &Value, context: &ToolContext) -> Result<Vec<Content>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        (self.body)(arguments.clone(), context.clone()).await
    }
}

/// The entries of a session; none if there is no such session.
pub(crate) async fn log(memory: &dyn Memory, session: &SessionId) -> Vec<Entry> {
    memory.read(session, 0, u32::MAX).await.unwrap_or_default()
}

/// The records of a session.
pub(crate) async fn records(memory: &dyn Memory, session: &SessionId) -> Vec<Record> {
    let entries = log(memory, session).await.into_iter();
    let records = entries.map(|entry| Record::decode(session, entry).unwrap());
    records.collect()
}

/// Reads a run to its end.
pub(crate) async fn drain(mut run: Run) -> (Vec<RunEvent>, Outcome) {
    let mut events = Vec::new();
    while let Some(event) = run.next().await {
        events.push(event);
    }
    (events, run.outcome().await)
}

/// An agent of a model and tools.
pub(crate) fn agent(model: &Arc<Model>, tools: impl IntoIterator<Item = Arc<FakeTool>>) -> Agent {
    let tools = tools.into_iter().map(|tool| tool as Arc<dyn Tool>);
    let model = Arc::clone(model) as Arc<dyn Provider>;
    Agent::builder(model, "model").tools(tools).build().unwrap()
}
