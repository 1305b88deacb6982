//! The session store of a plugin: one long-lived instance, owned by one task that serves requests in
//! turn. A crash of the guest costs the instance and the request it served; the next one starts anew.
//! Backups are made beside it, by instances of their own.

use async_trait::async_trait;
use loom_types::{Backup, Entry, Error, Hit, Memory, Page, Query, Result, SessionId, Upkeep};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use wasmtime::Store;

use crate::bindings::memory_world::{MemoryPlugin, MemoryPluginPre};
use crate::bindings::{memory, types};
use crate::call::{bounded, error_of};
use crate::component::Prepared;
use crate::convert;
use crate::engine::Permit;
use crate::guest::{Call, HostState, store};
use crate::plugin::ConfiguredPlugin;
use crate::tool::not_the_contract;

mod upkeep;

use upkeep::Maintainer;

/// Requests that may wait for the store. Writers beyond it wait in their own tasks.
const QUEUE: usize = 256;

/// The host's side of a session store.
pub(crate) struct GuestMemory {
    requests: mpsc::Sender<Request>,
    maintainer: Maintainer,
    label: String,
}

type Reply<T> = oneshot::Sender<Result<T>>;

enum Request {
    Append(String, u64, Vec<memory::Entry>, Reply<u64>),
    Read(String, u64, u32, Reply<Vec<memory::Entry>>),
    Sessions(u32, Option<String>, Reply<memory::Page>),
    Delete(String, Reply<()>),
    Search(memory::Query, u32, Reply<Vec<memory::Hit>>),
}

impl GuestMemory {
    /// Starts the task. It ends when this value is dropped.
    pub(crate) fn start(configured: &ConfiguredPlugin) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE);
        let owner = Owner {
            configured: configured.clone(),
            guest: None,
        };
        tokio::spawn(owner.serve(queue));
        Self {
            requests,
            maintainer: Maintainer::new(configured),
            label: configured.shared.label.clone(),
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T> {
        let gone = || Error::unavailable("the session store has stopped").from_origin(&self.label);
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(request(reply))
            .await
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

#[async_trait]
impl Memory for GuestMemory {
    async fn append(
        &self,
        session: &SessionId,
        expected_seq: u64,
        entries: Vec<Entry>,
    ) -> Result<u64> {
        let entries = entries.into_iter().map(convert::to_entry).collect();
        self.ask(|reply| Request::Append(session.to_string(), expected_seq, entries, reply))
            .await
    }

    async fn read(&self, session: &SessionId, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        let entries = self
            .ask(|reply| Request::Read(session.to_string(), from_seq, limit, reply))
            .await?;
        entries
            .into_iter()
            .map(|entry| convert::entry(entry, &self.label))
            .collect()
    }

    async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<Page> {
        self.ask(|reply| Request::Sessions(limit, cursor, reply))
            .await
            .map(convert::page)
    }

    async fn delete(&self, session: &SessionId) -> Result<()> {
        self.ask(|reply| Request::Delete(session.to_string(), reply))
            .await
    }

    async fn search(&self, query: Query, limit: u32) -> Result<Vec<Hit>> {
        let hits = self
            .ask(|reply| Request::Search(convert::to_query(query), limit, reply))
            .await?;
        hits.into_iter()
            .map(|hit| convert::hit(hit, &self.label))
            .collect()
    }

    async fn maintain(&self, session: &SessionId, keep: u32) -> Result<Upkeep> {
        self.maintainer.maintain(session, keep).await
    }

    async fn backups(&self, session: Option<&SessionId>) -> Result<Vec<Backup>> {
        self.maintainer.backups(session).await
    }

    async fn restore(&self, session: &SessionId, backup: &str) -> Result<Backup> {
        self.maintainer.restore(session, backup).await
    }
}

/// The task that owns the instance.
struct Owner {
    configured: ConfiguredPlugin,
    guest: Option<Guest>,
}

struct Guest {
    store: Store<HostState>,
    instance: MemoryPlugin,
    _slot: Permit,
}

impl Owner {
    async fn serve(mut self, mut queue: mpsc::Receiver<Request>) {
        while let Some(request) = queue.recv().await {
            match request {
                Request::Append(session, seq, entries, reply) => {
                    self.answer(reply, async |guest| {
                        guest
                            .api()
                            .call_append(&mut guest.store, &session, seq, &entries)
                            .await
                    })
                    .await;
                }
                Request::Read(session, seq, limit, reply) => {
                    self.answer(reply, async |guest| {
                        guest
                            .api()
                            .call_read(&mut guest.store, &session, seq, limit)
                            .await
                    })
                    .await;
                }
                Request::Sessions(limit, cursor, reply) => {
                    self.answer(reply, async |guest| {
                        guest
                            .api()
                            .call_sessions(&mut guest.store, limit, cursor.as_deref())
                            .await
                    })
                    .await;
                }
                Request::Delete(session, reply) => {
                    self.answer(reply, async |guest| {
                        guest.api().call_delete(&mut guest.store, &session).await
                    })
                    .await;
                }
                Request::Search(query, limit, reply) => {
                    self.answer(reply, async |guest| {
                        guest
                            .api()
                            .call_search(&mut guest.store, &query, limit)
                            .await
                    })
                    .await;
                }
            }
        }
    }

    /// Serves one request. Nobody may be waiting any more; an append is carried out all the same.
    async fn answer<T>(
        &mut self,
        reply: Reply<T>,
        call: impl AsyncFnOnce(&mut Guest) -> wasmtime::Result<Result<T, types::Error>>,
    ) {
        let result = self.call(call).await;
        let _ = reply.send(result);
    }

    async fn call<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut Guest) -> wasmtime::Result<Result<T, types::Error>>,
    ) -> Result<T> {
        let mut guest = match self.guest.take() {
            Some(guest) => guest,
            None => start(&self.configured).await?,
        };
        let shared = &self.configured.shared;
        let result = bounded(
            shared.limits.time,
            &CancellationToken::new(),
            call(&mut guest),
        )
        .await;
        // After a trap the instance may not be entered again: it stays taken.
        let result = result.map_err(|stop| error_of(stop, guest.store.data()))?;
        guest.store.data_mut().rearm();
        self.guest = Some(guest);
        result.map_err(|error| convert::error(error, &shared.label))
    }
}

async fn start(configured: &ConfiguredPlugin) -> Result<Guest> {
    let ConfiguredPlugin { plugin, shared } = configured;
    let Prepared { engine, pre, .. } = plugin.prepared().await?;
    let pre =
        MemoryPluginPre::new(pre.clone()).map_err(|error| not_the_contract(&error, shared))?;
    let slot = plugin.slot().await?;
    let mut store = store(engine, shared, Call::unattended());
    let instance = bounded(
        shared.limits.time,
        &CancellationToken::new(),
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

impl Guest {
    fn api(&self) -> memory::Guest {
        self.instance.loom_plugin_memory().clone()
    }
}
