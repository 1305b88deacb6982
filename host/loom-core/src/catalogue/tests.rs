//! Which sets of tools are taken, and what is said about unknown names.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use serde_json::json;

use super::*;
use crate::testing::FakeTool;

fn catalogue(names: &[&str]) -> Result<Catalogue, BuildError> {
    let tools = names
        .iter()
        .map(|name| Arc::new(FakeTool::echo(name)) as Arc<dyn Tool>);
    Catalogue::new(tools.collect())
}

#[test]
fn definitions_keep_their_order() {
    let catalogue = catalogue(&["b", "a", "c"]).unwrap();
    let names: Vec<_> = catalogue.names().collect();
    assert_eq!(names, ["b", "a", "c"]);
}

#[test]
fn duplicate_names_are_all_named_once() {
    let error = catalogue(&["b", "a", "b", "c", "a", "b"]).err().unwrap();
    let expect = ["a", "b"].map(String::from).to_vec();
    assert_eq!(error, BuildError::DuplicateTools(expect));
}

#[test]
fn names_that_providers_refuse_are_refused() {
    let long = "x".repeat(65);
    for name in ["", "a b", "ä", "a.b", long.as_str()] {
        let error = catalogue(&[name]).err().unwrap();
        assert_eq!(error, BuildError::ToolName(name.to_owned()));
    }
    assert!(catalogue(&["A-z_09", &"x".repeat(64)]).is_ok());
}

#[test]
fn a_tool_with_a_bad_schema_is_named() {
    let tool = FakeTool::echo("liar").with_schema(json!({"type": 7}));
    let error = Catalogue::new(vec![Arc::new(tool)]).err().unwrap();
    assert!(error.to_string().contains("`liar`"), "{error}");
}

#[test]
fn the_nearest_names_are_suggested_first() {
    let catalogue = catalogue(&["write_file", "read_file", "calculator"]).unwrap();
    let text = catalogue.suggestion("readfile");
    assert!(text.starts_with("did you mean `read_file`"), "{text}");
    assert!(!text.contains("calculator"), "{text}");
}

#[test]
fn all_tools_are_listed_when_none_is_near() {
    let catalogue = catalogue(&["glob", "grep"]).unwrap();
    assert_eq!(catalogue.suggestion("xyz"), "the tools are `glob`, `grep`");
}

#[test]
fn a_long_list_is_cut() {
    let names: Vec<_> = (0..100).map(|n| format!("t{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let text = catalogue(&names).unwrap().suggestion("🦀");
    assert_eq!(text.matches('`').count(), 2 * MAX_LISTED);
    assert!(text.ends_with("and others"), "{text}");
}

#[test]
fn an_agent_without_tools_says_so() {
    let text = catalogue(&[]).unwrap().suggestion("read_file");
    assert!(text.contains("no tools"), "{text}");
}
