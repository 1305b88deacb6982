//! The tool calls of an answer: started as the schedule allows, written down as they end, stopped when
//! the run has to.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use loom_types::{Result, RunEvent, ToolCall, ToolContext, ToolResult};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::Executor;
use super::end::End;
use crate::dispatch::{self, Planned};
use crate::schedule::{Schedule, Slot};
use crate::stop::Cause;
use crate::{Limits, reply, session};

/// How long tools may take to end by themselves once they are told to stop. A person who cancels does
/// not notice it; a tool that looks can close its files.
const GRACE: Duration = Duration::from_millis(50);

/// The calls of one answer on their way.
struct Batch {
    /// The calls that have not started, each in its place.
    planned: Vec<Option<Planned>>,
    schedule: Schedule,
    running: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// Stops the running calls.
    cancel: CancellationToken,
}

/// A call that ended.
struct Ended {
    index: usize,
    result: ToolResult,
    duration: Duration,
}

impl Executor {
    /// Answers the calls that an earlier run left open. What is safe to do twice is done again; of
    /// anything else nobody knows whether it was done.
    pub(super) async fn settle_interrupted(&mut self) -> Result<(), End> {
        let repeats = |call: &ToolCall| {
            let listed = self.agent.catalogue.get(&call.name);
            listed.is_some_and(|listed| listed.tool.definition().idempotent)
        };
        let (again, lost): (Vec<_>, Vec<_>) =
            self.transcript.open_calls().into_iter().partition(repeats);
        let mut results = Vec::with_capacity(lost.len());
        for call in lost {
            let name = &call.name;
            self.warn(format!(
                "an earlier run was interrupted in `{name}`; what it had done is unknown"
            ))
            .await;
            results.push(reply::interrupted(&call));
            self.events.emit(RunEvent::ToolStarted { call }).await;
        }
        let results = results.into_iter().map(|result| (result, Duration::ZERO));
        self.record_results(results.collect()).await?;
        self.run_calls(again).await
    }

    /// Runs calls of the last answer until each has its result in the session.
    pub(super) async fn run_calls(&mut self, calls: Vec<ToolCall>) -> Result<(), End> {
        if calls.is_empty() {
            return Ok(());
        }
        let mut batch = self.plan(calls).await;
        // However this ends, tools that still run are told.
        let _guard = batch.cancel.clone().drop_guard();
        loop {
            let next = match self.start_ready(&mut batch).await {
                Ok(()) => self.stop.or(batch.running.next()).await,
                Err(cause) => Err(cause),
            };
            let first = match next {
                Ok(Some(ended)) => ended,
                Ok(None) => return Ok(()),
                Err(cause) => return Err(self.stop_calls(batch, cause).await),
            };
            // Calls that ended meanwhile share one write.
            let mut ended = vec![first];
            while let Some(Some(next)) = batch.running.next().now_or_never() {
                ended.push(next);
            }
            for Ended { index, .. } in &ended {
                batch.schedule.done(*index);
            }
            let results = ended
                .into_iter()
                .map(|ended| (ended.result, ended.duration));
            self.record_results(results.collect()).await?;
        }
    }

    async fn plan(&self, calls: Vec<ToolCall>) -> Batch {
        let planned = dispatch::plan(&self.agent.catalogue, calls, self.stop.wait()).await;
        let slots: Vec<_> = planned.iter().map(Slot::from).collect();
        Batch {
            schedule: Schedule::new(&slots, self.agent.limits.tools_at_once, &BTreeMap::new()),
            planned: planned.into_iter().map(Some).collect(),
            running: FuturesUnordered::new(),
            cancel: self.stop.child_token(),
        }
    }

