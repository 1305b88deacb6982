//! Rules that are made from calls: whatever the call, they mean it and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use loom_types::{AccessMode, Footprint, PermissionRequest, Resource, Touch};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{BASE, opaque, request, touching};
use crate::permission::rule::{Rule, canonical};
use crate::permission::scope::{Disk, Scope};

fn exactly(request: &PermissionRequest) -> Rule {
    Rule::exactly(request, Path::new(BASE))
}

#[test]
fn exact_rules_read_like_what_a_person_would_write() {
    let check = |touched: &[&str], expected: &str| {
        assert_eq!(exactly(&touching("tool", touched)).as_str(), expected);
    };
    check(&["write /work/src/main.rs"], "tool(src/main.rs)");
    check(&["read /work/src/main.rs"], "tool(read src/main.rs)");
    check(&["write /etc/hosts"], "tool(/etc/hosts)");
    check(&["write /work"], "tool(.)");
    check(&["write /work/b", "read /work/a"], "tool(b; read a)");
    check(&["write /work/read me"], "tool(read\\ me)");
    check(&["write /work/[a] b)\u{202e}"], "tool(\\[a\\] b)\\u{202e})");
    check(&["write https://h/a"], "tool({})");
    check(&["write /work/a", "write db:users"], "tool({})");
    let run = opaque(
        "run",
        json!({"command": "ls \"a\"\n\u{202e}", "b": [1, null]}),
    );
    let expected = r#"run({"b":[1,null],"command":"ls \"a\"\n\u202e"})"#;
    assert_eq!(exactly(&run).as_str(), expected);
    assert_eq!(exactly(&touching("tool", &[])).as_str(), "tool({})");
}

#[test]
fn suggested_rules_are_a_directory_a_host_or_the_tool() {
    let check = |touched: &[&str], expected: &str| {
        let request = touching("tool", touched);
        let rule = Rule::suggested(&request, Path::new(BASE));
        assert_eq!(rule.as_str(), expected);
        assert!(rule.matches(&request, Path::new(BASE)), "{rule}");
    };
    check(&["write /work/src/main.rs"], "tool(src/**)");
    check(&["read /work/src/main.rs"], "tool(read src/**)");
    check(&["write /work/main.rs"], "tool(**)");
    check(&["write /work"], "tool(**)");
    check(&["write /etc/hosts"], "tool(/etc/**)");
    check(&["write /hosts"], "tool");
    check(&["write /work/a/x", "read /work/a/y"], "tool(a/**)");
    check(&["write /work/a/x", "read /work/b/y"], "tool");
    check(&["read https://h:81/a?b"], "tool(read https://h:81)");
    check(&["read https://"], "tool");
    check(&[], "tool");
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_told_apart() {
    use std::os::unix::ffi::OsStrExt as _;
    let file = |name: &[u8]| {
        let path = Path::new(BASE).join(std::ffi::OsStr::from_bytes(name));
        let touch = Touch {
            mode: AccessMode::Write,
            resource: Resource::File {
                path,
                identity: None,
            },
        };
        request("tool", json!({}), Footprint::Resources(vec![touch]))
    };
    let rule = exactly(&file(b"a\xff"));
    assert_eq!(rule.as_str(), "tool(a\\xff)");
    assert!(rule.matches(&file(b"a\xff"), Path::new(BASE)));
    assert!(!rule.matches(&file(b"a\xfe"), Path::new(BASE)));
    assert!(!rule.matches(&file("a\u{fffd}".as_bytes()), Path::new(BASE)));
}

#[test]
fn numbers_keep_all_their_digits() {
    for number in [
        1e-7,
        0.1 + 0.2,
        2.225_073_858_507_201e-308,
        9_007_199_254_740_993.0,
        1e300 / 3.0,
    ] {
        let call = opaque("tool", json!({ "x": number }));
        let rule: Rule = exactly(&call).as_str().parse().unwrap();
        assert!(rule.matches(&call, Path::new(BASE)), "{number:?}");
    }
    let one = exactly(&opaque("tool", json!({"x": 1})));
    assert!(!one.matches(&opaque("tool", json!({"x": 1.0})), Path::new(BASE)));
}

/// Text with all that has a meaning somewhere, and few letters, so that different calls are alike.
fn nasty() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        Just("read ".to_owned()),
        Just("write ".to_owned()),
        Just("url:".to_owned()),
        Just("https://".to_owned()),
        Just("**".to_owned()),
        Just("..".to_owned()),
        "[ab/.:;=*?{}()~!'\"\\\\\\[\\] \n\t,#@%-]",
        "[\u{202e}\u{a0}\u{301}é🎉\u{0}\u{7f}]",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(odd, 0..6).prop_map(|parts| parts.concat())
}

fn resource() -> impl Strategy<Value = Resource> {
    let file = |path: String| Resource::File {
        path: path.replace('\0', "").into(),
        identity: None,
    };
    prop_oneof![
        nasty().prop_map(file),
        nasty().prop_map(move |path| file(format!("{BASE}/{path}"))),
        nasty().prop_map(Resource::Url),
        nasty().prop_map(|rest| Resource::Url(format!("https://h/{rest}"))),
        nasty().prop_map(|rest| match url::Url::parse(&format!("https://{rest}")) {
            Ok(url) => Resource::Url(url.to_string()),
            Err(_) => Resource::Url(rest),
        }),
        (nasty(), nasty()).prop_map(|(scheme, name)| Resource::Named { scheme, name }),
    ]
}

