//! The clock by which guests yield: a thread for each engine that moves its epoch on. What a guest does
//! at a tick is `guest`'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a guest that never calls the host may keep a thread until it is noticed.
const TICK: Duration = Duration::from_millis(10);

/// The same while there is such a guest. Half of ten tools computing on two cores then take turns of 5 ms
/// altogether, and a cancelled run stops well within 50; a turn costs a guest a few microseconds.
/// Nobody ticks like this for nothing, so that an idle process sleeps.
const BUSY_TICK: Duration = Duration::from_millis(2);

/// How often guests were interrupted by a tick.
#[derive(Default)]
pub(crate) struct Interrupted(AtomicU64);

impl Interrupted {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn times(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Starts the ticker of an engine, which ends with the engine.
///
/// # Errors
///
/// If the system has no thread to give.
pub(crate) fn start(
    engine: &wasmtime::Engine,
    interrupted: Arc<Interrupted>,
) -> std::io::Result<()> {
    let weak = engine.weak();
    let ticker = std::thread::Builder::new().name("loom-epoch".into());
    ticker.spawn(move || {
        let mut seen = 0;
        loop {
            let times = interrupted.times();
            let tick = if times == seen { TICK } else { BUSY_TICK };
            seen = times;
            std::thread::sleep(tick);
            let Some(engine) = weak.upgrade() else { break };
            engine.increment_epoch();
        }
    })?;
    Ok(())
}
