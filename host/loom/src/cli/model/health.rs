//! How the members of the pool do now. What is known of them lives with a process, so each is asked
//! for a word first.

use std::time::Duration;

use loom_types::Error;
use serde::Serialize;

use crate::fault::{Exit, Fault};
use crate::output::{self, Table};
use crate::render::health::{self, Health};
use crate::render::text::duration;
use crate::{Loom, MemberHealth, Probe};

/// A member as a script reads it.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    health: Health,
    /// Why it did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<health::Failure<'a>>,
}

/// Asks all members at the same time, and shows how they do.
pub(super) async fn run(loom: &Loom, as_json: bool) -> anyhow::Result<Exit> {
    let pool = loom.pool().await?;
    let probes = pool.probe().await;
    let members = pool.health();
    if as_json {
        let lines = members.iter().zip(&probes).map(|(member, probe)| Line {
            health: Health::of(member),
            error: probe.error.as_ref().map(health::Failure::of),
        });
        output::print_json(&lines.collect::<Vec<_>>())?;
    } else {
        output::print(&table(&members))?;
    }
    for Probe { member, error, .. } in &probes {
        if let Some(error) = error {
            output::warning(&failure(member, error));
        }
    }
    if probes.iter().any(|probe| probe.error.is_none()) {
        return Ok(Exit::Done);
    }
    let fault = Fault::failed("no model answers");
    Err(fault.hint("`loom doctor` looks for the cause").into())
}

fn failure(member: &str, error: &Error) -> String {
    format!(
        "{member} did not answer: {error} ({}); {}",
        error.category(),
        error.advice()
    )
}

fn table(members: &[MemberHealth]) -> String {
    let mut table = Table::new(&[
        "member",
        "status",
        "success",
        "mean",
        "p95",
        "failures in a row",
        "breaker",
        "left out for",
    ]);
    let time = |time: Option<Duration>| time.map_or("-".to_owned(), duration);
    for member in members {
        let rate = member.success_rate;
        let rate = rate.map_or("-".to_owned(), |rate| format!("{:.0} %", 100.0 * rate));
        table.row([
            &member.member,
            health::status(member.status),
            &rate,
            &time(member.mean_latency),
            &time(member.p95_latency),
            &member.consecutive_failures.to_string(),
            health::breaker(member.breaker),
            &time(member.cooldown_left),
        ]);
    }
    table.to_text()
}
