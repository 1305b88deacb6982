//! The tool calls of an answer: started as the schedule allows, written down as they end, stopped when
//! the run has to.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use loom_types::{Category, Error, Limit, Result, RunEvent, ToolCall, ToolContext, ToolResult};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::Executor;
use super::end::End;
use crate::dispatch::{self, Planned};
use crate::schedule::{Schedule, Slot};
use crate::scope::{Scope, Side};
use crate::stop::Cause;
use crate::{Limits, reply, session, sub_agent};

/// How long tools may take to end by themselves once they are told to stop. A person who cancels does
/// not notice it; a tool that looks can close its files. Less for each level of sub-agents, so that
/// inner runs have written down how they ended before outer ones give them up.
const GRACE: Duration = Duration::from_millis(40);
const GRACE_PER_LEVEL: Duration = Duration::from_millis(8);

/// The calls of one answer on their way.
struct Batch {
    /// The calls that have not started, each in its place.
    planned: Vec<Option<Planned>>,
    schedule: Schedule,
    running: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// Stops the running calls.
    cancel: CancellationToken,
    /// The limit that kept calls of the batch from running.
    exhausted: Option<Limit>,
}

/// A call that ended.
struct Ended {
    index: usize,
    call: ToolCall,
    done: Done,
}

/// What came of a call.
struct Done {
    result: ToolResult,
    duration: Duration,
    error: Option<Category>,
}

impl Done {
    /// A call that did not run, or whose end nobody waited for.
    fn without_running(result: ToolResult, error: Category) -> Self {
        Self {
            result,
            duration: Duration::ZERO,
            error: Some(error),
        }
    }
}

/// What the executor waits for while calls run.
enum Happened {
    Ended(Ended),
    Told(Side),
    Unpaused,
    AllEnded,
}

