//! Metrics, told of events on paused time.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;

use loom_types::{
    CallId, Category, Compressed, CompressionMethod, CompressionReason, Content, CorrelationId,
    DecidedBy, Error, ErrorKind, Limit, Report, SessionId, ToolResult, Trace, Usd,
};
use tokio::time::advance;

use super::*;
use crate::ParentRun;

/// Tells metrics what happened in a run.
struct Told {
    metrics: Arc<Metrics>,
    run_id: RunId,
    parent: Option<ParentRun>,
}

impl Told {
    fn new() -> Self {
        Self {
            metrics: Arc::default(),
            run_id: RunId::generate(),
            parent: None,
        }
    }

    /// A sub-agent's run of the same agent.
    fn sub_agent(&self) -> Self {
        let run_id = RunId::generate();
        let parent = ParentRun {
            run_id: self.run_id.clone(),
            session_id: SessionId::generate(),
            call_id: CallId::from("call-1"),
            trace: Trace::of_run(CorrelationId::from(&run_id), &run_id),
        };
        Self {
            metrics: Arc::clone(&self.metrics),
            run_id,
            parent: Some(parent),
        }
    }

    fn event(&self, event: &RunEvent) {
        let run = ObservedRun {
            run_id: &self.run_id,
            session_id: &SessionId::from("s"),
            trace: Trace::of_run(CorrelationId::from(&self.run_id), &self.run_id),
            parent: self.parent.as_ref(),
            agent: None,
        };
        self.metrics.event(&run, event);
    }

    fn started(&self) {
        self.event(&RunEvent::RunStarted {
            run_id: self.run_id.clone(),
            session_id: SessionId::from("s"),
            model: "a/b".to_owned(),
            resumed: false,
            correlation_id: CorrelationId::from(&self.run_id),
            parent_run_id: None,
        });
    }

    fn answered(&self, model: &str, milliseconds: u64, error: Option<Error>) {
        self.event(&RunEvent::ModelAnswered {
            turn: 1,
            model: model.to_owned(),
            usage: Usage {
                input_tokens: 10,
                output_tokens: 5,
                ..Usage::default()
            },
            cost: (model == "a/b").then_some(Usd::from_nanos(100)),
            latency: Latency {
                total: Duration::from_millis(milliseconds),
                first_token: error
                    .is_none()
                    .then_some(Duration::from_millis(milliseconds / 2)),
            },
            error,
        });
    }

    fn tool(&self, name: &str, milliseconds: u64, is_error: bool) {
        self.event(&RunEvent::ToolCompleted {
            result: ToolResult {
                call_id: CallId::from("call-1"),
                name: name.to_owned(),
                content: vec![Content::Text("x".to_owned())],
                is_error,
            },
            duration: Duration::from_millis(milliseconds),
            error: is_error.then_some(Category::Permission),
        });
    }

    fn ended(&self, outcome: impl FnOnce(Report) -> Outcome) {
        let report = Report {
            run_id: self.run_id.clone(),
            session_id: SessionId::from("s"),
            text: String::new(),
            turns: 1,
            tool_calls: 0,
            usage: Usage::default(),
            cost: None,
            duration: Duration::ZERO,
        };
        let outcome = outcome(report);
        self.event(&RunEvent::RunEnded { outcome });
    }

    fn failed(&self, error: Error) {
        self.ended(|report| Outcome::Failed { error, report });
    }

    fn snapshot(&self) -> MetricsSnapshot {
        self.metrics.snapshot()
    }
}

fn unavailable() -> Error {
    Error::unavailable("down")
}

#[tokio::test(start_paused = true)]
async fn nothing_is_counted_before_the_first_event() {
    let snapshot = Told::new().snapshot();
    assert_eq!(snapshot, MetricsSnapshot::default());
}

#[tokio::test(start_paused = true)]
async fn runs_are_counted_by_how_they_end() {
    let told = Told::new();
    for _ in 0..5 {
        told.started();
    }
    told.ended(|report| Outcome::Completed { report });
    told.ended(|report| Outcome::Cancelled { report });
    told.ended(|report| Outcome::LimitReached {
        limit: Limit::Turns(1),
        report,
    });
    told.failed(Error::denied("no"));
    told.sub_agent().started();
    let snapshot = told.snapshot();
    assert_eq!(
        snapshot.runs,
        RunCounts {
            started: 6,
            sub_agents: 1,
            completed: 1,
            failed: 1,
            cancelled: 1,
            limit_reached: 1,
        }
    );
    assert_eq!(snapshot.errors.permission, 1);
}

