//! Answers that must fit a schema.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::sync::Arc;

use loom_types::{ErrorKind, Outcome, Role};
use serde_json::json;

use crate::testing::{Model, Script, log};
use crate::{Agent, BuildError, RunOptions};

fn agent(model: &Arc<Model>) -> Agent {
    let schema =
        json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
    let builder = Agent::builder(Arc::clone(model) as _, "model");
    builder.output_schema(schema).build().unwrap()
}

#[tokio::test]
async fn the_report_has_the_bare_json() {
    let model = Model::script([Script::text("```json\n{\"n\": 1}\n```")]);
    let outcome = agent(&model).run("go").outcome().await;
    assert!(outcome.is_completed());
    assert_eq!(outcome.text(), r#"{"n": 1}"#);
}

#[tokio::test]
async fn a_wrong_answer_is_corrected_by_the_model() {
    let model = Model::script([
        Script::text("one"),
        Script::text(r#"{"n": "1"}"#),
        Script::text(r#"{"n": 1}"#),
    ]);
    let agent = agent(&model);
    let mut run = agent.run("go");
    let outcome = run.outcome().await;
    assert_eq!((outcome.text(), outcome.report().turns), (r#"{"n": 1}"#, 3));
    let messages = model.last_messages();
    assert!(messages[2].text().contains("not JSON"), "{messages:?}");
    assert!(messages[4].text().contains("at /n"), "{messages:?}");
    assert!(
        messages
            .iter()
            .step_by(2)
            .all(|message| message.role == Role::User)
    );
    assert_eq!(log(&**agent.memory(), run.session()).await.len(), 7);
}

#[tokio::test]
async fn the_third_wrong_answer_is_the_last() {
    let model = Model::script((0..9).map(|n| Script::text(&format!("no {n}"))));
    let outcome = agent(&model).run("go").outcome().await;
    let Outcome::Failed { error, report } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    assert!(error.message.contains("3 attempts"), "{error}");
    assert_eq!((report.text.as_str(), report.turns), ("no 2", 3));
}

#[tokio::test]
async fn a_resumed_session_whose_answer_does_not_fit_is_corrected() {
    let model = Model::script([Script::text("one"), Script::text(r#"{"n": 1}"#)]);
    let free = Agent::builder(Arc::clone(&model) as _, "model")
        .build()
        .unwrap();
    let mut first = free.run("go");
    first.outcome().await;
    let schema = json!({"type": "object"});
    let builder = Agent::builder(Arc::clone(&model) as _, "model").output_schema(schema);
    let agent = builder.memory(Arc::clone(free.memory())).build().unwrap();
    let options = RunOptions {
        session: Some(first.session().clone()),
        resume: true,
        input: None,
        ..RunOptions::default()
    };
    assert_eq!(agent.start(options).outcome().await.text(), r#"{"n": 1}"#);
}

#[test]
fn a_schema_that_is_none_is_refused() {
    let builder = Agent::builder(Model::script([]), "model");
    let error = builder
        .output_schema(json!({"type": "thing"}))
        .build()
        .unwrap_err();
    assert!(matches!(error, BuildError::OutputSchema(_)));
    assert_eq!(loom_types::Error::from(error).kind, ErrorKind::InvalidInput);
}
