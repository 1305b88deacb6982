//! What was counted, as a short table for people. Lines about what did not happen are left out.

use loom_core::{LatencySummary, MetricsSnapshot, ModelMetrics};

use super::text::{count, duration, plural};

/// How many models and how many tools are shown each, those with the most calls.
const SHOWN_NAMES: usize = 10;

/// A line for each thing that was counted, its name first.
pub(crate) fn table(metrics: &MetricsSnapshot) -> String {
    let mut lines = vec![("runs".to_owned(), runs(metrics)), models(metrics)];
    lines.extend(
        busiest(metrics.by_model.iter(), |model| model.calls)
            .map(|(name, model)| (format!("  {name}"), asked(model))),
    );
    lines.push(tools(metrics));
    lines.extend(
        busiest(metrics.by_tool.iter(), |tool| tool.calls).map(|(name, tool)| {
            let mean = tool.mean().map(|mean| format!("mean {}", duration(mean)));
            let parts = [called(tool.calls, tool.errors), mean.unwrap_or_default()];
            (format!("  {name}"), joined(parts))
        }),
    );
    lines.extend(latencies(metrics));
    lines.push(("per minute".to_owned(), rates(metrics)));
    lines.push(("pool".to_owned(), pool(metrics)));
    lines.push(("compression".to_owned(), compression(metrics)));
    lines.push(("retrieval".to_owned(), retrieval(metrics)));
    lines.push(("errors".to_owned(), errors(metrics)));
    lines.push(("permissions".to_owned(), permissions(metrics)));
    lines.push(("steering".to_owned(), steering(metrics)));
    lines.retain(|(_, text)| !text.is_empty());
    let width = lines.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0);
    let lines = lines
        .iter()
        .map(|(name, text)| format!("{name:width$}  {text}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn runs(metrics: &MetricsSnapshot) -> String {
    let runs = &metrics.runs;
    let started = match runs.sub_agents {
        0 => runs.started.to_string(),
        sub_agents => format!("{} ({})", runs.started, plural(sub_agents, "sub-agent")),
    };
    joined([
        started,
        some_of(metrics.turns, "turn"),
        some(runs.completed, "completed"),
        some(runs.failed, "failed"),
        some(runs.cancelled, "cancelled"),
        some(runs.limit_reached, "at a limit"),
    ])
}

fn models(metrics: &MetricsSnapshot) -> (String, String) {
    // One model is its own sum.
    let text = if metrics.by_model.len() == 1 {
        called(metrics.models.calls, metrics.models.errors)
    } else {
        asked(&metrics.models)
    };
    ("models".to_owned(), text)
}

fn asked(model: &ModelMetrics) -> String {
    let usage = &model.usage;
    let tokens = (usage.total_tokens() > 0).then(|| {
        let (input, output) = (count(usage.input_tokens), count(usage.output_tokens));
        format!("{input} tokens in, {output} out")
    });
    let cost = model.cost.map(|cost| cost.to_string());
    joined([
        called(model.calls, model.errors),
        tokens.unwrap_or_default(),
        some(usage.cache_read_tokens, "cached"),
        cost.unwrap_or_default(),
    ])
}

fn tools(metrics: &MetricsSnapshot) -> (String, String) {
    let tools = &metrics.tools;
    ("tools".to_owned(), called(tools.calls, tools.errors))
}

fn latencies(metrics: &MetricsSnapshot) -> [(String, String); 3] {
    let line = |name: &str, latency: &Option<LatencySummary>| {
        let text =
            latency.map(|it| format!("mean {}, p95 {}", duration(it.mean), duration(it.p95)));
        (name.to_owned(), text.unwrap_or_default())
    };
    [
        line("time to answer", &metrics.model_latency),
        line("time to first token", &metrics.first_token),
        line("time of a tool call", &metrics.tool_latency),
    ]
}

fn rates(metrics: &MetricsSnapshot) -> String {
    let rate = |rate: f64, what: &str| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is not negative and far from the largest number"
        )]
        let rounded = rate.round() as u64;
        some(rounded, what)
    };
    let rates = joined([
        rate(metrics.per_minute.model_calls, "model calls"),
        rate(metrics.per_minute.tokens, "tokens"),
        rate(metrics.per_minute.tool_calls, "tool calls"),
    ]);
    // Most runs are shorter than a minute.
    match rates.is_empty() {
        true => rates,
        false => format!("{rates}, at this pace"),
    }
}

fn pool(metrics: &MetricsSnapshot) -> String {
    let pool = &metrics.pool;
    joined([
        some(pool.retries, "retried"),
        some(pool.failovers, "failed over"),
        some(pool.hedges, "hedged"),
        some_of(pool.cooldowns, "cooldown"),
    ])
}

fn compression(metrics: &MetricsSnapshot) -> String {
    let compressions = &metrics.compressions;
    if compressions.count == 0 {
        return String::new();
    }
    let models = Some(compressions.model_time).filter(|time| !time.is_zero());
    joined([
        compressions.count.to_string(),
        some(compressions.saved_tokens(), "tokens saved"),
        some(compressions.fallbacks, "without a usable summary"),
        format!("{} here", duration(compressions.host_time)),
        models.map_or_else(String::new, |time| format!("{} of models", duration(time))),
    ])
}

fn retrieval(metrics: &MetricsSnapshot) -> String {
    let retrievals = &metrics.retrievals;
    if retrievals.count == 0 {
        return String::new();
    }
    joined([
        retrievals.count.to_string(),
        plural(retrievals.passages, "passage"),
        some(retrievals.tokens, "tokens"),
    ])
}

fn errors(metrics: &MetricsSnapshot) -> String {
    let errors = metrics.errors.by_name();
    let errors = errors.map(|(name, number)| format!("{number} {name}"));
    errors.collect::<Vec<_>>().join(", ")
}

fn permissions(metrics: &MetricsSnapshot) -> String {
    let permissions = &metrics.permissions;
    joined([
        some(permissions.allowed, "allowed"),
        some(permissions.denied, "denied"),
        some(permissions.asked, "asked"),
    ])
}

fn steering(metrics: &MetricsSnapshot) -> String {
    joined([
        some_of(metrics.injected_messages, "message"),
        some_of(metrics.reminders, "reminder"),
    ])
}

fn called(calls: u64, errors: u64) -> String {
    if calls == 0 {
        return String::new();
    }
    joined([plural(calls, "call"), some_of(errors, "error")])
}

/// `3 failed`, if there are any.
fn some(number: u64, what: &str) -> String {
    if number == 0 {
        String::new()
    } else {
        format!("{} {what}", count(number))
    }
}

/// `3 errors`, if there are any.
fn some_of(number: u64, noun: &str) -> String {
    if number == 0 {
        String::new()
    } else {
        plural(number, noun)
    }
}

fn joined<const N: usize>(parts: [String; N]) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

fn busiest<'a, T: 'a>(
    names: impl Iterator<Item = (&'a String, &'a T)>,
    calls: impl Fn(&T) -> u64,
) -> impl Iterator<Item = (&'a String, &'a T)> {
    let mut names: Vec<_> = names.collect();
    names.sort_by_key(|(_, each)| std::cmp::Reverse(calls(each)));
    names.into_iter().take(SHOWN_NAMES)
}

#[cfg(test)]
mod tests;
