//! Asking members about themselves: whether they answer, and what they can do.

use std::sync::Arc;

use futures::future::join_all;
use loom_types::{CompletionContext, Error, Latency, Message, ModelInfo, ModelRequest, Result};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::attempt::Attempt;
use super::member::MemberState;

/// Enough for a word; the least that some servers take.
const OUTPUT_TOKENS: u32 = 16;

/// What came of asking a member for a word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// `provider/model`.
    pub member: String,
    /// Until the answer's end, or until it failed.
    pub latency: Latency,
    /// Why there is no answer; none if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

pub(super) async fn all(shared: &Shared) -> Vec<Probe> {
    let context = Arc::new(CompletionContext::standalone());
    let members = shared.members.iter();
    join_all(members.map(|member| one(member, &context))).await
}

async fn one(member: &Arc<MemberState>, context: &Arc<CompletionContext>) -> Probe {
    let request = ModelRequest {
        messages: vec![Arc::new(Message::user("Say OK"))],
        max_output_tokens: Some(OUTPUT_TOKENS),
        ..ModelRequest::default()
    };
    let lease = Arc::clone(member).lease().await;
    let mut attempt = Attempt::start(lease, &request, context);
    let error = loop {
        match attempt.next().await {
            None => break None,
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                attempt.fail(&error);
                break Some(error);
            }
        }
    };
    Probe {
        member: member.name.clone(),
        latency: attempt.latency(),
        error,
    }
}

/// The members' models. A provider that has no list, or not this model in it, costs only what is not
/// known then.
pub(super) async fn models(shared: &Shared) -> Result<Vec<ModelInfo>> {
    let models: Vec<_> = join_all(shared.members.iter().map(model)).await;
    let common = match models.as_slice() {
        [_, _, ..] => Some(common(&shared.model, &models)),
        _ => None,
    };
    let mut distinct: Vec<ModelInfo> = common.into_iter().collect();
    for model in models {
        if distinct.iter().all(|known| known.id != model.id) {
            distinct.push(model);
        }
    }
    Ok(distinct)
}

async fn model(member: &Arc<MemberState>) -> ModelInfo {
    let listed = member.provider.models().await.unwrap_or_default();
    let listed = listed.into_iter().find(|info| info.id == member.model);
    let info = listed.unwrap_or_else(|| ModelInfo {
        id: member.model.clone(),
        context_window: None,
        max_output_tokens: None,
        tools: true,
        images: false,
        reasoning: false,
    });
    ModelInfo {
        context_window: member.options.context_window.or(info.context_window),
        ..info
    }
}

/// What each of the models can do.
fn common(id: &str, models: &[ModelInfo]) -> ModelInfo {
    ModelInfo {
        id: id.to_owned(),
        context_window: models.iter().filter_map(|m| m.context_window).min(),
        max_output_tokens: models.iter().filter_map(|m| m.max_output_tokens).min(),
        tools: models.iter().all(|model| model.tools),
        images: models.iter().all(|model| model.images),
        reasoning: models.iter().all(|model| model.reasoning),
    }
}
