//! What a pool makes of models that fail: each fault with one member and with two, and three members
//! that fail by chance.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use loom::{Loom, Member, MemberOptions, Pool, PoolOptions};
use loom_core::Agent;
use loom_tests::faults::{
    Counter, Decision, Fault, FaultServer, Seen, counting_answers, random, stress, table,
};
use loom_types::{Outcome, Routing, RunEvent};

use super::{TIMEOUT_MS, expect};
use crate::home;

/// Attempts at one answer of a member that is alone.
const ATTEMPTS: u32 = 3;

/// The calls that a run makes, one a turn.
const CALLS: usize = 2;

/// What a run did and how it ended.
struct Ran {
    routings: Vec<Routing>,
    outcome: Outcome,
    counter: Arc<Counter>,
}

impl Ran {
    fn times(&self, is_meant: impl Fn(&Routing) -> bool) -> usize {
        let routings = self.routings.iter();
        routings.filter(|routing| is_meant(routing)).count()
    }

    fn retries(&self) -> usize {
        self.times(|routing| matches!(routing, Routing::Retried { .. }))
    }

    fn failovers(&self) -> usize {
        self.times(|routing| matches!(routing, Routing::FailedOver { .. }))
    }

    /// For how long a member was left out, at the longest.
    fn cooled(&self) -> Option<Duration> {
        let times = self.routings.iter().filter_map(|routing| match routing {
            Routing::Cooled { time, .. } => Some(*time),
            _ => None,
        });
        times.max()
    }

    /// What the pool did, in words.
    fn done(&self) -> String {
        let mut done = Vec::new();
        if self.retries() > 0 {
            done.push(format!("asked the same again {}×", self.retries()));
        }
        if let Some(time) = self.cooled() {
            done.push(format!("left it out for {time:?}"));
        }
        if self.failovers() > 0 {
            done.push(format!("asked the other {}×", self.failovers()));
        }
        if !self.outcome.is_completed() {
            done.push("gave up".to_owned());
        }
        if done.is_empty() {
            done.push("nothing".to_owned());
        }
        done.join(", ")
    }

    /// What the person saw.
    fn told(&self) -> String {
        match &self.outcome {
            Outcome::Failed { error, .. } => {
                format!("{error} ({}); {}", error.category(), error.advice())
            }
            outcome => outcome.text().to_owned(),
        }
    }
}

fn options() -> PoolOptions {
    PoolOptions {
        attempts: Some(ATTEMPTS),
        backoff: Duration::from_millis(1),
        max_backoff: Duration::from_millis(20),
        ..PoolOptions::default()
    }
}

/// The member `name/m`; those with lower priorities have smaller context windows.
async fn member(loom: &Loom, name: &str, priority: u32) -> Member {
    let provider = loom.provider(name).await.unwrap();
    Member::new(provider, "m").with(MemberOptions {
        priority,
        context_window: Some(u64::from(priority) * 100_000),
        ..MemberOptions::default()
    })
}

async fn run(pool: Pool) -> Ran {
    let counter = Arc::new(Counter::default());
    let model = pool.model().to_owned();
    let agent = Agent::builder(Arc::new(pool), model)
        .tool(Arc::clone(&counter) as _)
        .build()
        .unwrap();
    let mut run = agent.run("go");
    let mut routings = Vec::new();
    loop {
        match run.next().await.unwrap() {
            RunEvent::ModelRouted { routing } => routings.push(routing),
            RunEvent::RunEnded { outcome } => {
                return Ran {
                    routings,
                    outcome,
                    counter,
                };
            }
            _ => {}
        }
    }
}

/// Servers that fail in each way, and a host that knows them as `fault0` and so on, and a healthy one
/// as `healthy`.
struct Faulty {
    loom: Loom,
    servers: Vec<FaultServer>,
    healthy: FaultServer,
    _home: loom_tests::cli::Home,
}

