//! The texts in the place of results.

use super::*;

fn result_of(text: &str) -> ToolResult {
    ToolResult {
        call_id: CallId::from("call-7"),
        name: "read_file".to_owned(),
        content: vec![Content::Text(text.to_owned())],
        is_error: true,
    }
}

fn clamp(text: &str, head_bytes: usize, tail_bytes: usize) -> String {
    let shortening = Shortening::Clamped {
        head_bytes,
        tail_bytes,
    };
    result(&result_of(text), shortening).text()
}

#[test]
fn a_clamped_result_has_whole_lines_and_says_what_is_missing() {
    let text = "first line\nsecond line\nthird line\nfourth line\nfifth line\n";
    assert_eq!(
        clamp(text, 26, 16),
        "first line\nsecond line\n[2 lines, 24 bytes left out by the host; read_result with call_id \
         \"call-7\" shows it]\nfifth line\n"
    );
}

#[test]
fn long_lines_are_cut_between_characters() {
    let text = "é".repeat(1_000);
    let clamped = clamp(&text, 101, 101);
    assert!(clamped.starts_with(&"é".repeat(50)));
    assert!(clamped.ends_with(&"é".repeat(50)));
    assert!(clamped.contains("1800 bytes left out"), "{clamped}");
}

#[test]
fn a_result_that_is_shorter_than_its_clamp_stays() {
    assert_eq!(clamp("short", 3, 2), "short");
    assert_eq!(clamp("short", usize::MAX, usize::MAX), "short");
}

#[test]
fn a_cleared_result_says_how_long_it_was_and_how_to_read_it() {
    let long = result_of(&"line\n".repeat(200));
    let cleared = result(&long, Shortening::Cleared);
    assert_eq!(
        cleared.text(),
        "[cleared by the host: 200 lines, 1000 bytes; read_result with call_id \"call-7\" shows it]"
    );
    assert!(cleared.is_error);
    assert!(can_clear(&long) && !can_clear(&cleared));
    assert!(!can_clear(&result_of("short")));
}

#[test]
fn what_the_log_says_of_a_result_is_read_again() {
    for shortening in [
        Shortening::Cleared,
        Shortening::Superseded,
        Shortening::Clamped {
            head_bytes: 2,
            tail_bytes: 1,
        },
    ] {
        let shortened = Shortened {
            call_id: CallId::from("a"),
            shortening,
        };
        let value = serde_json::to_value(&shortened).ok();
        let again = value.and_then(|value| serde_json::from_value(value).ok());
        assert_eq!(again, Some(shortened));
    }
}
