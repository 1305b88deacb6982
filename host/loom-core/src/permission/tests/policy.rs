//! What policies say.

use loom_types::{DecidedBy, PermissionMode, PermissionRequest, Safety};
use serde_json::json;

use super::{BASE, opaque, touching};
use crate::permission::policy::{Effect, Judgement, Policy};

const MODES: [PermissionMode; 4] = [
    PermissionMode::Deny,
    PermissionMode::ReadOnly,
    PermissionMode::Ask,
    PermissionMode::Auto,
];

/// A policy from lines such as `deny write_file(x)`.
fn policy(mode: PermissionMode, rules: &[&str]) -> Policy {
    let mut builder = Policy::builder(mode, BASE);
    for line in rules {
        let (effect, rule) = line.split_once(' ').unwrap();
        let effect = match effect {
            "deny" => Effect::Deny,
            "answered" => Effect::Answered,
            "ask" => Effect::Ask,
            "allow" => Effect::Allow,
            other => panic!("{other}"),
        };
        builder = builder.rules(effect, [rule]);
    }
    builder.build()
}

fn word(judgement: &Judgement) -> &'static str {
    match judgement {
        Judgement::Allow(_) => "allow",
        Judgement::Deny { .. } => "deny",
        Judgement::Ask { .. } => "ask",
    }
}

fn check(mode: PermissionMode, rules: &[&str], request: &PermissionRequest, expected: &str) {
    let judgement = policy(mode, rules).judge(request);
    assert_eq!(word(&judgement), expected, "{mode:?} {rules:?} {request:?}");
}

#[test]
fn deny_wins_over_answers_and_these_over_ask_and_ask_over_allow() {
    let write = touching("write", &["write /work/a"]);
    for mode in MODES {
        check(
            mode,
            &["allow write", "ask write", "answered write", "deny write"],
            &write,
            "deny",
        );
        check(
            mode,
            &["allow write", "ask write", "answered write(a)"],
            &write,
            "allow",
        );
        check(mode, &["allow write", "ask write"], &write, "ask");
        check(mode, &["allow write"], &write, "allow");
        check(
            mode,
            &["allow other", "deny other", "ask write(b)", "allow write"],
            &write,
            "allow",
        );
    }
}

#[test]
fn without_a_rule_the_mode_decides() {
    let read = touching("t", &["read /work/a"]);
    let write = touching("t", &["read /work/a", "write /work/b"]);
    let nothing = touching("t", &[]);
    let unknown = opaque("t", json!({}));
    let safe = PermissionRequest {
        safety: Safety::Safe,
        ..unknown.clone()
    };
    for (request, expected) in [
        (&read, ["deny", "allow", "allow", "allow"]),
        (&safe, ["deny", "allow", "allow", "allow"]),
        (&write, ["deny", "deny", "ask", "allow"]),
        (&nothing, ["deny", "deny", "ask", "allow"]),
        (&unknown, ["deny", "deny", "ask", "allow"]),
    ] {
        for (mode, expected) in MODES.into_iter().zip(expected) {
            check(mode, &[], request, expected);
        }
    }
}

#[test]
fn a_rule_that_denies_resources_makes_a_question_of_calls_nobody_knows() {
    let unknown = opaque("run", json!({"command": "x"}));
    let deny = "deny *(**/.env)";
    check(PermissionMode::Auto, &[deny], &unknown, "ask");
    check(PermissionMode::Auto, &[deny, "allow run"], &unknown, "ask");
    check(
        PermissionMode::Auto,
        &[deny, "answered run(command=x)"],
        &unknown,
        "allow",
    );
    check(PermissionMode::Deny, &[deny], &unknown, "deny");
    check(PermissionMode::ReadOnly, &[deny], &unknown, "deny");
}

#[test]
fn a_malformed_rule_denies_everything() {
    for effect in [Effect::Deny, Effect::Answered, Effect::Ask, Effect::Allow] {
        let policy = Policy::builder(PermissionMode::Auto, BASE)
            .rules(Effect::Allow, ["*"])
            .rules(effect, ["write_file(src"])
            .build();
        assert!(
            policy
                .problem()
                .unwrap()
                .contains("`write_file(src` is not a rule")
        );
        let Judgement::Deny { reason, .. } = policy.judge(&touching("t", &["read /work/a"])) else {
            panic!("{effect:?}");
        };
        assert!(reason.contains("write_file(src"), "{reason}");
    }
    let policy = Policy::malformed("line 3 is torn");
    assert_eq!(word(&policy.judge(&opaque("t", json!({})))), "deny");
}

#[test]
fn a_denial_says_why_and_what_to_do_instead() {
    let write = touching("write_file", &["write /work/a b"]);
    let reason = |mode, rules: &[&str]| match policy(mode, rules).judge(&write) {
        Judgement::Deny { reason, by } => (reason, by),
        other => panic!("{other:?}"),
    };
    let (text, by) = reason(PermissionMode::Auto, &["deny write_file(a*)"]);
    assert!(
        text.contains("(write_file(a*))") && text.contains("go on without"),
        "{text}"
    );
    assert_eq!(
        by,
        DecidedBy::Rule {
            rule: "write_file(a*)".into()
        }
    );
    let (text, by) = reason(PermissionMode::ReadOnly, &[]);
    assert!(
        text.contains("read-only") && text.contains("describe the change"),
        "{text}"
    );
    assert_eq!(
        by,
        DecidedBy::Mode {
            mode: PermissionMode::ReadOnly
        }
    );
    let (text, _) = reason(PermissionMode::Deny, &[]);
    assert!(
        text.contains("the rule `write_file(a b)` would allow it"),
        "{text}"
    );
}

#[test]
fn a_rule_with_a_whole_file_in_it_is_not_repeated_to_the_model() {
    let call = opaque("save", json!({"text": "x".repeat(10_000)}));
    match policy(PermissionMode::Deny, &[]).judge(&call) {
        Judgement::Deny { reason, .. } => assert!(reason.len() < 300, "{reason}"),
        other => panic!("{other:?}"),
    }
}
