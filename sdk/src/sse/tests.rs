//! The decoder against the standard's rules, each stream cut in every way that matters.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;
use crate::error::ErrorKind;

/// Everything the decoder has, with what was pending at the end.
fn decode(pieces: &[&[u8]]) -> (Vec<Event>, Option<Event>) {
    let mut decoder = Decoder::new();
    let events = pieces.iter().flat_map(|piece| decoder.push(piece).unwrap());
    (events.collect(), decoder.finish().unwrap())
}

/// Decodes in one piece, then cut in two and in three at every position, and byte by byte.
fn check(stream: &str, expected: &[(&str, &str, &str)]) {
    let bytes = stream.as_bytes();
    let whole = decode(&[bytes]);
    let found: Vec<_> = whole
        .0
        .iter()
        .map(|event| (&*event.name, &*event.data, &*event.id))
        .collect();
    assert_eq!(found, expected, "{stream:?}");
    for second in 0..=bytes.len() {
        for first in 0..=second {
            let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            assert_eq!(
                decode(&pieces),
                whole,
                "{stream:?} cut at {first}, {second}"
            );
        }
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(decode(&single), whole, "{stream:?} byte by byte");
}

fn message(data: &str) -> (&str, &str, &str) {
    ("message", data, "")
}

#[test]
fn every_kind_of_line_end_ends_a_line() {
    let expected = [message("a"), message("b")];
    check("data: a\n\ndata: b\n\n", &expected);
    check("data: a\r\rdata: b\r\r", &expected);
    check("data: a\r\n\r\ndata: b\r\n\r\n", &expected);
    check("data: a\r\n\ndata: b\n\r\n", &expected);
    check("data: a\n\rdata: b\r\r\n", &expected);
}

#[test]
fn several_data_lines_are_joined_by_line_feeds() {
    check("data: a\ndata:\ndata: b\n\n", &[message("a\n\nb")]);
    check("data:a\rdata: b\r\n\r\n", &[message("a\nb")]);
}

#[test]
fn one_space_after_the_colon_is_dropped_and_no_more() {
    check("data:  a\n\n", &[message(" a")]);
    check("data:\ta\n\n", &[message("\ta")]);
    check("data: a:b: c\n\n", &[message("a:b: c")]);
}

#[test]
fn an_event_without_data_is_none_but_empty_data_is_one() {
    check("event: x\n\n\n\n", &[]);
    check("data\n\n", &[message("")]);
    check("data:\n\ndata: \n\n", &[message(""), message("")]);
}

#[test]
fn a_name_holds_for_one_event_and_an_id_for_all_that_follow() {
    check(
        "id: 7\nevent: ping\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
        &[
            ("ping", "a", "7"),
            ("message", "b", "7"),
            ("message", "c", ""),
        ],
    );
    check("event: x\n\ndata: a\n\n", &[message("a")]);
    check("id: 1\0\ndata: a\n\n", &[message("a")]);
}

#[test]
fn comments_and_unknown_fields_are_skipped() {
    check(
        ": ping\n\n:\n\nretry: 3\nfoo: bar\n Data: x\ndata: a\n\n",
        &[message("a")],
    );
}

#[test]
fn a_byte_order_mark_is_dropped_at_the_start_only() {
    check("\u{feff}data: a\n\n", &[message("a")]);
    check("\u{feff}\u{feff}data: a\n\ndata: b\n\n", &[message("b")]);
    check(
        "data: \u{feff}a\n\n\u{feff}data: b\n\n",
        &[message("\u{feff}a")],
    );
}

#[test]
fn characters_may_be_split_between_chunks() {
    check(
        "data: żółć 日本 🌍\nevent: ö\n\n",
        &[("ö", "żółć 日本 🌍", "")],
    );
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let mut decoder = Decoder::new();
    let events = decoder.push(b"data: a\xff\xc3\n\n").unwrap();
    assert_eq!(events[0].data, "a\u{fffd}\u{fffd}");
}

#[test]
fn what_is_pending_at_the_end_is_handed_over_on_request() {
    for stream in [
        "data: a\n\ndata: b\n",
        "data: a\n\ndata: b",
        "data: a\n\ndata: b\r",
    ] {
        let (events, pending) = decode(&[stream.as_bytes()]);
        assert_eq!(events.len(), 1);
        assert_eq!(pending.unwrap().data, "b");
    }
    assert_eq!(decode(&[b"data: a\n\n"]).1, None);
    assert_eq!(decode(&[b""]), (vec![], None));
}

#[test]
fn a_line_over_the_limit_is_an_error_however_it_is_cut() {
    let stream = b"data: ok\n\ndata: 0123456789\n\ndata: no\n\n";
    for cut in 0..=stream.len() {
        let mut decoder = Decoder::with_limit(12);
        let mut events = Vec::new();
        let mut error = None;
        for piece in [&stream[..cut], &stream[cut..], b"", b"data: x\n\n"] {
            match decoder.push(piece) {
                Ok(more) => events.extend(more),
                Err(new) => error = Some(new),
            }
        }
        assert_eq!(events.len(), 1, "cut at {cut}");
        assert_eq!(error.unwrap().kind, ErrorKind::Unavailable);
        assert!(decoder.finish().is_err());
    }
}

#[test]
fn many_short_lines_may_not_grow_an_event_past_the_limit() {
    let mut decoder = Decoder::with_limit(20);
    decoder.push(b"data: 12345678\ndata: 12345678\n").unwrap();
    assert!(decoder.push(b"data: 12345678\n").is_err());
}

#[test]
fn a_line_of_exactly_the_limit_passes() {
    let mut decoder = Decoder::with_limit(10);
    assert_eq!(decoder.push(b"data: 1234\n\n").unwrap()[0].data, "1234");
    assert!(decoder.push(b"data: 12345\n\n").is_err());
}

/// The events and the ending of a body, the same however it is cut.
fn check_body(body: &str, events: &[&str], ending: &Ending) {
    let of = |pieces: &[&[u8]]| {
        let mut body = Body::new();
        let events = pieces.iter().flat_map(|piece| body.push(piece).unwrap());
        let data: Vec<_> = events.map(|event| event.data).collect();
        (data, body.finish().unwrap())
    };
    let whole = of(&[body.as_bytes()]);
    assert_eq!(whole.0, events, "{body:?}");
    assert_eq!(&whole.1, ending, "{body:?}");
    for cut in 0..=body.len() {
        let (first, second) = body.as_bytes().split_at(cut);
        assert_eq!(of(&[first, second]), whole, "{body:?} cut at {cut}");
    }
    let single: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
    assert_eq!(of(&single), whole, "{body:?} byte by byte");
}

#[test]
fn a_body_is_an_event_stream_unless_it_begins_like_a_document() {
    let stream = Ending::Events(None);
    for body in ["", " \r\n", "\u{feff}", "\u{feff} ", "Not Found", ": {\n\n"] {
        check_body(body, &[], &stream);
    }
    check_body("data: a\n\ndata: b\n\n", &["a", "b"], &stream);
    check_body("\u{feff}\r\ndata: a\n\n", &["a"], &stream);
    for document in [
        "{",
        "{\"a\": \"\n\ndata: no\n\n\"}",
        "[1]",
        "<html>żółć</html>\n",
    ] {
        let ending = Ending::Document(document.as_bytes().to_vec());
        for before in ["", "\n", "\u{feff}", "\u{feff} \r\n\t"] {
            check_body(&format!("{before}{document}"), &[], &ending);
        }
    }
}

#[test]
fn a_document_over_the_limit_is_an_error() {
    let mut body = Body::new();
    let half = vec![b' '; DEFAULT_LIMIT_BYTES / 2];
    body.push(b"{").unwrap();
    body.push(&half).unwrap();
    assert_eq!(body.push(&half).unwrap_err().kind, ErrorKind::Unavailable);
}
