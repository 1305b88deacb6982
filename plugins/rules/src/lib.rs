//! Loom's offline provider: a model made of rules, from patterns to tool calls and answers. It needs
//! no key and no network, and the same conversation always gets the same answer.
//!
//! The shipped rules are in `rules.toml`, whose comments explain the format. A user's own rules come
//! first; they are the plugin's setting `rules`. Here is only the export.

mod conversation;
mod engine;
mod filters;
mod kinds;
mod listing;
mod own;
mod pattern;
mod plan;
mod question;
mod reference;
mod rule;
mod rulebook;
mod session;
mod shipped;
mod stream;
mod suggest;
mod summary;
mod template;
mod view;
mod words;

use loom_sdk::error::{Error, Result};
use loom_sdk::host;
use loom_sdk::llm::{Model, Provider, Request};

use crate::rulebook::Rulebook;

/// The only model there is.
const MODEL: &str = "rules";
/// The setting with the user's own rules.
const SETTING: &str = "rules";

/// The provider.
pub struct Rules;

impl Provider for Rules {
    type Completion = stream::Answer;

    fn models() -> Result<Vec<Model>> {
        Rulebook::new(host::config(SETTING).as_deref())?;
        Ok(vec![Model {
            id: MODEL.into(),
            context_window: None,
            max_output_tokens: None,
            tools: true,
            images: false,
            reasoning: false,
        }])
    }

    fn complete(request: Request) -> Result<Self::Completion> {
        complete(&request, host::config(SETTING).as_deref())
    }
}

fn complete(request: &Request, setting: Option<&str>) -> Result<stream::Answer> {
    if request.model != MODEL {
        return Err(Error::not_found(format!(
            "the rules plugin has no model \"{}\"; its only one is \"{MODEL}\"",
            request.model
        )));
    }
    let reply = engine::respond(request, setting)?;
    Ok(stream::answer(reply, request))
}

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_provider!(Rules);

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
