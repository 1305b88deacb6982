//! What is remembered: facts through two writers, past sessions, the tools, extraction, vectors.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod extraction;
mod facts;
mod hybrid;
mod tools;

use std::sync::Arc;

use loom_types::{Memory, Message, Passage, Retriever, SessionId};
use serde_json::{Value, json};

use super::*;
use crate::ProcessMemory;
use crate::session;

const HERE: &str = "/work/project";

fn store() -> Arc<ProcessMemory> {
    Arc::new(ProcessMemory::default())
}

fn facts(store: &Arc<ProcessMemory>) -> Facts {
    Facts::new(Arc::clone(store) as Arc<dyn Memory>, HERE)
}

fn recall(store: &Arc<ProcessMemory>) -> Recall {
    Recall::new(Arc::clone(store) as Arc<dyn Memory>, HERE, true)
}

fn pinned(text: &str) -> NewFact {
    NewFact {
        pinned: true,
        ..NewFact::new(text)
    }
}

fn everywhere(text: &str) -> NewFact {
    NewFact {
        scope: FactScope::Everywhere,
        ..NewFact::new(text)
    }
}

fn texts(passages: &[Passage]) -> Vec<&str> {
    passages
        .iter()
        .map(|passage| passage.text.as_str())
        .collect()
}

async fn talk(store: &Arc<ProcessMemory>, id: &str, metadata: Value, said: &[&str]) -> SessionId {
    let session = SessionId::from(id);
    let mut entries = vec![session::header_entry("m".to_owned(), metadata)];
    let messages = said.iter().map(|text| Message::user(*text));
    entries.extend(messages.map(|message| session::message_entry(&message)));
    store.append(&session, 0, entries).await.unwrap();
    session
}

#[tokio::test]
async fn facts_and_past_sessions_are_found_together_and_pinned_facts_come_first() {
    let store = store();
    let here = json!({ "directory": HERE });
    talk(
        &store,
        "0000-past-aaaaaaaa",
        here,
        &["the server listens on port 4711"],
    )
    .await;
    let facts = facts(&store);
    facts
        .add(NewFact::new("The port of the database is 5432"))
        .await
        .unwrap();
    facts.add(everywhere("I like short answers")).await.unwrap();
    facts
        .add(pinned("The customer is called Ångström"))
        .await
        .unwrap();
    let found = recall(&store).retrieve("which port?", 5).await.unwrap();
    let found_texts = texts(&found);
    assert_eq!(found_texts[0], "The customer is called Ångström");
    assert!(found_texts.contains(&"The port of the database is 5432"));
    assert!(found_texts.contains(&"the server listens on port 4711"));
    assert_eq!(found.len(), 3);
    let past = found.iter().find(|it| it.id.starts_with('s')).unwrap();
    assert_eq!(past.id, "saaaaaaaa-1");
    assert_eq!(past.source, "session 0000-past-aaaaaaaa");
    assert_eq!(past.title.as_deref(), Some("the person said"));
}

#[tokio::test]
async fn sessions_of_others_are_not_looked_into() {
    let store = store();
    let own = json!({ "directory": HERE });
    let running = talk(&store, "running", own.clone(), &["port 1"]).await;
    let sub_agent = json!({ "directory": HERE, "parent_session_id": "running" });
    talk(&store, "sub-agent", sub_agent, &["port 2"]).await;
    talk(
        &store,
        "elsewhere",
        json!({ "directory": "/other" }),
        &["port 3"],
    )
    .await;
    talk(&store, "nowhere", Value::Null, &["port 4"]).await;
    talk(&store, "own", own, &["port 5"]).await;
    let recall = recall(&store).leaving_out(&running);
    let found = recall.retrieve("port", 9).await.unwrap();
    assert_eq!(texts(&found), ["port 5"]);
    let none = Recall::new(Arc::clone(&store) as Arc<dyn Memory>, HERE, false);
    assert!(none.retrieve("port", 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_long_message_is_cut_at_a_character() {
    let store = store();
    let long = "straße ".repeat(1000);
    talk(&store, "ü", json!({ "directory": HERE }), &[&long]).await;
    let found = recall(&store).retrieve("straße", 1).await.unwrap();
    assert!(found[0].text.len() < 1300 && found[0].text.ends_with(" […]"));
    assert_eq!(found[0].id, "sü-1");
}

#[tokio::test]
async fn nothing_is_remembered_at_first() {
    let recall = recall(&store());
    assert!(recall.retrieve("anything", 5).await.unwrap().is_empty());
    assert!(recall.retrieve("", 5).await.unwrap().is_empty());
    assert!(recall.facts().list(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_sessions_of_facts_are_told_apart() {
    let store = store();
    facts(&store).add(NewFact::new("a")).await.unwrap();
    facts(&store).add(everywhere("b")).await.unwrap();
    let page = store.sessions(10, None).await.unwrap();
    assert_eq!(page.sessions.len(), 2);
    assert!(page.sessions.iter().all(|info| is_recall_session(&info.id)));
    assert!(!is_recall_session(&SessionId::generate()));
}
