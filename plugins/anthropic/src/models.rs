//! The models that a server offers, and what is known of the generations of Claude.

use loom_sdk::Error;
use loom_sdk::llm::Model;
use serde_json::Value;

use crate::settings;

/// What every Claude since the third generation takes; servers tell where it is more.
const CONTEXT_WINDOW: u64 = 200_000;

/// A generation of Claude, from a model's name: `claude-opus-4-7` is 4.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Generation(u32, u32);

impl Generation {
    /// Reads `claude-sonnet-4-5-20250929`, `claude-3-5-haiku-latest`, `claude-sonnet-5`, and the
    /// spellings of other clouds; `None` if the name has no number or is no Claude's.
    pub(crate) fn of(model: &str) -> Option<Self> {
        let rest = model.split_once("claude-")?.1;
        let mut words = rest.split(['-', '.', '@', ':']);
        // A date is longer.
        let number = |word: &str| word.parse().ok().filter(|_| word.len() <= 2);
        let major = words.by_ref().find_map(number)?;
        let minor = words.next().and_then(number).unwrap_or(0);
        Some(Self(major, minor))
    }

    /// Thinks as much as it takes, instead of up to a budget: possible from 4.6 on, where a budget
    /// is deprecated, and the only way from 4.7 on (Anthropic's page on adaptive thinking).
    pub(crate) fn thinks_adaptively(self) -> bool {
        self >= Self(4, 6)
    }

    /// 4.7 and later refuse `temperature` (Anthropic's guide for moving to 4.7).
    pub(crate) fn takes_temperature(self) -> bool {
        self < Self(4, 7)
    }
}

/// The limit on an answer where nobody set one. The API wants one, and refuses what is more than
/// the model can do (Anthropic's overview of models), so it is what all of a generation can do.
pub(crate) fn default_max_tokens(model: &str) -> u32 {
    match Generation::of(model) {
        Some(generation) if generation >= Generation(3, 7) => 32_000,
        Some(generation) if generation < Generation(3, 5) => 4_096,
        Some(_) | None => 8_192,
    }
}

/// Reads the setting `models`: a list of names, or of objects like the contract's `model` where
/// all but `id` may be left out.
///
/// # Errors
///
/// `invalid-input` if it is something else.
pub(crate) fn configured(text: &str) -> Result<Vec<Model>, Error> {
    let is_not = |why: &str| settings::bad("models", why);
    let list: Vec<Value> = serde_json::from_str(text).map_err(|_| is_not("it is not a list"))?;
    let model = |value: &Value| {
        let id = value.as_str().or_else(|| value.get("id")?.as_str());
        let id = id.ok_or_else(|| is_not(&format!("{value} is neither a name nor has an id")))?;
        let number = |name| value.get(name).and_then(Value::as_u64);
        let able = |name| value.get(name).and_then(Value::as_bool).unwrap_or(true);
        Ok(Model {
            id: id.to_owned(),
            context_window: number("context_window").or(known_window(id)),
            max_output_tokens: number("max_output_tokens"),
            tools: able("tools"),
            images: able("images"),
            reasoning: able("reasoning"),
        })
    };
    list.iter().map(model).collect()
}

/// Reads the answer of `GET /v1/models`; `None` if it is no list of models. Servers of other makers
/// answer in OpenAI's shape, which is close enough.
pub(crate) fn listed(answer: &Value) -> Option<Vec<Model>> {
    let list = answer.get("data")?.as_array()?;
    Some(list.iter().filter_map(model).collect())
}

fn model(entry: &Value) -> Option<Model> {
    let id = entry.get("id")?.as_str()?;
    let number = |place: &str| entry.pointer(place)?.as_u64().filter(|number| *number > 0);
    let can = |name: &str| {
        let place = format!("/capabilities/{name}/supported");
        entry
            .pointer(&place)
            .and_then(Value::as_bool)
            .unwrap_or(true)
    };
    Some(Model {
        id: id.to_owned(),
        context_window: number("/max_input_tokens")
            .or(number("/meta/n_ctx"))
            .or(known_window(id)),
        max_output_tokens: number("/max_tokens"),
        tools: true,
        images: can("image_input"),
        reasoning: can("thinking"),
    })
}

fn known_window(id: &str) -> Option<u64> {
    Generation::of(id).map(|_| CONTEXT_WINDOW)
}

#[cfg(test)]
mod tests;