impl Faulty {
    async fn new(
        plugin: &str,
        fails: impl Fn(usize) -> bool + Copy + Send + Sync + 'static,
    ) -> Self {
        let home = home();
        let healthy = FaultServer::start(|_| None, counting_answers).await;
        let servers = Fault::ALL.map(|fault| {
            let fault = move |number| fails(number).then_some(fault);
            FaultServer::start(move |asked| fault(asked.number), counting_answers)
        });
        let servers = join_all(servers).await;
        let mut toml = healthy.provider("healthy", plugin, TIMEOUT_MS);
        for (index, server) in servers.iter().enumerate() {
            toml += &server.provider(&super::name(index), plugin, TIMEOUT_MS);
        }
        let loom = Loom::open(&home.config(&toml)).await.unwrap();
        Self {
            loom,
            servers,
            healthy,
            _home: home,
        }
    }

    /// A run on the server with this fault, and on the healthy one if it has a second.
    async fn run(&self, index: usize, has_second: bool) -> Ran {
        let mut members = vec![member(&self.loom, &super::name(index), 1).await];
        if has_second {
            members.push(member(&self.loom, "healthy", 2).await);
        }
        let options = PoolOptions {
            attempts: Some(ATTEMPTS).filter(|_| !has_second),
            ..options()
        };
        run(Pool::new(members, options).unwrap()).await
    }

    /// A run for each fault, and the table of them.
    async fn run_all(&self, has_second: bool) -> Vec<(Fault, Ran)> {
        let runs = (0..self.servers.len()).map(|index| self.run(index, has_second));
        let ran = Fault::ALL.into_iter().zip(join_all(runs).await);
        let ran: Vec<_> = ran.collect();
        let rows = ran.iter().map(|(fault, ran)| Seen {
            fault: *fault,
            done: ran.done(),
            told: ran.told(),
        });
        println!("{}", table(&rows.collect::<Vec<_>>()));
        ran
    }
}

/// The run was right, and did everything once.
fn completed(fault: Fault, ran: &Ran) {
    assert_eq!(
        ran.outcome.text(),
        "go is done",
        "{fault}: {:?}",
        ran.outcome
    );
    assert!(ran.outcome.is_completed(), "{fault}: {:?}", ran.outcome);
    assert_eq!(ran.counter.counts().len(), CALLS, "{fault}");
    assert_eq!(ran.counter.repeated(), BTreeMap::new(), "{fault}");
}

/// The run failed with the class of its fault, and did nothing.
fn failed(fault: Fault, ran: &Ran) {
    let expected = expect(fault).unwrap();
    let Outcome::Failed { error, .. } = &ran.outcome else {
        panic!("{fault}: {:?}", ran.outcome);
    };
    let found = (error.kind, error.category(), error.http_status);
    let expected_class = (expected.kind, expected.category, expected.http_status);
    assert_eq!(found, expected_class, "{fault}: {error:?}");
    assert!(error.message.contains(expected.says), "{fault}: {error}");
    assert_eq!(ran.counter.counts(), BTreeMap::new(), "{fault}");
}

async fn check_alone(plugin: &str) {
    let faulty = Faulty::new(plugin, |_| true).await;
    for ((fault, ran), server) in faulty.run_all(false).await.iter().zip(&faulty.servers) {
        let attempts = match fault.decision() {
            Decision::Nothing => CALLS + 1,
            Decision::TryAgain => ATTEMPTS as usize,
            Decision::FailOver | Decision::FailOverToLarger | Decision::GiveUp => 1,
        };
        assert_eq!(server.asked().len(), attempts, "{fault}: {}", ran.done());
        match fault.decision() {
            Decision::Nothing => completed(*fault, ran),
            _ => failed(*fault, ran),
        }
    }
}

