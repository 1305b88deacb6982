//! Text of pages that are not parsed.

use super::*;

#[test]
fn blocks_become_lines_and_inline_elements_do_not() {
    let html = "<title>T</title><h1>Head</h1><p>one <b>two</b>\n three<div>four<br>five</div><script>x('<p>')</script>";
    assert_eq!(text(html), "Head\none two\nthree\nfour\nfive");
}

#[test]
fn entities_are_decoded_once() {
    assert_eq!(
        text("<p>a &amp; b &lt;p&gt; &amp;lt; é 字 < 5"),
        "a & b <p> &lt; é 字 < 5"
    );
}

#[test]
fn depth_does_not_matter() {
    let html = format!("{}deep{}", "<div>".repeat(20_000), "</div>".repeat(20_000));
    assert_eq!(text(&html), "deep");
    assert_eq!(text(""), "");
}
