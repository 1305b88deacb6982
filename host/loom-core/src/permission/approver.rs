//! Whoever is asked whether a call may run.

use async_trait::async_trait;
use loom_types::PermissionRequest;

/// A person's answer, or of the program in a person's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// This call may run.
    Once,
    /// This call may run, and calls like it as long as the run lasts, in its sub-agents too.
    /// [`Rule::exactly`](super::Rule::exactly) says which they are.
    ForRun,
    /// As [`ForRun`](Self::ForRun), and in later runs too: the gate hands the rule to whoever
    /// [remembers](super::Gate::remembering).
    Always,
    /// It may not run; the reason is for the model.
    Deny { reason: Option<String> },
}

/// Answers for a person. It is asked one call at a time, and may take as long as it likes; if the run
/// ends meanwhile, the question is dropped.
#[async_trait]
pub trait Approver: Send + Sync {
    /// Whether a call may run. A panic counts as no.
    async fn approve(&self, request: &PermissionRequest) -> Approval;
}

/// An approver that is a function.
pub fn approve_with<F, A>(answer: F) -> impl Approver
where
    F: Fn(PermissionRequest) -> A + Send + Sync,
    A: Future<Output = Approval> + Send,
{
    Answering(answer)
}

struct Answering<F>(F);

#[async_trait]
impl<F, A> Approver for Answering<F>
where
    F: Fn(PermissionRequest) -> A + Send + Sync,
    A: Future<Output = Approval> + Send,
{
    async fn approve(&self, request: &PermissionRequest) -> Approval {
        (self.0)(request.clone()).await
    }
}
