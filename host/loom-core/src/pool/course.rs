//! The course of one request: member after member, until one has answered or none is left. Each step
//! is told before it is taken.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::select_all;
use futures::stream::unfold;
use loom_types::{
    CompletionContext, Error, EventStream, ModelEvent, ModelRequest, Result, Routing,
};
use tokio::time::sleep;

use super::Shared;
use super::attempt::Attempt;
use super::choose::{Rank, Tried, best, ranks};
use super::decide::{Decision, Facts, Fault, Others, Patience, decide};
use super::hedge::{Lane, Race, Runner, SAMPLES, Turn};
use super::member::Lease;
use super::summary::{Failed, summarise};

/// A request on its way.
pub(super) struct Course {
    shared: Arc<Shared>,
    request: ModelRequest,
    context: Arc<CompletionContext>,
    /// By member.
    tried: Vec<Tried>,
    attempts: u32,
    failed: Vec<Failed>,
    /// What is to be told before the next step.
    news: VecDeque<ModelEvent>,
    step: Step,
}

/// What comes next.
enum Step {
    Choose,
    /// Wait for a member, then ask it.
    Wait(usize, Duration),
    /// Wait for a place at a member, or at one as good.
    Queue(usize),
    /// Whoever says something first gives the answer.
    Race(Box<Race>),
    Answer(usize, Box<Attempt>),
    Fail(Box<Error>),
    Over,
}

impl Course {
    pub(super) fn new(
        shared: Arc<Shared>,
        request: ModelRequest,
        context: CompletionContext,
        tried: Vec<Tried>,
    ) -> Self {
        Self {
            shared,
            request,
            context: Arc::new(context),
            tried,
            attempts: 0,
            failed: Vec::new(),
            news: VecDeque::new(),
            step: Step::Choose,
        }
    }

