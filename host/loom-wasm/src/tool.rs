//! Tools of a plugin: a fresh instance for each call, or the one of the session that the call names.
//!
//! What a call declares to touch is believed for scheduling only, and enforced where it can be: a call
//! that writes no file gets its directories read-only, whatever is granted, and one that names the
//! files it writes may write in the directories that hold them and in no other. Within a directory the
//! declaration is not enforced: the capability is the directory's. What a path leads to may change
//! between the look at it and the call; then calls may overlap that should not, but WASI resolves the
//! path again, and no call reaches what was not granted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use loom_types::{Content, Error, Footprint, Result, Tool, ToolContext, ToolDefinition};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::asked::Asked;
use crate::bindings::tool::Context;
use crate::bindings::tool_world::ToolPluginPre;
use crate::bindings::types;
use crate::call::{Stop, bounded, check_output, error_of, watched};
use crate::component::Prepared;
use crate::convert;
use crate::engine::Engine;
use crate::error::LoadReason;
use crate::footprint;
use crate::guest::{Call, HostState, Shared, store};
use crate::manifest::Calls;
use crate::plugin::{ConfiguredPlugin, Plugin};
use crate::scratch::SessionKey;

/// How long a component may take to list its tools.
const DEFINITIONS_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct GuestTool {
    plugin: Plugin,
    shared: Arc<Shared>,
    definition: Arc<ToolDefinition>,
    pre: tokio::sync::OnceCell<(wasmtime::Engine, ToolPluginPre<HostState>)>,
}

impl GuestTool {
    pub(crate) fn new(configured: &ConfiguredPlugin, definition: &Arc<ToolDefinition>) -> Self {
        Self {
            plugin: configured.plugin.clone(),
            shared: Arc::clone(&configured.shared),
            definition: Arc::clone(definition),
            pre: tokio::sync::OnceCell::new(),
        }
    }

    fn calls(&self) -> &Calls {
        &self.plugin.metadata().manifest.calls
    }

    async fn pre(&self) -> Result<&(wasmtime::Engine, ToolPluginPre<HostState>)> {
        let prepare = || async {
            let Prepared { engine, pre, .. } = self.plugin.prepared().await?;
            let pre = ToolPluginPre::new(pre.clone())
                .map_err(|error| not_the_contract(&error, &self.shared))?;
            Ok((engine.clone(), pre))
        };
        self.pre.get_or_try_init(prepare).await
    }
}

/// Its exports have other types than the contract's.
pub(crate) fn not_the_contract(error: &wasmtime::Error, shared: &Shared) -> Error {
    Error::internal(format!("it does not fit loom:plugin@0.1.0: {error:#}"))
        .from_origin(&shared.label)
}

#[async_trait]
impl Tool for GuestTool {
    fn definition(&self) -> &Arc<ToolDefinition> {
        &self.definition
    }

    async fn footprint(&self, arguments: &Value) -> Footprint {
        let plugin = self.plugin.name();
        let footprint =
            footprint::footprint(&self.definition, &self.shared, &plugin, arguments).await;
        // What cannot be asked for fails when it is called.
        let session = Asked::of(self.calls(), arguments).ok();
        match (footprint, session.and_then(|asked| asked.session)) {
            (Footprint::Resources(mut touches), Some(session)) => {
                touches.push(footprint::session(&plugin, &session));
                Footprint::Resources(touches)
            }
            (footprint, _) => footprint,
        }
    }

    async fn call(&self, arguments: &Value, context: &ToolContext) -> Result<Vec<Content>> {
        let asked = Asked::of(self.calls(), arguments)
            .map_err(|error| error.from_origin(&self.shared.label))?;
        let limit = context.timeout.min(self.shared.limits.time);
        let time = asked.timeout.map_or(limit, |asked| asked.min(limit));
        let job = Job {
            name: &self.definition.name,
            arguments: arguments.to_string(),
            context: guest_context(context, time),
            time,
        };
        let call = Call {
            cancel: context.cancel.clone(),
            progress: context.progress.clone(),
            writing: footprint::writing(
                &self.definition,
                &self.shared.effective.directories,
                arguments,
            ),
            trace: Some(context.trace),
            scratch: None,
        };
        let (wasm, pre) = self.pre().await?;
        let source = Source {
            engine: self.plugin.engine(),
            shared: &self.shared,
            wasm,
            pre,
            room: self.plugin.prepared().await?.room.as_ref(),
        };
        let Some(name) = asked.session else {
            return fresh(&source, &job, call).await;
        };
        let key = SessionKey {
            conversation: context.session_id.to_string(),
            plugin: self.plugin.name(),
            name,
        };
        source.engine.kept().call(&key, &source, &job, call).await
    }
}