fn touch() -> impl Strategy<Value = Touch> {
    let mode = prop_oneof![Just(AccessMode::Read), Just(AccessMode::Write)];
    (mode, resource()).prop_map(|(mode, resource)| Touch { mode, resource })
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        nasty().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(nasty(), inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn call() -> impl Strategy<Value = PermissionRequest> {
    let arguments = proptest::collection::btree_map(nasty(), json_value(), 0..3)
        .prop_map(|map| Value::Object(map.into_iter().collect()));
    let footprint = prop_oneof![
        Just(Footprint::Everything),
        proptest::collection::vec(touch(), 0..3).prop_map(Footprint::Resources),
    ];
    let tool = prop_oneof![
        "[ab_]{1,2}",
        nasty().prop_filter("a tool has a name", |it| !it.is_empty())
    ];
    (tool, prop_oneof![arguments, json_value()], footprint)
        .prop_map(|(tool, arguments, footprint)| request(&tool, arguments, footprint))
}

/// Two calls that differ in little or nothing.
fn alike() -> impl Strategy<Value = (PermissionRequest, PermissionRequest)> {
    (call(), call(), 0..6_usize).prop_map(|(one, other, how)| {
        let mut second = one.clone();
        match how {
            0 => second = other,
            1 => second.tool = other.tool,
            2 => second.arguments = other.arguments,
            3 => second.footprint = other.footprint,
            _ => {
                if let Footprint::Resources(touches) = &mut second.footprint {
                    touches.reverse();
                    touches.truncate(how - 3);
                }
            }
        }
        (one, second)
    })
}

/// Whether an exact rule for the one call may mean the other: the same files, or the same arguments if
/// it touches none or anything else. Where the one writes, the other may read as well.
fn same(one: &PermissionRequest, other: &PermissionRequest) -> bool {
    let by_arguments = match &one.footprint {
        Footprint::Resources(touches) => {
            let is_file = |touch: &Touch| matches!(touch.resource, Resource::File { .. });
            touches.is_empty() || !touches.iter().all(is_file)
        }
        Footprint::Everything => true,
    };
    let same = if by_arguments {
        canonical(&one.arguments) == canonical(&other.arguments)
    } else {
        resources(one, None) == resources(other, None)
            && resources(other, Some(AccessMode::Write))
                .is_subset(&resources(one, Some(AccessMode::Write)))
    };
    one.tool == other.tool && same
}

fn resources(request: &PermissionRequest, mode: Option<AccessMode>) -> BTreeSet<String> {
    let Footprint::Resources(touches) = &request.footprint else {
        return BTreeSet::new();
    };
    let touches = touches
        .iter()
        .filter(|it| mode.is_none_or(|mode| mode == it.mode));
    touches.map(|touch| name(&touch.resource)).collect()
}

/// The same name for what is the same resource.
fn name(resource: &Resource) -> String {
    match resource {
        Resource::File { path, .. } => {
            let scope = Scope::new(Path::new(BASE), Disk::default());
            format!("file {:?}", scope.absolute(path))
        }
        Resource::Url(text) => match url::Url::parse(text) {
            Ok(mut url) => {
                let host = url.host_str().map(|it| it.trim_end_matches('.').to_owned());
                let _ = host.map(|host| url.set_host(Some(&host)));
                url.set_fragment(None);
                let _ = url.set_username("");
                let _ = url.set_password(None);
                format!("url {url}")
            }
            Err(_) => format!("url {text}"),
        },
        other => format!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_exact_rule_means_its_call_and_survives_being_written(request in call()) {
        let rule = exactly(&request);
        prop_assert!(rule.matches(&request, Path::new(BASE)), "{}", rule);
        let read: Rule = rule.as_str().parse().unwrap();
        prop_assert_eq!(&read, &rule);
        prop_assert!(read.matches(&request, Path::new(BASE)), "{}", rule);
        prop_assert!(!rule.as_str().chars().any(char::is_control));
        prop_assert_eq!(rule.as_str().trim(), rule.as_str());
    }

    #[test]
    fn an_exact_rule_means_no_other_call((one, other) in alike()) {
        if exactly(&one).matches(&other, Path::new(BASE)) {
            prop_assert!(same(&one, &other), "{} means {:?}", exactly(&one), other);
        }
    }

    #[test]
    fn a_suggested_rule_means_its_call(request in call()) {
        let rule = Rule::suggested(&request, Path::new(BASE));
        prop_assert!(rule.matches(&request, Path::new(BASE)), "{}", rule);
        let read: Rule = rule.as_str().parse().unwrap();
        prop_assert!(read.matches(&request, Path::new(BASE)), "{}", rule);
    }

    #[test]
    fn no_text_is_too_odd_to_be_judged(text in nasty(), request in call()) {
        if let Ok(rule) = text.parse::<Rule>() {
            let _ = rule.matches(&request, Path::new(BASE));
            prop_assert_eq!(rule.as_str().parse::<Rule>().unwrap(), rule);
        }
    }
}
