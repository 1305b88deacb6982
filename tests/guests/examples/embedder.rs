//! Embeds, well and badly, by the name of the model; and two tools that use the host's model.

use loom_sdk::embedding::Embedder;
use loom_sdk::prelude::*;

struct Bad;

impl Embedder for Bad {
    fn embed(model: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, Error> {
        let lengths = texts.iter().map(|text| vec![text.len() as f32, 1.0]);
        let mut vectors: Vec<_> = lengths.collect();
        match model {
            "fewer" => drop(vectors.pop()),
            "more" => vectors.push(vec![1.0, 1.0]),
            "ragged" => vectors[0].push(1.0),
            "empty" => vectors.iter_mut().for_each(Vec::clear),
            "nan" => vectors[0][0] = f32::NAN,
            "infinite" => vectors[0][0] = f32::INFINITY,
            "grows" if texts.len() > 1 => vectors.iter_mut().for_each(|it| it.push(0.0)),
            "panic" => panic!("boom"),
            "spin" => loop {
                std::hint::black_box(0);
            },
            _ => {}
        }
        Ok(vectors)
    }
}

/// Name the host's embedding model.
#[tool(safe)]
fn host_model() -> String {
    loom_sdk::host::embedding_model().unwrap_or_else(|| "none".into())
}

/// Embed texts with the host's model, again and again.
#[tool(safe)]
fn host_embed(
    /// The texts.
    texts: Vec<String>,
    /// How often.
    #[arg(default = 1_u32)]
    times: u32,
) -> Result<String, Error> {
    let mut vectors = Vec::new();
    for _ in 0..times {
        vectors = loom_sdk::host::embed(&texts)?;
    }
    Ok(format!("{vectors:?}"))
}

loom_sdk::export_tools!(host_model, host_embed);
loom_sdk::export_embedder!(Bad);
loom_sdk::manifest!("embedder.toml");