/// One call, as its guest gets it.
pub(crate) struct Job<'a> {
    /// Of the tool.
    pub(crate) name: &'a str,
    /// In JSON.
    pub(crate) arguments: String,
    pub(crate) context: Context,
    pub(crate) time: Duration,
}

/// Where a call's instance comes from.
pub(crate) struct Source<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) wasm: &'a wasmtime::Engine,
    pub(crate) pre: &'a ToolPluginPre<HostState>,
    /// See [`Prepared::room`].
    pub(crate) room: Option<&'a Arc<Semaphore>>,
}

fn guest_context(context: &ToolContext, time: Duration) -> Context {
    Context {
        call_id: context.call_id.to_string(),
        run_id: context.run_id.to_string(),
        session_id: context.session_id.to_string(),
        deadline_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Runs a call in an instance of its own.
async fn fresh(source: &Source<'_>, job: &Job<'_>, mut call: Call) -> Result<Vec<Content>> {
    let slot = source.engine.slot_for_call(source.room, &call.cancel);
    let _slot = slot.await?;
    if let Some(grant) = source.shared.effective.scratch {
        call.scratch = Some(source.engine.scratch().for_call(grant).await?);
    }
    let (cancel, scratch) = (call.cancel.clone(), call.scratch.clone());
    let mut store = store(source.wasm, source.shared, call);
    let running = async {
        let instance = source.pre.instantiate_async(&mut store).await?;
        let tool = instance.loom_plugin_tool();
        tool.call_call(&mut store, job.name, &job.arguments, &job.context)
            .await
    };
    let breach = async {
        match &scratch {
            Some(scratch) => scratch.watch().await,
            None => std::future::pending().await,
        }
    };
    let mut result = watched(job.time, &cancel, breach, running).await;
    if let Some(scratch) = scratch
        && let Some(breach) = scratch.finish().await
    {
        result = result.and(Err(Stop::Scratch(breach)));
    }
    let result = result.map_err(|stop| error_of(stop, store.data()))?;
    returned(result, store.data())
}

/// What a guest returned.
///
/// # Errors
///
/// The guest's own, and `resource_exhausted` if it is too much.
pub(crate) fn returned(
    result: Result<Vec<types::Content>, types::Error>,
    state: &HostState,
) -> Result<Vec<Content>> {
    let content = result.map_err(|error| convert::error(error, &state.shared.label))?;
    // Before anything is made of it: JSON becomes many times larger.
    check_output(content.iter().map(convert::size_bytes).sum(), state)?;
    let content = content.into_iter().map(convert::content).collect();
    Ok(content)
}

/// Asks a component for its tools. `bare` has no capability.
pub(crate) async fn definitions(
    prepared: &Prepared,
    bare: &Arc<Shared>,
) -> Result<Vec<Arc<ToolDefinition>>, LoadReason> {
    let fail = |message: String| LoadReason::Definitions(message);
    let pre =
        ToolPluginPre::new(prepared.pre.clone()).map_err(|error| fail(format!("{error:#}")))?;
    let mut store = store(&prepared.engine, bare, Call::unattended());
    let running = async {
        let instance = pre.instantiate_async(&mut store).await?;
        instance
            .loom_plugin_tool()
            .call_definitions(&mut store)
            .await
    };
    let result: Result<_, Stop> =
        bounded(DEFINITIONS_TIMEOUT, &CancellationToken::new(), running).await;
    let definitions = result.map_err(|stop| fail(error_of(stop, store.data()).message))?;
    definitions
        .into_iter()
        .map(|each| convert::definition(each).map(Arc::new).map_err(fail))
        .collect()
}
