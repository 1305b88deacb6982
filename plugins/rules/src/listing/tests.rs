//! Tests of the filters for listings.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;
use crate::conversation::Outcome;
use crate::view;

#[track_caller]
fn check(template: &str, value: impl Into<Value>, expected: &str) {
    let kinds = context! { Rust => ["rs"], Markdown => ["md", "markdown"], text => ["md"] };
    let mut environment = Environment::new();
    register(&mut environment, &context! { kinds });
    let x: Value = value.into();
    let text = environment.render_str(template, context! { x }).unwrap();
    assert_eq!(text, expected, "{template}");
}

fn listing(path: &str, text: &str) -> Value {
    view::result(Outcome {
        id: String::new(),
        tool: "list_dir".into(),
        arguments: serde_json::json!({ "path": path }).to_string(),
        text: text.into(),
        failed: false,
    })
}

#[test]
fn a_name_in_any_case() {
    check("{{ x | any_case }}", "Ab.c", "[aA][bB].[cC]");
    check("{{ x | any_case }}", "ab", "{[aA][bB],[aA][bB].*}");
    check("{{ x | any_case }}", "1{ü.", "1[{]ü.");
}

#[test]
fn sizes_are_for_people() {
    for (size, text) in [
        (1_u64, "1 byte"),
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (1250, "1.3 KB"),
        (9949, "9.9 KB"),
        (12_345, "12 KB"),
        (999_999, "1.0 MB"),
        (5_432_100_000, "5.4 GB"),
        (9_000_000_000_000_000, "9000 TB"),
    ] {
        check("{{ x | bytes }}", size, text);
    }
}

#[test]
fn a_listing_has_entries() {
    let template =
        "{% for e in x | entries %}{{ e.path }}={{ e.bytes }}{{ '/' if e.directory }};{% endfor %}";
    let text = "a  b.rs  12 bytes\nsub/\nlink -> x\nodd\n[2 of 9 entries shown, 7 left out]";
    check(
        template,
        listing("src/", text),
        "src/a  b.rs=12;src/sub/=0/;src/link -> x=0;src/odd=0;",
    );
    check(template, listing(".", "ü.rs  0 bytes"), "ü.rs=0;");
    check(
        template,
        vec![listing("a", "b  1 bytes"), listing("c", "[c is empty]")],
        "a/b=1;",
    );
}

#[test]
fn matches_have_a_place() {
    let template = "{% for h in x | hits %}{{ h.path }}|{{ h.line }}|{{ h.text }};{% endfor %}";
    let lines = vec![
        "a.rs:12:   let x: u8 = 1;",
        "b:c.rs:3:",
        "no match",
        "a.rs-11- context: x",
    ];
    check(template, lines, "a.rs|12|let x: u8 = 1;;b:c.rs|3|;");
}

#[test]
fn paths_are_counted_by_folder_and_by_kind() {
    let paths = vec![
        "src/a.rs",
        "README.md",
        "src/b/c.rs",
        "docs/x.md",
        "LICENSE",
        "src/d.rs",
    ];
    check(
        "{% for f in x | folders %}{{ f.folder }} {{ f.count }},{% endfor %}",
        paths.clone(),
        "src/ 3,./ 2,docs/ 1,",
    );
    check(
        "{% for l in x | languages %}{{ l.name }} {{ l.count }},{% endfor %}",
        paths,
        "Rust 3,Markdown 2,",
    );
}

#[test]
fn files_are_told_from_directories() {
    for path in ["a.rs", "src/b.txt", ".env.local", "Makefile", "x/LICENSE"] {
        check("{{ x | is_file_name }}", path, "True");
    }
    for path in ["src", ".git", "..", ".", "a.b/c", "src/"] {
        check("{{ x | is_file_name }}", path, "False");
    }
}

#[test]
fn one_of_several_is_chosen_if_it_stands_out() {
    check("{{ x | the_one }}", vec!["a/b"], "a/b");
    check("{{ x | the_one }}", vec!["a/b", "b"], "b");
    check("{{ x | the_one }}", vec!["a/b", "c/b"], "");
    check("{{ x | the_one }}", vec!["a", "b"], "");
    check("{{ x | the_one }}", Vec::<String>::new(), "");
}

#[test]
fn folders_are_counted_below_a_base() {
    let template = "{% for f in x | folders('src/') %}{{ f.folder }} {{ f.count }},{% endfor %}";
    check(
        template,
        vec!["src/a/x", "src/a/y/z", "src/b"],
        "src/a/ 2,src/ 1,",
    );
    check("{{ x | folders }}", Vec::<String>::new(), "[]");
}

#[test]
fn a_tree_shows_some_levels() {
    let paths = vec!["README", "src/a.rs", "src/b/c/d.rs", "src/b/e.rs"];
    check(
        "{{ x | tree(2) | join('|') }}",
        paths.clone(),
        "README|src/|  a.rs|  b/ (2 files)",
    );
    check(
        "{{ x | tree(1) | join('|') }}",
        paths.clone(),
        "README|src/ (3 files)",
    );
    check(
        "{{ x | tree(9) | join('|') }}",
        paths,
        "README|src/|  a.rs|  b/|    c/|      d.rs|    e.rs",
    );
}
