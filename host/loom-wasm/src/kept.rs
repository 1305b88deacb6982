//! Kept instances: a plugin's calls with the same session, in the same conversation, come to one instance,
//! one after the other. There is a limit to them, and those that nobody uses are suspended.
//!
//! A call takes the instance out of its place and puts it back when all went well. So whatever ends a
//! call in the middle, a trap, a time-out or that nobody waits any more, drops the instance too.

mod instance;

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError, Weak};
use std::time::Duration;

use futures::future::join_all;
use loom_types::{Content, Error, Result};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::guest::Call;
use crate::scratch::SessionKey;
use crate::tool::{Job, Source};
pub(crate) use instance::Instance;

/// How long a guest may take to write down what its session needs.
const SUSPEND_TIME: Duration = Duration::from_secs(5);

/// The same for all of them together when the process ends.
const SHUTDOWN_TIME: Duration = Duration::from_secs(2);

/// How many instances are kept, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptConfig {
    /// At once. When more are asked for, the one that was not used for longest is suspended. Default 16:
    /// an interpreter takes 50 MB.
    pub instances: u32,
    /// How long one is kept that nobody uses. Default 10 minutes.
    pub idle: Duration,
}

impl Default for KeptConfig {
    fn default() -> Self {
        Self {
            instances: 16,
            idle: Duration::from_secs(600),
        }
    }
}

/// The instances of all sessions.
pub(crate) struct Kept {
    places: StdMutex<HashMap<SessionKey, Place>>,
    room: Arc<Semaphore>,
    idle: Duration,
    /// An instance is no longer busy.
    freed: Notify,
    expiry: StdMutex<Option<JoinHandle<()>>>,
}

/// Where a session's instance is while it is not busy. Who has the lock has the session; those that wait
/// for it are served in order.
type Place = Arc<Mutex<Option<Instance>>>;
type Turn = OwnedMutexGuard<Option<Instance>>;

impl Kept {
    pub(crate) fn new(config: &KeptConfig) -> Self {
        Self {
            places: StdMutex::default(),
            room: Arc::new(Semaphore::new(config.instances.max(1) as usize)),
            idle: config.idle,
            freed: Notify::new(),
            expiry: StdMutex::default(),
        }
    }

