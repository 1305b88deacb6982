use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, advance};

use super::{Breaker, BreakerOptions, BreakerState, Ending};

fn breaker() -> Breaker {
    Breaker::new(BreakerOptions::default())
}

fn fail(breaker: &mut Breaker, times: u32) {
    for _ in 0..times {
        breaker.pass();
        breaker.record(Ending::Failure, Instant::now());
    }
}

fn succeed(breaker: &mut Breaker) {
    breaker.pass();
    breaker.record(Ending::Success, Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_success_starts_the_count_again() {
    let mut breaker = breaker();
    fail(&mut breaker, 4);
    succeed(&mut breaker);
    fail(&mut breaker, 4);
    assert_eq!(breaker.state(Instant::now()), BreakerState::Closed);
    fail(&mut breaker, 1);
    assert_eq!(breaker.state(Instant::now()), BreakerState::Open);
    assert_eq!(breaker.free_in(Instant::now()), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_failed_trial_opens_it_again() {
    let mut breaker = breaker();
    fail(&mut breaker, 5);
    advance(Duration::from_secs(30)).await;
    succeed(&mut breaker);
    assert_eq!(breaker.state(Instant::now()), BreakerState::HalfOpen);
    fail(&mut breaker, 1);
    assert_eq!(breaker.free_in(Instant::now()), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_says_nothing_makes_room_for_another() {
    let mut breaker = breaker();
    fail(&mut breaker, 5);
    advance(Duration::from_secs(30)).await;
    breaker.pass();
    assert!(breaker.free_in(Instant::now()) > Duration::ZERO);
    breaker.record(Ending::Unknown, Instant::now());
    assert_eq!(breaker.free_in(Instant::now()), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_began_before_it_opened_does_not_close_it() {
    let mut breaker = breaker();
    breaker.pass();
    fail(&mut breaker, 5);
    breaker.record(Ending::Success, Instant::now());
    assert_eq!(breaker.state(Instant::now()), BreakerState::Open);
}

/// What may happen to a breaker.
#[derive(Clone, Copy, Debug)]
enum Step {
    End(Ending),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::End(Ending::Success)),
        4 => Just(Step::End(Ending::Failure)),
        1 => Just(Step::End(Ending::Unknown)),
        2 => (1_u64..40).prop_map(Step::Wait),
    ]
}

proptest! {
    /// One request at a time, that keeps to what the breaker says: it opens exactly after five failures in
    /// a row, lets nobody pass for exactly 30 s, and closes exactly after two successes.
    #[test]
    fn it_opens_and_closes_exactly_as_told(steps in proptest::collection::vec(step(), 0..80)) {
        let mut breaker = breaker();
        let mut now = Instant::now();
        let (mut failures, mut successes) = (0, 0);
        let mut opened: Option<Instant> = None;
        for step in steps {
            let may_pass = opened.is_none_or(|at| now - at >= Duration::from_secs(30));
            prop_assert_eq!(breaker.free_in(now).is_zero(), may_pass);
            prop_assert_eq!(breaker.state(now) == BreakerState::Closed, opened.is_none());
            match step {
                Step::Wait(seconds) => now += Duration::from_secs(seconds),
                Step::End(_) if !may_pass => {}
                Step::End(ending) => {
                    breaker.pass();
                    breaker.record(ending, now);
                    match (ending, opened) {
                        (Ending::Unknown, _) => {}
                        (Ending::Success, None) => failures = 0,
                        (Ending::Success, Some(_)) => {
                            successes += 1;
                            if successes == 2 {
                                (opened, failures) = (None, 0);
                            }
                        }
                        (Ending::Failure, None) => {
                            failures += 1;
                            if failures == 5 {
                                (opened, successes) = (Some(now), 0);
                            }
                        }
                        (Ending::Failure, Some(_)) => (opened, successes) = (Some(now), 0),
                    }
                }
            }
        }
    }
}
