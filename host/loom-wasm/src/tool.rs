//! Tools of a plugin: a fresh instance for each call.
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
use tokio_util::sync::CancellationToken;

use crate::bindings::tool::Context;
use crate::bindings::tool_world::ToolPluginPre;
use crate::call::{Stop, bounded, check_output, error_of};
use crate::component::Prepared;
use crate::convert;
use crate::error::LoadReason;
use crate::footprint;
use crate::guest::{Call, HostState, Shared, store};
use crate::plugin::{ConfiguredPlugin, Plugin};

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

    async fn pre(&self) -> Result<&(wasmtime::Engine, ToolPluginPre<HostState>)> {
        let prepare = || async {
            let Prepared { engine, pre } = self.plugin.prepared().await?;
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
        footprint::footprint(
            &self.definition,
            &self.shared,
            &self.plugin.name(),
            arguments,
        )
        .await
    }

    async fn call(&self, arguments: &Value, context: &ToolContext) -> Result<Vec<Content>> {
        let (engine, pre) = self.pre().await?;
        let _slot = self.plugin.engine().slot().await;
        let call = Call {
            cancel: context.cancel.clone(),
            progress: context.progress.clone(),
            writing: footprint::writing(
                &self.definition,
                &self.shared.effective.directories,
                arguments,
            ),
            trace: Some(context.trace),
        };
        let mut store = store(engine, &self.shared, call);
        let time = context.timeout.min(self.shared.limits.time);
        let guest_context = Context {
            call_id: context.call_id.to_string(),
            run_id: context.run_id.to_string(),
            session_id: context.session_id.to_string(),
            deadline_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        };
        let arguments = arguments.to_string();
        let running = async {
            let instance = pre.instantiate_async(&mut store).await?;
            instance
                .loom_plugin_tool()
                .call_call(
                    &mut store,
                    &self.definition.name,
                    &arguments,
                    &guest_context,
                )
                .await
        };
        let result = bounded(time, &context.cancel, running).await;
        let result = result.map_err(|stop| error_of(stop, store.data()))?;
        let content = result.map_err(|error| convert::error(error, &self.shared.label))?;
        let content: Vec<Content> = content.into_iter().map(convert::content).collect();
        check_output(content.iter().map(Content::size_bytes).sum(), store.data())?;
        Ok(content)
    }
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
