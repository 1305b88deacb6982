//! The models that a server offers, from its answer, from the settings, and from what is known of
//! well-known names.

use loom_sdk::Error;
use loom_sdk::llm::Model;
use serde_json::Value;

use crate::settings;

/// Beginnings of names, their context window and their longest answer, in tokens (OpenAI's model
/// pages). The first that fits counts.
const WELL_KNOWN: [(&str, u64, u64); 15] = [
    ("gpt-5-chat", 128_000, 16_384),
    ("gpt-5-", 400_000, 128_000),
    ("gpt-5.1", 400_000, 128_000),
    ("gpt-5.2", 400_000, 128_000),
    ("gpt-4.1", 1_047_576, 32_768),
    ("gpt-4o", 128_000, 16_384),
    ("chatgpt-4o", 128_000, 16_384),
    ("gpt-4-turbo", 128_000, 4_096),
    ("gpt-4-", 8_192, 8_192),
    ("gpt-3.5-turbo", 16_385, 4_096),
    ("o1-mini", 128_000, 65_536),
    ("o1", 200_000, 100_000),
    ("o3", 200_000, 100_000),
    ("o4-mini", 200_000, 100_000),
    ("gpt-oss-", 131_072, 131_072),
];

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
        let known = well_known(id);
        let number = |name| value.get(name).and_then(Value::as_u64);
        let able = |name| value.get(name).and_then(Value::as_bool).unwrap_or(true);
        Ok(Model {
            id: id.to_owned(),
            context_window: number("context_window").or(known.map(|known| known.0)),
            max_output_tokens: number("max_output_tokens").or(known.map(|known| known.1)),
            tools: able("tools"),
            images: able("images"),
            reasoning: able("reasoning"),
        })
    };
    list.iter().map(model).collect()
}

/// Reads the answer of `GET /models`; `None` if it is no list of models.
pub(crate) fn listed(answer: &Value) -> Option<Vec<Model>> {
    let list = answer.get("data").unwrap_or(answer).as_array()?;
    let models = list.iter().filter_map(|entry| model(entry, answer));
    Some(models.collect())
}

fn model(entry: &Value, answer: &Value) -> Option<Model> {
    let id = entry.get("id")?.as_str()?;
    let known = well_known(id);
    Some(Model {
        id: id.to_owned(),
        context_window: context_window(entry).or(known.map(|known| known.0)),
        max_output_tokens: max_output_tokens(entry).or(known.map(|known| known.1)),
        tools: says(entry, "supported_parameters", "tools")
            .or(capability(entry, "function_calling"))
            .unwrap_or(true),
        images: says(entry, "/architecture/input_modalities", "image")
            .or(capability(entry, "vision"))
            .or(llama_cpp_images(id, answer))
            .unwrap_or(true),
        reasoning: says(entry, "supported_parameters", "reasoning").unwrap_or(true),
    })
}

/// llama.cpp's `n_ctx` is what the server was started with; `n_ctx_train`, which may be more than
/// fits, is the model's own.
fn context_window(entry: &Value) -> Option<u64> {
    let places = [
        "/meta/n_ctx",
        "/meta/n_ctx_train",
        "/max_model_len",      // vLLM
        "/context_length",     // OpenRouter, Together
        "/context_window",     // Groq
        "/max_context_length", // Mistral, LM Studio
    ];
    first_number(entry, &places)
}

fn max_output_tokens(entry: &Value) -> Option<u64> {
    let places = [
        "/top_provider/max_completion_tokens",
        "/max_completion_tokens",
    ];
    first_number(entry, &places)
}

fn first_number(entry: &Value, places: &[&str]) -> Option<u64> {
    let number = |place: &&str| entry.pointer(place)?.as_u64().filter(|number| *number > 0);
    places.iter().find_map(number)
}

/// Whether a list in the entry has a word (OpenRouter); `None` without the list.
fn says(entry: &Value, place: &str, word: &str) -> Option<bool> {
    let pointer = if place.starts_with('/') {
        place.to_owned()
    } else {
        format!("/{place}")
    };
    let list = entry.pointer(&pointer)?.as_array()?;
    Some(list.iter().any(|item| item == word))
}

/// Mistral: `{"capabilities": {"vision": true}}`.
fn capability(entry: &Value, name: &str) -> Option<bool> {
    entry.get("capabilities")?.get(name)?.as_bool()
}

/// llama.cpp keeps what a model can do in a second list, in Ollama's shape.
fn llama_cpp_images(id: &str, answer: &Value) -> Option<bool> {
    let models = answer.get("models")?.as_array()?;
    let model = models.iter().find(|model| model["model"] == id)?;
    let capabilities = model.get("capabilities")?.as_array()?;
    Some(
        capabilities
            .iter()
            .any(|capability| capability == "multimodal"),
    )
}

fn well_known(id: &str) -> Option<(u64, u64)> {
    let name = id.rsplit('/').next().unwrap_or(id);
    let fits = |start: &str| name.starts_with(start) || name == start.trim_end_matches('-');
    let found = WELL_KNOWN.iter().find(|(start, ..)| fits(start))?;
    Some((found.1, found.2))
}

#[cfg(test)]
mod tests;