impl Executor {
    /// Answers the calls that an earlier run left open. What is safe to do twice is done again; of
    /// anything else nobody knows whether it was done.
    pub(super) async fn settle_interrupted(&mut self) -> Result<(), End> {
        let repeats = |call: &ToolCall| {
            let listed = self.catalogue.get(&call.name);
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
            let result = reply::interrupted(&call);
            results.push(Done::without_running(result, Category::Internal));
            self.events.emit(RunEvent::ToolStarted { call }).await;
        }
        self.record_results(results).await?;
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
                Ok(()) => self.next_of(&mut batch).await,
                Err(cause) => Err(cause),
            };
            let first = match next {
                Ok(Happened::Ended(ended)) => ended,
                Ok(Happened::Told(side)) => {
                    self.pass_on(side).await;
                    continue;
                }
                Ok(Happened::Unpaused) => continue,
                Ok(Happened::AllEnded) => {
                    return batch.exhausted.map_or(Ok(()), |it| Err(End::Limit(it)));
                }
                Err(cause) => return Err(self.stop_calls(batch, cause).await),
            };
            // Calls that ended meanwhile share one write.
            let mut ended = vec![first];
            while let Some(Some(next)) = batch.running.next().now_or_never() {
                ended.push(next);
            }
            // What a call told comes before its end, so this is looked at once it is known who ended.
            while let Ok(side) = self.side.try_recv() {
                self.pass_on(side).await;
            }
            let mut results = Vec::with_capacity(ended.len());
            for Ended { index, call, done } in ended {
                batch.schedule.done(index);
                self.watch.saw_call(self.tally.turns, call, &done.result);
                results.push(done);
            }
            self.record_results(results).await?;
        }
    }

    /// Waits for what comes next in a batch.
    async fn next_of(&mut self, batch: &mut Batch) -> Result<Happened, Cause> {
        let pause = &self.scope.pause;
        let paused = pause.is_on();
        if !paused && batch.running.is_empty() {
            // A pause that kept calls from starting may be over by now.
            let all_started = batch.planned.iter().all(Option::is_none);
            return Ok(match all_started {
                true => Happened::AllEnded,
                false => Happened::Unpaused,
            });
        }
        tokio::select! {
            biased;
            cause = self.stop.wait() => Err(cause),
            Some(side) = self.side.recv() => Ok(Happened::Told(side)),
            Some(ended) = batch.running.next(), if !batch.running.is_empty() => Ok(Happened::Ended(ended)),
            () = async { pause.clone().over().await }, if paused => Ok(Happened::Unpaused),
        }
    }

    /// Tells what a call in progress left.
    async fn pass_on(&mut self, side: Side) {
        match side {
            Side::Own(event) => self.events.emit(*event).await,
            Side::Forwarded(event) => self.events.pass_on(*event).await,
        }
    }

    async fn plan(&self, calls: Vec<ToolCall>) -> Batch {
        let planned = dispatch::plan(&self.catalogue, calls, self.stop.wait()).await;
        let slots: Vec<_> = planned.iter().map(Slot::from).collect();
        Batch {
            schedule: Schedule::new(
                &slots,
                self.agent.limits.tools_at_once,
                &self.agent.at_once_by_tool,
            ),
            planned: planned.into_iter().map(Some).collect(),
            running: FuturesUnordered::new(),
            cancel: self.stop.child_token(),
            exhausted: None,
        }
    }

    /// Starts what may run now, unless the run has to stop.
    async fn start_ready(&mut self, batch: &mut Batch) -> Result<(), Cause> {
        loop {
            if let Some(cause) = self.stop.reached() {
                return Err(cause);
            }
            if self.notice_pause().await {
                return Ok(());
            }
            let Some(index) = batch.schedule.start() else {
                return Ok(());
            };
            let planned = batch.planned[index].take();
            let planned = planned.expect("the schedule starts each call once");
            let call = planned.call.clone();
            if let Err(limit) = self.scope.budget.take_tool_call() {
                batch.exhausted = Some(limit);
                batch
                    .running
                    .push(refuse(index, call.clone(), limit).boxed());
                self.events.emit(RunEvent::ToolStarted { call }).await;
                continue;
            }
            self.tally.tool_calls += 1;
            let limits = Limits {
                tool_timeout: self.time_for(&call),
                ..self.agent.limits
            };
            let context = self.tool_context(&call, &batch.cancel, limits.tool_timeout);
            self.events.emit(RunEvent::ToolStarted { call }).await;
            let scope = Arc::clone(&self.scope);
            let run = run_call(index, planned, context, limits, scope).in_current_span();
            // A lone call needs no task of its own; several get one each, so that they use all cores.
            batch.running.push(if batch.planned.len() == 1 {
                run.boxed()
            } else {
                task_of(run).boxed()
            });
        }
    }

    /// A sub-agent has a limit of its own.
    fn time_for(&self, call: &ToolCall) -> Duration {
        let agents = self.agent.sub_agents.as_ref();
        let agents = agents.filter(|_| call.name == sub_agent::NAME);
        agents.map_or(self.agent.limits.tool_timeout, |agents| {
            agents.call_timeout()
        })
    }

    fn tool_context(
        &self,
        call: &ToolCall,
        cancel: &CancellationToken,
        timeout: Duration,
    ) -> ToolContext {
        let cancel = cancel.child_token();
        ToolContext {
            call_id: call.id.clone(),
            run_id: self.tally.run_id().clone(),
            session_id: self.tally.session_id().clone(),
            trace: self.scope.trace.child(call.id.as_str()),
            // What the tool is told. The call is held to its own limit, the run's time ends all calls.
            timeout: self.stop.clamp(timeout),
            progress: self.events.progress(call.id.clone(), cancel.clone()),
            cancel,
        }
    }

    /// Writes results to the session, then tells of them.
    async fn record_results(&mut self, results: Vec<Done>) -> Result<(), End> {
        if results.is_empty() {
            return Ok(());
        }
        let entries = results
            .iter()
            .map(|done| session::result_entry(&done.result));
        let first = self.journal.append(entries.collect()).await?;
        for (done, seq) in results.into_iter().zip(first..) {
            self.transcript.push_result(seq, done.result.clone());
            let event = RunEvent::ToolCompleted {
                result: done.result,
                duration: done.duration,
                error: done.error,
            };
            self.events.emit(event).await;
        }
        Ok(())
    }

    /// Ends all calls and gives each a result, so that the session can go on. Returns how the run ends.
    async fn stop_calls(&mut self, mut batch: Batch, cause: Cause) -> End {
        batch.cancel.cancel();
        let mut results = Vec::new();
        let grace = GRACE.saturating_sub(GRACE_PER_LEVEL * self.scope.depth());
        let mut grace = std::pin::pin!(sleep(grace));
        loop {
            tokio::select! {
                biased;
                Some(side) = self.side.recv() => self.pass_on(side).await,
                ended = batch.running.next() => match ended {
                    Some(ended) => results.push(ended.done),
                    None => break,
                },
                () = &mut grace => break,
            }
        }
        while let Ok(side) = self.side.try_recv() {
            self.pass_on(side).await;
        }
        // What has not ended by now is aborted.
        drop(batch.running);
        let answered = |call: &ToolCall| {
            results
                .iter()
                .any(|done: &Done| done.result.call_id == call.id)
        };
        let mut open = self.transcript.open_calls();
        open.retain(|call| !answered(call));
        for call in open {
            let mut waiting = batch.planned.iter().flatten();
            let started = waiting.all(|planned| planned.call.id != call.id);
            let result = reply::stopped(&call, cause, started);
            results.push(Done::without_running(result, cause.category()));
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

/// A call that the budget has no room for.
async fn refuse(index: usize, call: ToolCall, limit: Limit) -> Ended {
    let result = reply::stopped(&call, Cause::Limit(limit), false);
    Ended {
        index,
        call,
        done: Done::without_running(result, Cause::Limit(limit).category()),
    }
}

async fn run_call(
    index: usize,
    planned: Planned,
    context: ToolContext,
    limits: Limits,
    scope: Arc<Scope>,
) -> Ended {
    // The tool's token ends with the call: progress reported later is nobody's.
    let _guard = context.cancel.clone().drop_guard();
    let permitted = permit(&planned, &context, &scope).await;
    let started = Instant::now();
    let outcome = match permitted {
        Ok(()) => dispatch::invoke(&planned, &context, limits.tool_timeout).await,
        Err(error) => Err(error),
    };
    let call = planned.call;
    let duration = started.elapsed();
    let error = outcome.as_ref().err().map(Error::category);
    tracing::debug!(tool = call.name, call_id = %call.id, ?duration, ?error, "tool call ended");
    let result = reply::result(&call, outcome, limits.max_result_bytes);
    let done = Done {
        result,
        duration,
        error,
    };
    Ended { index, call, done }
}

/// Whether a call may run. Asking somebody may take long; the tool's own time does not run meanwhile.
async fn permit(planned: &Planned, context: &ToolContext, scope: &Arc<Scope>) -> Result<()> {
    if scope.gate.is_open() {
        return Ok(());
    }
    let Some(request) = planned.request(&scope.run_id, scope.gate.agents()) else {
        return Ok(());
    };
    let asked = async {
        let request = Arc::new(request.clone());
        let event = RunEvent::PermissionAsked { request };
        scope.tell(Side::Own(Box::new(event))).await;
    };
    let decision = tokio::select! {
        biased;
        () = context.cancel.cancelled() => return Err(Error::cancelled()),
        decision = scope.gate.permit(&request, asked) => decision,
    };
    let event = RunEvent::PermissionDecided {
        call_id: request.call_id,
        tool: request.tool,
        decision: decision.clone(),
    };
    scope.tell(Side::Own(Box::new(event))).await;
    if decision.allowed {
        return Ok(());
    }
    let reason = decision
        .reason
        .unwrap_or_else(|| "it was not allowed".to_owned());
    Err(Error::denied(reason))
}
