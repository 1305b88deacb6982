//! A member of a pool at work: how it does, whether it can be asked, and the requests it works on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use loom_types::{Error, Latency, Provider};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::breaker::{Breaker, Ending};
use super::decide::{Cooling, Fault, retry_after};
use super::health::{HealthStatus, MemberHealth, TELLING_OUTCOMES, Window};
use super::{Member, MemberOptions, PoolOptions};

/// How long a member is left out that said "too many requests" and not for how long: LiteLLM's default.
const COOLDOWN_LIMITED: Duration = Duration::from_secs(5);

/// How long a member is left out that lacks a key or the model: only a person can change that.
const COOLDOWN_UNFIT: Duration = Duration::from_secs(60);

/// How long a member is left out that fails most of the time.
const COOLDOWN_FAILING: Duration = Duration::from_secs(15);

/// With how many outcomes a member can be called failing, and below which success rate.
const FAILING: (usize, f64) = (10, 0.5);

/// A member with its state, shared by all requests.
pub(super) struct MemberState {
    /// `provider/model`.
    pub(super) name: String,
    pub(super) provider: Arc<dyn Provider>,
    pub(super) model: String,
    pub(super) options: MemberOptions,
    /// There is no other member: error rates do not take it out.
    is_alone: bool,
    places: Option<Arc<Semaphore>>,
    in_flight: AtomicUsize,
    vitals: Mutex<Vitals>,
}

struct Vitals {
    breaker: Breaker,
    window: Window,
    cooled_until: Option<Instant>,
    consecutive_failures: u32,
    requests: u64,
    failures: u64,
}

/// Whether a member can be asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// How long until it can; zero if it can now.
    pub(super) free_in: Duration,
    /// It works on as many requests as it may.
    pub(super) is_full: bool,
    /// It fails so often that its equals are asked before it.
    pub(super) is_unhealthy: bool,
}

impl MemberState {
    pub(super) fn new(member: Member, options: &PoolOptions, is_alone: bool) -> Arc<Self> {
        let places = member.options.max_concurrent;
        Arc::new(Self {
            name: member.name(),
            provider: member.provider,
            model: member.model,
            options: member.options,
            is_alone,
            places: places.map(|places| Arc::new(Semaphore::new(places))),
            in_flight: AtomicUsize::new(0),
            vitals: Mutex::new(Vitals {
                breaker: Breaker::new(options.breaker),
                window: Window::new(options.window),
                cooled_until: None,
                consecutive_failures: 0,
                requests: 0,
                failures: 0,
            }),
        })
    }

