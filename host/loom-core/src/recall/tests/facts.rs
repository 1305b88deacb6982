//! Facts in their log: kept once, forgotten, and written by several processes.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use loom_types::{Entry, Error, ErrorKind, Hit, Page, Query, Result};
use proptest::prelude::*;

use super::super::secret;
use super::*;
use crate::testing::{Fault, FaultyMemory};

async fn list(facts: &Facts) -> Vec<String> {
    let mut texts: Vec<_> = facts.list(None).await.unwrap();
    texts.sort_by(|a, b| a.text.cmp(&b.text));
    texts.into_iter().map(|fact| fact.text).collect()
}

#[tokio::test]
async fn a_fact_is_kept_once_however_it_is_written() {
    let store = store();
    let facts = facts(&store);
    let first = facts
        .add(NewFact::new(" The port is 4711. "))
        .await
        .unwrap();
    assert!(first.is_new);
    assert_eq!(first.fact.text, "The port is 4711.");
    let second = facts.add(NewFact::new("the  PORT is\n4711")).await.unwrap();
    assert!(!second.is_new);
    assert_eq!(second.fact, first.fact);
    assert!(
        facts
            .add(everywhere("The port is 4711"))
            .await
            .unwrap()
            .is_new
    );
    assert_eq!(
        facts.list(Some(FactScope::Directory)).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_fact_that_is_known_can_be_pinned() {
    let store = store();
    let facts = facts(&store);
    let first = facts.add(NewFact::new("a")).await.unwrap().fact;
    let again = facts.add(pinned("a")).await.unwrap();
    assert!(!again.is_new && again.fact.pinned);
    assert_eq!(again.fact.id, first.id);
    assert!(!facts.add(NewFact::new("a")).await.unwrap().is_new);
    let all = facts.list(None).await.unwrap();
    assert_eq!(all.len(), 1);
    assert!(all[0].pinned);
}

#[tokio::test]
async fn what_is_forgotten_is_found_no_more_and_can_be_remembered_again() {
    let store = store();
    let facts = facts(&store);
    let port = facts.add(NewFact::new("the port is 1")).await.unwrap().fact;
    facts.add(NewFact::new("the port is 2")).await.unwrap();
    assert_eq!(facts.forget(&port.id).await.unwrap(), port);
    assert_eq!(list(&facts).await, ["the port is 2"]);
    let found = facts.search("port", 1).await.unwrap();
    assert_eq!(found[0].fact.text, "the port is 2");
    let error = facts.forget(&port.id).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.message.contains("loom memory list"), "{error}");
    assert!(
        facts
            .add(NewFact::new("the port is 1"))
            .await
            .unwrap()
            .is_new
    );
}

#[tokio::test]
async fn each_directory_has_its_own_facts() {
    let store = store();
    facts(&store).add(NewFact::new("here")).await.unwrap();
    facts(&store).add(everywhere("everywhere")).await.unwrap();
    let other = Facts::new(Arc::clone(&store) as Arc<dyn Memory>, "/other");
    assert_eq!(list(&other).await, ["everywhere"]);
    assert_eq!(list(&facts(&store)).await, ["everywhere", "here"]);
}

#[tokio::test]
async fn what_is_no_fact_is_refused_with_advice() {
    let store = store();
    let facts = facts(&store);
    let check = async |text: &str, why: &str| {
        let error = facts.add(NewFact::new(text)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        assert!(error.message.contains(why), "{error}");
        assert!(!error.message.contains(text.trim()) || text.trim().is_empty());
    };
    check(" \n", "empty").await;
    check(&"ü".repeat(501), "1002 bytes").await;
    check("the key is sk-ant-api03-abcdefghijklmnop", "an API key").await;
    assert!(store.sessions(9, None).await.unwrap().sessions.is_empty());
}

#[test]
fn what_looks_like_a_secret_is_recognised() {
    for text in [
        "use ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAIOSFODNN7EXAMPLEKEY is the key",
        "the database is postgres://app:hunter2@db.local/app",
        "password: hunter2",
        "The password is Tr0ub4dor&3.",
        "API_KEY=abc123def",
        "api key: \"x9y8z7w6\"",
        "das Passwort lautet geheim123",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
        "it is aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE",
    ] {
        assert!(secret::found(text).is_some(), "{text}");
    }
}

#[test]
fn what_is_no_secret_is_kept() {
    for text in [
        "the port is 4711",
        "the token is in the variable GITHUB_TOKEN",
        "password: $DB_PASSWORD",
        "the password is kept in pass under work/db",
        "tokens are counted with tiktoken",
        "the secret is to stir slowly",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b broke it",
        "see https://example.com/a/b?c=d and mail me@example.com",
        "postgres://app:$PASSWORD@db.local",
        "src/Configuration/Layers/Project2Settings4ForUsers.rs",
        "the id is 0190f3c2-7b1e-7c3a-9f00-1a2b3c4d5e6f",
        "er heißt Ångström und mag 🦀",
        "sk-learn is installed",
    ] {
        assert_eq!(secret::found(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_can_be_looked_at(text in ".{0,200}", name in "password|token|api key") {
        secret::found(&text);
        secret::found(&format!("{name} {text}"));
        secret::found(&format!("{name}: {text}"));
    }
}

#[tokio::test]
async fn writers_that_meet_all_keep_their_facts() {
    let store = store();
    let write = |writer: u32| {
        let facts = Facts::new(Arc::new(Yielding(Arc::clone(&store))), HERE);
        async move {
            for number in 0..5 {
                let text = format!("fact {number} of {writer}");
                facts.add(NewFact::new(text)).await.unwrap();
            }
        }
    };
    futures::future::join_all((0..4).map(write)).await;
    assert_eq!(list(&facts(&store)).await.len(), 20);
}

/// Lets others go first between reading and writing.
struct Yielding(Arc<ProcessMemory>);

#[async_trait]
impl Memory for Yielding {
    async fn append(&self, session: &SessionId, seq: u64, entries: Vec<Entry>) -> Result<u64> {
        tokio::task::yield_now().await;
        self.0.append(session, seq, entries).await
    }

    async fn read(&self, session: &SessionId, from_seq: u64, limit: u32) -> Result<Vec<Entry>> {
        tokio::task::yield_now().await;
        // A backend may have a limit of its own.
        self.0.read(session, from_seq, limit.min(2)).await
    }

    async fn sessions(&self, limit: u32, cursor: Option<String>) -> Result<Page> {
        self.0.sessions(limit, cursor).await
    }

    async fn delete(&self, session: &SessionId) -> Result<()> {
        self.0.delete(session).await
    }

    async fn search(&self, query: Query, limit: u32) -> Result<Vec<Hit>> {
        self.0.search(query, limit).await
    }
}

/// Another process is always first.
#[derive(Default)]
struct Contended(AtomicU32);

#[async_trait]
impl Memory for Contended {
    async fn append(&self, _: &SessionId, _: u64, _: Vec<Entry>) -> Result<u64> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(Error::new(ErrorKind::Conflict, "somebody was first"))
    }

    async fn read(&self, _: &SessionId, _: u64, _: u32) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }

    async fn sessions(&self, _: u32, _: Option<String>) -> Result<Page> {
        Err(Error::internal("not asked"))
    }

    async fn delete(&self, _: &SessionId) -> Result<()> {
        Err(Error::internal("not asked"))
    }

    async fn search(&self, _: Query, _: u32) -> Result<Vec<Hit>> {
        Err(Error::unavailable("down"))
    }
}

#[tokio::test]
async fn a_writer_that_is_never_first_gives_up_and_says_so() {
    let store = Arc::new(Contended::default());
    let facts = Facts::new(Arc::clone(&store) as Arc<dyn Memory>, HERE);
    let error = facts.add(NewFact::new("a")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("try again later"), "{error}");
    assert_eq!(store.0.load(Ordering::SeqCst), 20);
}

#[tokio::test]
async fn a_fact_whose_writing_failed_half_way_is_not_kept_twice() {
    let store = store();
    let faulty = FaultyMemory::new(Arc::clone(&store), Fault::FailAfter, 0);
    let writer = Facts::new(faulty, HERE);
    writer.add(NewFact::new("a")).await.unwrap_err();
    assert!(!writer.add(NewFact::new("a")).await.unwrap().is_new);
    assert_eq!(list(&facts(&store)).await, ["a"]);
}

#[tokio::test]
async fn entries_of_other_versions_mean_nothing() {
    let store = store();
    let facts = facts(&store);
    facts.add(NewFact::new("a")).await.unwrap();
    let session = FactScope::Directory.session(HERE);
    let odd = |kind: &str, payload: Value| Entry {
        seq: 0,
        time_ms: 0,
        kind: kind.to_owned(),
        text: "a".to_owned(),
        vector: None,
        payload,
    };
    let entries = vec![
        odd("fact", json!("torn")),
        odd("forgotten", Value::Null),
        odd("future", json!({})),
    ];
    store.append(&session, 2, entries).await.unwrap();
    facts.add(NewFact::new("b")).await.unwrap();
    assert_eq!(list(&facts).await, ["a", "b"]);
    assert_eq!(facts.search("a", 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn matches_that_share_a_common_word_only_are_left_out() {
    let store = store();
    let facts = facts(&store);
    facts
        .add(NewFact::new("one two three four five six"))
        .await
        .unwrap();
    facts.add(NewFact::new("six")).await.unwrap();
    let found = facts
        .search("one two three four five six", 9)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
}
