//! Kinds of bodies and their charsets.

use super::*;

fn media_type(header: &str) -> MediaType {
    MediaType::parse(Some(header))
}

#[test]
fn content_types_are_parsed() {
    for (header, essence, charset) in [
        ("text/html; charset=UTF-8", "text/html", Some("UTF-8")),
        (
            "Text/HTML;Charset=\"iso-8859-1\"",
            "text/html",
            Some("iso-8859-1"),
        ),
        (
            "multipart/form-data; boundary=x; charset=utf-8",
            "multipart/form-data",
            Some("utf-8"),
        ),
        ("application/json", "application/json", None),
        (" text/plain ; charset", "text/plain", None),
        ("", "", None),
        (";;;=", "", None),
    ] {
        let found = media_type(header);
        assert_eq!(found.essence, essence, "{header}");
        assert_eq!(found.charset.as_deref(), charset, "{header}");
    }
    assert_eq!(MediaType::parse(None), MediaType::default());
}

#[test]
fn the_kind_follows_the_type_and_else_the_bytes() {
    for (header, body, kind) in [
        ("text/plain", &b"hello"[..], Kind::Text),
        ("application/json", b"{}", Kind::Text),
        ("application/problem+json", b"{}", Kind::Text),
        ("application/atom+xml", b"<a/>", Kind::Text),
        ("image/svg+xml", b"<svg/>", Kind::Text),
        ("image/png", b"\x89PNG", Kind::Image),
        ("image/jpeg", b"text", Kind::Image),
        ("audio/mpeg", b"text", Kind::Binary),
        ("application/zip", b"PK\x03\x04\x00", Kind::Binary),
        (
            "application/pdf",
            b"%PDF-1.7\n\xe2\xe3\xcf\xd3",
            Kind::Binary,
        ),
        ("application/octet-stream", b"plain text\n", Kind::Text),
        ("", b"plain text", Kind::Text),
        ("", b"\x00\x01", Kind::Binary),
        ("", b"\xff\xfeh\x00i\x00", Kind::Text),
        ("", b"caf\xe9", Kind::Binary),
        ("", "gr\u{fc}".as_bytes(), Kind::Text),
        ("text/plain", b"PK\x03\x04\x00", Kind::Binary),
        ("text/plain; charset=utf-16le", b"h\x00i\x00", Kind::Text),
        ("nonsense", b"text", Kind::Text),
    ] {
        assert_eq!(
            media_type(header).kind(body, false),
            kind,
            "{header} {body:?}"
        );
    }
}

#[test]
fn text_that_was_cut_within_a_character_is_still_text() {
    assert_eq!(media_type("").kind(b"cut \xc3", true), Kind::Text);
    assert_eq!(media_type("").kind(b"cut \xc3", false), Kind::Binary);
    let page = "gr\u{fc}\u{df}e \u{fc}".as_bytes();
    let text = media_type("text/html").decode(&page[..page.len() - 1], true);
    assert_eq!(text, "grüße ");
}

#[test]
fn text_is_decoded_by_its_charset() {
    let meta = |label: &str| format!("<html><meta charset=\"{label}\">").into_bytes();
    let with = |mut head: Vec<u8>, tail: &[u8]| {
        head.extend_from_slice(tail);
        head
    };
    for (header, body, expected) in [
        ("text/plain", "gr\u{fc}\u{df}e".as_bytes().to_vec(), "grüße"),
        (
            "text/plain; charset=iso-8859-1",
            b"gr\xfc\xdfe".to_vec(),
            "grüße",
        ),
        (
            "text/plain; charset=windows-1251",
            b"\xcf\xf0\xe8".to_vec(),
            "При",
        ),
        (
            "text/plain; charset=shift_jis",
            b"\x93\xfa\x96{".to_vec(),
            "日本",
        ),
        ("text/plain; charset=gb2312", b"\xc4\xe3".to_vec(), "你"),
        ("text/plain; charset=utf-16le", b"h\x00i\x00".to_vec(), "hi"),
        ("text/plain; charset=nonsense", b"hi".to_vec(), "hi"),
        (
            "text/plain; charset=iso-8859-1",
            b"\xef\xbb\xbf\xc3\xbc".to_vec(),
            "ü",
        ),
        ("text/plain", b"\xff\xfeh\x00".to_vec(), "h"),
        ("text/plain", b"a\xffb".to_vec(), "a\u{fffd}b"),
        ("text/html", b"caf\xe9".to_vec(), "café"),
        ("application/json", "{\"a\":\"ü\"}".into(), "{\"a\":\"ü\"}"),
        ("text/plain", vec![], ""),
    ] {
        assert_eq!(
            media_type(header).decode(&body, false),
            expected,
            "{header} {body:?}"
        );
    }
    let page = with(meta("iso-8859-5"), b"\xbf");
    assert!(media_type("text/html").decode(&page, false).ends_with('П'));
    let page = with(meta("utf-16"), "\u{fc}".as_bytes());
    assert!(media_type("text/html").decode(&page, false).ends_with('ü'));
    let xml = with(
        b"<?xml version='1.0' encoding='ISO-8859-1'?>".to_vec(),
        b"\xfc",
    );
    assert!(
        media_type("application/xml")
            .decode(&xml, false)
            .ends_with('ü')
    );
    let old = with(
        b"<meta http-equiv=x content=\"text/html; charset=koi8-r\">".to_vec(),
        b"\xf0",
    );
    assert!(media_type("text/html").decode(&old, false).ends_with('П'));
    let late = with(vec![b' '; 2000], &with(meta("koi8-r"), b"\xf0"));
    assert!(!media_type("text/html").decode(&late, false).contains('П'));
}

#[test]
fn a_character_that_was_cut_is_left_out() {
    let plain = media_type("text/plain");
    assert_eq!(plain.decode(b"ab\xc3", true), "ab");
    assert_eq!(plain.decode(b"ab\xc3", false), "ab\u{fffd}");
}
