//! A pipe with a buffer, from a guest that writes without waiting to a writer that may be slow.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;
use wasmtime_wasi::p2::{StreamError, StreamResult};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

/// What may wait in a pipe before its writer has to.
const BUFFER_BYTES: usize = 64 << 10;

#[derive(Clone)]
pub(super) struct Pipe {
    shared: Arc<Shared>,
    /// Passes on what is in the buffer, as long as somebody has the pipe.
    _worker: Arc<AbortOnDropJoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    filled: Notify,
    emptied: Notify,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    is_passing_on: bool,
    failed: Option<io::ErrorKind>,
}

impl State {
    fn room(&self) -> StreamResult<usize> {
        match self.failed {
            Some(_) => Err(StreamError::Closed),
            None => Ok(BUFFER_BYTES.saturating_sub(self.waiting.len())),
        }
    }

    fn is_drained(&self) -> bool {
        self.failed.is_some() || (self.waiting.is_empty() && !self.is_passing_on)
    }
}

impl Pipe {
    pub(super) fn into(writer: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let shared = Arc::<Shared>::default();
        let worker = spawn(Arc::clone(&shared).pass_on(writer));
        Self {
            shared,
            _worker: Arc::new(worker),
        }
    }

    /// How much may be written now.
    pub(super) fn room(&self) -> StreamResult<usize> {
        self.shared.state().room()
    }

    pub(super) fn write(&self, bytes: &[u8]) -> StreamResult<()> {
        let mut state = self.shared.state();
        if state.room()? < bytes.len() {
            return Err(StreamError::trap("more was written than there is room for"));
        }
        state.waiting.extend_from_slice(bytes);
        drop(state);
        self.shared.filled.notify_one();
        Ok(())
    }

    /// Waits until something may be written, or never again.
    pub(super) async fn has_room(&self) {
        self.shared
            .until(|state| state.room().is_ok_and(|room| room > 0) || state.failed.is_some())
            .await;
    }

    /// Waits until all that was written has been passed on, or cannot be.
    pub(super) async fn drained(&self) {
        self.shared.until(State::is_drained).await;
    }

    pub(super) fn is_drained(&self) -> bool {
        self.shared.state().is_drained()
    }

    /// Why nothing can be passed on any more.
    pub(super) fn failure(&self) -> Option<io::ErrorKind> {
        self.shared.state().failed
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until(&self, condition: impl Fn(&State) -> bool) {
        loop {
            let emptied = self.emptied.notified();
            if condition(&self.state()) {
                return;
            }
            emptied.await;
        }
    }

    /// Takes whatever there is at a time, so that many small writes become few large ones.
    async fn pass_on(self: Arc<Self>, mut writer: impl AsyncWrite + Unpin) {
        let mut bytes = Vec::new();
        loop {
            self.filled.notified().await;
            self.take(&mut bytes);
            while !bytes.is_empty() {
                let passed_on = match writer.write_all(&bytes).await {
                    Ok(()) => writer.flush().await,
                    Err(error) => Err(error),
                };
                bytes.clear();
                if let Err(error) = passed_on {
                    self.state().failed = Some(error.kind());
                    return self.emptied.notify_waiters();
                }
                self.take(&mut bytes);
            }
        }
    }

    /// Exchanges an empty buffer for what waits.
    fn take(&self, bytes: &mut Vec<u8>) {
        let mut state = self.state();
        mem::swap(bytes, &mut state.waiting);
        state.is_passing_on = !bytes.is_empty();
        drop(state);
        self.emptied.notify_waiters();
    }
}
