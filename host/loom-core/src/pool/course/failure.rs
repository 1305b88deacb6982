//! What a request does when a member has failed. Which failures lead where is decided in `decide`.

use loom_types::{Error, Routing};

use super::{Course, Step};
use crate::pool::attempt::Attempt;
use crate::pool::choose::ranks;
use crate::pool::decide::{Decision, Facts, Fault, Others, Patience, decide};
use crate::pool::summary::{Failed, summarise};

impl Course {
    /// Takes note of a failure, and tells if the member is left out now.
    pub(super) fn note(&mut self, index: usize, mut attempt: Attempt, error: Error) -> Error {
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
    pub(super) fn failed(&mut self, index: usize, attempt: Attempt, error: Error) -> Step {
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
