//! Tests of templates.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

fn templates() -> Templates {
    let tables = minijinja::context! { zones => minijinja::context! { tokyo => "Asia/Tokyo" } };
    Templates::new(tables, |text, n| vec![text.to_owned(); n])
}

#[test]
fn blocks_leave_no_blank_lines() {
    let source = "\n{% if true %}\n  yes\n{% endif %}\nend\n";
    assert_eq!(
        templates().render(source, &Scope::new()).unwrap(),
        "yes\nend"
    );
}

#[test]
fn a_missing_variable_is_empty() {
    let text = templates().render("<{{ a.b.c }}>", &Scope::new());
    assert_eq!(text.unwrap(), "<>");
}

#[test]
fn tables_and_suggestions_are_there() {
    let source = "{{ tables.zones['tokyo'] }} {{ nearest('x', 2) | join }}";
    assert_eq!(
        templates().render(source, &Scope::new()).unwrap(),
        "Asia/Tokyo xx"
    );
}

#[test]
fn nothing_is_escaped() {
    let scope = Scope::from([("a".to_owned(), Value::from("<&>\"ü"))]);
    assert_eq!(templates().render("{{ a }}", &scope).unwrap(), "<&>\"ü");
}

#[test]
fn a_mistake_names_its_line() {
    let templates = templates();
    let why = templates.check("a\n{% if %}").unwrap_err();
    assert!(
        why.starts_with("line 2 of the template: syntax error"),
        "{why}"
    );
    let why = templates
        .render("a\n\n{{ 1 | nofilter }}", &Scope::new())
        .unwrap_err();
    assert!(why.contains("line 3") && why.contains("nofilter"), "{why}");
    assert!(templates.check_expression("a +").is_err());
    assert!(templates.check_expression("a in b").is_ok());
}

#[test]
fn a_lone_expression_has_a_value() {
    let scope = Scope::from([("n".to_owned(), Value::from(3))]);
    let value = |source: &str| templates().value(source, &scope).unwrap();
    assert_eq!(value("{{ n + 1 }}"), Some(Value::from(4)));
    assert_eq!(value("{{ n }}\n"), Some(Value::from("3\n")));
    assert_eq!(value("{{ n }}{{ n }}"), Some(Value::from("33")));
    assert_eq!(value("{{ no }}"), None);
    assert_eq!(value("a\n"), Some(Value::from("a\n")));
}
