//! Tests of texts as sparse vectors.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::{document, question};

fn values(vector: &serde_json::Value) -> Vec<f64> {
    let values = vector["values"].as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn the_same_word_has_the_same_place_in_any_case() {
    let (text, wanted) = (document("Apple").unwrap(), question("aPPLE").unwrap());
    assert_eq!(text["indices"], wanted["indices"]);
}

#[test]
fn words_count_less_the_more_often_and_the_longer_the_text() {
    let once = values(&document("apple").unwrap())[0];
    let twice = values(&document("apple apple").unwrap())[0];
    assert!(once < twice && twice < 2.0 * once);
    let text = format!("apple {}", "and so on ".repeat(1000));
    let places = document(&text).unwrap();
    let apple = question("apple").unwrap()["indices"][0].clone();
    let mut indices = places["indices"].as_array().unwrap().iter();
    let at = indices.position(|index| *index == apple).unwrap();
    assert!(values(&places)[at] < once);
}

#[test]
fn texts_without_words_have_no_vector() {
    for text in ["", " \n", "-!?", "🦀"] {
        assert!(
            document(text).is_none() && question(text).is_none(),
            "{text}"
        );
    }
}
