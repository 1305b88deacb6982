//! One kept instance: a store that serves many calls, each with its own time, token and budgets.

use std::sync::Arc;
use std::time::Duration;

use loom_types::{Content, Error, Result};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wasmtime::Store;
use wasmtime::component::TypedFunc;

use crate::bindings::tool_world::ToolPlugin;
use crate::bindings::types;
use crate::call::{Stop, bounded, error_of, watched};
use crate::convert;
use crate::grants::Writing;
use crate::guest::{Call, HostState, Shared, store};
use crate::scratch::{Directory, SessionKey};
use crate::tool::{Job, Source, not_the_contract, returned};

/// The optional interface by which a guest is told that it must go.
const SESSION: &str = "loom:plugin/session@0.1.0";

type Suspend = TypedFunc<(), (std::result::Result<(), types::Error>,)>;

pub(crate) struct Instance {
    store: Store<HostState>,
    plugin: ToolPlugin,
    suspend: Option<Suspend>,
    session: String,
    shared: Arc<Shared>,
    /// How its directories were opened; the guest keeps the handles.
    writing: Writing,
    scratch: Option<Arc<Directory>>,
    pub(super) used: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Instance {
    /// Starts an instance for a session, with the session's directory.
    pub(super) async fn start(
        key: &SessionKey,
        source: &Source<'_>,
        call: &Call,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self> {
        let scratch = match source.shared.effective.scratch {
            Some(grant) => Some(source.engine.scratch().for_session(key, grant).await?),
            None => None,
        };
        let first = Call {
            cancel: call.cancel.clone(),
            progress: call.progress.clone(),
            writing: call.writing,
            trace: call.trace,
            scratch: scratch.clone(),
        };
        let mut store = store(source.wasm, source.shared, first);
        let starting = async {
            let instance = source
                .pre
                .instance_pre()
                .instantiate_async(&mut store)
                .await?;
            let plugin = ToolPlugin::new(&mut store, &instance)?;
            let interface = instance.get_export_index(&mut store, None, SESSION);
            let suspend = interface.and_then(|interface| {
                instance.get_export_index(&mut store, Some(&interface), "suspend")
            });
            let suspend = suspend.map(|suspend| instance.get_typed_func(&mut store, suspend));
            Ok((plugin, suspend))
        };
        let started = bounded(source.shared.limits.time, &call.cancel, starting).await;
        let (plugin, suspend) = started.map_err(|stop| error_of(stop, store.data()))?;
        let suspend = suspend.transpose();
        Ok(Self {
            plugin,
            suspend: suspend.map_err(|error| not_the_contract(&error, source.shared))?,
            store,
            session: key.name.clone(),
            shared: Arc::clone(source.shared),
            writing: call.writing,
            scratch,
            used: Instant::now(),
            _permit: permit,
        })
    }

    /// Whether a call may be given to it: it has the grants and directories that it was started with.
    pub(super) fn serves(&self, source: &Source<'_>, call: &Call) -> bool {
        Arc::ptr_eq(&self.shared, source.shared) && self.writing == call.writing
    }

    pub(super) fn has_files(&self) -> bool {
        self.scratch.is_some()
    }

    /// Runs a call. The outer error says that the instance may not be entered again.
    pub(super) async fn call(&mut self, job: &Job<'_>, call: Call) -> Result<Result<Vec<Content>>> {
        let cancel = call.cancel.clone();
        self.store.data_mut().serve(call);
        let breach = async {
            match &self.scratch {
                Some(scratch) => scratch.watch().await,
                None => std::future::pending().await,
            }
        };
        let running = self.plugin.loom_plugin_tool().call_call(
            &mut self.store,
            job.name,
            &job.arguments,
            &job.context,
        );
        let mut result = watched(job.time, &cancel, breach, running).await;
        if let (Ok(_), Some(scratch)) = (&result, &self.scratch)
            && let Some(breach) = scratch.breach().await
        {
            result = Err(Stop::Scratch(breach));
        }
        let state = self.store.data();
        let result = result.map_err(|stop| error_of(stop, state))?;
        Ok(returned(result, state))
    }

    /// Has the guest write down what its session needs, and drops it. Without a directory, or without the
    /// function, there is nothing to write.
    pub(super) async fn suspend(mut self, time: Duration) {
        let (Some(suspend), Some(_)) = (self.suspend.take(), &self.scratch) else {
            return;
        };
        self.store.data_mut().serve(Call::unattended());
        let writing = suspend.call_async(&mut self.store, ());
        let written = bounded(time, &CancellationToken::new(), writing).await;
        let written: Result<()> = match written {
            Ok((result,)) => result.map_err(|error| convert::error(error, &self.shared.label)),
            Err(stop) => Err(error_of(stop, self.store.data())),
        };
        if let Err(error) = written {
            self.lost(&error);
        }
    }

    fn lost(&self, error: &Error) {
        tracing::warn!(
            target: "loom::notice",
            "the session `{}` lost its variables when it was to be put aside: {error}",
            self.session
        );
    }
}
