//! Backups of a plugin's session store: an instance for each request, beside the one that appends and
//! reads, so that a backup holds up neither. Which backups there are is the plugin's business.

use std::sync::Arc;

use loom_types::{Backup, Error, Result, SessionId, Upkeep};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wasmtime::Store;

use crate::bindings::backups::Guest;
use crate::bindings::backups_world::BackupsPluginPre;
use crate::bindings::types;
use crate::call::{bounded, error_of};
use crate::component::Prepared;
use crate::convert;
use crate::guest::{Call, HostState, store};
use crate::plugin::ConfiguredPlugin;
use crate::tool::not_the_contract;

#[derive(Clone)]
pub(super) struct Maintainer {
    configured: ConfiguredPlugin,
    /// One request at a time: they use the disk, and most of them the same files.
    turns: Arc<Semaphore>,
}

impl Maintainer {
    pub(super) fn new(configured: &ConfiguredPlugin) -> Self {
        Self {
            configured: configured.clone(),
            turns: Arc::new(Semaphore::new(1)),
        }
    }

    pub(super) async fn maintain(&self, session: &SessionId, keep: u32) -> Result<Upkeep> {
        let (this, session) = (self.clone(), session.to_string());
        let asking = tokio::spawn(async move {
            this.ask(async |guest, store| guest.call_maintain(store, &session, keep).await)
                .await
        });
        self.answer(asking).await.map(convert::upkeep)
    }

    pub(super) async fn backups(&self, session: Option<&SessionId>) -> Result<Vec<Backup>> {
        let (this, session) = (self.clone(), session.map(ToString::to_string));
        let asking = tokio::spawn(async move {
            this.ask(async |guest, store| guest.call_backups(store, session.as_deref()).await)
                .await
        });
        let backups = self.answer(asking).await?;
        Ok(backups.into_iter().map(convert::backup).collect())
    }

    pub(super) async fn restore(&self, session: &SessionId, id: &str) -> Result<Backup> {
        let (this, session, id) = (self.clone(), session.to_string(), id.to_owned());
        let asking = tokio::spawn(async move {
            this.ask(async |guest, store| guest.call_restore(store, &session, &id).await)
                .await
        });
        self.answer(asking).await.map(convert::backup)
    }

    /// What came of a request. It has a task of its own, and is carried out if nobody waits any more.
    async fn answer<T>(&self, asking: JoinHandle<Result<T>>) -> Result<T> {
        let gone =
            |_| Error::unavailable("the session store has stopped").from_origin(self.label());
        asking.await.map_err(gone)?
    }

    async fn ask<T>(
        &self,
        call: impl AsyncFnOnce(
            &Guest,
            &mut Store<HostState>,
        ) -> wasmtime::Result<Result<T, types::Error>>,
    ) -> Result<T> {
        let ConfiguredPlugin { plugin, shared } = &self.configured;
        if !plugin.exports().backups {
            let message = "this session store keeps no backups; `memory-file` does";
            return Err(Error::unavailable(message).from_origin(self.label()));
        }
        let _turn = self.turns.acquire().await;
        let Prepared { engine, pre, .. } = plugin.prepared().await?;
        let pre =
            BackupsPluginPre::new(pre.clone()).map_err(|error| not_the_contract(&error, shared))?;
        let _slot = plugin.slot().await?;
        let mut store = store(engine, shared, Call::unattended());
        let running = async {
            let instance = pre.instantiate_async(&mut store).await?;
            call(instance.loom_plugin_backups(), &mut store).await
        };
        let result = bounded(shared.limits.time, &CancellationToken::new(), running).await;
        let result = result.map_err(|stop| error_of(stop, store.data()))?;
        result.map_err(|error| convert::error(error, &shared.label))
    }

    fn label(&self) -> &str {
        &self.configured.shared.label
    }
}
