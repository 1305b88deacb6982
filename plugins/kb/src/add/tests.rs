//! Adding again and again, and what stops it.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::embed::Embedded;
use crate::search::Filter;
use crate::tools::search::{Mode, find};

fn nothing() -> Embedder {
    Embedder {
        model: || None,
        embed: |_| Err(Error::not_found("no model")),
    }
}

/// Vectors of how often each letter occurs.
fn letters(texts: &[String]) -> Embedded {
    let vector = |text: &String| {
        let mut vector = vec![0.01; 26];
        for byte in text
            .to_ascii_lowercase()
            .bytes()
            .filter(u8::is_ascii_lowercase)
        {
            vector[usize::from(byte - b'a')] += 1.0;
        }
        vector
    };
    Ok(texts.iter().map(vector).collect())
}

struct Fixture {
    root: tempfile::TempDir,
    base: Base,
    embedder: Embedder,
}

impl Fixture {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("kb")).unwrap();
        fs::create_dir_all(root.path().join("docs")).unwrap();
        let base = Base::new(&root.path().join("kb"));
        Self {
            root,
            base,
            embedder: nothing(),
        }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.root.path().join("docs").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn adding(&self) -> Adding<'_> {
        let until = Instant::now() + Duration::from_secs(600);
        let request = Request {
            collection: "c".to_owned(),
            metadata: None,
        };
        Adding::new(&self.base, self.embedder, until, request).unwrap()
    }

    fn add(&self, paths: &[&str]) -> Result<Report, Error> {
        let places = Places {
            readable: vec![self.root.path().join("docs")],
        };
        let paths: Vec<String> = paths.iter().map(|it| (*it).to_owned()).collect();
        let mut adding = self.adding();
        adding.paths(&places, &paths, None)?;
        Ok(adding.report)
    }

    fn found(&self, text: &str) -> Vec<String> {
        let found = find(
            &self.base,
            self.embedder,
            text,
            Mode::Hybrid,
            Filter::default(),
            10,
        );
        let passages = found.unwrap().passages.into_iter();
        passages.map(|passage| passage.title).collect()
    }
}

fn counts(report: &Report) -> [usize; 4] {
    [
        report.added,
        report.updated,
        report.unchanged,
        report.removed,
    ]
}

#[test]
fn adding_again_costs_only_what_has_changed() {
    let fixture = Fixture::new();
    fixture.write("a.md", "# Apples\n\nred");
    fixture.write("sub/b.txt", "bananas");
    assert_eq!(counts(&fixture.add(&["."]).unwrap()), [2, 0, 0, 0]);
    assert_eq!(counts(&fixture.add(&["."]).unwrap()), [0, 0, 2, 0]);
    fixture.write("a.md", "# Apples\n\ngreen now");
    assert_eq!(counts(&fixture.add(&["."]).unwrap()), [0, 1, 1, 0]);
    assert_eq!(fixture.found("green"), ["Apples"]);
    assert_eq!(fixture.found("red"), Vec::<String>::new());
    fs::remove_dir_all(fixture.root.path().join("docs/sub")).unwrap();
    assert_eq!(counts(&fixture.add(&["."]).unwrap()), [0, 0, 1, 1]);
    assert_eq!(fixture.found("bananas"), Vec::<String>::new());
}

#[test]
fn what_is_skipped_is_told() {
    let fixture = Fixture::new();
    fixture.write("good.txt", "good");
    fixture.write("blank.txt", " \n");
    fixture.write("image.png", b"\x89PNG\r\n\0\0");
    fixture.write("broken.pdf", "%PDF-1.4 no");
    fixture.write(".hidden", "x");
    let file = fs::File::create(fixture.root.path().join("docs/huge.txt")).unwrap();
    file.set_len(crate::extract::MAX_TEXT_BYTES + 1).unwrap();
    let report = fixture.add(&["."]).unwrap();
    assert_eq!(counts(&report), [1, 0, 0, 0]);
    let reasons: Vec<&str> = report.skipped.iter().map(|it| &*it.reason).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    for reason in ["blank", "binary", "larger than 8 MiB"] {
        assert!(reasons.contains(&reason), "{reason} in {reasons:?}");
    }
    assert!(report.notes[0].contains("1 hidden"), "{:?}", report.notes);
}