async fn check_with_a_second(plugin: &str) {
    let faulty = Faulty::new(plugin, |_| true).await;
    for (fault, ran) in &faulty.run_all(true).await {
        let done = ran.done();
        match fault.decision() {
            Decision::Nothing => assert_eq!(done, "nothing", "{fault}"),
            Decision::TryAgain => assert!(ran.failovers() > 0, "{fault}: {done}"),
            Decision::FailOver | Decision::FailOverToLarger => {
                assert!(ran.failovers() > 0, "{fault}: {done}");
                assert_eq!(ran.retries(), 0, "{fault}: {done}");
            }
            Decision::GiveUp => assert_eq!(done, "gave up", "{fault}"),
        }
        match fault.decision() {
            Decision::GiveUp => failed(*fault, ran),
            _ => completed(*fault, ran),
        }
    }
    let gives_up = |fault: &Fault| fault.decision() == Decision::GiveUp;
    let given_up = Fault::ALL.iter().filter(|fault| gives_up(fault)).count();
    let harmless = Fault::ALL
        .iter()
        .filter(|fault| fault.is_harmless())
        .count();
    let runs = Fault::ALL.len() - given_up - harmless;
    assert_eq!(faulty.healthy.asked().len(), runs * (CALLS + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_model_that_is_alone_is_asked_again_as_often_as_it_may_pass() {
    check_alone("openai").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messages_model_that_is_alone_is_asked_again_as_often_as_it_may_pass() {
    check_alone("anthropic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_chat_model_takes_over_whatever_another_model_can_take_over() {
    check_with_a_second("openai").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_messages_model_takes_over_whatever_another_model_can_take_over() {
    check_with_a_second("anthropic").await;
}

/// Every other answer fails, so each turn's first: what breaks off is void, whole or half a call.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_is_got_over_and_runs_no_tool_twice() {
    let faulty = Faulty::new("openai", |number| number % 2 == 0).await;
    for (fault, ran) in &faulty.run_all(false).await {
        match fault.decision() {
            Decision::Nothing => assert_eq!(ran.retries(), 0, "{fault}"),
            Decision::TryAgain => assert_eq!(ran.retries(), CALLS + 1, "{fault}"),
            _ => continue,
        }
        completed(*fault, ran);
    }
}

/// The measure of the pool: of a thousand runs on three models that each fail three times in ten, one
/// may fail.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_runs_on_three_failing_models_all_but_one_succeed() {
    const RUNS: usize = 1000;
    let home = home();
    let faults: Vec<_> = Fault::PASSING.into_iter().filter(is_quick).collect();
    let servers =
        [1, 2, 3].map(|seed| FaultServer::start(random(seed, 0.3, &faults), counting_answers));
    let servers = join_all(servers).await;
    let providers = servers.iter().enumerate();
    let toml: String = providers
        .map(|(index, server)| server.provider(&super::name(index), "openai", 20_000))
        .collect();
    let loom = Loom::open(&home.config(&toml)).await.unwrap();
    let members = (0..servers.len()).map(|index| {
        let loom = &loom;
        async move { member(loom, &super::name(index), 1).await }
    });
    let options = PoolOptions {
        attempts: None,
        max_cooldown_wait: Duration::ZERO,
        ..options()
    };
    let pool = Pool::seeded(join_all(members).await, options, 1).unwrap();

    let started = Instant::now();
    let model = pool.model().to_owned();
    let stressed = stress(Arc::new(pool.clone()), &model, RUNS, 20).await;
    let took = started.elapsed();
    let asked: usize = servers.iter().map(|server| server.asked().len()).sum();
    let right = servers.iter().map(|server| server.given()[&None]);
    let failed = asked - right.sum::<usize>();
    println!(
        "{} of {RUNS} runs succeeded ({:.2} %), {} calls ran twice; {asked} answers were asked for, {failed} \
         failed; {took:?}",
        stressed.completed,
        100.0 * stressed.success_rate(),
        stressed.repeated.len(),
    );
    for health in pool.health() {
        println!("{health:?}");
    }
    assert!(stressed.success_rate() >= 0.999, "{:?}", stressed.wrong);
    assert_eq!(stressed.repeated, BTreeMap::new());
    assert!(failed * 10 > asked * 2, "{failed} of {asked} failed");
}

/// Whether a fault costs no more time than an answer.
fn is_quick(fault: &Fault) -> bool {
    !matches!(
        fault,
        Fault::StallBeforeHead | Fault::StallBeforeEvents | Fault::StallInStream | Fault::SlowDrip
    )
}
