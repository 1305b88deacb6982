//! Policies: rules and a mode, and what follows from them for a call.

pub(super) mod reason;

use std::path::Path;
use std::sync::Arc;

use loom_types::{AccessMode, DecidedBy, Footprint, PermissionMode, PermissionRequest, Safety};

use super::rule::{Concern, Rule};
use super::scope::{Disk, Scope};

/// What a rule does with the calls that it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// They don't run, whatever else is said.
    Deny,
    /// They run: a person was asked, and said that it holds from now on. Stronger than
    /// [`Ask`](Self::Ask), or the question would come again.
    Answered,
    /// A person is asked.
    Ask,
    /// They run.
    Allow,
}

/// What a policy says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    Allow(DecidedBy),
    Deny {
        by: DecidedBy,
        /// For the model.
        reason: String,
    },
    /// A person is to be asked.
    Ask {
        by: DecidedBy,
    },
}

/// Which calls may run: [`Deny`](Effect::Deny) before [`Answered`](Effect::Answered) before
/// [`Ask`](Effect::Ask) before [`Allow`](Effect::Allow), and the mode for what no rule speaks of.
///
/// A rule that allows speaks of a call if it means all that the call touches; one that asks or denies
/// if it means any of it. Where nobody knows what a call touches, a rule about resources that would
/// deny makes it a question.
#[derive(Clone, Debug)]
pub struct Policy {
    mode: PermissionMode,
    rules: Vec<(Effect, Rule)>,
    scope: Scope,
    /// Why nothing runs at all.
    problem: Option<String>,
}

/// Puts a [`Policy`] together.
#[derive(Clone, Debug)]
pub struct PolicyBuilder {
    mode: PermissionMode,
    base: std::path::PathBuf,
    disk: Disk,
    rules: Vec<(Effect, Rule)>,
    problems: Vec<String>,
}

impl Policy {
    /// Begins with a mode and no rules. `base` is where relative paths of rules begin: absolute, and
    /// without symbolic links, as the paths in footprints are.
    pub fn builder(mode: PermissionMode, base: impl AsRef<Path>) -> PolicyBuilder {
        PolicyBuilder {
            mode,
            base: base.as_ref().to_owned(),
            disk: Disk::default(),
            rules: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// A policy that denies every call: what it should be made of cannot be read.
    pub fn malformed(problem: impl Into<String>) -> Self {
        Self {
            problem: Some(problem.into()),
            ..Self::builder(PermissionMode::Deny, "/").build()
        }
    }

    /// What is wrong with it, if it [denies everything](Self::malformed) for that.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    #[must_use]
    pub fn mode(&self) -> PermissionMode {
        self.mode
    }

    /// Where relative paths of rules begin.
    #[must_use]
    pub fn base(&self) -> &Path {
        self.scope.base()
    }

    /// Whether it allows every call, whatever it is.
    pub(crate) fn allows_all(&self) -> bool {
        let harmless = |effect: &Effect| matches!(effect, Effect::Allow | Effect::Answered);
        self.problem.is_none()
            && self.mode == PermissionMode::Auto
            && self.rules.iter().all(|(effect, _)| harmless(effect))
    }

    /// What happens to a call.
    #[must_use]
    pub fn judge(&self, request: &PermissionRequest) -> Judgement {
        if let Some(problem) = &self.problem {
            return Judgement::Deny {
                by: DecidedBy::Mode {
                    mode: PermissionMode::Deny,
                },
                reason: reason::malformed(problem),
            };
        }
        if let Some(rule) = self.concerning(Effect::Deny, request, Concern::Yes) {
            return Judgement::Deny {
                by: by(rule),
                reason: reason::rule(rule),
            };
        }
        if let Some(rule) = self.covering(Effect::Answered, request) {
            return Judgement::Allow(by(rule));
        }
        if let Some(rule) = self.concerning(Effect::Ask, request, Concern::Unknown) {
            return Judgement::Ask { by: by(rule) };
        }
        let judgement = match self.covering(Effect::Allow, request) {
            Some(rule) => Judgement::Allow(by(rule)),
            None => self.by_mode(request),
        };
        match self.concerning(Effect::Deny, request, Concern::Unknown) {
            Some(rule) if matches!(judgement, Judgement::Allow(_)) => {
                Judgement::Ask { by: by(rule) }
            }
            _ => judgement,
        }
    }

    fn by_mode(&self, request: &PermissionRequest) -> Judgement {
        let by = DecidedBy::Mode { mode: self.mode };
        let deny = |reason| Judgement::Deny {
            by: by.clone(),
            reason,
        };
        match self.mode {
            PermissionMode::Auto => Judgement::Allow(by),
            PermissionMode::Ask | PermissionMode::ReadOnly if only_reads(request) => {
                Judgement::Allow(by)
            }
            PermissionMode::Ask => Judgement::Ask { by },
            PermissionMode::ReadOnly => deny(reason::read_only(request)),
            PermissionMode::Deny => deny(reason::deny(request, self.base())),
        }
    }

    /// The first rule of an effect that means all of a call.
    fn covering(&self, effect: Effect, request: &PermissionRequest) -> Option<&Rule> {
        let mut rules = self.of(effect);
        rules.find(|rule| rule.covers(request, &self.scope))
    }

    /// The first rule of an effect that speaks of a call, at least so surely.
    fn concerning(
        &self,
        effect: Effect,
        request: &PermissionRequest,
        surely: Concern,
    ) -> Option<&Rule> {
        let mut rules = self.of(effect);
        rules.find(|rule| rule.concerns(request, &self.scope) >= surely)
    }

    fn of(&self, effect: Effect) -> impl Iterator<Item = &Rule> {
        let rules = self.rules.iter().filter(move |(each, _)| *each == effect);
        rules.map(|(_, rule)| rule)
    }
}

impl PolicyBuilder {
    /// Adds a rule.
    #[must_use]
    pub fn rule(mut self, effect: Effect, rule: Rule) -> Self {
        self.rules.push((effect, rule));
        self
    }

    /// Adds rules from their text. One that cannot be read makes the policy deny everything.
    #[must_use]
    pub fn rules<T: AsRef<str>>(
        mut self,
        effect: Effect,
        rules: impl IntoIterator<Item = T>,
    ) -> Self {
        for rule in rules {
            match rule.as_ref().parse() {
                Ok(rule) => self.rules.push((effect, rule)),
                Err(error) => self.problems.push(error.to_string()),
            }
        }
        self
    }

    /// What rules may ask the file system. Default: nothing.
    #[must_use]
    pub fn disk(mut self, disk: Disk) -> Self {
        self.disk = disk;
        self
    }

    #[must_use]
    pub fn build(self) -> Policy {
        let problem = (!self.problems.is_empty()).then(|| self.problems.join("; "));
        Policy {
            mode: self.mode,
            rules: self.rules,
            scope: Scope::new(&self.base, self.disk),
            problem,
        }
    }

    /// As [`build`](Self::build), for a [`Gate`](super::Gate).
    #[must_use]
    pub fn shared(self) -> Arc<Policy> {
        Arc::new(self.build())
    }
}

/// A call that is known to touch nothing may have effects all the same, if its tool is not safe.
fn only_reads(request: &PermissionRequest) -> bool {
    let reads = match &request.footprint {
        Footprint::Resources(touches) => {
            !touches.is_empty() && touches.iter().all(|it| it.mode == AccessMode::Read)
        }
        Footprint::Everything => false,
    };
    reads || request.safety == Safety::Safe
}

fn by(rule: &Rule) -> DecidedBy {
    DecidedBy::Rule {
        rule: rule.to_string(),
    }
}