#[test]
fn a_file_that_broke_the_component_is_left_out_until_it_changes() {
    let fixture = Fixture::new();
    fixture.write("a.pdf", crate::extract::tests::pdf("Kettles"));
    let path = fixture.root.path().join("docs/a.pdf");
    let found = crate::walk::look_at(&path).unwrap();
    let source = path.to_string_lossy().into_owned();
    let guard = format!("reading-{}", &hash(source.as_bytes())[..16]);
    let attempt = format!("{} {}", found.bytes, found.modified_ms);
    fixture
        .base
        .store()
        .disk()
        .note(&guard, attempt.as_bytes())
        .unwrap();
    let report = fixture.add(&["a.pdf"]).unwrap();
    assert!(
        report.skipped[0]
            .reason
            .contains("could not be read the last time")
    );
    fixture.write("a.pdf", crate::extract::tests::pdf("Kettles again"));
    assert_eq!(counts(&fixture.add(&["a.pdf"]).unwrap()), [1, 0, 0, 0]);
    assert!(!fixture.root.path().join("kb").join(guard).exists());
}

#[test]
fn a_call_without_time_says_what_remains_and_the_next_goes_on() {
    let fixture = Fixture::new();
    fixture.write("a.txt", "a");
    let places = Places {
        readable: vec![fixture.root.path().join("docs")],
    };
    let mut adding = fixture.adding();
    adding.until = Instant::now();
    adding.paths(&places, &[".".to_owned()], None).unwrap();
    assert_eq!((adding.report.done, adding.report.remaining), (false, 1));
    assert!(fixture.add(&["."]).unwrap().done);
}

#[test]
fn paths_outside_of_the_grants_are_denied() {
    let fixture = Fixture::new();
    for path in ["/etc/passwd", "../kb", "sub/../../kb"] {
        let error = fixture.add(&[path]).unwrap_err();
        assert_eq!(error.kind, loom_sdk::ErrorKind::Denied, "{path}");
    }
    let error = fixture.add(&["missing.md"]).unwrap_err();
    assert_eq!(error.kind, loom_sdk::ErrorKind::NotFound);
    assert!(Path::new("/etc/passwd").exists());
}

#[test]
fn with_a_model_passages_are_found_by_meaning_too() {
    let mut fixture = Fixture::new();
    fixture.embedder = Embedder {
        model: || Some("p/letters".to_owned()),
        embed: letters,
    };
    fixture.write("a.txt", "zzzz zzzz zzz");
    fixture.write("b.txt", "mmmm mmm");
    fixture.add(&["."]).unwrap();
    assert_eq!(fixture.found("zz")[0], "a.txt");
}

#[test]
fn a_new_model_is_told_and_reembedding_uses_it() {
    let mut fixture = Fixture::new();
    fixture.write("a.txt", "zzzz zzzz zzz");
    fixture.add(&["."]).unwrap();
    fixture.embedder = Embedder {
        model: || Some("p/letters".to_owned()),
        embed: letters,
    };
    let notes = |fixture: &Fixture| {
        let found = find(
            &fixture.base,
            fixture.embedder,
            "zzzz",
            Mode::Hybrid,
            Filter::default(),
            3,
        );
        found.unwrap().notes
    };
    assert!(
        notes(&fixture)[0].contains("--reembed"),
        "{:?}",
        notes(&fixture)
    );
    let until = Instant::now() + Duration::from_secs(600);
    let done = reembed(&fixture.base, fixture.embedder, until, None).unwrap();
    assert_eq!((done.documents, done.done), (1, true));
    assert_eq!(notes(&fixture), Vec::<String>::new());
    assert_eq!(counts(&fixture.add(&["."]).unwrap()), [0, 0, 1, 0]);
}

#[test]
fn a_model_that_fails_costs_the_vectors_only() {
    let mut fixture = Fixture::new();
    fixture.embedder = Embedder {
        model: || Some("p/down".to_owned()),
        embed: |_| Err(Error::unavailable("the server is down")),
    };
    fixture.write("a.txt", "kettle");
    let report = fixture.add(&["."]).unwrap();
    assert!(
        report.notes[0].contains("the server is down"),
        "{:?}",
        report.notes
    );
    assert_eq!(fixture.found("kettle"), ["a.txt"]);
}

#[test]
fn ids_are_readable_and_stable() {
    let id = document_id("How To: Setup!.md", "/docs/setup.md");
    assert_eq!(id, document_id("How To: Setup!.md", "/docs/setup.md"));
    assert!(id.starts_with("how-to-setup-md-"), "{id}");
    assert_ne!(id, document_id("How To: Setup!.md", "/other/setup.md"));
    assert_eq!(document_id("你好", "x").len(), 8);
}
