//! Tags as the parser sees them.

use super::*;

fn open(name: &str, attributes: usize, closes_itself: bool) -> Piece<'_> {
    Piece::Open {
        name,
        attributes,
        closes_itself,
    }
}

fn pieces(html: &str) -> Vec<Piece<'_>> {
    Pieces::of(html).collect()
}

#[test]
fn tags_and_text_alternate() {
    assert_eq!(
        pieces("a<p class=x>b</p ><br/>é"),
        [
            Piece::Text("a"),
            open("p", 1, false),
            Piece::Text("b"),
            Piece::Close("p"),
            open("br", 0, true),
            Piece::Text("é"),
        ]
    );
}

#[test]
fn attributes_are_counted_and_quotes_hide_the_end_of_a_tag() {
    for (html, attributes) in [
        ("<a>", 0),
        ("<a b>", 1),
        ("<a b c=d e='>' f=\"'>\" g = h i=>", 6),
        ("<a b=c/d>", 1),
        ("<a/b/c>", 2),
        ("<a \"b>", 1),
        ("<a b = 'c d e'>", 1),
        ("<a b='c'd='e'>", 2),
    ] {
        let all = pieces(html);
        assert_eq!(all.len(), 1, "{html} {all:?}");
        assert!(
            matches!(all[0], Piece::Open { attributes: found, .. } if found == attributes),
            "{html} {all:?}"
        );
    }
}

#[test]
fn comments_are_no_pieces_and_end_where_the_parser_ends_them() {
    for html in [
        "<!-- <p> -->x",
        "<!-->x",
        "<!--->x",
        "<!-- --!>x",
        "<!doctype html>x",
        "<?php 1 ?>x",
        "</ p>x",
    ] {
        assert_eq!(pieces(html), [Piece::Text("x")], "{html}");
    }
    assert_eq!(pieces("<!-- <p>"), []);
}

#[test]
fn what_only_looks_like_a_tag_is_text() {
    for html in ["a < b", "<", "<1>", "a <é"] {
        let texts = pieces(html).into_iter().map(|piece| match piece {
            Piece::Text(text) => text,
            _ => "",
        });
        assert_eq!(texts.collect::<String>(), html);
    }
}

#[test]
fn a_script_ends_at_its_closing_tag() {
    let mut all = Pieces::of("<script>if (a</b>) '</scripty>' </SCRIPT >x");
    assert_eq!(all.next(), Some(open("script", 0, false)));
    all.skip_raw("script");
    assert_eq!(all.next(), Some(Piece::Close("SCRIPT")));
    assert_eq!(all.next(), Some(Piece::Text("x")));
}

#[test]
fn every_beginning_of_a_page_comes_to_an_end() {
    let html = "<p a='b\">é</p><!-- x --><a href=x/>< /<é</é><script>x</script";
    for end in 0..=html.len() {
        let _ = pieces(&html[..html.floor_char_boundary(end)]);
    }
}
