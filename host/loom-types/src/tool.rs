//! Tools: what the model may call. Plugins and native tools implement the same trait.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{
    CallId, Content, CorrelationId, Footprint, Resource, Result, RunId, SessionId, Touch, Trace,
};

/// A tool.
#[async_trait]
pub trait Tool: Send + Sync {
    /// What the model is told of it.
    fn definition(&self) -> &Arc<ToolDefinition>;

    /// What a call with these arguments touches. The caller has validated them. Default: what the
    /// definition says, see [`ToolDefinition::footprint`]; whoever knows what the arguments stand for,
    /// and what is granted, knows better.
    async fn footprint(&self, arguments: &serde_json::Value) -> Footprint {
        self.definition().footprint(arguments)
    }

    /// Runs it. The caller has validated `arguments` against the definition's schema.
    async fn call(
        &self,
        arguments: &serde_json::Value,
        context: &ToolContext,
    ) -> Result<Vec<Content>>;
}

/// How calls of a tool may run beside other calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Safety {
    /// Reads only; any number run side by side.
    Safe,
    /// Limited effects.
    Cautious,
    /// Runs alone.
    Exclusive,
}

/// Whether a resource is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessMode {
    Read,
    Write,
}

/// A resource that a call touches, named by one of its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub mode: AccessMode,
    /// `file`, `url`, or a name of the plugin's own.
    pub scheme: String,
    /// JSON Pointer (RFC 6901) into the arguments.
    pub argument: String,
}

impl Access {
    /// The names that a call gives in that argument, several if it is a list. None if it is absent, which
    /// means the tool's default; an empty list names nothing.
    #[must_use]
    pub fn names(&self, arguments: &serde_json::Value) -> Option<Vec<String>> {
        let name = |value: &serde_json::Value| match value {
            serde_json::Value::String(name) => name.clone(),
            other => other.to_string(),
        };
        match arguments.pointer(&self.argument)? {
            serde_json::Value::Null => None,
            serde_json::Value::Array(values) => Some(values.iter().map(name).collect()),
            value => Some(vec![name(value)]),
        }
    }

    /// The resources that a call names in that argument, files as they are spelled. If it is absent, one
    /// that overlaps with all of the scheme.
    #[must_use]
    pub fn resources(&self, arguments: &serde_json::Value) -> Vec<Resource> {
        let resource = |name: &str| match self.scheme.as_str() {
            "file" => Resource::file(name),
            "url" => Resource::url(name),
            _ => self.named(name),
        };
        match self.names(arguments) {
            Some(names) => names.iter().map(|name| resource(name)).collect(),
            None if self.scheme == "file" => vec![Resource::file(".")],
            None => vec![self.named("")],
        }
    }

    fn named(&self, name: &str) -> Resource {
        Resource::Named {
            scheme: self.scheme.clone(),
            name: name.to_owned(),
        }
    }
}

/// Arguments that work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    pub title: String,
    pub arguments: serde_json::Value,
    pub output: Option<String>,
}

/// What the host, the model and people know of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolDefinition {
    /// Letters, digits, `_` and `-`, at most 64 of them.
    pub name: String,
    pub title: Option<String>,
    pub description: String,
    /// JSON Schema (2020-12) of the arguments, an object.
    pub input_schema: serde_json::Value,
    pub output_schema: Option<serde_json::Value>,
    pub safety: Safety,
    /// A second identical call changes nothing more.
    pub idempotent: bool,
    pub accesses: Vec<Access>,
    pub examples: Vec<Example>,
}

impl ToolDefinition {
    /// A definition of a cautious tool that declares nothing but its arguments.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        input_schema: serde_json::Value,
    ) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: description.into(),
            input_schema,
            output_schema: None,
            safety: Safety::Cautious,
            idempotent: false,
            accesses: Vec::new(),
            examples: Vec::new(),
        }
    }

    /// What a call touches, as far as the definition tells: files by the path as it is spelled, made
    /// absolute by nobody. A call of an exclusive tool touches everything, as does one of a tool that
    /// is not safe and declares nothing. A call that leaves a declared argument out may touch any
    /// resource of that scheme.
    #[must_use]
    pub fn footprint(&self, arguments: &serde_json::Value) -> Footprint {
        let declares = !self.accesses.is_empty();
        if self.safety == Safety::Exclusive || (self.safety == Safety::Cautious && !declares) {
            return Footprint::Everything;
        }
        let touches = self.accesses.iter().flat_map(|access| {
            let resources = access.resources(arguments).into_iter();
            resources.map(|resource| Touch {
                mode: access.mode,
                resource,
            })
        });
        Footprint::Resources(touches.collect())
    }

    /// The same, declared [`Safety::Safe`], and so idempotent.
    #[must_use]
    pub fn safe(mut self) -> Self {
        self.safety = Safety::Safe;
        self.idempotent = true;
        self
    }
}

/// On whose behalf a tool is called, and what it may do meanwhile.
#[derive(Clone)]
pub struct ToolContext {
    pub call_id: CallId,
    pub run_id: RunId,
    pub session_id: SessionId,
    /// What outgoing requests name as their cause.
    pub trace: Trace,
    /// How long the call may take.
    pub timeout: Duration,
    pub cancel: CancellationToken,
    pub progress: Progress,
}

impl ToolContext {
    /// A context of its own, for a call outside a run.
    #[must_use]
    pub fn standalone(timeout: Duration) -> Self {
        let run_id = RunId::generate();
        Self {
            call_id: CallId::from("call-1"),
            trace: Trace::of_run(CorrelationId::from(&run_id), &run_id),
            run_id,
            session_id: SessionId::generate(),
            timeout,
            cancel: CancellationToken::new(),
            progress: Progress::ignored(),
        }
    }
}

/// Where a call reports how far it has come: a message, and a fraction from 0.0 to 1.0 if known.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(String, Option<f32>) + Send + Sync>);

impl Progress {
    /// Progress that goes to a function. It must not block.
    pub fn new(report: impl Fn(String, Option<f32>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    /// Progress that nobody looks at.
    #[must_use]
    pub fn ignored() -> Self {
        Self::new(|_, _| {})
    }

    /// Reports.
    pub fn report(&self, message: String, fraction: Option<f32>) {
        (self.0)(message, fraction);
    }
}

#[cfg(test)]
mod tests;
