//! `loom kb`: the knowledge base. What can be typed, and what is shown; the work is the plugin's, and
//! adding has a module of its own.

mod add;
mod bar;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};
use loom_core::call_tool;
use loom_types::{Content, Progress, Result, Tool, ToolContext};
use serde_json::{Value, json};

use super::{Global, drive};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::output::{self, Table};
use crate::render::text::{bytes, one_line};

/// The plugin that keeps the base.
const PLUGIN: &str = "kb";

/// Fill and search the knowledge base
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom kb add docs/ --collection manuals --glob '**/*.md'
  loom kb add notes.txt report.pdf          again to update what has changed
  git log --oneline | loom kb add - --title History
  loom kb search \"how are backups restored?\" -n 3
  loom kb list manuals
  loom kb rm kb:manuals/setup-1f2e3d4c      or --collection manuals for all of it

The model has the same as the tools kb_search, kb_add, kb_list and kb_delete. Passages are found by
their words, and by their meaning too where an embedding model is configured; after another one was
configured, `loom kb add --reembed` makes new vectors.")]
pub(super) struct KbArguments {
    #[command(subcommand)]
    verb: KbVerb,
}

#[derive(Debug, Subcommand)]
enum KbVerb {
    /// Add files and directories, or update what has changed in them
    ///
    /// Reads Markdown, HTML, PDF text, plain text and source code. Leaves out binary and hidden files
    /// and what .gitignore excludes, and says so. Documents whose files are gone from an added
    /// directory are removed.
    Add(AddArguments),
    /// Find passages
    Search {
        /// A question or words
        #[arg(required = true, value_name = "QUERY")]
        query: Vec<String>,
        /// Look in this collection only (may be repeated)
        #[arg(long, short = 'k', value_name = "NAME")]
        collection: Vec<String>,
        /// How many passages
        #[arg(long, short = 'n', default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// How passages are ranked
        #[arg(long, value_enum, default_value_t = Mode::Hybrid)]
        mode: Mode,
        /// Only documents whose source matches this pattern, for example **/*.md
        #[arg(long, value_name = "PATTERN")]
        source: Option<String>,
        /// Only documents with this metadata (may be repeated)
        #[arg(long, value_name = "KEY=VALUE", value_parser = metadata)]
        metadata: Vec<(String, Value)>,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// List the collections, or the documents of one
    List {
        collection: Option<String>,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Remove documents, or a whole collection; files stay as they are
    Rm {
        /// Ids or sources of documents, as `loom kb list NAME` shows them
        #[arg(value_name = "ID", required_unless_present = "collection")]
        ids: Vec<String>,
        /// Remove this collection
        #[arg(long, short = 'k', value_name = "NAME", conflicts_with = "ids")]
        collection: Option<String>,
    },
}

#[derive(Debug, Args)]
struct AddArguments {
    /// Files and directories, wherever they are; - reads a text from stdin
    #[arg(value_name = "PATH", required_unless_present = "reembed")]
    paths: Vec<PathBuf>,
    /// Add to this collection
    #[arg(long, short = 'k', value_name = "NAME")]
    collection: Option<String>,
    /// Only files whose path below the directory matches this pattern, for example **/*.md
    #[arg(long, value_name = "PATTERN")]
    glob: Option<String>,
    /// Metadata for the documents (may be repeated)
    #[arg(long, value_name = "KEY=VALUE", value_parser = metadata)]
    metadata: Vec<(String, Value)>,
    /// The title of a text from stdin
    #[arg(long)]
    title: Option<String>,
    /// Make vectors of the configured embedding model for what has none
    #[arg(long)]
    reembed: bool,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// By words, and by meaning where an embedding model is configured
    Hybrid,
    /// By words
    Text,
    /// By meaning
    Vectors,
}

pub(super) async fn run(arguments: KbArguments, global: Global) -> anyhow::Result<Exit> {
    match arguments.verb {
        KbVerb::Add(arguments) => add::run(arguments, &global).await,
        KbVerb::Search {
            query,
            collection,
            limit,
            mode,
            source,
            metadata,
            json,
        } => {
            let mode = mode.to_possible_value().map(|it| it.get_name().to_owned());
            let mut wanted = json!({ "query": query.join(" "), "limit": limit, "mode": mode });
            wanted["collections"] = json!(collection);
            wanted["metadata"] = object(&metadata);
            if let Some(source) = source {
                wanted["source"] = source.into();
            }
            let found = call_once(&global, "kb_search", &wanted).await?;
            if json {
                output::print_json(&found)?;
                return Ok(Exit::Done);
            }
            show_passages(&found)?;
            Ok(Exit::Done)
        }
        KbVerb::List { collection, json } => list(collection, json, &global).await,
        KbVerb::Rm { ids, collection } => {
            let mut wanted = json!({ "ids": ids });
            if let Some(collection) = collection {
                wanted["collection"] = collection.into();
            }
            let deleted = call_once(&global, "kb_delete", &wanted).await?;
            let (documents, passages) = (&deleted["documents"], &deleted["passages"]);
            output::note(&format!(
                "removed {documents} documents, {passages} passages"
            ));
            for id in texts(&deleted["not_found"]) {
                output::warning(&format!("the knowledge base has no {id}"));
            }
            Ok(Exit::Done)
        }
    }
}

async fn list(collection: Option<String>, json: bool, global: &Global) -> anyhow::Result<Exit> {
    let mut wanted = json!({ "limit": 1000 });
    if let Some(collection) = &collection {
        wanted["collection"] = collection.as_str().into();
    }
    let listed = call_once(global, "kb_list", &wanted).await?;
    if json {
        output::print_json(&listed)?;
        return Ok(Exit::Done);
    }
    tell_notes(&listed);
    let size = |item: &Value| bytes(item["bytes"].as_u64().unwrap_or(0));
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let mut table;
    if collection.is_some() {
        table = Table::new(&["id", "passages", "size", "source"]);
        for item in items(&listed["documents"]) {
            let (id, source) = (text(item, "id"), text(item, "source"));
            table.row([&id, &item["passages"].to_string(), &size(item), &source]);
        }
    } else {
        table = Table::new(&["collection", "documents", "passages", "size"]);
        for item in items(&listed["collections"]) {
            let (documents, passages) = (&item["documents"], &item["passages"]);
            let name = text(item, "name");
            table.row([
                &name,
                &documents.to_string(),
                &passages.to_string(),
                &size(item),
            ]);
        }
    }
    if table.is_empty() {
        output::note("the knowledge base is empty; `loom kb add PATH` fills it");
    } else {
        output::print(&table.to_text())?;
    }
    if let Some(more) = listed["more"].as_u64() {
        output::note(&format!("and {more} more"));
    }
    Ok(Exit::Done)
}

fn show_passages(found: &Value) -> anyhow::Result<()> {
    tell_notes(found);
    let mut text = String::new();
    for passage in items(&found["passages"]) {
        let field = |name: &str| passage[name].as_str().unwrap_or_default();
        let heading = match field("heading") {
            "" => field("title").to_owned(),
            heading => format!("{} > {heading}", field("title")),
        };
        let score = passage["score"].as_f64().unwrap_or(0.0);
        text.push_str(&format!("{}  ({score:.3})\n", field("id")));
        text.push_str(&format!(
            "{}  {}\n",
            one_line(&heading, 100),
            field("source")
        ));
        for line in field("text").lines() {
            text.push_str(&format!("    {line}\n"));
        }
        text.push('\n');
    }
    if text.is_empty() {
        output::note("nothing was found");
    }
    output::print(text.trim_end_matches('\n'))?;
    if !text.is_empty() {
        output::print("\n")?;
    }
    Ok(())
}

fn tell_notes(answer: &Value) {
    for note in texts(&answer["notes"]) {
        output::warning(&note);
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    items(value).filter_map(Value::as_str).map(str::to_owned)
}

/// What the person may do is not bounded by what the model may.
fn unfiltered(config: &mut Config) {
    config.tools.allowed = vec!["*".to_owned()];
    config.tools.disallowed.clear();
}

/// The plugin's tool of that name.
async fn tool(loom: &crate::Loom, name: &str) -> anyhow::Result<Arc<dyn Tool>> {
    let mut tools = loom.tools().await?.into_iter();
    let found = tools.find(|tool| tool.definition().name == name);
    let is_ours = loom.tool_plugin(name).await.as_deref() == Some(PLUGIN);
    found.filter(|_| is_ours).ok_or_else(|| {
        Fault::failed(format!("the plugin {PLUGIN} is not there"))
            .hint("`loom plugin list` tells why; plugins.kb.enabled switches it on and off")
            .into()
    })
}

/// One call of a tool, with the configuration as it is.
async fn call_once(global: &Global, name: &str, arguments: &Value) -> anyhow::Result<Value> {
    let mut config = global.load(&global.overrides())?.config;
    unfiltered(&mut config);
    let loom = global.open(&config).await?;
    let tool = tool(&loom, name).await?;
    let mut context = ToolContext::standalone(config.limits.tool_timeout);
    context.progress = Progress::ignored();
    let answer = tokio::select! {
        answer = call(&tool, arguments, &context) => answer,
        signal = drive::interrupted() => {
            signal?;
            context.cancel.cancel();
            return Err(Fault::failed("cancelled").into());
        }
    };
    answer.map_err(|error| {
        Fault::failed(error.to_string())
            .hint(error.advice().to_owned())
            .into()
    })
}

/// Calls a tool that answers in JSON.
async fn call(tool: &Arc<dyn Tool>, arguments: &Value, context: &ToolContext) -> Result<Value> {
    let content = call_tool(tool, &arguments.to_string(), context).await?;
    let json = content.into_iter().find_map(|content| match content {
        Content::Json(value) => Some(value),
        _ => None,
    });
    json.ok_or_else(|| loom_types::Error::internal("the knowledge base answered without JSON"))
}

fn object(pairs: &[(String, Value)]) -> Value {
    Value::Object(pairs.iter().cloned().collect())
}

/// `KEY=VALUE`; a value that is a number, true or false counts as such.
fn metadata(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| "metadata is written KEY=VALUE".to_owned())?;
    let plain = || Value::String(value.to_owned());
    let parsed = serde_json::from_str(value).ok();
    let scalar = parsed.filter(|it: &Value| it.is_number() || it.is_boolean());
    Ok((key.to_owned(), scalar.unwrap_or_else(plain)))
}