#[tokio::test(start_paused = true)]
async fn models_are_counted_together_and_each() {
    let told = Told::new();
    told.answered("a/b", 100, None);
    told.answered("a/b", 300, None);
    told.sub_agent().answered("c/d", 900, Some(unavailable()));
    let snapshot = told.snapshot();
    assert_eq!((snapshot.models.calls, snapshot.models.errors), (3, 1));
    assert_eq!(snapshot.models.usage.input_tokens, 30);
    assert_eq!(snapshot.models.cost, Some(Usd::from_nanos(200)));
    assert_eq!(snapshot.by_model["a/b"].calls, 2);
    assert_eq!(snapshot.by_model["c/d"].cost, None);
    let latency = snapshot.model_latency.unwrap();
    assert_eq!((latency.count, latency.mean.as_millis()), (2, 200));
    assert_eq!(snapshot.first_token.unwrap().mean.as_millis(), 100);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_ends_its_run_is_counted_once() {
    let told = Told::new();
    told.answered("a/b", 1, Some(unavailable()));
    told.failed(unavailable());
    assert_eq!(told.snapshot().errors.service, 1);
    told.answered("a/b", 1, Some(unavailable()));
    told.answered("a/b", 1, None);
    told.failed(Error::timeout("the store is slow"));
    let errors = told.snapshot().errors;
    assert_eq!((errors.service, errors.timeout, errors.total()), (2, 1, 3));
    assert!(told.metrics.lock().failing.is_empty());
}

#[tokio::test(start_paused = true)]
async fn decisions_of_the_pool_are_counted_with_their_errors() {
    let told = Told::new();
    let routed = |routing| told.event(&RunEvent::ModelRouted { routing });
    routed(Routing::Retried {
        member: "a".to_owned(),
        attempt: 2,
        wait: Duration::ZERO,
        error: Error::new(ErrorKind::RateLimited, "slow down"),
    });
    routed(Routing::FailedOver {
        from: "a".to_owned(),
        to: "b".to_owned(),
        error: unavailable(),
    });
    routed(Routing::Cooled {
        member: "a".to_owned(),
        time: Duration::from_secs(1),
        error: unavailable(),
    });
    routed(Routing::Hedged {
        first: "a".to_owned(),
        second: "b".to_owned(),
        after: Duration::ZERO,
    });
    let snapshot = told.snapshot();
    let expect = PoolCounts {
        retries: 1,
        failovers: 1,
        hedges: 1,
        cooldowns: 1,
    };
    assert_eq!(snapshot.pool, expect);
    let by_name: Vec<_> = snapshot.errors.by_name().collect();
    assert_eq!(by_name, [("rate_limit", 1), ("service", 1)]);
}

#[tokio::test(start_paused = true)]
async fn permissions_messages_and_reminders_are_counted() {
    let told = Told::new();
    for allowed in [true, true, false] {
        told.event(&RunEvent::PermissionDecided {
            call_id: CallId::from("call-1"),
            tool: "write_file".to_owned(),
            decision: PermissionDecision {
                allowed,
                by: DecidedBy::Person,
                reason: None,
            },
        });
    }
    told.event(&RunEvent::MessageInjected {
        priority: 5,
        text: "stop".to_owned(),
    });
    told.event(&RunEvent::Reminded {
        rule: "todo".to_owned(),
        text: "look".to_owned(),
    });
    let snapshot = told.snapshot();
    let permissions = snapshot.permissions;
    assert_eq!((permissions.allowed, permissions.denied), (2, 1));
    assert_eq!((snapshot.injected_messages, snapshot.reminders), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn compressions_and_retrievals_are_counted_with_their_tokens() {
    let told = Told::new();
    let compressed = |method, before_tokens| {
        told.event(&RunEvent::Compressed(Compressed {
            reason: CompressionReason::Threshold,
            method,
            before_tokens,
            after_tokens: 25,
            kept_messages: 3,
            summarized_messages: 9,
            shortened_results: 0,
            pinned: 1,
            generation: 1,
            host_time: Duration::from_millis(10),
            model_time: Duration::from_secs(2),
        }));
    };
    compressed(CompressionMethod::Summarized, 100);
    compressed(CompressionMethod::Fallback, 200);
    compressed(CompressionMethod::Trimmed, 50);
    told.event(&RunEvent::Retrieved {
        retriever: "kb".to_owned(),
        sources: Vec::new(),
        tokens: 0,
    });
    let snapshot = told.snapshot();
    let compressions = snapshot.compressions;
    assert_eq!(compressions.count, 3);
    assert_eq!((compressions.summarized, compressions.fallbacks), (1, 1));
    assert_eq!(compressions.saved_tokens(), 275);
    assert_eq!(compressions.host_time, Duration::from_millis(30));
    assert_eq!(compressions.model_time, Duration::from_secs(6));
    let expect = RetrievalMetrics {
        count: 1,
        passages: 0,
        tokens: 0,
    };
    assert_eq!(snapshot.retrievals, expect);
}

#[tokio::test(start_paused = true)]
async fn what_a_sub_agent_tells_its_parent_is_not_counted_again() {
    let told = Told::new();
    told.event(&RunEvent::SubAgent {
        call_id: CallId::from("call-1"),
        agent: "reader".to_owned(),
        event: Box::new(RunEvent::TurnStarted { turn: 1 }),
    });
    assert_eq!(told.snapshot().turns, 0);
}

#[tokio::test(start_paused = true)]
async fn percentiles_are_right_within_a_percent() {
    let told = Told::new();
    for milliseconds in 1..=1000 {
        told.tool("t", milliseconds, milliseconds > 990);
    }
    let snapshot = told.snapshot();
    let latency = snapshot.tool_latency.unwrap();
    let p95 = latency.p95.as_secs_f64();
    assert!((0.95..0.9595).contains(&p95), "{p95}");
    assert_eq!(latency.mean, Duration::from_micros(500_500));
    assert_eq!(latency.max, Duration::from_secs(1));
    assert_eq!(snapshot.by_tool["t"].errors, 10);
    assert_eq!(snapshot.tools.mean(), Some(latency.mean));
}

#[tokio::test(start_paused = true)]
async fn times_of_zero_and_of_days_are_counted_too() {
    let told = Told::new();
    told.tool("t", 0, false);
    assert_eq!(told.snapshot().tool_latency.unwrap().p95, Duration::ZERO);
    told.tool("t", 1000 * 60 * 60 * 48, false);
    let latency = told.snapshot().tool_latency.unwrap();
    assert_eq!(latency.max, Duration::from_secs(48 * 60 * 60));
    assert!(latency.p95 >= Duration::from_secs(60 * 60), "{latency:?}");
}

#[tokio::test(start_paused = true)]
async fn rates_are_those_of_the_last_minute() {
    let told = Told::new();
    for _ in 0..30 {
        told.tool("t", 1, false);
        told.answered("a/b", 1, None);
        advance(Duration::from_secs(1)).await;
    }
    // Half a minute has 30 calls, so a minute has 60.
    let rates = told.snapshot().per_minute;
    assert_eq!((rates.tool_calls, rates.model_calls), (60.0, 60.0));
    assert_eq!(rates.tokens, 60.0 * 15.0);
    advance(Duration::from_secs(45)).await;
    assert_eq!(told.snapshot().per_minute.tool_calls, 14.0);
    advance(Duration::from_secs(60)).await;
    assert_eq!(told.snapshot().per_minute.tool_calls, 0.0);
    told.tool("t", 1, false);
    assert_eq!(told.snapshot().per_minute.tool_calls, 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_burst_at_the_start_is_no_endless_rate() {
    let told = Told::new();
    told.tool("t", 1, false);
    assert_eq!(told.snapshot().per_minute.tool_calls, 60.0);
}

#[tokio::test(start_paused = true)]
async fn names_that_a_model_makes_up_do_not_fill_memory() {
    let told = Told::new();
    for number in 0..10_000 {
        told.tool(&format!("tool_{number}"), 1, true);
    }
    let snapshot = told.snapshot();
    assert_eq!(snapshot.by_tool.len(), MAX_NAMES + 1);
    assert_eq!(snapshot.by_tool[OTHERS].calls, 10_000 - MAX_NAMES as u64);
    assert_eq!(snapshot.tools.calls, 10_000);
}

#[tokio::test(start_paused = true)]
async fn json_has_times_in_milliseconds() {
    let told = Told::new();
    told.tool("t", 250, false);
    let json = serde_json::to_value(told.snapshot()).unwrap();
    assert_eq!(json["tool_latency"]["mean_ms"], 250.0);
    assert_eq!(json["by_tool"]["t"]["time_ms"], 250.0);
    assert_eq!(json["model_latency"], serde_json::Value::Null);
}

#[test]
fn threads_may_count_at_once() {
    let told = Told::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    told.tool("t", 1, false);
                }
            });
        }
    });
    assert_eq!(told.snapshot().tools.calls, 2000);
}
