//! Language models of a plugin: an instance for each completion, alive as long as its stream.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use loom_types::{
    CompletionContext, EventStream, ModelEvent, ModelInfo, ModelRequest, Progress, Provider,
    Result, Trace,
};
use tokio_util::sync::CancellationToken;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::llm_world::{LlmPlugin, LlmPluginPre};
use crate::call::{bounded, check_output, error_of};
use crate::component::Prepared;
use crate::convert;
use crate::engine::Permit;
use crate::grants::Writing;
use crate::guest::{Call, HostState, Shared, store};
use crate::plugin::{ConfiguredPlugin, Plugin};
use crate::tool::not_the_contract;

pub(crate) struct GuestProvider {
    name: String,
    plugin: Plugin,
    shared: Arc<Shared>,
    pre: tokio::sync::OnceCell<(wasmtime::Engine, LlmPluginPre<HostState>)>,
}

/// A guest that is alive, and its place in the engine.
struct Guest {
    store: Store<HostState>,
    instance: LlmPlugin,
    _slot: Permit,
}

impl GuestProvider {
    pub(crate) fn new(configured: &ConfiguredPlugin, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            plugin: configured.plugin.clone(),
            shared: Arc::clone(&configured.shared),
            pre: tokio::sync::OnceCell::new(),
        }
    }

    async fn guest(&self, cancel: CancellationToken, trace: Option<Trace>) -> Result<Guest> {
        let prepare = || async {
            let Prepared { engine, pre, .. } = self.plugin.prepared().await?;
            let pre = LlmPluginPre::new(pre.clone())
                .map_err(|error| not_the_contract(&error, &self.shared))?;
            Ok::<_, loom_types::Error>((engine.clone(), pre))
        };
        let (engine, pre) = self.pre.get_or_try_init(prepare).await?;
        let slot = self.plugin.slot().await?;
        let call = Call {
            cancel: cancel.clone(),
            progress: Progress::ignored(),
            writing: Writing::Granted,
            trace,
            scratch: None,
        };
        let mut store = store(engine, &self.shared, call);
        let instance = bounded(
            self.shared.limits.time,
            &cancel,
            pre.instantiate_async(&mut store),
        )
        .await;
        let instance = instance.map_err(|stop| error_of(stop, store.data()))?;
        Ok(Guest {
            store,
            instance,
            _slot: slot,
        })
    }
}

#[async_trait]
impl Provider for GuestProvider {
    fn name(&self) -> &str {
        &self.name
    }

    async fn models(&self) -> Result<Vec<ModelInfo>> {
        let cancel = CancellationToken::new();
        let mut guest = self.guest(cancel.clone(), None).await?;
        let asking = guest
            .instance
            .loom_plugin_llm()
            .call_models(&mut guest.store);
        let models = bounded(self.shared.limits.time, &cancel, asking).await;
        let models = models.map_err(|stop| error_of(stop, guest.store.data()))?;
        let models = models.map_err(|error| convert::error(error, &self.shared.label))?;
        Ok(models.into_iter().map(convert::model).collect())
    }

    async fn complete(
        &self,
        request: ModelRequest,
        context: &CompletionContext,
    ) -> Result<EventStream> {
        let cancel = context.cancel.clone();
        let mut guest = self.guest(cancel.clone(), Some(context.trace)).await?;
        let request = convert::request(request);
        let asking = guest
            .instance
            .loom_plugin_llm()
            .call_complete(&mut guest.store, &request);
        let completion = bounded(self.shared.limits.time, &cancel, asking).await;
        let completion = completion.map_err(|stop| error_of(stop, guest.store.data()))?;
        let completion = completion.map_err(|error| convert::error(error, &self.shared.label))?;
        let answer = Answer {
            guest,
            completion,
            cancel,
            ready: VecDeque::new(),
            over: false,
        };
        Ok(stream::unfold(answer, |mut answer| async {
            Some((answer.next().await?, answer))
        })
        .boxed())
    }
}

/// An answer in the making.
struct Answer {
    guest: Guest,
    completion: ResourceAny,
    cancel: CancellationToken,
    ready: VecDeque<ModelEvent>,
    over: bool,
}

impl Answer {
    async fn next(&mut self) -> Option<Result<ModelEvent>> {
        while self.ready.is_empty() && !self.over {
            match self.batch().await {
                Ok(Some(events)) => self.ready.extend(events),
                Ok(None) => self.over = true,
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
        }
        self.ready.pop_front().map(Ok)
    }

    async fn batch(&mut self) -> Result<Option<Vec<ModelEvent>>> {
        let Guest {
            store, instance, ..
        } = &mut self.guest;
        let shared = Arc::clone(&store.data().shared);
        let api = instance.loom_plugin_llm().completion();
        let asking = api.call_next(&mut *store, self.completion);
        let batch = bounded(shared.limits.time, &self.cancel, asking).await;
        let batch = batch.map_err(|stop| error_of(stop, store.data()))?;
        let Some(events) = batch.map_err(|error| convert::error(error, &shared.label))? else {
            return Ok(None);
        };
        check_output(events.iter().map(convert::event_bytes).sum(), store.data())?;
        Ok(Some(events.into_iter().map(convert::event).collect()))
    }
}
