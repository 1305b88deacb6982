//! Rankings against naive ones, filters, fusion.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::BTreeMap;

use loom_memory_query::words::words;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::base::Vectors;
use crate::document::Addition;

fn base() -> (tempfile::TempDir, Base) {
    let directory = tempfile::tempdir().unwrap();
    let base = Base::new(directory.path());
    (directory, base)
}

fn addition(id: &str, texts: &[String]) -> Addition {
    let chunks = texts.iter().map(|text| Chunk {
        heading: String::new(),
        text: text.clone(),
    });
    Addition {
        document: Document {
            id: id.to_owned(),
            collection: "c".to_owned(),
            source: format!("/docs/{id}.md"),
            chunks: texts.len() as u32,
            ..Document::default()
        },
        chunks: chunks.collect(),
    }
}

fn text_query(text: &str) -> Query {
    Query {
        text: Some(text.to_owned()),
        limit: 1000,
        ..Query::default()
    }
}

fn scores(base: &Base, query: &Query) -> BTreeMap<String, f64> {
    let answer = search(base, query).unwrap();
    assert_eq!(answer.problems, Vec::<String>::new());
    let best_first = answer
        .hits
        .windows(2)
        .all(|two| two[0].score >= two[1].score);
    assert!(best_first);
    let hits = answer.hits.iter();
    hits.map(|hit| (format!("{}#{}", hit.document.id, hit.number), hit.score))
        .collect()
}

/// BM25 by its definition, over all texts.
fn naive(texts: &[(String, String)], query: &str) -> BTreeMap<String, f64> {
    let split = |text: &str| words(text).collect::<Vec<_>>();
    let mut wanted = split(query);
    wanted.sort();
    wanted.dedup();
    let total: usize = texts.iter().map(|(_, text)| split(text).len()).sum();
    let average = (total as f64 / texts.len() as f64).max(1.0);
    let mut scores = BTreeMap::new();
    for (id, text) in texts {
        let own = split(text);
        let mut score = 0.0;
        for word in &wanted {
            let with = texts
                .iter()
                .filter(|(_, text)| split(text).contains(word))
                .count() as f64;
            let count = own.iter().filter(|it| *it == word).count() as f64;
            let rarity = (1.0 + (texts.len() as f64 - with + 0.5) / (with + 0.5)).ln();
            let length = own.len() as f64 / average;
            score += rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length));
        }
        if score > 0.0 {
            scores.insert(id.clone(), score);
        }
    }
    scores
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn text_search_scores_as_bm25_defines(
        documents in prop::collection::vec(prop::collection::vec("[a-e ]{1,24}", 1..4), 1..20),
        deleted in prop::collection::vec(any::<bool>(), 20),
        query in "[a-f]( [a-f]){0,3}",
    ) {
        let (_directory, base) = base();
        let mut texts = Vec::new();
        for (number, chunks) in documents.iter().enumerate() {
            let id = format!("d{number}");
            base.add(&[addition(&id, chunks)], None).unwrap();
            if deleted[number] {
                base.delete(|it| it.id == id).unwrap();
                continue;
            }
            let chunks = (1..).zip(chunks);
            texts.extend(chunks.map(|(at, text)| (format!("{id}#{at}"), text.clone())));
        }
        let found = scores(&base, &text_query(&query));
        let expected = if texts.is_empty() { BTreeMap::new() } else { naive(&texts, &query) };
        prop_assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (id, score) in found {
            prop_assert!((score - expected[&id]).abs() < 1e-4, "{} {} {}", id, score, expected[&id]);
        }
    }

    #[test]
    fn vector_search_finds_the_nearest(
        vectors in prop::collection::vec(prop::collection::vec(-1.0_f32..1.0, 24), 30..80),
        wanted in prop::collection::vec(-1.0_f32..1.0, 24),
    ) {
        let (_directory, base) = base();
        for (number, vectors) in vectors.chunks(10).enumerate() {
            let texts: Vec<String> = vectors.iter().map(|_| "x".to_owned()).collect();
            let vectors = Vectors { model: "m".to_owned(), vectors: vectors.to_vec() };
            base.add(&[addition(&format!("d{number}"), &texts)], Some(&vectors)).unwrap();
        }
        let query = Query {
            vector: Some(("m".to_owned(), wanted.clone())),
            limit: 5,
            ..Query::default()
        };
        let found = search(&base, &query).unwrap().hits;
        let cosine = |vector: &Vec<f32>| {
            let dot: f32 = vector.iter().zip(&wanted).map(|(a, b)| a * b).sum();
            let length = |it: &[f32]| it.iter().map(|x| x * x).sum::<f32>().sqrt();
            f64::from(dot / length(vector) / length(&wanted))
        };
        let mut expected: Vec<f64> = vectors.iter().map(cosine).collect();
        expected.sort_by(|a, b| b.total_cmp(a));
        for (hit, expected) in found.iter().zip(&expected) {
            prop_assert!((hit.score - expected).abs() < 1e-4);
        }
    }
}

