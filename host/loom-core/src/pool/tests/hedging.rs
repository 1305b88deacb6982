//! A second member is asked when the first one is later than usual.

use std::sync::Arc;
use std::time::Duration;

use loom_types::{Price, Routing, Usage};
use tokio::time::Instant;

use super::fake::{Act, Fake, Heard, ask, down, limited, member, pool_with, second, with};
use crate::pool::{Pool, PoolOptions};

const USUAL: Duration = Duration::from_millis(200);

/// A pool whose first member has answered 20 times after its usual time, and then does this.
async fn warm(then: Act, b: &Arc<Fake>) -> (Pool, Arc<Fake>) {
    warm_after(20, then, b).await
}

async fn warm_after(samples: usize, then: Act, b: &Arc<Fake>) -> (Pool, Arc<Fake>) {
    let a = Fake::new("a", move |call| match call < samples {
        true => Act::say("a").after(USUAL),
        false => then.clone(),
    });
    let options = PoolOptions {
        hedge: true,
        ..PoolOptions::default()
    };
    let price = Price {
        input: 1.0,
        ..Price::default()
    };
    let first = with(&a, |options| options.price = Some(price));
    let pool = pool_with([first, second(b)], options);
    for _ in 0..samples {
        assert_eq!(ask(&pool).await.story(), "a/m");
    }
    (pool, a)
}

fn lost(heard: &Heard) -> Option<&Routing> {
    let routings = heard.routings().into_iter();
    routings
        .rev()
        .find(|routing| matches!(routing, Routing::HedgeLost { .. }))
}

#[tokio::test(start_paused = true)]
async fn the_second_member_answers_when_the_first_is_late_and_the_cost_shows() {
    let b = Fake::acts("b", [Act::default().usage(5).text("b").stop()]);
    let (pool, a) = warm(Act::default().usage(40).then_hang(), &b).await;
    let start = Instant::now();
    let heard = ask(&pool).await;
    assert_eq!(start.elapsed(), USUAL);
    assert_eq!(heard.text(), "b");
    assert_eq!(heard.story(), "a/m, hedge b/m, lost a/m, b/m");
    let Some(Routing::HedgeLost { price, usage, .. }) = lost(&heard) else {
        panic!("{heard:?}");
    };
    assert_eq!((price.unwrap().input, usage.input_tokens), (1.0, 40));
    assert_eq!(a.active(), 0);
    let usages = heard.events.iter().filter_map(|event| match event {
        loom_types::ModelEvent::Usage { usage } => Some(*usage),
        _ => None,
    });
    let of_winner = Usage {
        input_tokens: 5,
        ..Usage::default()
    };
    assert_eq!(usages.collect::<Vec<_>>(), [of_winner]);
}

#[tokio::test(start_paused = true)]
async fn the_first_member_may_still_win() {
    let b = Fake::acts("b", [Act::say("b").after(10 * USUAL)]);
    let (pool, _) = warm(Act::say("a").after(2 * USUAL), &b).await;
    let heard = ask(&pool).await;
    assert_eq!(heard.text(), "a");
    assert_eq!(heard.story(), "a/m, hedge b/m, lost b/m");
    assert_eq!((b.calls(), b.active()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_else_is_asked_while_the_first_member_is_as_fast_as_usual() {
    let b = Fake::well("b");
    let (pool, _) = warm(Act::default().text("a").stop().late(10 * USUAL), &b).await;
    assert_eq!(ask(&pool).await.story(), "a/m");
    assert_eq!(b.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_else_is_asked_before_it_is_known_what_is_usual() {
    let b = Fake::well("b");
    let (pool, _) = warm_after(19, Act::say("a").after(10 * USUAL), &b).await;
    assert_eq!(ask(&pool).await.story(), "a/m");
    assert_eq!(b.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn hedging_is_off_unless_it_is_asked_for() {
    let a = Fake::new("a", |call| match call {
        0..20 => Act::say("a").after(USUAL),
        _ => Act::say("a").after(10 * USUAL),
    });
    let b = Fake::well("b");
    let pool = pool_with([member(&a), second(&b)], PoolOptions::default());
    for _ in 0..21 {
        ask(&pool).await;
    }
    assert_eq!(b.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn when_one_of_two_fails_the_other_one_goes_on() {
    let b = Fake::acts("b", [Act::say("b").after(10 * USUAL)]);
    let late_failure = Act::refuse(limited(None)).after(2 * USUAL);
    let (pool, _) = warm(late_failure, &b).await;
    let heard = ask(&pool).await;
    assert_eq!(heard.text(), "b");
    assert_eq!(heard.story(), "a/m, hedge b/m, lost a/m, cool a/m, b/m");

    let b = Fake::ill("b", down());
    let (pool, _) = warm(Act::say("a").after(2 * USUAL), &b).await;
    let heard = ask(&pool).await;
    assert_eq!(heard.text(), "a");
    assert_eq!(heard.story(), "a/m, hedge b/m, lost b/m");
}

#[tokio::test(start_paused = true)]
async fn when_both_of_two_fail_the_request_is_tried_again() {
    let b = Fake::acts("b", [Act::refuse(down()).after(USUAL), Act::say("b")]);
    let (pool, _) = warm(Act::refuse(down()).after(3 * USUAL), &b).await;
    let heard = ask(&pool).await;
    assert_eq!(heard.error, None);
    assert!(heard.story().starts_with("a/m, hedge b/m, lost b/m, retry"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_hedge_is_an_ordinary_one_and_its_tokens_count() {
    let b = Fake::well("b");
    let (pool, _) = warm(Act::default().usage(7).error(limited(None)), &b).await;
    let heard = ask(&pool).await;
    assert_eq!(heard.story(), "a/m, cool a/m, a/m>b/m, b/m");
    assert!(matches!(
        heard.events[1],
        loom_types::ModelEvent::Usage { usage } if usage.input_tokens == 7
    ));
}

#[tokio::test(start_paused = true)]
async fn a_hedge_is_one_of_the_attempts() {
    let a = Fake::new("a", |call| match call {
        0..20 => Act::say("a").after(USUAL),
        _ => Act::refuse(down()).after(2 * USUAL),
    });
    let b = Fake::ill("b", down());
    let options = PoolOptions {
        hedge: true,
        attempts: Some(3),
        ..PoolOptions::default()
    };
    let pool = pool_with([member(&a), second(&b)], options);
    for _ in 0..20 {
        ask(&pool).await;
    }
    let error = ask(&pool).await.error.unwrap();
    assert_eq!(a.calls() - 20 + b.calls(), 3, "{error}");
    assert_eq!(
        error.details.unwrap()["attempts"].as_array().unwrap().len(),
        3
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_nothing_in_it_is_an_answer() {
    let b = Fake::well("b");
    let (pool, _) = warm(Act::default().stop().then_hang(), &b).await;
    let heard = ask(&pool).await;
    assert_eq!((heard.story().as_str(), heard.error), ("a/m", None));
}
