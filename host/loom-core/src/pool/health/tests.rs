use std::time::Duration;

use loom_types::Latency;
use tokio::time::{Instant, advance};

use super::{HealthStatus, Window, WindowOptions};

fn window() -> Window {
    Window::new(WindowOptions::default())
}

fn answer(millis: u64) -> Option<Latency> {
    Some(Latency {
        total: Duration::from_millis(millis),
        first_token: Some(Duration::from_millis(millis / 10)),
    })
}

fn check(successes: usize, failures: usize, expect: HealthStatus) {
    let mut window = window();
    for _ in 0..successes {
        window.push(Instant::now(), answer(10));
    }
    for _ in 0..failures {
        window.push(Instant::now(), None);
    }
    let status = window.status(Instant::now());
    assert_eq!(status, expect, "{successes} of {}", successes + failures);
}

#[test]
fn the_status_follows_the_success_rate() {
    check(0, 0, HealthStatus::Unknown);
    check(1, 0, HealthStatus::Healthy);
    check(9, 1, HealthStatus::Healthy);
    check(8, 1, HealthStatus::Degraded);
    check(7, 3, HealthStatus::Degraded);
    check(6, 3, HealthStatus::Unhealthy);
    check(0, 1, HealthStatus::Unhealthy);
}

#[tokio::test(start_paused = true)]
async fn only_the_last_fifty_of_five_minutes_count() {
    let mut window = window();
    for _ in 0..50 {
        window.push(Instant::now(), None);
    }
    for _ in 0..50 {
        window.push(Instant::now(), answer(10));
    }
    assert_eq!(window.success_rate(Instant::now()), Some(1.0));
    advance(Duration::from_secs(300)).await;
    window.push(Instant::now(), None);
    assert_eq!(window.len(Instant::now()), 50);
    advance(Duration::from_secs(1)).await;
    assert_eq!(window.success_rate(Instant::now()), Some(0.0));
}

#[test]
fn latencies_are_those_of_answers() {
    let mut window = window();
    for millis in (1..=20).rev() {
        window.push(Instant::now(), answer(millis * 100));
        window.push(Instant::now(), None);
    }
    let speed = window.speed(Instant::now());
    let millis = |n| Some(Duration::from_millis(n));
    assert_eq!(speed.mean, millis(1050));
    assert_eq!(speed.p95, millis(1900));
    assert_eq!(speed.p95_first_token, millis(190));
    assert_eq!(window.p95_first_token(Instant::now(), 20), millis(190));
    assert_eq!(window.p95_first_token(Instant::now(), 21), None);
}

#[test]
fn nothing_is_known_of_the_speed_without_answers() {
    let mut window = window();
    window.push(Instant::now(), None);
    let speed = window.speed(Instant::now());
    assert_eq!(
        (speed.mean, speed.p95, speed.p95_first_token),
        (None, None, None)
    );
}
