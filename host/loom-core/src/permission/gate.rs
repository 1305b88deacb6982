//! The gate: every call of a run passes it before it runs, and those of its sub-agents too.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use loom_types::{DecidedBy, PermissionDecision, PermissionRequest};
use tokio::sync::Mutex as AsyncMutex;

use super::approver::{Approval, Approver};
use super::policy::{Judgement, Policy, reason};
use super::rule::Rule;
use super::scope::{Disk, Scope};

/// Decides about the calls of one run. Clones decide together, and so do
/// [children](Self::child): what a person answers to one holds for all.
#[derive(Clone)]
pub struct Gate {
    /// Outermost first. All of them must allow a call: a sub-agent has no more than its parent.
    policies: Vec<Arc<Policy>>,
    /// The agents that lead here, outermost first.
    agents: Vec<String>,
    shared: Arc<Shared>,
}

/// What is done with a rule that holds for always.
pub(crate) type Remember = dyn Fn(&Rule) + Send + Sync;

struct Shared {
    approver: Option<Arc<dyn Approver>>,
    remember: Option<Arc<Remember>>,
    learnt: Mutex<Vec<Rule>>,
    /// Held while a question is open, so that a person is asked one thing at a time.
    question: AsyncMutex<()>,
}

impl Gate {
    /// The gate of a run. Without an approver, what would be a question is denied.
    #[must_use]
    pub fn new(policy: Arc<Policy>, approver: Option<Arc<dyn Approver>>) -> Self {
        Self {
            policies: vec![policy],
            agents: Vec::new(),
            shared: Arc::new(Shared {
                approver,
                remember: None,
                learnt: Mutex::default(),
                question: AsyncMutex::default(),
            }),
        }
    }

    /// What is done with a rule that a person wants for [always](Approval::Always). It is called
    /// before the call runs, may block for as long as writing a file takes, and says itself if that
    /// fails: the call may run either way. Without it, such an answer holds for the run.
    #[must_use]
    pub fn remembering(self, remember: Arc<dyn Fn(&Rule) + Send + Sync>) -> Self {
        let shared = Shared {
            approver: self.shared.approver.clone(),
            remember: Some(remember),
            learnt: Mutex::new(self.shared.learnt().clone()),
            question: AsyncMutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            ..self
        }
    }

    /// The gate of a sub-agent: its own policy, and all that hold here.
    #[must_use]
    pub fn child(&self, policy: Arc<Policy>, agent: impl Into<String>) -> Self {
        let mut child = self.clone();
        child.policies.push(policy);
        child.agents.push(agent.into());
        child
    }

    /// Whether every call passes, so that nobody needs to ask.
    pub(crate) fn is_open(&self) -> bool {
        self.policies.iter().all(|policy| policy.allows_all())
    }

    /// The agents that lead here, outermost first, as requests name them; empty for the run's own.
    #[must_use]
    pub fn agents(&self) -> &[String] {
        &self.agents
    }

    /// Whether a call may run. `asked` is awaited if a person has to be asked, just before that: the
    /// place to say so. The future may be dropped at any time; an open question is dropped with it.
    pub async fn permit(
        &self,
        request: &PermissionRequest,
        asked: impl Future<Output = ()> + Send,
    ) -> PermissionDecision {
        if let Some(decision) = self.decided(request) {
            return decision;
        }
        let Some(approver) = &self.shared.approver else {
            return denied(DecidedBy::Nobody, reason::nobody(request, self.base()));
        };
        let _question = self.shared.question.lock().await;
        // The answer to the question before may cover this call.
        if let Some(decision) = self.decided(request) {
            return decision;
        }
        asked.await;
        let answer = AssertUnwindSafe(approver.approve(request)).catch_unwind();
        match answer.await {
            Ok(approval) => self.answered(request, approval),
            Err(_panic) => denied(DecidedBy::Nobody, reason::broken()),
        }
    }

    /// What follows without asking anybody; none if somebody must be asked.
    fn decided(&self, request: &PermissionRequest) -> Option<PermissionDecision> {
        let mut open = false;
        let mut allowed_by = None;
        for policy in &self.policies {
            match policy.judge(request) {
                Judgement::Deny { by, reason } => return Some(denied(by, reason)),
                Judgement::Ask { .. } => open = true,
                // The outermost policy is the one that the person wrote.
                Judgement::Allow(by) => allowed_by = allowed_by.or(Some(by)),
            }
        }
        if !open {
            return allowed_by.map(allowed);
        }
        let scope = Scope::new(self.base(), Disk::default());
        let learnt = self.shared.learnt();
        let rule = learnt.iter().find(|rule| rule.covers(request, &scope))?;
        Some(allowed(DecidedBy::Rule {
            rule: rule.to_string(),
        }))
    }

    fn answered(&self, request: &PermissionRequest, approval: Approval) -> PermissionDecision {
        match approval {
            Approval::Once => {}
            Approval::ForRun => self.learn(Rule::exactly(request, self.base())),
            Approval::Always => {
                let rule = Rule::exactly(request, self.base());
                if let Some(remember) = &self.shared.remember {
                    remember(&rule);
                }
                self.learn(rule);
            }
            Approval::Deny { reason } => {
                return denied(DecidedBy::Person, reason::person(reason.as_deref()));
            }
        }
        allowed(DecidedBy::Person)
    }

    fn learn(&self, rule: Rule) {
        self.shared.learnt().push(rule);
    }

    /// Where relative paths of learnt rules begin.
    fn base(&self) -> &std::path::Path {
        let outermost = self.policies.first();
        outermost
            .expect("a gate has the policy it was made with")
            .base()
    }
}

impl Shared {
    fn learnt(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn allowed(by: DecidedBy) -> PermissionDecision {
    PermissionDecision {
        allowed: true,
        by,
        reason: None,
    }
}

fn denied(by: DecidedBy, reason: String) -> PermissionDecision {
    PermissionDecision {
        allowed: false,
        by,
        reason: Some(reason),
    }
}