    /// Runs a call in the instance of a session, which is made if there is none.
    ///
    /// # Errors
    ///
    /// Those of the call; one that ended it in the middle says what became of the session.
    pub(crate) async fn call(
        self: &Arc<Self>,
        key: &SessionKey,
        source: &Source<'_>,
        job: &Job<'_>,
        call: Call,
    ) -> Result<Vec<Content>> {
        let cancel = call.cancel.clone();
        let preparing = async {
            let turn = self.turn(key).await;
            self.instance(turn, key, source, &call).await
        };
        let (mut turn, mut instance) = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Error::cancelled()),
            prepared = preparing => prepared?,
        };
        let result = instance.call(job, call).await;
        match result {
            Ok(result) => {
                instance.used = Instant::now();
                *turn = Some(instance);
                drop(turn);
                self.freed.notify_waiters();
                self.expire_later();
                result
            }
            Err(error) => {
                let kept = match instance.has_files() {
                    true => "its files are kept",
                    false => "the next call starts anew",
                };
                drop(instance);
                Err(Error {
                    message: format!(
                        "{}; its session `{}` lost its variables; {kept}",
                        error.message, key.name
                    ),
                    ..error
                })
            }
        }
    }

    /// Suspends all instances, side by side.
    pub(crate) async fn shutdown(&self) {
        let places = std::mem::take(&mut *self.lock_places());
        let suspending = places.into_values().map(|place| async move {
            if let Some(instance) = place.lock_owned().await.take() {
                instance.suspend(SHUTDOWN_TIME).await;
            }
        });
        let _ = timeout(SHUTDOWN_TIME, join_all(suspending)).await;
    }

    /// Drops the instances of a conversation; nobody needs what they know.
    pub(crate) async fn forget(&self, conversation: &str) {
        let mut places = Vec::new();
        self.lock_places().retain(|key, place| {
            let forgotten = key.conversation == conversation;
            if forgotten {
                places.push(Arc::clone(place));
            }
            !forgotten
        });
        for place in places {
            drop(place.lock_owned().await.take());
        }
    }

    async fn turn(&self, key: &SessionKey) -> Turn {
        let place = Arc::clone(self.lock_places().entry(key.clone()).or_default());
        place.lock_owned().await
    }

    /// The instance of a session: the one that is there, if it is of the same plugin, else a new one.
    async fn instance(
        &self,
        mut turn: Turn,
        key: &SessionKey,
        source: &Source<'_>,
        call: &Call,
    ) -> Result<(Turn, Instance)> {
        match turn.take() {
            Some(instance) if instance.serves(source, call) => return Ok((turn, instance)),
            Some(other) => {
                *turn = Some(other);
                turn = suspend(turn).await;
            }
            None => {}
        }
        let permit = self.room().await;
        let instance = Instance::start(key, source, call, permit).await?;
        Ok((turn, instance))
    }

    /// Waits for the right to have one more instance; suspends another for it if need be.
    async fn room(&self) -> OwnedSemaphorePermit {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() {
                return permit;
            }
            if let Some(turn) = self.least_recently_used() {
                suspend(turn).await;
                continue;
            }
            tokio::select! {
                permit = Arc::clone(&self.room).acquire_owned() => {
                    return permit.expect("the semaphore is never closed");
                }
                () = freed => {}
            }
        }
    }

    fn least_recently_used(&self) -> Option<Turn> {
        let used = |turn: &Turn| turn.as_ref().map(|instance| instance.used);
        let idle = self.idle_turns().into_iter();
        idle.min_by_key(used)
    }

    /// The instances that are not busy.
    fn idle_turns(&self) -> Vec<Turn> {
        let places = self.lock_places();
        let turns = places
            .values()
            .map(|place| Arc::clone(place).try_lock_owned());
        turns.flatten().filter(|turn| turn.is_some()).collect()
    }

    /// Has instances suspended that nobody uses. The task ends with this value.
    fn expire_later(self: &Arc<Self>) {
        let mut expiry = self.expiry.lock().unwrap_or_else(PoisonError::into_inner);
        // The runtime that it was started in may be gone.
        if expiry.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let pause = (self.idle / 4).clamp(Duration::from_millis(10), Duration::from_secs(30));
        let kept = Arc::downgrade(self);
        *expiry = Some(tokio::spawn(async move {
            loop {
                sleep(pause).await;
                let Some(kept) = Weak::upgrade(&kept) else {
                    break;
                };
                kept.expire().await;
            }
        }));
    }

    async fn expire(&self) {
        let now = Instant::now();
        let is_old = |turn: &Turn| {
            let instance = turn.as_ref();
            instance.is_some_and(|instance| instance.used + self.idle <= now)
        };
        let old = self.idle_turns().into_iter().filter(is_old);
        let old: Vec<_> = old.collect();
        join_all(old.into_iter().map(suspend)).await;
        // Places that nobody has or waits for.
        self.lock_places().retain(|_, place| {
            let used = place.try_lock().map_or(true, |instance| instance.is_some());
            used || Arc::strong_count(place) > 1
        });
        self.freed.notify_waiters();
    }

    fn lock_places(&self) -> std::sync::MutexGuard<'_, HashMap<SessionKey, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Suspends the instance that is in a place and drops it. In a task of its own: whoever needs its room
/// may give up meanwhile, and it is not theirs.
async fn suspend(mut turn: Turn) -> Turn {
    let suspending = tokio::spawn(async move {
        if let Some(instance) = turn.take() {
            instance.suspend(SUSPEND_TIME).await;
        }
        turn
    });
    suspending.await.expect("suspending does not panic")
}
