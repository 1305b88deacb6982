//! Checks for plugin authors: does it load, link and describe its tools well, and do its examples
//! work?

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use loom_core::call_tool;
use loom_types::{Content, ErrorKind, Example, Tool, ToolContext};
use loom_wasm::{Engine, EngineConfig, Grants, Limits, Plugin, PluginSource};
use serde::Serialize;

/// How long an example may take.
const EXAMPLE_TIMEOUT: Duration = Duration::from_secs(30);

/// One finding of [`Loom::check`](super::Loom::check).
#[derive(Clone, Debug, Serialize)]
pub struct CheckLine {
    pub ok: bool,
    pub text: String,
}

/// Loads a plugin that is not installed, outside the cache of installed ones.
pub(super) async fn load(path: &Path) -> anyhow::Result<Plugin> {
    let engine = Engine::new(&EngineConfig {
        cache_directory: None,
        max_instances: 16,
        ..EngineConfig::default()
    })?;
    Ok(Plugin::load(&engine, PluginSource::File(path.to_owned())).await?)
}

pub(super) async fn check(path: &Path) -> anyhow::Result<Vec<CheckLine>> {
    let plugin = load(path).await?;
    plugin.prepare().await?;
    let exports = plugin.exports().names().join(", ");
    let mut lines = vec![line(
        true,
        format!(
            "{} {} is a component that exports {exports}",
            plugin.name(),
            plugin.version()
        ),
    )];
    let has_manifest = plugin.metadata().manifest.name.is_some();
    lines.push(if has_manifest {
        line(true, "its manifest can be read")
    } else {
        line(
            true,
            "it has no manifest: it asks for no capability and goes by its file's name",
        )
    });
    if plugin.exports().tool && plugin.ask_definitions().await? != plugin.definitions() {
        lines.push(line(
            false,
            "its section loom:tools lists other tools than it has: write it anew, or leave it out",
        ));
    }
    let configured = plugin.configure(
        Grants::default(),
        Limits::default(),
        std::collections::BTreeMap::new(),
    )?;
    for tool in configured.tools() {
        check_tool(&tool, &mut lines).await;
    }
    Ok(lines)
}

async fn check_tool(tool: &Arc<dyn Tool>, lines: &mut Vec<CheckLine>) {
    let definition = tool.definition();
    let name = &definition.name;
    if definition.description.trim().is_empty() {
        lines.push(line(
            false,
            format!("{name} has no description: a model cannot know when to call it"),
        ));
    }
    if definition.examples.is_empty() {
        lines.push(line(true, format!("{name} has no examples to run")));
    }
    for example in &definition.examples {
        lines.push(check_example(tool, example).await);
    }
}

/// Runs an example without any grant: being denied is not the example's fault.
async fn check_example(tool: &Arc<dyn Tool>, example: &Example) -> CheckLine {
    let (name, title) = (&tool.definition().name, &example.title);
    let context = ToolContext::standalone(EXAMPLE_TIMEOUT);
    match call_tool(tool, &example.arguments.to_string(), &context).await {
        Ok(content) => {
            let output = content
                .iter()
                .map(Content::to_text)
                .collect::<Vec<_>>()
                .join("\n");
            match &example.output {
                Some(expected) if *expected != output => line(
                    false,
                    format!("{name}, example {title:?}: expected {expected:?}, got {output:?}"),
                ),
                _ => line(true, format!("{name}, example {title:?} works")),
            }
        }
        Err(error) if error.kind == ErrorKind::Denied => line(
            true,
            format!("{name}, example {title:?} needs a grant and was not run"),
        ),
        Err(error) => line(false, format!("{name}, example {title:?} failed: {error}")),
    }
}

fn line(ok: bool, text: impl Into<String>) -> CheckLine {
    CheckLine {
        ok,
        text: text.into(),
    }
}
