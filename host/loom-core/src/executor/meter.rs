//! What asking a model uses up: who answers, at what price, how fast. What the answer says is the
//! assembly's.

use std::time::Duration;

use loom_types::{Latency, ModelEvent, Price, Routing, Usage, Usd};
use tokio::time::Instant;

/// Watches one question from its start.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    first_token: Option<Duration>,
    /// Who answers now, and what it costs.
    model: String,
    price: Option<Price>,
    /// Tokens of the attempt that is under way.
    current: Usage,
    /// Tokens of the attempt that was settled last: its question and its answer.
    last: Usage,
    /// Tokens and money of attempts whose answers are void.
    spent: Usage,
    cost: Option<Usd>,
}

impl Meter {
    /// Starts to watch. `model` answers unless a pool says otherwise.
    pub(super) fn start(model: String) -> Self {
        Self {
            started: Instant::now(),
            first_token: None,
            model,
            price: None,
            current: Usage::default(),
            last: Usage::default(),
            spent: Usage::default(),
            cost: None,
        }
    }

    /// Takes note of an event.
    pub(super) fn see(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Usage { usage } => self.current = *usage,
            ModelEvent::Routing(routing) => self.see_routing(routing),
            ModelEvent::Text { .. }
            | ModelEvent::Reasoning { .. }
            | ModelEvent::ToolCallStart { .. } => {
                self.first_token
                    .get_or_insert_with(|| self.started.elapsed());
            }
            _ => {}
        }
    }

    fn see_routing(&mut self, routing: &Routing) {
        match routing {
            Routing::Chosen { member, price } => {
                self.model.clone_from(member);
                self.price = *price;
            }
            Routing::HedgeLost { price, usage, .. } => self.add(*usage, *price),
            _ if routing.restarts() => self.settle(),
            _ => {}
        }
    }

    /// Counts what the attempt under way has used up.
    pub(super) fn settle(&mut self) {
        let current = std::mem::take(&mut self.current);
        self.last = current;
        self.add(current, self.price);
    }

    fn add(&mut self, usage: Usage, price: Option<Price>) {
        self.spent += usage;
        if let Some(price) = price {
            *self.cost.get_or_insert_default() += price.of(&usage);
        }
    }

    /// `provider/model` of who answered last.
    pub(super) fn model(&self) -> &str {
        &self.model
    }

    /// What the model that answered last costs, if that is known.
    pub(super) fn price(&self) -> Option<Price> {
        self.price
    }

    /// What was used up by all attempts that are settled, and what of it is known to have cost.
    pub(super) fn spent(&self) -> (Usage, Option<Usd>) {
        (self.spent, self.cost)
    }

    /// What the attempt that was settled last used up, without those before it.
    pub(super) fn last(&self) -> Usage {
        self.last
    }

    /// How long it took until now.
    pub(super) fn latency(&self) -> Latency {
        Latency {
            total: self.started.elapsed(),
            first_token: self.first_token,
        }
    }
}
