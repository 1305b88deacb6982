#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod agent;
mod choice;
mod fake;
mod faults;
mod hedging;
mod limits;
mod random_faults;

use std::sync::Arc;
use std::time::Duration;

use loom_types::{Error, ErrorKind, ModelInfo, Provider};

use super::{BreakerOptions, Member, MemberOptions, Pool, PoolError, PoolOptions, WindowOptions};
use fake::{Fake, ask, ask_for, context, member, pool, second, with};

fn refusal(members: Vec<Member>, options: PoolOptions) -> PoolError {
    Pool::new(members, options).unwrap_err()
}

#[test]
fn a_pool_without_members_is_refused() {
    let error = refusal(Vec::new(), PoolOptions::default());
    assert_eq!(error, PoolError::NoMembers);
}

#[test]
fn a_member_twice_is_refused() {
    let a = Fake::well("a");
    let error = refusal(vec![member(&a), second(&a)], PoolOptions::default());
    assert_eq!(error, PoolError::Duplicate("a/m".to_owned()));
}

#[test]
fn numbers_that_make_no_sense_are_refused_by_name() {
    let a = Fake::well("a");
    let check_member = |change: fn(&mut MemberOptions), option| {
        let error = refusal(vec![with(&a, change)], PoolOptions::default());
        let member = "a/m".to_owned();
        assert_eq!(error, PoolError::Zero { member, option });
    };
    check_member(|o| o.weight = 0, "weight");
    check_member(|o| o.max_concurrent = Some(0), "max_concurrent");
    check_member(
        |o| o.first_token_timeout = Duration::ZERO,
        "first_token_timeout",
    );
    check_member(|o| o.idle_timeout = Duration::ZERO, "idle_timeout");
    let check_pool = |options, option| {
        let error = refusal(vec![member(&a)], options);
        let member = "pool".to_owned();
        assert_eq!(error, PoolError::Zero { member, option });
    };
    let options = PoolOptions::default();
    let attempts = PoolOptions {
        attempts: Some(0),
        ..options.clone()
    };
    check_pool(attempts, "attempts");
    let breaker = BreakerOptions {
        failures: 0,
        ..options.breaker
    };
    check_pool(
        PoolOptions {
            breaker,
            ..options.clone()
        },
        "breaker.failures",
    );
    let window = WindowOptions {
        outcomes: 0,
        ..options.window
    };
    check_pool(PoolOptions { window, ..options }, "window.outcomes");
}

#[test]
fn a_pool_of_one_goes_by_the_name_of_its_provider_and_model() {
    let (a, b) = (Fake::well("a"), Fake::well("b"));
    let one = pool([member(&a)]);
    assert_eq!((one.name(), one.model()), ("a", "m"));
    let two = pool([member(&a), member(&b)]);
    assert_eq!((two.name(), two.model()), ("pool", "auto"));
    assert_eq!(two.members().collect::<Vec<_>>(), ["a/m", "b/m"]);
}

#[tokio::test(start_paused = true)]
async fn a_member_is_asked_for_its_own_model() {
    let a = Fake::well("a");
    let b = Fake::well("b");
    let pool = pool([member(&a), second(&b)]);
    let heard = ask_for(&pool, "auto", &context("s")).await;
    assert_eq!((heard.text(), heard.story()), ("a".into(), "a/m".into()));
    assert_eq!(a.last_request().model, "m");
}

#[tokio::test(start_paused = true)]
async fn each_pool_answers_requests_for_any_member() {
    let a = Fake::well("a");
    let pool = pool([member(&a)]);
    for model in ["", "auto", "m", "a/m"] {
        assert_eq!(ask_for(&pool, model, &context("s")).await.text(), "a");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_model_goes_to_its_member_first_and_to_others_if_it_fails() {
    let a = Fake::well("a");
    let b = Fake::acts(
        "b",
        [
            fake::Act::say("b"),
            fake::Act::refuse(Error::new(ErrorKind::Unauthenticated, "no key")),
        ],
    );
    let b_member = Member::new(Arc::clone(&b) as Arc<dyn Provider>, "special");
    let pool = pool([member(&a), b_member]);
    assert_eq!(ask_for(&pool, "special", &context("s")).await.text(), "b");
    assert_eq!(ask_for(&pool, "special", &context("s")).await.text(), "a");
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_member_by_its_full_name_goes_to_nobody_else() {
    let a = Fake::well("a");
    let b = Fake::ill("b", fake::down());
    let pool = pool([member(&a), member(&b)]);
    let heard = ask_for(&pool, "b/m", &context("s")).await;
    assert!(heard.error.is_some());
    assert_eq!(a.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_nobody_has_is_not_found_and_the_error_names_those_there_are() {
    let a = Fake::well("a");
    let heard = ask_for(&pool([member(&a)]), "gpt", &context("s")).await;
    let error = heard.error.unwrap();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.message.contains("a/m"), "{error}");
}

fn info(id: &str, context_window: Option<u64>) -> ModelInfo {
    ModelInfo {
        id: id.to_owned(),
        context_window,
        max_output_tokens: None,
        tools: true,
        images: context_window.is_some(),
        reasoning: false,
    }
}

#[tokio::test(start_paused = true)]
async fn models_are_those_of_the_members_and_before_them_what_all_can_do() {
    let a = Fake::well("a").knows(Ok(vec![info("x", None), info("m", Some(1000))]));
    let b = Fake::well("b").knows(Err(fake::down()));
    let b_member = Member::new(Arc::clone(&b) as Arc<dyn Provider>, "n").with(MemberOptions {
        context_window: Some(500),
        ..MemberOptions::default()
    });
    let models = pool([member(&a), b_member]).models().await.unwrap();
    let ids: Vec<_> = models.iter().map(|m| (&*m.id, m.context_window)).collect();
    assert_eq!(
        ids,
        [("auto", Some(500)), ("m", Some(1000)), ("n", Some(500))]
    );
    assert!(models[0].tools && !models[0].images);
}

#[tokio::test(start_paused = true)]
async fn a_probe_asks_everybody_once_and_takes_note() {
    let a = Fake::well("a");
    let b = Fake::ill("b", fake::down());
    let pool = pool([member(&a), second(&b)]);
    let probes = pool.probe().await;
    assert_eq!((a.calls(), b.calls()), (1, 1));
    assert_eq!(a.last_request().max_output_tokens, Some(16));
    assert_eq!(probes[0].error, None);
    assert_eq!(
        probes[1].error.as_ref().unwrap().http_status,
        Some(503),
        "{probes:?}"
    );
    let health = pool.health();
    assert_eq!(health[0].status, super::HealthStatus::Healthy);
    assert_eq!(health[1].status, super::HealthStatus::Unhealthy);
    assert_eq!((health[1].requests, health[1].failures), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn health_is_written_as_json() {
    let a = Fake::well("a");
    let pool = pool([member(&a)]);
    ask(&pool).await;
    let json = serde_json::to_value(pool.health()).unwrap();
    assert_eq!(json[0]["member"], "a/m");
    assert_eq!(json[0]["status"], "healthy");
    assert_eq!(json[0]["breaker"], "closed");
    assert_eq!(json[0]["success_rate"], 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_read_after_its_end() {
    use futures::StreamExt;
    let pool = pool([member(&Fake::ill("a", fake::too_long()))]);
    let request = loom_types::ModelRequest::default();
    let mut stream = pool.complete(request, &context("s")).await.unwrap();
    while stream.next().await.is_some() {}
    assert!(stream.next().await.is_none());
}
