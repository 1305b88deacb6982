//! Search by session, and the pieces of text that are shown.

use super::super::search::{SearchOptions, search, snippet};
use super::*;

async fn library() -> ProcessMemory {
    let memory = ProcessMemory::default();
    let sub_agent = header(json!({ "parent_session_id": "tea" }));
    let mut tea = vec![header(Value::Null), says("descale the kettle")];
    tea.extend((0..40).map(|n| says(&format!("kettle kettle {n}"))));
    for (session, entries) in [
        ("tea", tea),
        (
            "coffee",
            vec![
                header(Value::Null),
                says("grind"),
                opaque("newer"),
                says("no kettle"),
            ],
        ),
        ("agent", vec![sub_agent, says("kettle kettle kettle")]),
        (
            "facts",
            vec![header(json!({ "recall": "everywhere" })), says("a kettle")],
        ),
        (
            "other",
            vec![
                header(Value::Null),
                says("nothing"),
                Entry {
                    text: "kettle".into(),
                    ..opaque("fact")
                },
            ],
        ),
    ] {
        memory.append(&id(session), 0, entries).await.unwrap();
    }
    memory
}

async fn found(limit: usize, all: bool) -> Vec<(String, usize)> {
    let options = SearchOptions {
        words: "Kettle".to_owned(),
        limit,
        all,
    };
    let found = search(&library().await, &options).await.unwrap();
    found
        .iter()
        .map(|it| (it.session.to_string(), it.hits.len()))
        .collect()
}

#[tokio::test]
async fn places_are_grouped_by_session_and_a_long_session_hides_no_other() {
    let places = found(2, false).await;
    assert_eq!(places, [("tea".to_owned(), 41), ("coffee".to_owned(), 1)]);
    assert_eq!(found(1, false).await.len(), 1);
    assert_eq!(found(0, true).await, []);
}

#[tokio::test]
async fn what_is_no_conversation_is_shown_on_demand() {
    let names: Vec<_> = found(9, true)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names[0], "agent");
    assert!(names.contains(&"other".to_owned()), "{names:?}");
    assert_eq!(found(9, false).await.len(), 2);
}

#[tokio::test]
async fn a_session_is_called_by_what_was_asked_first() {
    let options = SearchOptions {
        words: "grind".to_owned(),
        limit: 5,
        all: false,
    };
    let found = search(&library().await, &options).await.unwrap();
    assert_eq!(found[0].outline.title, "grind");
    assert_eq!(found[0].hits[0].entry.seq, 1);
}

#[test]
fn a_snippet_shows_the_words_where_most_of_them_stand() {
    let text = format!(
        "The kettle. {} Descale the big kettle now. {}",
        "tea ".repeat(50),
        "x ".repeat(50)
    );
    let shown = snippet(&text, "descale KETTLE", 40);
    assert_eq!(shown, "…tea tea Descale the big kettle now. x…");
    assert_eq!(snippet("a\n short\ttext", "none", 40), "a short text");
    let start = snippet(&text, "missing", 20);
    assert_eq!(start, "The kettle. tea…");
}

#[test]
fn snippets_of_any_script_and_length_fit() {
    let texts = [
        "日本語のお茶を飲む".repeat(30),
        "İstanbul ß é ".repeat(40),
        "x".repeat(5000),
        "\u{0} ".repeat(99),
    ];
    for text in &texts {
        for words in ["お茶", "ISTANBUL", "", "x", "…", "ß"] {
            for width in [0, 1, 2, 3, 10, 80] {
                let shown = snippet(text, words, width);
                assert!(shown.chars().count() <= width.max(2), "{width}: {shown:?}");
            }
        }
    }
    assert!(snippet(&texts[0], "お茶", 12).contains("お茶"));
}
