//! Pages made to hurt, and pages that only look so.

use super::*;

fn check(html: &str, expected: Result<(), TooComplex>) {
    let found = before_parsing(html).and_then(|()| after_parsing(&Document::from(html)));
    let start: String = html.chars().take(60).collect();
    assert_eq!(found, expected, "{start}");
}

#[test]
fn nesting_is_limited_however_it_is_written() {
    for piece in [
        "<div>",
        "<span a=1>",
        "<foo/>",
        "<div></x>",
        "<div><p></span>",
        "<blockquote><!-- </blockquote> -->",
        "<div><script></div></script>",
        "<ul><li>",
        "<table><tr><td></div><div>",
        "<svg><g>",
        "<svg><foreignObject>",
        "<object></div><div>",
    ] {
        check(&piece.repeat(5000), Err(TooComplex::Depth));
    }
    // The parser itself is not in danger here, but those who walk its tree are.
    check(&"<div>".repeat(300), Err(TooComplex::Depth));
    check(&"<div>".repeat(200), Ok(()));
}

#[test]
fn what_the_parser_multiplies_is_limited() {
    check(
        &format!("{}{}", "<b a>".repeat(1000), "<p>x".repeat(1000)),
        Err(TooComplex::Elements),
    );
    check(
        &"<body a=1><html b=2>".repeat(5000),
        Err(TooComplex::Elements),
    );
    check(&"<b>".repeat(5000), Err(TooComplex::Elements));
    check(&"<font color=1><p>".repeat(5000), Err(TooComplex::Elements));
    check(&"<p>".repeat(400_001), Err(TooComplex::Elements));
    check(
        &format!("<p {}>", "a ".repeat(2000)),
        Err(TooComplex::Attributes),
    );
}

#[test]
fn ordinary_pages_pass() {
    let svg = format!("<svg>{}</svg>", "<path d='M0'/>".repeat(3000));
    let script = format!("<script>{}</script>", "'<div>'".repeat(3000));
    let comments = "<!-- <div> -->".repeat(3000);
    let lists = "<ul><li>a<li>b<ul><li>c</ul></ul>".repeat(3000);
    let table = format!("<table>{}</table>", "<tr><td>1<td>2".repeat(3000));
    let sloppy = "<div><span>x</div><p>y<br>".repeat(3000);
    let quoted = "<a title='<div>' href=x>y</a>".repeat(3000);
    for html in [svg, script, comments, lists, table, sloppy, quoted] {
        check(
            &format!("<!doctype html><html><body>{html}</body></html>"),
            Ok(()),
        );
    }
}
