//! Metrics of runs, by the names and with the buckets of the conventions.

use std::time::Duration;

use loom_core::ObservedRun;
use loom_types::{Category, Outcome, RunEvent, Usage};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use super::names::{self, CHAT, ERROR_TYPE, EXECUTE_TOOL, INVOKE_AGENT, OPERATION};

/// Seconds, for `gen_ai.client.operation.duration` and its like.
const SECONDS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// Tokens, for `gen_ai.client.token.usage`.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// What is measured.
pub(super) struct Instruments {
    chat: Histogram<f64>,
    first_chunk: Histogram<f64>,
    tokens: Histogram<u64>,
    tool: Histogram<f64>,
    agent: Histogram<f64>,
    cost: Counter<f64>,
    compression: Histogram<f64>,
    saved: Counter<u64>,
    passages: Counter<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        let seconds = |name: &'static str, description: &'static str| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            let histogram = histogram.with_description(description);
            histogram.with_boundaries(SECONDS.to_vec()).build()
        };
        let tokens = meter
            .u64_histogram("gen_ai.client.token.usage")
            .with_unit("{token}")
            .with_description("Number of input and output tokens used.")
            .with_boundaries(TOKENS.to_vec());
        let cost = meter
            .f64_counter("loom.client.cost")
            .with_unit("{USD}")
            .with_description("What models with a known price cost.");
        let saved = meter
            .u64_counter("loom.compression.saved")
            .with_unit("{token}")
            .with_description("Tokens that questions did not need after a compression.");
        let passages = meter
            .u64_counter("loom.retrieval.passages")
            .with_unit("{passage}")
            .with_description("Passages that were put before inputs.");
        Self {
            chat: seconds(
                "gen_ai.client.operation.duration",
                "GenAI operation duration.",
            ),
            first_chunk: seconds(
                "gen_ai.client.operation.time_to_first_chunk",
                "Time to receive the first chunk.",
            ),
            tokens: tokens.build(),
            tool: seconds("gen_ai.execute_tool.duration", "Duration of a tool call."),
            agent: seconds("gen_ai.invoke_agent.duration", "Duration of a run."),
            cost: cost.build(),
            compression: seconds(
                "loom.compression.duration",
                "Duration of making a conversation smaller.",
            ),
            saved: saved.build(),
            passages: passages.build(),
        }
    }

    pub(super) fn event(&self, run: &ObservedRun<'_>, event: &RunEvent) {
        match event {
            RunEvent::ModelAnswered {
                model,
                usage,
                cost,
                latency,
                error,
                ..
            } => {
                let attributes = names::operation(CHAT, model);
                if let Some(first_token) = latency.first_token {
                    self.first_chunk
                        .record(first_token.as_secs_f64(), &attributes);
                }
                if let Some(cost) = cost {
                    self.cost.add(cost.dollars(), &attributes);
                }
                self.used(usage, &attributes);
                let failed = error.as_ref().map(names::error_type);
                record(&self.chat, latency.total, attributes, failed);
            }
            RunEvent::ToolCompleted {
                result,
                duration,
                error,
            } => {
                let attributes = vec![
                    KeyValue::new(OPERATION, EXECUTE_TOOL),
                    KeyValue::new(names::TOOL, result.name.clone()),
                ];
                let failed = error.map(Category::as_str);
                record(&self.tool, *duration, attributes, failed);
            }
            RunEvent::Compressed(compressed) => {
                let attributes = names::compression(compressed);
                let time = compressed.host_time + compressed.model_time;
                self.compression.record(time.as_secs_f64(), &attributes);
                let saved = compressed
                    .before_tokens
                    .saturating_sub(compressed.after_tokens);
                self.saved.add(saved, &attributes);
            }
            RunEvent::Retrieved {
                retriever, sources, ..
            } => {
                let attributes = [KeyValue::new(names::RETRIEVER, retriever.clone())];
                self.passages.add(sources.len() as u64, &attributes);
            }
            RunEvent::RunEnded { outcome } => self.ended(run, outcome),
            _ => {}
        }
    }

    fn used(&self, usage: &Usage, attributes: &[KeyValue]) {
        let kinds = [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
        ];
        // Zero is what a provider that does not count says.
        for (kind, count) in kinds.into_iter().filter(|(_, count)| *count > 0) {
            let mut attributes = attributes.to_vec();
            attributes.push(KeyValue::new(names::TOKEN_TYPE, kind));
            self.tokens.record(count, &attributes);
        }
    }

    fn ended(&self, run: &ObservedRun<'_>, outcome: &Outcome) {
        let mut attributes = vec![KeyValue::new(OPERATION, INVOKE_AGENT)];
        if let Some(agent) = run.agent {
            attributes.push(KeyValue::new(names::AGENT, agent.to_owned()));
        }
        let failed = match outcome {
            Outcome::Failed { error, .. } => Some(names::error_type(error)),
            _ => None,
        };
        record(&self.agent, outcome.report().duration, attributes, failed);
    }
}

fn record(
    histogram: &Histogram<f64>,
    time: Duration,
    mut attributes: Vec<KeyValue>,
    failed: Option<&'static str>,
) {
    attributes.extend(failed.map(|error| KeyValue::new(ERROR_TYPE, error)));
    histogram.record(time.as_secs_f64(), &attributes);
}
