//! Answers that are not what was asked for. The recorded ones are in `replay`.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;

use super::*;

#[test]
fn vectors_are_put_into_the_order_of_the_texts() {
    let answer =
        br#"{"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1, 2]}]}"#;
    assert_eq!(read(answer, 2).unwrap(), [[1.0, 2.0], [3.0, 4.0]]);
    let unnumbered = br#"{"data": [{"embedding": [3]}, {"embedding": [1]}]}"#;
    assert_eq!(read(unnumbered, 2).unwrap(), [[3.0], [1.0]]);
}

#[test]
fn an_answer_that_does_not_fit_is_an_error() {
    for (answer, count) in [
        ("", 1),
        ("<html>", 1),
        ("{}", 1),
        (r#"{"data": []}"#, 1),
        (r#"{"data": [{"embedding": []}]}"#, 1),
        (r#"{"data": [{"embedding": "AAAA"}]}"#, 1),
        (r#"{"data": [{"embedding": [1]}]}"#, 2),
        (
            r#"{"data": [{"embedding": [1]}, {"embedding": [1, 2]}]}"#,
            2,
        ),
        (r#"{"data": [{"embedding": [[1]]}]}"#, 1),
    ] {
        let error = read(answer.as_bytes(), count).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Internal, "{answer}");
    }
}

#[test]
fn no_texts_are_no_vectors() {
    assert_eq!(check_lengths(&[]), Ok(()));
    assert_eq!(
        body("m", &["a".to_owned()]),
        json!({"model": "m", "input": ["a"]})
    );
}
