//! Documents come and go, through merges, damage and two writers.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;
use std::thread;

use proptest::prelude::*;

use super::*;
use crate::document::Chunk;
use crate::search::{Filter, Query, search};

pub(crate) fn addition(collection: &str, id: &str, texts: &[&str]) -> Addition {
    let chunks = texts.iter().map(|text| Chunk {
        heading: String::new(),
        text: (*text).to_owned(),
    });
    Addition {
        document: Document {
            id: id.to_owned(),
            collection: collection.to_owned(),
            source: format!("/{id}"),
            hash: texts.concat(),
            chunks: texts.len() as u32,
            ..Document::default()
        },
        chunks: chunks.collect(),
    }
}

pub(crate) fn find(base: &Base, text: &str) -> Vec<String> {
    let query = Query {
        text: Some(text.to_owned()),
        limit: 1000,
        ..Query::default()
    };
    let answer = search(base, &query).unwrap();
    assert_eq!(answer.problems, Vec::<String>::new());
    let id = |hit: &crate::search::Hit| format!("{}#{}", hit.document.id, hit.number);
    answer.hits.iter().map(id).collect()
}

fn base() -> (tempfile::TempDir, Base) {
    let directory = tempfile::tempdir().unwrap();
    let base = Base::new(directory.path());
    (directory, base)
}

#[test]
fn what_was_added_is_found_until_it_is_deleted() {
    let (directory, base) = base();
    base.add(
        &[
            addition("c", "tea", &["boil water", "pour the tea"]),
            addition("c", "x", &["coffee"]),
        ],
        None,
    )
    .unwrap();
    assert_eq!(find(&base, "tea"), ["tea#2"]);
    let other = Base::new(directory.path());
    assert_eq!(find(&other, "COFFEE"), ["x#1"]);
    let deleted = other.delete(|document| document.id == "tea").unwrap();
    assert_eq!(deleted.len(), 1);
    assert_eq!(find(&base, "tea water"), Vec::<String>::new());
    assert_eq!(find(&base, "coffee"), ["x#1"]);
}

#[test]
fn a_document_added_again_replaces_the_one_before() {
    let (_directory, base) = base();
    base.add(&[addition("c", "a", &["old words"])], None)
        .unwrap();
    base.add(&[addition("d", "a", &["old words"])], None)
        .unwrap();
    base.add(&[addition("c", "a", &["new words"])], None)
        .unwrap();
    assert_eq!(find(&base, "words").len(), 2);
    assert_eq!(find(&base, "old").len(), 1);
}

#[test]
fn many_small_additions_end_in_few_segments() {
    let (_directory, base) = base();
    for number in 0..100 {
        let id = format!("d{number}");
        let text = format!("common word{number}");
        base.add(&[addition("c", &id, &[&text, "second"])], None)
            .unwrap();
    }
    let segments = base.store.snapshot().unwrap().manifest.segments;
    assert!(segments.len() < 20, "{} segments", segments.len());
    assert_eq!(find(&base, "common").len(), 100);
    for number in 0..100 {
        assert_eq!(
            find(&base, &format!("word{number}")),
            [format!("d{number}#1")]
        );
    }
}

#[test]
fn a_merge_keeps_vectors_with_their_chunks() {
    let (_directory, base) = base();
    for number in 0..9 {
        let mut vector = vec![0.0; 16];
        vector[number] = 2.0;
        let id = format!("d{number}");
        let vectors = Vectors {
            model: "m".to_owned(),
            vectors: vec![vector],
        };
        base.add(&[addition("c", &id, &["text"])], Some(&vectors))
            .unwrap();
    }
    assert!(base.store.snapshot().unwrap().manifest.segments.len() < 9);
    for number in 0..9 {
        let mut vector = vec![0.1; 16];
        vector[number] = 1.0;
        let query = Query {
            vector: Some(("m".to_owned(), vector)),
            limit: 1,
            ..Query::default()
        };
        let answer = search(&base, &query).unwrap();
        assert_eq!(answer.hits[0].document.id, format!("d{number}"));
    }
}

