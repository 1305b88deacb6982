//! What many agents at once cost, by the system's own count.

use std::fmt;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use loom_core::BudgetLimits;

use super::{Crowd, answer};

/// What Linux counts CPU time in for its readers, on every platform that it has today.
const TICKS_PER_SECOND: f64 = 100.0;
const PAGE_BYTES: usize = 4096;

/// What a number of agents at once cost.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    agents: usize,
    wall: Duration,
    /// User and system, to a hundredth of a second.
    cpu: Duration,
    /// The most that the process had in memory meanwhile, above what it had before.
    memory_bytes: usize,
}

impl Figures {
    /// Runs agents to their ends.
    ///
    /// # Panics
    ///
    /// If one does not give its own answer.
    pub async fn measure(crowd: &Crowd, agents: usize) -> Self {
        let agent = crowd.agent(BudgetLimits::default());
        let most = AtomicUsize::new(0);
        let (cpu, memory, started) = (cpu(), memory_bytes(), Instant::now());
        let runs: Vec<_> = (0..agents)
            .map(|number| agent.run(number.to_string()))
            .collect();
        let ends = join_all(runs.into_iter().map(async |mut run| run.outcome().await));
        let outcomes = tokio::select! {
            outcomes = ends => outcomes,
            () = watch_memory(&most) => unreachable!("watching does not end"),
        };
        let (wall, cpu) = (started.elapsed(), cpu_since(cpu));
        most.fetch_max(memory_bytes(), Ordering::Relaxed);
        for (number, outcome) in outcomes.iter().enumerate() {
            assert!(outcome.is_completed(), "{outcome:?}");
            assert_eq!(outcome.text(), answer(number));
        }
        Self {
            agents,
            wall,
            cpu,
            memory_bytes: most.into_inner().saturating_sub(memory),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agents = self.agents.max(1);
        let each = self.cpu / u32::try_from(agents).unwrap_or(u32::MAX);
        let kib = self.memory_bytes / agents / 1024;
        let (wall, cpu) = (self.wall, self.cpu);
        write!(
            f,
            "wall {wall:.0?}, cpu {cpu:.0?} ({each:.0?} per agent), memory {kib} KiB per agent"
        )
    }
}

async fn watch_memory(most: &AtomicUsize) {
    loop {
        most.fetch_max(memory_bytes(), Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn cpu_since(before: Duration) -> Duration {
    cpu().saturating_sub(before)
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the process may contain anything, a parenthesis ends it.
    let (_, fields) = stat.rsplit_once(") ").unwrap_or_default();
    // The fields utime and stime of proc_pid_stat(5), which are its 14th and 15th.
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Duration::from_secs_f64(ticks / TICKS_PER_SECOND)
}

/// Memory of this process that is in use now.
fn memory_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}