    /// Starts what may run now, unless the run has to stop.
    async fn start_ready(&mut self, batch: &mut Batch) -> Result<(), Cause> {
        loop {
            if let Some(cause) = self.stop.reached() {
                return Err(cause);
            }
            let Some(index) = batch.schedule.start() else {
                return Ok(());
            };
            let planned = batch.planned[index].take();
            let planned = planned.expect("the schedule starts each call once");
            let call = planned.call.clone();
            self.tally.tool_calls += 1;
            let context = self.tool_context(&call, &batch.cancel);
            self.events.emit(RunEvent::ToolStarted { call }).await;
            let limits = self.agent.limits;
            let run = run_call(index, planned, context, limits).in_current_span();
            // A lone call needs no task of its own; several get one each, so that they use all cores.
            batch.running.push(if batch.planned.len() == 1 {
                run.boxed()
            } else {
                task_of(run).boxed()
            });
        }
    }

    fn tool_context(&self, call: &ToolCall, cancel: &CancellationToken) -> ToolContext {
        let cancel = cancel.child_token();
        ToolContext {
            call_id: call.id.clone(),
            run_id: self.tally.run_id().clone(),
            session_id: self.tally.session_id().clone(),
            trace: self.trace.child(call.id.as_str()),
            // What the tool is told. The call is held to its own limit, the run's time ends all calls.
            timeout: self.stop.clamp(self.agent.limits.tool_timeout),
            progress: self.events.progress(call.id.clone(), cancel.clone()),
            cancel,
        }
    }

    /// Writes results to the session, then tells of them.
    async fn record_results(&mut self, results: Vec<(ToolResult, Duration)>) -> Result<(), End> {
        if results.is_empty() {
            return Ok(());
        }
        let entries = results
            .iter()
            .map(|(result, _)| session::result_entry(result));
        self.journal.append(entries.collect()).await?;
        for (result, duration) in results {
            self.transcript.push_result(result.clone());
            let event = RunEvent::ToolCompleted { result, duration };
            self.events.emit(event).await;
        }
        Ok(())
    }

    /// Ends all calls and gives each a result, so that the session can go on. Returns how the run ends.
    async fn stop_calls(&mut self, mut batch: Batch, cause: Cause) -> End {
        batch.cancel.cancel();
        let mut results = Vec::new();
        let mut grace = std::pin::pin!(sleep(GRACE));
        while let Some(ended) = tokio::select! {
            ended = batch.running.next() => ended,
            () = &mut grace => None,
        } {
            results.push((ended.result, ended.duration));
        }
        // What has not ended by now is aborted.
        drop(batch.running);
        let answered =
            |call: &ToolCall| results.iter().any(|(result, _)| result.call_id == call.id);
        let mut open = self.transcript.open_calls();
        open.retain(|call| !answered(call));
        for call in open {
            let mut waiting = batch.planned.iter().flatten();
            let started = waiting.all(|planned| planned.call.id != call.id);
            results.push((reply::stopped(&call, cause, started), Duration::ZERO));
            if !started {
                self.events.emit(RunEvent::ToolStarted { call }).await;
            }
        }
        match self.record_results(results).await {
            Ok(()) => cause.into(),
            Err(end) => end,
        }
    }
}

/// A future in a task of its own, which ends with it.
async fn task_of<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let task = AbortOnDropHandle::new(tokio::spawn(future));
    match task.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(output) => output,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // Only a runtime that shuts down cancels the task, and it drops the run as well.
        Err(Err(_)) => std::future::pending().await,
    }
}

async fn run_call(index: usize, planned: Planned, context: ToolContext, limits: Limits) -> Ended {
    let started = Instant::now();
    // The tool's token ends with the call: progress reported later is nobody's.
    let _guard = context.cancel.clone().drop_guard();
    let call = planned.call.clone();
    let outcome = dispatch::invoke(planned, &context, limits.tool_timeout).await;
    let duration = started.elapsed();
    let kind = outcome.as_ref().err().map(|error| error.kind);
    tracing::debug!(tool = call.name, call_id = %call.id, ?duration, error = ?kind, "tool call ended");
    Ended {
        index,
        result: reply::result(&call, outcome, limits.max_result_bytes),
        duration,
    }
}
