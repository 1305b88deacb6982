//! What rules mean, and what is said of text that is none.

use std::path::Path;

use serde_json::json;

use super::{BASE, opaque, touching};
use crate::permission::rule::{Concern, Rule};
use crate::permission::scope::{Disk, Scope};

fn parse(text: &str) -> Rule {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Whether a rule allows a call that touches this.
fn check_allows(rule: &str, touched: &[&str], expected: bool) {
    let request = touching("tool", touched);
    let allows = parse(rule).matches(&request, Path::new(BASE));
    assert_eq!(allows, expected, "{rule} and {touched:?}");
}

/// Whether a rule denies a call that touches this.
fn check_denies(rule: &str, touched: &[&str], expected: bool) {
    let request = touching("tool", touched);
    let concern = parse(rule).concerns(&request, &linked());
    let expected = if expected { Concern::Yes } else { Concern::No };
    assert_eq!(concern, expected, "{rule} and {touched:?}");
}

/// A scope where names without a dot are directories, and `link` leads to `/real`.
fn linked() -> Scope {
    let disk = Disk {
        is_directory: |path| path.extension().is_none(),
        resolve: |path| match path.strip_prefix("/work/link") {
            Ok(rest) => Path::new("/real").join(rest),
            Err(_) => path.to_owned(),
        },
    };
    Scope::new(Path::new(BASE), disk)
}

#[test]
fn a_tool_is_named_in_full_or_with_stars() {
    for (rule, tool, expected) in [
        ("write_file", "write_file", true),
        ("write_file", "write_file2", false),
        ("write_*", "write_file", true),
        ("*", "anything", true),
        ("*_file", "write_file", true),
        ("*_file", "file", false),
        ("a*b*a", "aba", true),
        ("a*b*a", "ab", false),
        ("a*a", "a", false),
    ] {
        let request = opaque(tool, json!({}));
        let matches = parse(rule).matches(&request, Path::new(BASE));
        assert_eq!(matches, expected, "{rule} and {tool}");
    }
}

#[test]
fn files_are_meant_by_globs_from_the_base_directory() {
    check_allows("tool(src/main.rs)", &["read /work/src/main.rs"], true);
    check_allows("tool(./src//main.rs)", &["read /work/src/main.rs"], true);
    check_allows("tool(src/main.rs)", &["read src/../src/main.rs"], true);
    check_allows("tool(src/main.rs)", &["read /elsewhere/src/main.rs"], false);
    check_allows("tool(src)", &["read /work/src/main.rs"], false);
    check_allows("tool(src/**)", &["read /work/src/a/b.rs"], true);
    check_allows("tool(src/**)", &["read /work/src"], true);
    check_allows("tool(src/**)", &["read /work/srcs"], false);
    check_allows("tool(src/**)", &["read /work/src/../secret"], false);
    check_allows("tool(**)", &["read /work"], true);
    check_allows("tool(**)", &["read /"], false);
    check_allows("tool(*.rs)", &["read /work/a.rs"], true);
    check_allows("tool(*.rs)", &["read /work/src/a.rs"], false);
    check_allows("tool(**/*.{rs,toml})", &["read /work/src/a.toml"], true);
    check_allows("tool(crates/*/src/**)", &["read /work/crates/x/src"], true);
    check_allows("tool(crates/*/src/**)", &["read /work/crates/x"], false);
    check_allows("tool([!.]*)", &["read /work/.env"], false);
    check_allows("tool(../other/**)", &["read /other/x"], true);
    check_allows("tool(/etc/*)", &["read /etc/passwd"], true);
    check_allows("tool(/**)", &["read /etc/passwd"], true);
    check_allows("tool(a\\*b)", &["read /work/a*b"], true);
    check_allows("tool(a\\*b)", &["read /work/axb"], false);
    check_allows("tool(\\**)", &["read /work/*x"], true);
    check_allows("tool(\\**)", &["read /work/x"], false);
}

#[test]
fn urls_are_meant_by_host_and_path() {
    let host = "tool(https://api.example.com)";
    check_allows(host, &["read https://api.example.com/x?y=1"], true);
    check_allows(host, &["read https://API.example.com./"], true);
    check_allows(host, &["read https://api.example.com:443/"], true);
    check_allows(host, &["read https://api.example.com:8443/"], false);
    check_allows(host, &["read http://api.example.com/"], false);
    check_allows(host, &["read https://api.example.com.evil.org/"], false);
    check_allows(host, &["read https://evil.org\\@api.example.com/"], false);
    check_allows(host, &["read https://api.example.com@evil.org/"], false);
    check_allows(
        "tool(https://*.example.com)",
        &["read https://a.b.example.com/"],
        true,
    );
    check_allows(
        "tool(https://*.example.com)",
        &["read https://example.com/"],
        false,
    );
    check_allows(
        "tool(https://*.example.com)",
        &["read https://badexample.com/"],
        false,
    );
    check_allows("tool(https://*)", &["read https://example.com/"], true);
    check_allows(
        "tool(http://localhost:*)",
        &["read http://localhost:8080/"],
        true,
    );
    check_allows("tool(http://[::1]:80)", &["read http://[::1]/"], true);
    check_allows("tool(http://127.1)", &["read http://127.0.0.1/"], true);
    check_allows("tool(https://h/a/*)", &["read https://h/a/b/c?d"], true);
    check_allows("tool(https://h/a)", &["read https://h/a?d"], false);
    check_allows("tool(https://h/a)", &["read https://h/a"], true);
}

#[test]
fn everything_that_is_touched_must_be_allowed() {
    check_allows(
        "tool(src/**)",
        &["read /work/src/a", "write /work/src/b"],
        true,
    );
    check_allows(
        "tool(src/**)",
        &["read /work/src/a", "write /work/b"],
        false,
    );
    check_allows(
        "tool(src/**)",
        &["read /work/src/a", "read https://h/"],
        false,
    );
    check_allows("tool(src/**)", &[], false);
    check_allows("tool(a; b)", &["read /work/a", "read /work/b"], true);
    check_allows("tool(a; b)", &["read /work/a"], false);
    check_allows(
        "tool(read a; write b)",
        &["read /work/a", "write /work/b"],
        true,
    );
    check_allows(
        "tool(read a; write b)",
        &["write /work/a", "read /work/b"],
        false,
    );
    check_allows("tool(db:user*)", &["write db:users"], true);
    check_allows("tool(db:user*)", &["write cache:users"], false);
    let unknown = opaque("tool", json!({}));
    assert!(!parse("tool(**)").matches(&unknown, Path::new(BASE)));
}

#[test]
fn anything_that_is_touched_may_be_denied() {
    check_denies(
        "tool(secret/**)",
        &["read /work/a.rs", "read /work/secret/key"],
        true,
    );
    check_denies("tool(secret/**)", &["read /work/a.rs"], false);
    check_denies("tool(a; b)", &["read /work/b"], true);
    check_denies("tool(write a)", &["read /work/a"], false);
    check_denies("tool(read a)", &["write /work/a"], true);
    check_denies("tool(https://h/admin)", &["read https://h/admin?x=1"], true);
    check_denies("tool(https://h/admin)", &["read https://h/public"], false);
}

#[test]
fn a_directory_is_denied_with_what_is_in_it_and_for_what_is_in_it() {
    check_denies("tool(secret)", &["read /work/secret/key.pem"], true);
    check_denies("tool(**/secret)", &["read /work/a/secret/key.pem"], true);
    check_denies("tool(secret/key.pem)", &["read /work"], true);
    check_denies("tool(secret/**)", &["read /"], true);
    check_denies("tool(**/.env)", &["read /work/config"], true);
    check_denies("tool(**/.env)", &["read /work/main.rs"], false);
    check_denies("tool(config/*/key.pem)", &["read /work/config/a"], true);
    check_denies("tool(config/*/key.pem)", &["read /work/src"], false);
    check_denies("tool(*.rs)", &["read /work/x.rs/y.txt"], false);
}

#[test]
fn a_rule_that_forbids_a_link_forbids_what_it_leads_to_and_one_that_allows_it_does_not() {
    let real = touching("tool", &["read /real/key.pem"]);
    assert!(!parse("tool(link/**)").covers(&real, &linked()));
    assert!(!parse("tool(link/key.pem)").covers(&real, &linked()));
    check_denies("tool(link/**)", &["read /real/key.pem"], true);
    check_denies("tool(link)", &["read /real/key.pem"], true);
    check_denies("tool(link/**)", &["read /real2/key.pem"], false);
}

#[test]
fn what_cannot_be_known_is_not_taken_for_no() {
    let scope = Scope::new(Path::new(BASE), Disk::default());
    let unknown = opaque("tool", json!({}));
    let concern = |rule: &str| parse(rule).concerns(&unknown, &scope);
    assert_eq!(concern("tool(secret/**)"), Concern::Unknown);
    assert_eq!(concern("tool"), Concern::Yes);
    assert_eq!(concern("other(secret/**)"), Concern::No);
    let odd = touching("tool", &["read https://"]);
    assert_eq!(
        parse("tool(https://h)").concerns(&odd, &scope),
        Concern::Unknown
    );
}

#[test]
fn arguments_are_compared_as_text_or_as_json() {
    for (rule, arguments, expected) in [
        ("run(command=git *)", json!({"command": "git status"}), true),
        ("run(command=git *)", json!({"command": "rm; git x"}), false),
        ("run(command=git *)", json!({"other": "git status"}), false),
        ("run(command=a;b)", json!({"command": "a;b"}), true),
        ("run(count=3)", json!({"count": 3}), true),
        ("run(flags=[\"-x\"])", json!({"flags": ["-x"]}), true),
        ("run(command=)", json!({"command": ""}), true),
        ("run({\"b\": 1, \"a\": 2})", json!({"a": 2, "b": 1}), true),
        ("run({\"a\":2})", json!({"a": 2, "b": 1}), false),
        ("run({})", json!({}), true),
    ] {
        let request = opaque("run", arguments.clone());
        let matches = parse(rule).matches(&request, Path::new(BASE));
        assert_eq!(matches, expected, "{rule} and {arguments}");
    }
}

#[test]
fn text_that_is_no_rule_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", "it has no tool"),
        ("(x)", "it has no tool"),
        ("a b", "no spaces"),
        ("tool)", "no spaces and no `)`"),
        ("tool(x", "the last sign must be `)`"),
        ("tool(x)y", "the last sign must be `)`"),
        ("tool(x\\)", "the last sign must be `)`"),
        ("tool()", "nothing between the parentheses"),
        ("tool(a;)", "a resource is missing"),
        ("tool([a)", "is not a pattern of files"),
        ("tool({a)", "is not a pattern of files"),
        ("tool({a/b,c})", "is not a pattern of files"),
        ("tool(*/../x)", "`..` can't come after a wildcard"),
        ("tool(~/x)", "write the whole path"),
        ("tool(https://)", "it has no host"),
        ("tool(https://a.*.b)", "a star may only be its beginning"),
        ("tool(https://u@h)", "no place in it"),
        ("tool(https://h:99999)", "is no address"),
        ("tool({\"a\":})", "not JSON"),
        ("tool(a\\q)", "write \\\\ for a backslash"),
        ("tool(a\\xz1)", "write \\\\ for a backslash"),
        ("tool(a\\u{110000})", "write \\\\ for a backslash"),
        ("tool(a\nb)", "control character; write \\n"),
        ("tool(*\\xff)", "bytes that are not text"),
    ] {
        match text.parse::<Rule>() {
            Ok(rule) => panic!("{text:?} was read as {rule:?}"),
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains(reason), "{text:?}: {error}");
                assert!(error.contains("right are for example"), "{error}");
            }
        }
    }
}
