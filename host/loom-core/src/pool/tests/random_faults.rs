//! Three members that fail by chance.

use std::sync::Arc;
use std::time::Duration;

use loom_types::{Error, ErrorKind};

use super::fake::{Act, Fake, ask_in, down, limited, member, pool, reset, second, status};
use crate::pool::random::Random;

/// A member that fails at three requests of ten, each time in another way.
fn flaky(name: &'static str, seed: u64) -> Arc<Fake> {
    let random = Random::seeded(seed);
    Fake::new(name, move |_| match random.below(100) {
        0..4 => Act::refuse(limited(None)),
        4..7 => Act::refuse(limited(Some(2))),
        7..10 => Act::refuse(status(ErrorKind::Unavailable, 500)),
        10..13 => Act::refuse(down()),
        13..15 => Act::hang(),
        15..17 => Act::default().text("half").then_hang(),
        17..21 => Act::refuse(reset()),
        21..23 => Act::refuse(Error::internal("garbage")),
        23..26 => Act::default().text("half").error(reset()),
        26..28 => Act::default().text("half"),
        28 => Act::refuse(status(ErrorKind::Unauthenticated, 401)),
        29 => Act::refuse(status(ErrorKind::Timeout, 408)),
        _ => Act::say("whole").after(Duration::from_millis(300)),
    })
}

async fn check(pool: &crate::pool::Pool) {
    let mut failures = Vec::new();
    for n in 0..1000 {
        let heard = ask_in(pool, &format!("s{}", n % 40)).await;
        match heard.error {
            Some(error) => failures.push(error),
            None => assert_eq!(heard.text(), "whole"),
        }
    }
    assert!(failures.len() <= 1, "{failures:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_requests_to_three_equal_flaky_members_succeed() {
    let fakes = [flaky("a", 1), flaky("b", 2), flaky("c", 3)];
    check(&pool(fakes.iter().map(member))).await;
    assert!(fakes.iter().all(|fake| fake.calls() > 100));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_requests_to_a_flaky_member_and_two_flaky_stand_ins_succeed() {
    let fakes = [flaky("a", 4), flaky("b", 5), flaky("c", 6)];
    let [a, b, c] = &fakes;
    check(&pool([member(a), second(b), second(c)])).await;
}
