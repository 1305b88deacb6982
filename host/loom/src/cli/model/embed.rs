//! `loom model embed`: what the embedding model makes of texts, to try it.

use serde::Serialize;

use crate::cli::Global;
use crate::fault::{Exit, Fault};
use crate::output;

#[derive(Serialize)]
struct Embedded {
    model: String,
    /// Numbers of each vector.
    length: usize,
    /// In the order of the texts.
    vectors: Vec<Vec<f32>>,
}

pub(super) async fn run(
    global: &Global,
    model: Option<String>,
    texts: Vec<String>,
) -> anyhow::Result<Exit> {
    let mut overrides = global.overrides();
    let setting = model.map(|model| format!("embedding.model={}", serde_json::json!(model)));
    overrides.set.extend(setting);
    let config = global.load(&overrides)?.config;
    let loom = global.open(&config).await?;
    let Some(embedder) = loom.embedder().await else {
        let fault = Fault::failed("there is no embedding model");
        let hint = "name one with -m PROVIDER/MODEL, or as embedding.model in the configuration";
        return Err(fault.hint(hint).into());
    };
    let vectors = embedder.embed(texts).await?;
    output::print_json(&Embedded {
        model: embedder.model().to_owned(),
        length: vectors.first().map_or(0, Vec::len),
        vectors,
    })?;
    Ok(Exit::Done)
}