    /// The answer, with what is done for it. Nothing happens while nobody reads.
    pub(super) fn into_stream(self) -> EventStream {
        // Boxed, as `unfold` moves it with each event.
        let course = Box::new(self);
        unfold(course, |mut course| async move {
            let event = course.next().await?;
            Some((event, course))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<ModelEvent>> {
        let context = Arc::clone(&self.context);
        if context.cancel.is_cancelled() {
            return self.cancelled();
        }
        tokio::select! {
            biased;
            event = self.advance() => event,
            () = context.cancel.cancelled() => self.cancelled(),
        }
    }

    /// Ends at once. What was asked for is dropped with its step.
    fn cancelled(&mut self) -> Option<Result<ModelEvent>> {
        self.news.clear();
        match std::mem::replace(&mut self.step, Step::Over) {
            Step::Over => None,
            Step::Answer(_, attempt) if attempt.has_stopped() => None,
            _ => Some(Err(Error::cancelled())),
        }
    }

    /// Takes steps until there is something to tell. May be dropped and called again.
    async fn advance(&mut self) -> Option<Result<ModelEvent>> {
        loop {
            if let Some(event) = self.news.pop_front() {
                return Some(Ok(event));
            }
            match &mut self.step {
                Step::Choose => self.choose(),
                Step::Wait(index, wait) => {
                    let (index, wait) = (*index, *wait);
                    sleep(wait).await;
                    self.resume(index);
                }
                Step::Queue(index) => {
                    let index = *index;
                    let (index, lease) = self.queue(index).await;
                    self.ask(index, lease);
                }
                Step::Race(race) => {
                    let turn = race.next().await;
                    self.turn(turn);
                }
                Step::Answer(index, attempt) => {
                    let index = *index;
                    match attempt.next().await {
                        Some(Ok(event)) => {
                            self.see(index, &event);
                            return Some(Ok(event));
                        }
                        Some(Err(error)) => self.broke_off(error),
                        None => self.step = Step::Over,
                    }
                }
                Step::Fail(_) | Step::Over => return self.end(),
            }
        }
    }

    fn end(&mut self) -> Option<Result<ModelEvent>> {
        match std::mem::replace(&mut self.step, Step::Over) {
            Step::Fail(error) => Some(Err(*error)),
            _ => None,
        }
    }

    fn tell(&mut self, routing: Routing) {
        self.news.push_back(ModelEvent::Routing(routing));
    }

    fn name(&self, index: usize) -> String {
        self.shared.members[index].name.clone()
    }

    /// The best member for this request, without some.
    fn best(&self, is_out: impl Fn(usize, &Rank) -> bool) -> Option<(usize, Rank)> {
        let favourite = self.shared.favourite(&self.context);
        let ranks = ranks(&self.shared, &self.tried);
        let ranks = ranks.filter(|(index, rank)| !is_out(*index, rank));
        best(&self.shared, ranks, favourite)
    }

    fn choose(&mut self) {
        match self.best(|_, _| false) {
            Some((index, rank)) => self.go(index, rank.free_in),
            None => self.step = Step::Fail(Box::new(summarise(&self.failed))),
        }
    }

    /// Asks a member next, which is left out for this time yet. It is not worth a long wait: who was
    /// left out may answer all the same.
    fn go(&mut self, index: usize, free_in: Duration) {
        // Shorter than what the clock can wait for: its breaker is trying it out.
        let is_short = free_in <= self.shared.options.max_cooldown_wait;
        if free_in >= Duration::from_millis(1) && is_short {
            let member = self.name(index);
            self.tell(Routing::Waiting {
                member,
                wait: Some(free_in),
            });
            self.step = Step::Wait(index, free_in);
        } else {
            self.begin(index);
        }
    }

    /// After a wait: the same member, unless it was left out meanwhile and another one is free.
    fn resume(&mut self, index: usize) {
        let failures = self.tried[index].failures;
        let is_usable = self.shared.members[index].standing().free_in.is_zero();
        let other = match is_usable {
            true => None,
            false => self.best(|_, rank| !rank.is_usable() || rank.failures >= failures.max(1)),
        };
        match (other, self.failed.last()) {
            (Some((other, _)), Some(last)) => {
                let error = last.error.clone();
                self.tell_failover(index, other, error);
                self.begin(other);
            }
            (Some((other, _)), None) => self.begin(other),
            (None, _) => self.begin(index),
        }
    }

    fn begin(&mut self, index: usize) {
        match self.shared.members[index].try_lease() {
            Some(lease) => self.ask(index, lease),
            None => {
                let member = self.name(index);
                self.tell(Routing::Waiting { member, wait: None });
                self.step = Step::Queue(index);
            }
        }
    }

    /// A place at this member, or at another that failed no more often at this request.
    fn queue(&self, index: usize) -> impl Future<Output = (usize, Lease)> + Send + use<> {
        let failures = self.tried[index].failures;
        let is_as_good = |(other, rank): &(usize, Rank)| {
            *other != index && rank.is_usable() && rank.failures <= failures
        };
        let others = ranks(&self.shared, &self.tried).filter(is_as_good);
        let indices = std::iter::once(index).chain(others.map(|(other, _)| other));
        let places = indices.map(|index| {
            let lease = Arc::clone(&self.shared.members[index]).lease();
            Box::pin(async move { (index, lease.await) })
        });
        let first = select_all(places);
        async { first.await.0 }
    }

    fn ask(&mut self, index: usize, lease: Lease) {
        self.attempts += 1;
        self.tell_chosen(index);
        let attempt = Attempt::start(lease, &self.request, &self.context);
        let member = attempt.member();
        let usual = match self.shared.options.hedge && self.shared.members.len() > 1 {
            true => member.p95_first_token(SAMPLES),
            false => None,
        };
        self.step = match usual.and_then(|usual| attempt.started().checked_add(usual)) {
            Some(due) => Step::Race(Box::new(Race::new(Runner::new(index, attempt), Some(due)))),
            None => Step::Answer(index, Box::new(attempt)),
        };
    }

    fn tell_chosen(&mut self, index: usize) {
        let member = &self.shared.members[index];
        let routing = Routing::Chosen {
            member: member.name.clone(),
            price: member.options.price,
        };
        self.tell(routing);
    }

    fn tell_failover(&mut self, from: usize, to: usize, error: Error) {
        let routing = Routing::FailedOver {
            from: self.name(from),
            to: self.name(to),
            error,
        };
        self.tell(routing);
    }

    fn see(&self, index: usize, event: &ModelEvent) {
        if matches!(event, ModelEvent::Stop { .. }) && self.shared.members.len() > 1 {
            self.shared.affinity.set(&self.context.session_id, index);
        }
    }

    /// The member that answers alone has failed.
    fn broke_off(&mut self, error: Error) {
        if let Step::Answer(index, attempt) = std::mem::replace(&mut self.step, Step::Over) {
            self.step = self.failed(index, *attempt, error);
        }
    }
}

/// What follows from failures.
impl Course {
    /// Takes note of a failure, and tells if the member is left out now.
    fn note(&mut self, index: usize, mut attempt: Attempt, error: Error) -> Error {
        let error = match error.origin {
            Some(_) => error,
            None => error.from_origin(self.name(index)),
        };
        let cooled = attempt.fail(&error);
        drop(attempt);
        let fault = Fault::of(&error);
        let member = self.name(index);
        tracing::debug!(member, kind = ?error.kind, http_status = error.http_status, ?fault, "a model failed");
        let tried = &mut self.tried[index];
        tried.failures += 1;
        tried.is_barred |= fault.bars();
        if fault == Fault::TooLong {
            self.bar_smaller(index);
        }
        if let Some(time) = cooled {
            let error = error.clone();
            let member = member.clone();
            self.tell(Routing::Cooled {
                member,
                time,
                error,
            });
        }
        let logged = error.clone();
        self.failed.push(Failed {
            member,
            error: logged,
        });
        error
    }

    fn bar_smaller(&mut self, index: usize) {
        let window = |index: usize| self.shared.members[index].options.context_window;
        let least = window(index);
        for other in 0..self.tried.len() {
            self.tried[other].is_barred |= window(other) <= least;
        }
    }

    /// What to do after a failure.
    fn failed(&mut self, index: usize, attempt: Attempt, error: Error) -> Step {
        let error = self.note(index, attempt, error);
        match decide(&error, &self.facts(index), &self.patience()) {
            _ if self.attempts >= self.shared.attempts => self.give_up(error),
            Decision::Retry(wait) => {
                let routing = Routing::Retried {
                    member: self.name(index),
                    attempt: self.attempts + 1,
                    wait,
                    error,
                };
                self.tell(routing);
                Step::Wait(index, wait)
            }
            Decision::FailOver => self.fail_over(index, error),
            Decision::GiveUp => self.give_up(error),
        }
    }

    /// Who sent the request can do something about its own error; about others they want to know all.
    fn give_up(&self, error: Error) -> Step {
        let is_of_member = Fault::of(&error).is_of_member();
        Step::Fail(Box::new(match is_of_member {
            true => summarise(&self.failed),
            false => error,
        }))
    }

    fn fail_over(&mut self, from: usize, error: Error) -> Step {
        match self.best(|index, _| index == from) {
            Some((to, rank)) => {
                self.tell_failover(from, to, error);
                self.go(to, rank.free_in);
                std::mem::replace(&mut self.step, Step::Over)
            }
            None => Step::Fail(Box::new(summarise(&self.failed))),
        }
    }

    fn facts(&self, index: usize) -> Facts {
        let failures = self.tried[index].failures;
        let options = &self.shared.options;
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let longest = options.backoff.saturating_mul(doubled);
        Facts {
            failures,
            backoff: self.shared.random.up_to(longest.min(options.max_backoff)),
            is_out: !self.shared.members[index].standing().free_in.is_zero(),
            others: self.others(index),
        }
    }

    fn others(&self, index: usize) -> Others {
        let failures = self.tried[index].failures;
        let options = |index: usize| &self.shared.members[index].options;
        let mut others = Others::default();
        for (other, rank) in ranks(&self.shared, &self.tried) {
            if other == index {
                continue;
            }
            let is_fresh = rank.is_usable() && !rank.is_full && rank.failures < failures;
            others.any = true;
            others.fresh |= is_fresh;
            others.equal |= is_fresh && rank.priority == options(index).priority;
            others.larger |= options(other).context_window > options(index).context_window;
        }
        others
    }

    fn patience(&self) -> Patience {
        let options = &self.shared.options;
        Patience {
            shared: options.patience,
            alone: options.patience_alone,
            retries: options.retries,
        }
    }
}

/// What follows from what happens in a race.
impl Course {
    fn turn(&mut self, turn: Turn) {
        if matches!(turn, Turn::Nothing) {
            return;
        }
        let Step::Race(race) = std::mem::replace(&mut self.step, Step::Over) else {
            return;
        };
        self.step = match turn {
            Turn::Nothing => Step::Race(race),
            Turn::Due => Step::Race(Box::new(self.hedge(*race))),
            Turn::Won(lane) => self.won(*race, lane),
            Turn::Failed(lane, error) => self.fell(*race, lane, error),
        };
    }

    /// Asks a second member, if one is free.
    fn hedge(&mut self, mut race: Race) -> Race {
        race.due = None;
        let first = race.first.index;
        let is_out = |index, rank: &Rank| index == first || !rank.is_usable() || rank.is_full;
        let second = self.best(is_out).map(|(index, _)| index);
        let Some(second) = second.filter(|_| self.attempts < self.shared.attempts) else {
            return race;
        };
        let Some(lease) = self.shared.members[second].try_lease() else {
            return race;
        };
        self.attempts += 1;
        let routing = Routing::Hedged {
            first: self.name(first),
            second: self.name(second),
            after: race.first.attempt.latency().total,
        };
        self.tell(routing);
        let attempt = Attempt::start(lease, &self.request, &self.context);
        race.second = Some(Runner::new(second, attempt));
        race
    }

    fn won(&mut self, race: Race, lane: Lane) -> Step {
        let (winner, loser) = race.take(lane);
        if let Some(loser) = loser {
            self.tell_lost(&loser);
        }
        if lane == Lane::Second {
            self.tell_chosen(winner.index);
        }
        for event in winner.held {
            self.see(winner.index, &event);
            self.news.push_back(event);
        }
        Step::Answer(winner.index, Box::new(winner.attempt))
    }

    /// One runner failed; the other one goes on, if there is one.
    fn fell(&mut self, race: Race, lane: Lane, error: Error) -> Step {
        let due = race.due;
        let (fallen, other) = race.take(lane);
        let Some(other) = other else {
            self.news.extend(fallen.held);
            return self.failed(fallen.index, fallen.attempt, error);
        };
        self.tell_lost(&fallen);
        self.note(fallen.index, fallen.attempt, error);
        if lane == Lane::First {
            self.tell_chosen(other.index);
        }
        Step::Race(Box::new(Race::new(other, due)))
    }

    fn tell_lost(&mut self, loser: &Runner) {
        let member = loser.attempt.member();
        let routing = Routing::HedgeLost {
            member: member.name.clone(),
            price: member.options.price,
            usage: loser.attempt.usage(),
        };
        self.tell(routing);
    }
}