#[test]
fn two_writers_lose_nothing_of_each_other() {
    let (directory, base) = base();
    thread::scope(|scope| {
        for writer in 0..4 {
            let directory = directory.path();
            scope.spawn(move || {
                let base = Base::new(directory);
                for number in 0..15 {
                    let id = format!("w{writer}n{number}");
                    base.add(&[addition("c", &id, &["shared"])], None).unwrap();
                    if number % 5 == 4 {
                        base.delete(|document| document.id == id).unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(find(&base, "shared").len(), 4 * 12);
}

#[test]
fn a_damaged_segment_costs_itself_only() {
    let (directory, base) = base();
    base.add(&[addition("c", "a", &["apple"])], None).unwrap();
    base.add(&[addition("c", "b", &["apple pie"])], None)
        .unwrap();
    let name = base.store.snapshot().unwrap().manifest.segments[0]
        .name
        .clone();
    fs::write(directory.path().join(&name), b"short").unwrap();
    let query = Query {
        text: Some("apple".to_owned()),
        limit: 10,
        ..Query::default()
    };
    let fresh = Base::new(directory.path());
    let answer = search(&fresh, &query).unwrap();
    assert_eq!(answer.hits.len(), 1);
    assert!(answer.problems[0].contains(&name), "{:?}", answer.problems);
    fs::remove_file(directory.path().join(&name)).unwrap();
    let answer = search(&fresh, &query).unwrap();
    assert_eq!((answer.hits.len(), answer.problems.len()), (1, 1));
    fresh
        .add(&[addition("c", "a", &["apple again"])], None)
        .unwrap();
    assert_eq!(search(&fresh, &query).unwrap().hits.len(), 2);
}

/// A base with everything in it that a file can have, on disk.
fn sample(directory: &Path) -> Vec<String> {
    let base = Base::new(directory);
    let vectors = Vectors {
        model: "m".to_owned(),
        vectors: vec![vec![1.0, 0.5], vec![0.25, 1.0]],
    };
    base.add(
        &[addition("c", "a", &["alpha beta", "gamma"])],
        Some(&vectors),
    )
    .unwrap();
    base.add(&[addition("d", "b", &["beta delta"])], None)
        .unwrap();
    base.delete(|document| document.id == "b").unwrap();
    base.add(&[addition("d", "e", &["beta epsilon"])], None)
        .unwrap();
    base.store.disk().list().unwrap()
}

/// Does all that reads and writes; whatever is damaged, nothing panics.
fn exercise(directory: &Path) {
    let base = Base::new(directory);
    let query = Query {
        text: Some("alpha beta gamma epsilon".to_owned()),
        vector: Some(("m".to_owned(), vec![1.0, 0.0])),
        limit: 10,
        filter: Filter {
            collections: vec!["c".to_owned(), "d".to_owned()],
            ..Filter::default()
        },
    };
    let answer = search(&base, &query);
    if let Ok(answer) = answer {
        assert!(answer.hits.len() == 3 || !answer.problems.is_empty());
    }
    let _ = base.documents();
    let _ = base.add(&[addition("c", "new", &["newest"])], None);
    if let Ok(answer) = search(&base, &query) {
        assert!(answer.hits.len() <= 4);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn damage_anywhere_is_told_and_never_a_panic(
        file in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        mask in 1_u8..,
        cut in any::<bool>(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let files = sample(directory.path());
        let path = directory.path().join(&files[file.index(files.len())]);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= mask;
        }
        fs::write(&path, &bytes).unwrap();
        exercise(directory.path());
    }

    #[test]
    fn a_file_of_anything_is_no_segment(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let directory = tempfile::tempdir().unwrap();
        sample(directory.path());
        let base = Base::new(directory.path());
        let entry = base.store.snapshot().unwrap().manifest.segments[0].clone();
        fs::write(directory.path().join(entry.name), &bytes).unwrap();
        exercise(directory.path());
    }

    #[test]
    fn a_base_holds_what_a_list_would(
        steps in prop::collection::vec((0_u8..12, 0_u8..6, any::<bool>()), 1..60),
    ) {
        let (_directory, base) = base();
        let mut model = std::collections::BTreeMap::new();
        for (document, word, delete) in steps {
            let id = format!("d{document}");
            if delete {
                base.delete(|it| it.id == id).unwrap();
                model.remove(&id);
            } else {
                let texts = [format!("w{word}"), format!("w{} w{word}", word / 2)];
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                base.add(&[addition("c", &id, &texts)], None).unwrap();
                model.insert(id, texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
            }
        }
        for word in 0..6 {
            let word = format!("w{word}");
            let mut found = find(&base, &word);
            found.sort();
            let mut expected = Vec::new();
            for (id, texts) in &model {
                for (number, text) in (1..).zip(texts) {
                    if text.split(' ').any(|it| it == word) {
                        expected.push(format!("{id}#{number}"));
                    }
                }
            }
            expected.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
