//! What is configured of a run's context, complete.

use std::collections::BTreeMap;

use crate::config::model::{self, Choice};
use crate::config::problem::{Problem, Problems};
use crate::config::raw::{RawCompression, RawProvider, RawRecall, RawRetrieval};
use crate::config::section::Located;
use crate::config::tree::Origin;
use crate::config::{CompressionConfig, EmbeddingModel, RecallConfig, RetrievalConfig};

/// Finds the models that the sections name.
pub(super) struct Models<'a> {
    pub(super) providers: &'a BTreeMap<String, RawProvider>,
    pub(super) problems: &'a Problems,
}

impl Models<'_> {
    pub(super) fn compression(&self, raw: RawCompression) -> CompressionConfig {
        let default = CompressionConfig::default();
        let model = raw.model.and_then(|model| self.choose(&model));
        let compression = CompressionConfig {
            enabled: raw.enabled.unwrap_or(default.enabled),
            threshold: raw.threshold.unwrap_or(default.threshold),
            target: raw.target.unwrap_or(default.target),
            recent: raw.recent.unwrap_or(default.recent),
            model: model.map(|it| match it.model {
                Some(model) => format!("{}/{model}", it.provider),
                None => it.provider,
            }),
            pinned: raw.pinned.unwrap_or_default(),
        };
        if let Some(origin) = &raw.origin {
            self.check_shares(&compression, origin);
        }
        compression
    }

    /// What is over the threshold right after a compression would be compressed for ever.
    fn check_shares(&self, compression: &CompressionConfig, origin: &Origin) {
        let threshold = compression.threshold;
        for (key, share) in [
            ("target", compression.target),
            ("recent", compression.recent),
        ] {
            if share >= threshold {
                let key = format!("compression.{key}");
                let message = format!("{share} is not below compression.threshold, {threshold}");
                self.problems.add(Problem::new(origin, &key, message));
            }
        }
    }

    /// The default model of a provider answers questions, so that of an embedder must be named.
    pub(super) fn embedding(&self, raw: Option<Located<String>>) -> Option<EmbeddingModel> {
        let raw = raw?;
        let choice = self.choose(&raw)?;
        let Some(model) = choice.model else {
            let provider = choice.provider;
            let message = format!(
                "`{provider}` names no embedding model; write {provider}/MODEL, for example \
                 openai/text-embedding-3-small or ollama/nomic-embed-text"
            );
            self.problems.add(raw.problem(message));
            return None;
        };
        Some(EmbeddingModel {
            provider: choice.provider,
            model,
        })
    }

    fn choose(&self, wish: &Located<String>) -> Option<Choice> {
        let chosen = model::member(wish, self.providers).and_then(|choice| {
            model::check_address(&choice.provider, self.providers, &wish.origin)?;
            Ok(choice)
        });
        let added = |problem: Problem| self.problems.add(problem);
        chosen.map_err(added).ok()
    }
}

pub(super) fn recall(raw: &RawRecall) -> RecallConfig {
    let default = RecallConfig::default();
    RecallConfig {
        enabled: raw.enabled.unwrap_or(default.enabled),
        tokens: raw.tokens.unwrap_or(default.tokens),
        results: raw.results.unwrap_or(default.results),
        sessions: raw.sessions.unwrap_or(default.sessions),
        extract: raw.extract.unwrap_or(default.extract),
    }
}

pub(super) fn retrieval(raw: RawRetrieval) -> RetrievalConfig {
    let default = RetrievalConfig::default();
    RetrievalConfig {
        automatic: raw.automatic.unwrap_or(default.automatic),
        collections: raw.collections.unwrap_or_default(),
        results: raw.results.unwrap_or(default.results),
        threshold: raw.threshold.unwrap_or(default.threshold),
        tokens: raw.tokens.unwrap_or(default.tokens),
        queries: raw.queries.unwrap_or(default.queries),
        rerank: raw.rerank.unwrap_or(default.rerank),
    }
}
