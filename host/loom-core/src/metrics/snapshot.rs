//! What was counted, as it is handed out. Times are milliseconds in JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use loom_types::{Category, Compressed, CompressionMethod, Usage, Usd};
use serde::{Serialize, Serializer};

/// What runs did since the [`Metrics`](super::Metrics) were made, those of sub-agents included.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// For how long was counted.
    #[serde(rename = "observed_ms", serialize_with = "milliseconds")]
    pub observed: Duration,
    pub runs: RunCounts,
    pub turns: u64,
    /// All models together.
    pub models: ModelMetrics,
    /// By `provider/model` of who answered.
    pub by_model: BTreeMap<String, ModelMetrics>,
    /// All tools together.
    pub tools: ToolMetrics,
    /// By the name of the tool.
    pub by_tool: BTreeMap<String, ToolMetrics>,
    pub pool: PoolCounts,
    /// Errors of models, retried ones included, of tool calls, and of whatever else ended a run.
    pub errors: ErrorCounts,
    pub permissions: PermissionCounts,
    /// Messages that were put into running runs.
    pub injected_messages: u64,
    /// Hints that models got.
    pub reminders: u64,
    /// Conversations that were made smaller.
    pub compressions: CompressionMetrics,
    /// Passages that were put before inputs.
    pub retrievals: RetrievalMetrics,
    /// Of answers, from the question to the end; none before the first. Failed ones are left out.
    pub model_latency: Option<LatencySummary>,
    /// From the question to the first text, reasoning or call.
    pub first_token: Option<LatencySummary>,
    /// Of tool calls, failed ones included.
    pub tool_latency: Option<LatencySummary>,
    pub per_minute: Rates,
}

/// How runs ended. Those that are under way have only started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunCounts {
    pub started: u64,
    /// Those of them that a tool call of another run started.
    pub sub_agents: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub limit_reached: u64,
}

/// Questions to models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelMetrics {
    /// Each is one question, however often a pool had to ask.
    pub calls: u64,
    /// Those without a whole answer.
    pub errors: u64,
    pub usage: Usage,
    /// What is known to have cost something; none if no model has a price.
    pub cost: Option<Usd>,
}

/// Tool calls that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ToolMetrics {
    pub calls: u64,
    /// Those whose result is an error.
    pub errors: u64,
    /// All calls together, as if they had run one after the other.
    #[serde(rename = "time_ms", serialize_with = "milliseconds")]
    pub time: Duration,
}

/// Compressions of working contexts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CompressionMetrics {
    pub count: u64,
    /// Those in which a model summarised; the others cleared and shortened only.
    pub summarized: u64,
    /// Those in which no model gave a usable summary.
    pub fallbacks: u64,
    /// Tokens of the questions before, all compressions together.
    pub before_tokens: u64,
    pub after_tokens: u64,
    /// What they took, summarising models apart.
    #[serde(rename = "host_time_ms", serialize_with = "milliseconds")]
    pub host_time: Duration,
    /// What the summarising models took.
    #[serde(rename = "model_time_ms", serialize_with = "milliseconds")]
    pub model_time: Duration,
}

/// What retrievers found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RetrievalMetrics {
    /// How often something was looked for.
    pub count: u64,
    pub passages: u64,
    /// What the passages take of the questions.
    pub tokens: u64,
}

/// What pools decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PoolCounts {
    pub retries: u64,
    pub failovers: u64,
    pub hedges: u64,
    pub cooldowns: u64,
}

/// Errors by their class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ErrorCounts {
    pub network: u64,
    pub timeout: u64,
    pub rate_limit: u64,
    pub service: u64,
    pub validation: u64,
    pub permission: u64,
    pub authentication: u64,
    pub not_found: u64,
    pub internal: u64,
}

/// What was decided about tool calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PermissionCounts {
    /// A person was asked; the decision is counted too.
    pub asked: u64,
    pub allowed: u64,
    pub denied: u64,
}

/// How long something took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LatencySummary {
    /// How often it was measured.
    pub count: u64,
    #[serde(rename = "mean_ms", serialize_with = "milliseconds")]
    pub mean: Duration,
    /// 95 % took at most this; up to 1 % too high. Times above an hour count as one.
    #[serde(rename = "p95_ms", serialize_with = "milliseconds")]
    pub p95: Duration,
    #[serde(rename = "max_ms", serialize_with = "milliseconds")]
    pub max: Duration,
}

/// What happened in the last minute, to the second. If less than a minute was observed, what a minute
/// would have at that pace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    pub model_calls: f64,
    pub tokens: f64,
    pub tool_calls: f64,
}

impl ErrorCounts {
    /// The errors of a class.
    #[must_use]
    pub fn of(&self, category: Category) -> u64 {
        *self.clone().slot(category)
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        Category::ALL
            .iter()
            .map(|category| self.of(*category))
            .sum()
    }

    /// The classes with any errors, by name.
    pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = *self;
        let counted = Category::ALL.map(|category| (category.as_str(), counts.of(category)));
        counted.into_iter().filter(|(_, count)| *count > 0)
    }

    pub(super) fn add(&mut self, category: Category) {
        *self.slot(category) += 1;
    }

    fn slot(&mut self, category: Category) -> &mut u64 {
        match category {
            Category::Network => &mut self.network,
            Category::Timeout => &mut self.timeout,
            Category::RateLimit => &mut self.rate_limit,
            Category::Service => &mut self.service,
            Category::Validation => &mut self.validation,
            Category::Permission => &mut self.permission,
            Category::Authentication => &mut self.authentication,
            Category::NotFound => &mut self.not_found,
            Category::Internal => &mut self.internal,
        }
    }
}

impl ModelMetrics {
    pub(super) fn add(&mut self, usage: &Usage, cost: Option<Usd>, failed: bool) {
        self.calls += 1;
        self.errors += u64::from(failed);
        self.usage += *usage;
        if let Some(cost) = cost {
            *self.cost.get_or_insert_default() += cost;
        }
    }
}

impl CompressionMetrics {
    pub(super) fn add(&mut self, compressed: &Compressed) {
        self.count += 1;
        match compressed.method {
            CompressionMethod::Summarized => self.summarized += 1,
            CompressionMethod::Fallback => self.fallbacks += 1,
            CompressionMethod::Trimmed => {}
        }
        self.before_tokens += compressed.before_tokens;
        self.after_tokens += compressed.after_tokens;
        self.host_time = self.host_time.saturating_add(compressed.host_time);
        self.model_time = self.model_time.saturating_add(compressed.model_time);
    }

    /// Tokens that questions did not need any more.
    #[must_use]
    pub fn saved_tokens(&self) -> u64 {
        self.before_tokens.saturating_sub(self.after_tokens)
    }
}

impl RetrievalMetrics {
    pub(super) fn add(&mut self, passages: usize, tokens: u64) {
        self.count += 1;
        self.passages += passages as u64;
        self.tokens += tokens;
    }
}

impl ToolMetrics {
    pub(super) fn add(&mut self, duration: Duration, failed: bool) {
        self.calls += 1;
        self.errors += u64::from(failed);
        self.time = self.time.saturating_add(duration);
    }

    /// How long a call took in the mean; none before the first.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let calls = u32::try_from(self.calls).unwrap_or(u32::MAX);
        self.time.checked_div(calls)
    }
}

fn milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64() * 1e3)
}
