//! Servers that take little, and servers that fail for other reasons.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Mutex;

use futures::FutureExt as _;

use super::*;

/// A server that takes so many bytes in a text, and in a whole request; a vector is the text's length.
struct Server {
    text_bytes: usize,
    request_bytes: usize,
    calls: Mutex<Vec<usize>>,
}

impl Server {
    fn new(text_bytes: usize, request_bytes: usize) -> Self {
        Self {
            text_bytes,
            request_bytes,
            calls: Mutex::default(),
        }
    }

    fn answer(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        self.calls.lock().unwrap().push(texts.len());
        let all: usize = texts.iter().map(String::len).sum();
        if all > self.request_bytes || texts.iter().any(|text| text.len() > self.text_bytes) {
            return Err(refusal(400));
        }
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let vector = |text: &String| vec![text.len() as f32];
        Ok(texts.iter().map(vector).collect())
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Embedded> {
        let ask = |texts: Arc<[String]>| async move { self.answer(&texts) }.boxed();
        embed(texts, &ask).await
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

fn refusal(status: u16) -> Error {
    Error {
        http_status: Some(status),
        ..Error::invalid_input("refused")
    }
}

fn lengths(embedded: &Embedded) -> Vec<f32> {
    embedded.vectors.iter().map(|vector| vector[0]).collect()
}

#[tokio::test]
async fn vectors_come_in_the_order_of_the_texts_over_all_batches() {
    let server = Server::new(1000, 64_000);
    let texts: Vec<_> = (1..=150).map(|bytes| "x".repeat(bytes)).collect();
    let embedded = server.embed(texts).await.unwrap();
    let expected: Vec<f32> = (1_u16..=150).map(f32::from).collect();
    assert_eq!(lengths(&embedded), expected);
    assert_eq!(*server.calls.lock().unwrap(), [64, 64, 22]);
    assert_eq!(embedded.shortened, None);
}

#[tokio::test]
async fn nothing_is_asked_for_no_texts() {
    let server = Server::new(1, 1);
    assert!(server.embed(Vec::new()).await.unwrap().vectors.is_empty());
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn a_batch_that_is_too_much_is_split_and_keeps_its_order() {
    let server = Server::new(1000, 300);
    let texts: Vec<_> = (1..=40).map(|bytes| "x".repeat(bytes)).collect();
    let embedded = server.embed(texts).await.unwrap();
    let expected: Vec<f32> = (1_u16..=40).map(f32::from).collect();
    assert_eq!(lengths(&embedded), expected);
    assert_eq!(embedded.shortened, None);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_shortened_and_the_others_are_not() {
    let server = Server::new(600, 100_000);
    let texts = vec!["a".repeat(500), "ü".repeat(2000), "b".to_owned()];
    let embedded = server.embed(texts).await.unwrap();
    assert_eq!(lengths(&embedded), [500.0, 500.0, 1.0]);
    let shortened = Shortened {
        from_bytes: 4000,
        to_bytes: 500,
    };
    assert_eq!(embedded.shortened, Some(shortened));
}

#[tokio::test]
async fn characters_stay_whole() {
    let server = Server::new(300, 100_000);
    let embedded = server.embed(vec!["🦀x".repeat(200)]).await.unwrap();
    assert_eq!(lengths(&embedded), [255.0]);
}

#[tokio::test]
async fn a_large_text_goes_alone() {
    let server = Server::new(1 << 20, 1 << 20);
    let texts = vec!["a".to_owned(), "b".repeat(BATCH_BYTES), "c".to_owned()];
    server.embed(texts).await.unwrap();
    assert_eq!(*server.calls.lock().unwrap(), [1, 1, 1]);
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_given_up_soon() {
    let server = Server::new(0, 0);
    let texts = vec!["x".repeat(10_000); 64];
    let error = server.embed(texts).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    assert!(server.calls() <= 13, "{}", server.calls());
}

#[tokio::test]
async fn other_failures_are_told_at_once() {
    let overflow = Error {
        details: Some(Box::new(serde_json::json!({ "context_overflow": true }))),
        ..refusal(500)
    };
    let check = async |error: Error, calls: usize| {
        let asked = Mutex::new(0);
        let asked = &asked;
        let error = &error;
        let ask = |_: Arc<[String]>| {
            async move {
                *asked.lock().unwrap() += 1;
                Err(error.clone())
            }
            .boxed()
        };
        let texts = vec!["x".repeat(512); 2];
        embed(texts, &ask).await.unwrap_err();
        assert_eq!(*asked.lock().unwrap(), calls, "{error:?}");
    };
    check(refusal(501), 1).await;
    check(Error::unavailable("down"), 1).await;
    check(Error::invalid_input("no status"), 1).await;
    check(refusal(413), 3).await;
    check(overflow, 3).await;
}
