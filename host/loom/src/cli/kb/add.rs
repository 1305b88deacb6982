//! `loom kb add`: grants what the person names, and calls the plugin until it is done.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_types::{Error, ErrorKind, Tool, ToolContext};
use serde_json::{Value, json};

use super::bar::Bar;
use super::{AddArguments, PLUGIN, call, items, object, tell_notes, tool, unfiltered};
use crate::cli::{Global, drive, prompt};
use crate::config::{Config, FileAccess, FileGrant};
use crate::fault::{Exit, Fault};
use crate::output;

/// The plugin may break on a file; it then leaves out that file when it is called again.
const MAX_BROKEN: usize = 20;

/// Skipped files that are told; the JSON has more.
const MAX_TOLD: usize = 20;

/// What all calls together did.
#[derive(Default)]
struct Total {
    report: Value,
    broken: usize,
}

/// Numbers that add up over the calls; `unchanged` is what the last call says.
const SUMS: [&str; 4] = ["added", "updated", "removed", "passages"];

pub(super) async fn run(arguments: AddArguments, global: &Global) -> anyhow::Result<Exit> {
    let mut config = global.load(&global.overrides())?.config;
    unfiltered(&mut config);
    let wanted = wanted(&arguments, &mut config, global).await?;
    let loom = global.open(&config).await?;
    let tool = tool(&loom, "kb_add").await?;
    let bar = Bar::new(!global.quiet);
    let mut context = ToolContext::standalone(config.limits.tool_timeout);
    context.progress = bar.progress();
    let added = tokio::select! {
        added = add_all(&tool, &wanted, &context) => added,
        signal = drive::interrupted() => {
            signal?;
            context.cancel.cancel();
            drop(bar);
            output::note("cancelled; what was added so far stays, and the same command goes on");
            return Ok(Exit::Cancelled);
        }
    };
    drop(bar);
    let report =
        added.map_err(|error| Fault::failed(error.to_string()).hint(error.advice().to_owned()))?;
    if arguments.json {
        output::print_json(&report)?;
    } else {
        tell(&report);
    }
    Ok(Exit::Done)
}

/// The arguments of the call; the paths are granted on the way.
async fn wanted(
    arguments: &AddArguments,
    config: &mut Config,
    global: &Global,
) -> anyhow::Result<Value> {
    let mut wanted = json!({ "reembed": arguments.reembed });
    if let [path] = &*arguments.paths
        && path.as_os_str() == "-"
    {
        let title = arguments.title.as_deref();
        let title = title.ok_or_else(|| Fault::usage("a text from stdin needs --title"))?;
        wanted["text"] = prompt::read_stdin(global.quiet).await?.into();
        wanted["title"] = title.into();
    } else {
        let mut paths = Vec::new();
        for path in &arguments.paths {
            paths.push(granted(path, config)?);
        }
        wanted["paths"] = json!(paths);
    }
    if let Some(collection) = &arguments.collection {
        wanted["collection"] = collection.as_str().into();
    }
    if let Some(glob) = &arguments.glob {
        wanted["glob"] = glob.as_str().into();
    }
    if !arguments.metadata.is_empty() {
        wanted["metadata"] = object(&arguments.metadata);
    }
    Ok(wanted)
}

/// Grants the plugin to read a path, for this command, and returns it as the plugin is to name it.
fn granted(path: &Path, config: &mut Config) -> anyhow::Result<PathBuf> {
    let absolute = config.working_directory.join(path);
    let absolute = absolute
        .canonicalize()
        .map_err(|error| Fault::usage(format!("{} cannot be added: {error}", path.display())))?;
    let directory = if absolute.is_dir() {
        absolute.as_path()
    } else {
        absolute.parent().unwrap_or(&absolute)
    };
    let plugin = config.plugins.get_mut(PLUGIN);
    let plugin = plugin.ok_or_else(|| {
        Fault::failed("the configuration has no [plugins.kb]")
            .hint("`loom config show` tells what applies here")
    })?;
    let files = &mut plugin.grants.files;
    if !files.iter().any(|grant| directory.starts_with(&grant.path)) {
        files.push(FileGrant {
            path: directory.to_owned(),
            access: FileAccess::ReadOnly,
        });
    }
    Ok(absolute)
}

/// Calls until all is done: a call ends early so that none takes long, and after one that broke on a
/// file the next goes on without it.
async fn add_all(
    tool: &Arc<dyn Tool>,
    wanted: &Value,
    context: &ToolContext,
) -> Result<Value, Error> {
    let mut total = Total::default();
    loop {
        match call(tool, wanted, context).await {
            Ok(report) => {
                let is_done = report["done"] != json!(false);
                total.take(report);
                if is_done {
                    return Ok(total.report);
                }
            }
            Err(error) if is_broken(&error) && total.broken < MAX_BROKEN => total.broken += 1,
            Err(error) => return Err(error),
        }
    }
}

fn is_broken(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Internal | ErrorKind::Timeout | ErrorKind::ResourceExhausted
    )
}

impl Total {
    /// Takes over a call's report; what was done earlier counts too.
    fn take(&mut self, mut report: Value) {
        let number = |report: &Value, name: &str| report[name].as_u64().unwrap_or(0);
        let mut done_before = 0;
        for name in SUMS {
            let before = number(&self.report, name);
            if matches!(name, "added" | "updated") {
                done_before += before;
            }
            report[name] = (before + number(&report, name)).into();
        }
        // What an earlier call added is unchanged for this one.
        let unchanged = number(&report, "unchanged").saturating_sub(done_before);
        report["unchanged"] = unchanged.into();
        self.report = report;
    }
}

fn tell(report: &Value) {
    tell_notes(report);
    for skipped in items(&report["skipped"]).take(MAX_TOLD) {
        let text = |name: &str| skipped[name].as_str().unwrap_or_default();
        output::warning(&format!("skipped {}: {}", text("source"), text("reason")));
    }
    let skipped = items(&report["skipped"]).count() as u64;
    let more = report["more_skipped"].as_u64().unwrap_or(0);
    let untold = (skipped + more).saturating_sub(MAX_TOLD as u64);
    if untold > 0 {
        output::warning(&format!("skipped {untold} more; --json lists some of them"));
    }
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    output::note(&format!(
        "added {}, updated {}, unchanged {}, removed {} documents ({} new passages)",
        number("added"),
        number("updated"),
        number("unchanged"),
        number("removed"),
        number("passages"),
    ));
}
