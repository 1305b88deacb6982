//! Providers and stores as components, through the traits.

use futures::TryStreamExt as _;
use loom_tests::guests;
use loom_tests::sandbox::Guest;
use loom_types::{
    CompletionContext, Error, ErrorKind, Message, ModelEvent, ModelRequest, Provider, StopReason,
};
use loom_wasm::{Grants, Limits};
use std::sync::Arc;

async fn provider(script: &str) -> Arc<dyn Provider> {
    let guest = Guest::with(
        guests::SCRIPTED,
        Grants::default(),
        Limits::default(),
        &[("script", script)],
    )
    .await;
    guest.configured.provider("scripted")
}

async fn ask(provider: &dyn Provider) -> Result<Vec<ModelEvent>, Error> {
    let request = ModelRequest {
        model: "scripted".into(),
        messages: vec![Arc::new(Message::user("hello"))],
        ..ModelRequest::default()
    };
    let context = CompletionContext::standalone();
    provider
        .complete(request, &context)
        .await?
        .try_collect()
        .await
}

#[tokio::test]
async fn an_answer_streams_piece_by_piece() {
    let provider = provider(r#"[{"text": "one two"}]"#).await;
    let events = ask(provider.as_ref()).await.unwrap();
    let text: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            ModelEvent::Text { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(text, ["one ", "two"]);
    assert_eq!(
        events.last(),
        Some(&ModelEvent::Stop {
            reason: StopReason::EndTurn
        })
    );
}

#[tokio::test]
async fn the_models_are_listed() {
    let models = provider("[]").await.models().await.unwrap();
    assert_eq!(models[0].id, "scripted");
    assert_eq!(models[0].context_window, Some(8192));
}

#[tokio::test]
async fn errors_and_panics_of_a_provider_are_error_values() {
    let failing = ask(provider(r#"[{"error": "overloaded"}]"#).await.as_ref())
        .await
        .unwrap_err();
    assert_eq!(
        (failing.kind, failing.message.as_str()),
        (ErrorKind::Unavailable, "overloaded")
    );
    let panicking = ask(provider(r#"[{"panic": "boom"}]"#).await.as_ref())
        .await
        .unwrap_err();
    assert_eq!(panicking.kind, ErrorKind::Internal);
    assert!(panicking.message.contains("boom"), "{panicking}");
}