#[test]
fn filters_choose_by_collection_metadata_and_source() {
    let (_directory, base) = base();
    let mut one = addition("one", &["same words".to_owned()]);
    one.document.metadata = BTreeMap::from([("team".to_owned(), json!("core"))]);
    let mut two = addition("two", &["same words".to_owned()]);
    two.document.collection = "d".to_owned();
    two.document.metadata = BTreeMap::from([("year".to_owned(), json!(2024))]);
    two.document.source = "/src/two.rs".to_owned();
    base.add(&[one, two], None).unwrap();
    let found = |filter: Filter| {
        let query = Query {
            filter,
            ..text_query("same")
        };
        scores(&base, &query).into_keys().collect::<Vec<_>>()
    };
    let glob = |pattern: &str| Some(globset::Glob::new(pattern).unwrap().compile_matcher());
    let metadata = |name: &str, value| Filter {
        metadata: BTreeMap::from([(name.to_owned(), value)]),
        ..Filter::default()
    };
    assert_eq!(found(Filter::default()), ["one#1", "two#1"]);
    let collections = vec!["d".to_owned(), "nowhere".to_owned()];
    assert_eq!(
        found(Filter {
            collections,
            ..Filter::default()
        }),
        ["two#1"]
    );
    assert_eq!(found(metadata("team", json!("core"))), ["one#1"]);
    assert_eq!(found(metadata("year", json!([2023, 2024]))), ["two#1"]);
    assert_eq!(found(metadata("year", json!("2024"))), Vec::<String>::new());
    assert_eq!(
        found(Filter {
            source: glob("**/*.rs"),
            ..Filter::default()
        }),
        ["two#1"]
    );
}

#[test]
fn a_hybrid_search_ranks_what_both_find_first() {
    let (_directory, base) = base();
    let texts = ["kettle", "kettle kettle kettle", "other"].map(str::to_owned);
    let vectors = Vectors {
        model: "m".to_owned(),
        vectors: vec![vec![1.0, 0.1], vec![-1.0, 0.0], vec![0.9, 0.9]],
    };
    base.add(&[addition("d", &texts)], Some(&vectors)).unwrap();
    let query = Query {
        vector: Some(("m".to_owned(), vec![1.0, 0.0])),
        ..text_query("kettle")
    };
    let answer = search(&base, &query).unwrap();
    let numbers: Vec<u32> = answer.hits.iter().map(|hit| hit.number).collect();
    assert_eq!(numbers[0], 1);
    assert_eq!(numbers.len(), 3);
    let first = answer.hits[0].score;
    assert!((first - (1.0 / 61.0 + 1.0 / 62.0)).abs() < 1e-9, "{first}");
}

#[test]
fn passages_of_another_model_are_counted_and_found_by_words() {
    let (_directory, base) = base();
    let vectors = Vectors {
        model: "old".to_owned(),
        vectors: vec![vec![1.0, 0.0]],
    };
    base.add(&[addition("a", &["kettle".to_owned()])], Some(&vectors))
        .unwrap();
    let query = Query {
        vector: Some(("new".to_owned(), vec![1.0, 0.0])),
        ..text_query("kettle")
    };
    let answer = search(&base, &query).unwrap();
    assert_eq!((answer.hits.len(), answer.without_vector), (1, 1));
}
