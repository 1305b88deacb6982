//! What a request does with two members side by side.

use loom_types::{Error, Routing};

use super::{Course, Step};
use crate::pool::attempt::Attempt;
use crate::pool::choose::Rank;
use crate::pool::hedge::{Lane, Race, Runner, Turn};

impl Course {
    pub(super) fn turn(&mut self, turn: Turn) {
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
