//! What definitions say of their calls.

use serde_json::{Value, json};

use super::*;

fn tool(safety: Safety, accesses: &[(AccessMode, &str, &str)]) -> ToolDefinition {
    let access = |(mode, scheme, argument): &(AccessMode, &str, &str)| Access {
        mode: *mode,
        scheme: (*scheme).to_owned(),
        argument: (*argument).to_owned(),
    };
    ToolDefinition {
        safety,
        accesses: accesses.iter().map(access).collect(),
        ..ToolDefinition::new("tool", "A test", json!({"type": "object"}))
    }
}

fn check(definition: &ToolDefinition, arguments: &Value, resources: &[Resource]) {
    let touch = |resource: &Resource| Touch {
        mode: AccessMode::Write,
        resource: resource.clone(),
    };
    let expected = Footprint::Resources(resources.iter().map(touch).collect());
    assert_eq!(definition.footprint(arguments), expected, "{arguments}");
}

#[test]
fn a_tool_that_declares_nothing_touches_nothing_if_it_is_safe_and_else_everything() {
    let footprint = |safety| tool(safety, &[]).footprint(&json!({}));
    assert_eq!(footprint(Safety::Safe), Footprint::Resources(Vec::new()));
    assert_eq!(footprint(Safety::Cautious), Footprint::Everything);
    assert_eq!(footprint(Safety::Exclusive), Footprint::Everything);
}

#[test]
fn an_exclusive_tool_touches_everything_whatever_it_declares() {
    let tool = tool(Safety::Exclusive, &[(AccessMode::Read, "file", "/path")]);
    assert_eq!(tool.footprint(&json!({"path": "a"})), Footprint::Everything);
}

#[test]
fn a_call_touches_what_its_arguments_name() {
    let tool = tool(
        Safety::Cautious,
        &[
            (AccessMode::Write, "file", "/path"),
            (AccessMode::Write, "url", "/to/url"),
            (AccessMode::Write, "row", "/row"),
        ],
    );
    let arguments = json!({"path": "a/../b", "to": {"url": "http://X/"}, "row": 7});
    let row = Resource::Named {
        scheme: "row".into(),
        name: "7".into(),
    };
    let url = Resource::Url("http://x/".into());
    check(&tool, &arguments, &[Resource::file("b"), url, row]);
}

#[test]
fn a_list_names_each_of_its_items() {
    let tool = tool(Safety::Cautious, &[(AccessMode::Write, "file", "/paths")]);
    let both = [Resource::file("a"), Resource::file("b")];
    check(&tool, &json!({"paths": ["a", "b"]}), &both);
    check(&tool, &json!({"paths": []}), &[]);
}

#[test]
fn an_argument_that_is_left_out_may_mean_anything_of_its_scheme() {
    let tool = tool(
        Safety::Cautious,
        &[
            (AccessMode::Write, "file", "/path"),
            (AccessMode::Write, "url", "/url"),
        ],
    );
    for arguments in [json!({}), json!({"path": null, "url": null})] {
        let Footprint::Resources(touches) = tool.footprint(&arguments) else {
            panic!("{arguments} touches everything");
        };
        assert!(touches[0].resource.overlaps(&Resource::file("/any/file")));
        assert!(touches[1].resource.overlaps(&Resource::url("http://any/")));
    }
}
