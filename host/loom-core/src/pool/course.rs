//! The course of one request: member after member, until one has answered or none is left. Each step
//! is told before it is taken. What follows from a failure is in `failure`, from a hedge in `race`.

mod failure;
mod race;

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
use super::hedge::{Race, Runner, SAMPLES};
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
        .fuse()
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