    fn vitals(&self) -> MutexGuard<'_, Vitals> {
        let vitals = self.vitals.lock();
        vitals.expect("nothing panics with the lock held")
    }

    pub(super) fn standing(&self) -> Standing {
        let now = Instant::now();
        let mut vitals = self.vitals();
        Standing {
            free_in: vitals.free_in(now),
            is_full: self
                .places
                .as_ref()
                .is_some_and(|places| places.available_permits() == 0),
            is_unhealthy: vitals.window.len(now) >= TELLING_OUTCOMES
                && vitals.window.status(now) == HealthStatus::Unhealthy,
        }
    }

    /// Its 95th percentile of the time to the first token, with at least `samples` of them.
    pub(super) fn p95_first_token(&self, samples: usize) -> Option<Duration> {
        let now = Instant::now();
        self.vitals().window.p95_first_token(now, samples)
    }

    /// A place for a request, if there is one now.
    pub(super) fn try_lease(self: &Arc<Self>) -> Option<Lease> {
        let place = match &self.places {
            Some(places) => Some(Arc::clone(places).try_acquire_owned().ok()?),
            None => None,
        };
        Some(Lease::new(self, place))
    }

    /// A place for a request, first come first served. May be dropped at any time.
    pub(super) async fn lease(self: Arc<Self>) -> Lease {
        let place = match &self.places {
            Some(places) => {
                let place = Arc::clone(places).acquire_owned().await;
                Some(place.expect("nobody closes the semaphore"))
            }
            None => None,
        };
        Lease::new(&self, place)
    }

    pub(super) fn health(&self) -> MemberHealth {
        let now = Instant::now();
        let mut vitals = self.vitals();
        let speed = vitals.window.speed(now);
        let left = vitals.free_in(now);
        MemberHealth {
            member: self.name.clone(),
            status: vitals.window.status(now),
            success_rate: vitals.window.success_rate(now),
            mean_latency: speed.mean,
            p95_latency: speed.p95,
            p95_first_token: speed.p95_first_token,
            consecutive_failures: vitals.consecutive_failures,
            breaker: vitals.breaker.state(now),
            cooldown_left: (left > Duration::ZERO).then_some(left),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            requests: vitals.requests,
            failures: vitals.failures,
        }
    }

    /// Takes note of an answer. One that was asked for while the member was left out ends that; others may
    /// have begun before it.
    fn succeeded(&self, latency: Latency, was_out: bool) {
        let now = Instant::now();
        let mut vitals = self.vitals();
        vitals.breaker.record(Ending::Success, now);
        vitals.window.push(now, Some(latency));
        if was_out {
            vitals.cooled_until = None;
        }
        vitals.consecutive_failures = 0;
    }

    /// Takes note of an error. Returns for how long the member is left out, if it is now.
    fn failed(&self, error: &Error) -> Option<Duration> {
        let now = Instant::now();
        let fault = Fault::of(error);
        let mut vitals = self.vitals();
        let trips = fault.trips() && !self.is_alone;
        let ending = match trips {
            true => Ending::Failure,
            false => Ending::Unknown,
        };
        vitals.breaker.record(ending, now);
        if !fault.is_of_member() {
            return None;
        }
        vitals.window.push(now, None);
        vitals.consecutive_failures = vitals.consecutive_failures.saturating_add(1);
        vitals.failures += 1;
        let time = self.cooldown(error, &mut vitals, now)?;
        vitals.cooled_until = now.checked_add(time).max(vitals.cooled_until);
        Some(time)
    }

    fn cooldown(&self, error: &Error, vitals: &mut Vitals, now: Instant) -> Option<Duration> {
        if self.is_alone {
            return retry_after(error);
        }
        match Cooling::of(error) {
            Cooling::Never => None,
            Cooling::AtOnce => Some(retry_after(error).unwrap_or(match Fault::of(error) {
                Fault::Unfit => COOLDOWN_UNFIT,
                _ => COOLDOWN_LIMITED,
            })),
            Cooling::ByRate => {
                let (outcomes, rate) = FAILING;
                let fails = vitals.window.success_rate(now).is_some_and(|r| r < rate);
                (fails && vitals.window.len(now) >= outcomes).then_some(COOLDOWN_FAILING)
            }
        }
    }
}

impl Vitals {
    fn free_in(&self, now: Instant) -> Duration {
        let cooled = self.cooled_until;
        let cooled = cooled.map(|until| until.saturating_duration_since(now));
        cooled.unwrap_or_default().max(self.breaker.free_in(now))
    }
}

/// The right to ask a member once. Dropping it before the request has ended means nothing for the
/// member's health.
pub(super) struct Lease {
    member: Arc<MemberState>,
    /// The member was left out, and is asked all the same.
    was_out: bool,
    is_settled: bool,
    _place: Option<OwnedSemaphorePermit>,
}

impl Lease {
    fn new(member: &Arc<MemberState>, place: Option<OwnedSemaphorePermit>) -> Self {
        member.in_flight.fetch_add(1, Ordering::Relaxed);
        let mut vitals = member.vitals();
        let was_out = !vitals.free_in(Instant::now()).is_zero();
        vitals.breaker.pass();
        vitals.requests += 1;
        drop(vitals);
        Self {
            member: Arc::clone(member),
            was_out,
            is_settled: false,
            _place: place,
        }
    }

    pub(super) fn member(&self) -> &Arc<MemberState> {
        &self.member
    }

    /// The answer is whole.
    pub(super) fn succeed(&mut self, latency: Latency) {
        if !std::mem::replace(&mut self.is_settled, true) {
            self.member.succeeded(latency, self.was_out);
        }
    }

    /// The request failed. Returns for how long the member is left out, if it is now.
    pub(super) fn fail(&mut self, error: &Error) -> Option<Duration> {
        if std::mem::replace(&mut self.is_settled, true) {
            return None;
        }
        self.member.failed(error)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.member.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.is_settled {
            let mut vitals = self.member.vitals();
            vitals.breaker.record(Ending::Unknown, Instant::now());
        }
    }
}
