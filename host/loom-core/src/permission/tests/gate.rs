//! Who is asked, how often, and what becomes of the answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loom_types::{DecidedBy, PermissionDecision, PermissionMode, PermissionRequest};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::{BASE, opaque, touching};
use crate::permission::{Approval, Approver, Effect, Gate, Policy, approve_with};

fn policy(mode: PermissionMode) -> Arc<Policy> {
    Policy::builder(mode, BASE).shared()
}

/// A gate in mode `ask`, and how often it has asked.
fn gate(approval: Approval) -> (Gate, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let approver = approve_with(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        let approval = approval.clone();
        async move {
            sleep(Duration::from_millis(10)).await;
            approval
        }
    });
    let gate = Gate::new(policy(PermissionMode::Ask), Some(Arc::new(approver)));
    (gate, asked)
}

async fn permit(gate: &Gate, request: &PermissionRequest) -> PermissionDecision {
    gate.permit(request, async {}).await
}

fn write(path: &str) -> PermissionRequest {
    touching("write", &[&format!("write /work/{path}")])
}

#[tokio::test(start_paused = true)]
async fn an_answer_holds_as_long_as_it_was_given_for() {
    for (approval, asked_twice) in [
        (Approval::Once, 2),
        (Approval::ForRun, 1),
        (Approval::Always, 1),
    ] {
        let (gate, asked) = gate(approval.clone());
        let first = permit(&gate, &write("a")).await;
        assert_eq!((first.allowed, first.by), (true, DecidedBy::Person));
        assert!(permit(&gate, &write("a")).await.allowed);
        assert_eq!(asked.load(Ordering::SeqCst), asked_twice, "{approval:?}");
        assert!(permit(&gate, &write("b")).await.allowed);
        assert_eq!(
            asked.load(Ordering::SeqCst),
            asked_twice + 1,
            "{approval:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn only_always_is_remembered_and_as_the_exact_rule() {
    for (approval, expected) in [
        (Approval::Once, vec![]),
        (Approval::ForRun, vec![]),
        (Approval::Always, vec!["write(a)".to_owned()]),
    ] {
        let remembered = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&remembered);
        let (gate, _) = gate(approval);
        let gate = gate.remembering(Arc::new(move |rule| {
            list.lock().unwrap().push(rule.to_string());
        }));
        permit(&gate, &write("a")).await;
        assert_eq!(*remembered.lock().unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_no_reaches_the_model_with_its_reason() {
    let reason = Some("use the other file".to_owned());
    let (gate, _) = gate(Approval::Deny { reason });
    let decision = permit(&gate, &write("a")).await;
    assert_eq!((decision.allowed, decision.by), (false, DecidedBy::Person));
    assert_eq!(
        decision.reason.unwrap(),
        "the person said no: use the other file"
    );
}

#[tokio::test(start_paused = true)]
async fn calls_at_the_same_time_are_asked_about_one_after_the_other_and_once_if_alike() {
    let open = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(AtomicUsize::new(0));
    let (now, count) = (Arc::clone(&open), Arc::clone(&asked));
    let approver = approve_with(move |_| {
        assert_eq!(
            now.fetch_add(1, Ordering::SeqCst),
            0,
            "two questions at once"
        );
        count.fetch_add(1, Ordering::SeqCst);
        let now = Arc::clone(&now);
        async move {
            sleep(Duration::from_millis(10)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Approval::ForRun
        }
    });
    let gate = Gate::new(policy(PermissionMode::Ask), Some(Arc::new(approver)));
    let child = gate.child(policy(PermissionMode::Ask), "reviewer");
    let events = AtomicUsize::new(0);
    let ask = |gate: &Gate, path: &str| {
        let (gate, request) = (gate.clone(), write(path));
        let events = &events;
        async move {
            let asked = async {
                events.fetch_add(1, Ordering::SeqCst);
            };
            gate.permit(&request, asked).await.allowed
        }
    };
    let all = futures::join!(
        ask(&gate, "a"),
        ask(&child, "a"),
        ask(&gate, "b"),
        ask(&gate, "a")
    );
    assert_eq!(all, (true, true, true, true));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(events.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_needs_no_question_asks_nobody() {
    let (gate, asked) = gate(Approval::Once);
    let read = touching("read", &["read /work/a"]);
    let emit = async { panic!("nobody is asked") };
    let decision = gate.permit(&read, emit).await;
    let by = DecidedBy::Mode {
        mode: PermissionMode::Ask,
    };
    assert_eq!((decision.allowed, decision.by), (true, by));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn nobody_to_ask_means_no_and_says_how_to_allow_it() {
    let gate = Gate::new(policy(PermissionMode::Ask), None);
    let decision = permit(&gate, &write("a")).await;
    assert_eq!((decision.allowed, decision.by), (false, DecidedBy::Nobody));
    let reason = decision.reason.unwrap();
    assert!(
        reason.contains("`write(a)`") && reason.contains("--permissions auto"),
        "{reason}"
    );
}

#[tokio::test]
async fn an_approver_that_panics_means_no_and_the_gate_goes_on() {
    let calls = AtomicUsize::new(0);
    let approver = approve_with(move |_| {
        let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            assert!(!first, "the approver breaks down");
            Approval::Once
        }
    });
    let gate = Gate::new(policy(PermissionMode::Ask), Some(Arc::new(approver)));
    let decision = permit(&gate, &write("a")).await;
    assert_eq!((decision.allowed, decision.by), (false, DecidedBy::Nobody));
    assert!(permit(&gate, &write("a")).await.allowed);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_dropped_leaves_the_gate_usable() {
    let answers = Arc::new(Semaphore::new(0));
    let waiting = Arc::clone(&answers);
    let approver = approve_with(move |_| {
        let waiting = Arc::clone(&waiting);
        async move {
            waiting.acquire().await.unwrap().forget();
            Approval::Once
        }
    });
    let gate = Gate::new(policy(PermissionMode::Ask), Some(Arc::new(approver)));
    let open = tokio::time::timeout(Duration::from_secs(1), permit(&gate, &write("a"))).await;
    assert!(open.is_err(), "nobody answered");
    answers.add_permits(1);
    assert!(permit(&gate, &write("a")).await.allowed);
}

#[tokio::test(start_paused = true)]
async fn a_sub_agent_never_has_more_than_its_parent() {
    let call = write("a");
    let allowing = |mode| {
        Policy::builder(mode, BASE)
            .rules(Effect::Allow, ["*"])
            .shared()
    };
    for (parent, child, allowed, questions) in [
        (
            policy(PermissionMode::Deny),
            allowing(PermissionMode::Auto),
            false,
            0,
        ),
        (
            policy(PermissionMode::ReadOnly),
            allowing(PermissionMode::Auto),
            false,
            0,
        ),
        (
            policy(PermissionMode::Ask),
            allowing(PermissionMode::Auto),
            true,
            1,
        ),
        (
            policy(PermissionMode::Ask),
            policy(PermissionMode::Ask),
            true,
            1,
        ),
        (
            policy(PermissionMode::Auto),
            policy(PermissionMode::Auto),
            true,
            0,
        ),
        (
            policy(PermissionMode::Auto),
            policy(PermissionMode::ReadOnly),
            false,
            0,
        ),
        (
            allowing(PermissionMode::Ask),
            policy(PermissionMode::Deny),
            false,
            0,
        ),
        (
            Arc::new(Policy::malformed("torn")),
            allowing(PermissionMode::Auto),
            false,
            0,
        ),
    ] {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let approver: Arc<dyn Approver> = Arc::new(approve_with(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            async { Approval::Once }
        }));
        let gate = Gate::new(parent, Some(approver))
            .child(child, "a")
            .child(policy(PermissionMode::Auto), "b");
        assert_eq!(gate.agents(), ["a", "b"]);
        assert_eq!(permit(&gate, &call).await.allowed, allowed);
        assert_eq!(asked.load(Ordering::SeqCst), questions);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_learnt_does_not_open_what_a_rule_denies() {
    let (gate, _) = gate(Approval::ForRun);
    let call = opaque("run", json!({"command": "ls"}));
    assert!(permit(&gate, &call).await.allowed);
    let strict = Policy::builder(PermissionMode::Auto, BASE)
        .rules(Effect::Deny, ["run(command=ls)"])
        .shared();
    assert!(!permit(&gate.child(strict, "a"), &call).await.allowed);
    let asking = Policy::builder(PermissionMode::Auto, BASE)
        .rules(Effect::Ask, ["run"])
        .shared();
    assert!(permit(&gate.child(asking, "b"), &call).await.allowed);
}
