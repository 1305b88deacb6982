//! Searches, models that write queries and orders, and what becomes of passages.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod asking;
mod rendering;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use loom_types::{Content, Error, ErrorKind, Passage, Result, Retriever, Source};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::testing::FakeTool;

/// A passage whose text says its id.
fn passage(id: &str, score: f64) -> Passage {
    Passage {
        id: id.to_owned(),
        source: format!("{id}.md"),
        title: None,
        text: format!("text of {id}"),
        score,
    }
}

fn ids(passages: &[Passage]) -> Vec<&str> {
    passages.iter().map(|passage| passage.id.as_str()).collect()
}

/// Finds the ids that the question names, in its order, and remembers what it was asked.
#[derive(Default)]
struct Words {
    name: &'static str,
    fails: bool,
    asked: Mutex<Vec<(String, usize)>>,
}

impl Words {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self {
            name,
            ..Self::default()
        })
    }

    fn failing() -> Arc<Self> {
        Arc::new(Self {
            name: "failing",
            fails: true,
            ..Self::default()
        })
    }

    fn questions(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(question, _)| question.clone()).collect()
    }
}

#[async_trait]
impl Retriever for Words {
    fn name(&self) -> &str {
        self.name
    }

    async fn retrieve(&self, question: &str, limit: usize) -> Result<Vec<Passage>> {
        let asked = (question.to_owned(), limit);
        self.asked.lock().unwrap().push(asked);
        if self.fails {
            return Err(Error::unavailable("the index is gone"));
        }
        let words = question.split_whitespace().take(limit);
        Ok(words.map(|word| passage(word, 1.0)).collect())
    }
}

#[tokio::test]
async fn what_several_retrievers_find_comes_first() {
    let (a, b) = (Words::new("a"), Words::new("b"));
    let lists = vec![
        vec![passage("x", 9.0), passage("both", 1.0)],
        vec![passage("both", 0.1), passage("y", 0.05)],
    ];
    let fused = fuse(lists, 10);
    assert_eq!(ids(&fused), ["both", "x", "y"]);
    assert!((fused[0].score - 1.0).abs() < 1e-9);
    let fused = Fused::new("all", vec![a, b]);
    let found = fused.retrieve("p q r", 2).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(fused.name(), "all");
}

#[tokio::test]
async fn an_id_that_two_retrievers_use_is_told_apart() {
    let fused = Fused::new("all", vec![Words::new("a"), Words::new("b")]);
    let found = fused.retrieve("x", 10).await.unwrap();
    assert_eq!(ids(&found), ["x", "b-x"]);
}

#[tokio::test]
async fn a_retriever_that_fails_costs_its_own_passages_only() {
    let fused = Fused::new("all", vec![Words::failing(), Words::new("b")]);
    assert_eq!(ids(&fused.retrieve("x", 10).await.unwrap()), ["x"]);
    let fused = Fused::new("all", vec![Words::failing(), Words::failing()]);
    let error = fused.retrieve("x", 10).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let nobody = Fused::new("all", Vec::new());
    assert!(nobody.retrieve("x", 10).await.unwrap().is_empty());
}

#[test]
fn passages_that_are_too_few_too_low_or_twice_are_left_out() {
    let options = RetrievalOptions {
        results: 3,
        threshold: 0.5,
        ..RetrievalOptions::default()
    };
    let same = |id: &str, score, text: &str| Passage {
        text: text.to_owned(),
        ..passage(id, score)
    };
    let found = vec![
        passage("low", 4.9),
        passage("best", 10.0),
        same("twin", 9.0, "text of best "),
        passage("best", 8.0),
        same("blank", 9.5, " \n"),
        passage("nan", f64::NAN),
        passage("edge", 5.0),
    ];
    assert_eq!(ids(&select(found, &options)), ["best", "edge"]);
    let many = (0..9_u8).map(|n| passage(&n.to_string(), f64::from(n)));
    assert_eq!(ids(&select(many.collect(), &options)), ["8", "7", "6"]);
    let negative = vec![passage("a", -1.0), passage("b", -2.0)];
    assert_eq!(ids(&select(negative, &options)), ["a", "b"]);
    assert!(select(Vec::new(), &options).is_empty());
}

