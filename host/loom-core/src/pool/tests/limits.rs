//! Concurrency and cancellation.

use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use loom_types::{ErrorKind, ModelRequest, Provider};
use tokio::time::{Instant, sleep, timeout};

use super::fake::{
    Act, Fake, ask, ask_for, context, limited, member, pool, pool_with, second, with,
};
use crate::pool::PoolOptions;

fn slow(name: &str) -> std::sync::Arc<Fake> {
    Fake::acts(name, [Act::say(name).after(Duration::from_secs(1))])
}

#[tokio::test(start_paused = true)]
async fn a_member_never_works_on_more_requests_than_it_may() {
    let (a, b) = (slow("a"), slow("b"));
    let pool = pool([
        with(&a, |o| o.max_concurrent = Some(2)),
        with(&b, |o| o.max_concurrent = Some(3)),
    ]);
    let start = Instant::now();
    let heard = join_all((0..50).map(|_| ask(&pool))).await;
    assert!(heard.iter().all(|heard| heard.error.is_none()));
    assert_eq!((a.peak(), b.peak()), (2, 3));
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert!(pool.health().iter().all(|health| health.in_flight == 0));
}

#[tokio::test(start_paused = true)]
async fn a_full_member_makes_room_for_one_of_lower_priority() {
    let (a, b) = (slow("a"), slow("b"));
    let pool = pool([with(&a, |o| o.max_concurrent = Some(1)), second(&b)]);
    let (one, two) = tokio::join!(ask(&pool), ask(&pool));
    assert_eq!((one.story().as_str(), two.story().as_str()), ("a/m", "b/m"));
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_a_place_in_their_order_and_that_is_told() {
    let a = slow("a");
    let pool = pool([with(&a, |o| o.max_concurrent = Some(1))]);
    let turn = |n: u64| {
        let pool = &pool;
        async move {
            sleep(Duration::from_millis(n)).await;
            let story = ask(pool).await.story();
            (story, Instant::now())
        }
    };
    let (one, two, three) = tokio::join!(turn(0), turn(1), turn(2));
    assert_eq!(one.0, "a/m");
    assert_eq!(two.0, "wait a/m, a/m");
    assert!(one.1 < two.1 && two.1 < three.1);
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_for_a_place_takes_none() {
    let a = slow("a");
    let pool = pool([with(&a, |o| o.max_concurrent = Some(1))]);
    let impatient = async {
        sleep(Duration::from_millis(1)).await;
        timeout(Duration::from_millis(10), ask(&pool)).await
    };
    let (one, two) = tokio::join!(ask(&pool), impatient);
    assert!(one.error.is_none() && two.is_err());
    assert_eq!(ask(&pool).await.story(), "a/m");
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_better_than_waiting_for_a_place() {
    let a = Fake::new("a", |call| match call {
        0 => Act::say("a").after(Duration::from_secs(100)),
        1 => Act::refuse(limited(Some(1))),
        _ => Act::say("a"),
    });
    let b = Fake::acts("b", [Act::say("b").after(Duration::from_secs(100))]);
    let pool = pool([
        with(&a, |o| o.max_concurrent = Some(2)),
        with(&b, |o| {
            o.max_concurrent = Some(1);
            o.priority = 2;
        }),
    ]);
    let later = |millis| {
        let pool = &pool;
        async move {
            sleep(Duration::from_millis(millis)).await;
            ask_for(pool, if millis == 1 { "b/m" } else { "" }, &context("s")).await
        }
    };
    let (_, _, third) = tokio::join!(later(0), later(1), later(2));
    assert_eq!(third.story(), "a/m, cool a/m, retry, a/m");
}

/// Cancels a request in the middle of what this pool does for it.
async fn check_cancel(pool: &crate::pool::Pool, fakes: &[&Fake], after: Duration) {
    let context = context("s");
    let cancel = context.cancel.clone();
    let start = Instant::now();
    let cancelling = async {
        sleep(after).await;
        cancel.cancel();
    };
    let (heard, ()) = tokio::join!(ask_for(pool, "", &context), cancelling);
    assert_eq!(heard.error.unwrap().kind, ErrorKind::Cancelled);
    assert_eq!(start.elapsed(), after);
    assert!(fakes.iter().all(|fake| fake.active() == 0));
    assert!(pool.health().iter().all(|health| health.in_flight == 0));
}

#[tokio::test(start_paused = true)]
async fn cancelling_drops_what_goes_on_at_once() {
    let time = Duration::from_secs(3);
    let hanging = Fake::acts("a", [Act::hang()]);
    check_cancel(&pool([member(&hanging)]), &[&hanging], time).await;
    let opening = Fake::acts("a", [Act::say("a").after(10 * time)]);
    check_cancel(&pool([member(&opening)]), &[&opening], time).await;
    let halfway = Fake::acts("a", [Act::default().text("x").then_hang()]);
    check_cancel(&pool([member(&halfway)]), &[&halfway], time).await;
    let told_to_wait = Fake::ill("a", limited(Some(30)));
    check_cancel(&pool([member(&told_to_wait)]), &[&told_to_wait], time).await;
    assert_eq!(told_to_wait.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn cancelling_drops_both_members_of_a_hedged_request() {
    let quick = |call| match call {
        0..20 => Act::say("x"),
        _ => Act::hang(),
    };
    let (a, b) = (Fake::new("a", quick), Fake::acts("b", [Act::hang()]));
    let options = PoolOptions {
        hedge: true,
        ..PoolOptions::default()
    };
    let pool = pool_with([member(&a), second(&b)], options);
    for _ in 0..20 {
        ask(&pool).await;
    }
    check_cancel(&pool, &[&a, &b], Duration::from_secs(3)).await;
    assert_eq!((a.calls(), b.calls()), (21, 1));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_asks_nobody() {
    let a = Fake::well("a");
    let context = context("s");
    context.cancel.cancel();
    let heard = ask_for(&pool([member(&a)]), "", &context).await;
    assert_eq!(heard.error.unwrap().kind, ErrorKind::Cancelled);
    assert_eq!(a.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stream_ends_the_request_and_says_nothing_of_the_member() {
    let a = Fake::acts("a", [Act::default().text("x").then_hang()]);
    let pool = pool([member(&a)]);
    let request = ModelRequest::default();
    let mut stream = pool.complete(request, &context("s")).await.unwrap();
    stream.next().await;
    stream.next().await;
    assert_eq!((a.active(), pool.health()[0].in_flight), (1, 1));
    drop(stream);
    let health = &pool.health()[0];
    assert_eq!((a.active(), health.in_flight), (0, 0));
    assert_eq!((health.requests, health.failures), (1, 0));
    assert_eq!(health.success_rate, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_happens_while_nobody_reads() {
    let a = Fake::well("a");
    let request = ModelRequest::default();
    let stream = pool([member(&a)]).complete(request, &context("s")).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(a.calls(), 0);
    drop(stream);
}