fn tool(answer: Result<Vec<Content>>) -> (Arc<FakeTool>, Arc<Mutex<Vec<Value>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::clone(&seen);
    let tool = FakeTool::new("kb_search", move |arguments, _| {
        calls.lock().unwrap().push(arguments);
        let answer = answer.clone();
        async { answer }
    });
    (Arc::new(tool), seen)
}

#[tokio::test]
async fn a_tool_is_asked_and_its_passages_are_read() {
    let answer = json!({"passages": [
        {"id": "k1", "source": "a.md", "title": "A", "text": "one", "score": 2.5, "more": true},
        {"id": " ", "source": "a.md", "text": "no id", "score": 1},
        {"id": "k2", "source": "b.md", "text": "two", "score": 1}
    ]});
    for content in [
        Content::Json(answer.clone()),
        Content::Text(answer.to_string()),
    ] {
        let (tool, seen) = tool(Ok(vec!["a note".into(), content]));
        let retriever = ToolRetriever::new("kb", tool, vec!["docs".to_owned()]);
        let found = retriever.retrieve("how?", 7).await.unwrap();
        assert_eq!(ids(&found), ["k1", "k2"]);
        assert_eq!(found[0].title.as_deref(), Some("A"));
        let expected = json!({"query": "how?", "limit": 7, "collections": ["docs"]});
        assert_eq!(*seen.lock().unwrap(), [expected]);
    }
}

#[tokio::test]
async fn all_collections_are_searched_by_naming_none() {
    let (tool, seen) = tool(Ok(vec![Content::Json(json!({"passages": []}))]));
    let retriever = ToolRetriever::new("kb", tool, Vec::new());
    assert!(retriever.retrieve("how?", 7).await.unwrap().is_empty());
    assert_eq!(
        *seen.lock().unwrap(),
        [json!({"query": "how?", "limit": 7})]
    );
}

#[tokio::test]
async fn a_tool_that_returns_something_else_is_named() {
    for content in [
        vec![],
        vec!["nothing found".into()],
        vec![Content::Json(json!({"passages": [{"id": 1}]}))],
    ] {
        let (tool, _) = tool(Ok(content));
        let retriever = ToolRetriever::new("kb", tool, Vec::new());
        let error = retriever.retrieve("how?", 7).await.unwrap_err();
        assert!(error.message.contains("kb_search"), "{error}");
    }
    let (tool, _) = tool(Err(Error::denied("no grant")));
    let retriever = ToolRetriever::new("kb", tool, Vec::new());
    let error = retriever.retrieve("how?", 7).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("searching with kb_search"));
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_hangs_does_not_hold_the_run_up() {
    let tool = Arc::new(FakeTool::stuck("kb_search"));
    let retriever = ToolRetriever::new("kb", tool, Vec::new());
    let error = retriever.retrieve("how?", 7).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
}

fn sources(ids: &[&str]) -> Vec<Source> {
    let passages = ids.iter().map(|id| passage(id, 1.0));
    passages.map(|passage| Source::from(&passage)).collect()
}

#[test]
fn citations_are_found_in_the_order_of_their_first_mention() {
    let sources = sources(&["k1", "k2", "docs/a b.md#3", "m-7", "unused"]);
    let check = |answer: &str, expected: &[&str]| {
        let cited: Vec<_> = cited(answer, &sources)
            .iter()
            .map(|it| it.id.as_str())
            .collect();
        assert_eq!(cited, expected, "{answer}");
    };
    check("It is so [k2], and so [k1][k2].", &["k2", "k1"]);
    check("Both [k1, k2; m-7].", &["k1", "k2", "m-7"]);
    check("A footnote [^k1] and code [`k2`].", &["k1", "k2"]);
    check("[docs/a b.md#3]", &["docs/a b.md#3"]);
    check("[[k1]] and [a link](k2) and k2 and [k3]", &["k1"]);
    check("] [ ]] [k1", &[]);
    check("", &[]);
}

proptest! {
    #[test]
    fn any_answer_can_be_looked_through(answer in "[\\[\\]a-c, ]{0,60}") {
        let sources = sources(&["a", "b"]);
        prop_assert!(cited(&answer, &sources).len() <= 2);
    }
}
