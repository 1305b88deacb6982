//! How much of what is relevant the knowledge base finds among its first five documents: by words, by
//! vectors, and by both, side by side. On a public retrieval set, through the real plugin.
//!
//! `.ci/recall` runs it with an embedding server on loopback. `recall BASE_URL MODEL` uses another,
//! and without arguments only words are measured.

#![expect(clippy::print_stdout, reason = "figures are for a person")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use loom::{Config, Loom};
use loom_tests::datasets::{self, Retrieval};
use loom_types::{Content, Tool, ToolContext};
use serde_json::{Value, json};

/// The cut that is measured.
const FIRST: usize = 5;
/// Passages to ask for: several may be of one document.
const PASSAGES: usize = 50;
/// One call embeds as much as it can in its time, and is made again for the rest.
const CALL_TAKES: Duration = Duration::from_secs(60);

/// An embedding server.
struct Embeddings {
    base_url: String,
    model: String,
}

/// What a way of searching found, over all queries.
#[derive(Default)]
struct Figures {
    recall: f64,
    hits: usize,
    reciprocal_rank: f64,
    time: Duration,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let embeddings = match (arguments.next(), arguments.next()) {
        (Some(base_url), Some(model)) => Some(Embeddings { base_url, model }),
        (None, None) => None,
        _ => bail!("give the base URL of an embedding server and its model, or nothing"),
    };
    let set = datasets::retrieval("semanlink")?;
    let home = tempfile::tempdir()?;
    let base = open(home.path(), embeddings.as_ref()).await?;
    let took = base.add(&set, home.path()).await?;
    println!(
        "{}: {} documents in {:.1} s, {} queries",
        set.name,
        set.docs.len(),
        took.as_secs_f64(),
        set.queries.len()
    );
    println!("mode      recall@{FIRST}  hit@{FIRST}  MRR@{FIRST}  ms/query");
    let modes: &[&str] = match embeddings {
        Some(_) => &["text", "vectors", "hybrid"],
        None => &["text"],
    };
    for mode in modes {
        let figures = base.measure(&set, mode).await?;
        figures.print(mode, set.queries.len());
    }
    Ok(())
}

/// A knowledge base of this run's own.
struct Base {
    _loom: Loom,
    add: Arc<dyn Tool>,
    search: Arc<dyn Tool>,
}

async fn open(home: &Path, embeddings: Option<&Embeddings>) -> Result<Base> {
    let (base, documents) = (home.join("kb"), home.join("documents"));
    fs::create_dir(&base)?;
    fs::create_dir(&documents)?;
    let mut toml = format!(
        "memory.plugin = \"memory-ram\"\n\
         [plugins.kb]\n\
         grants.files = [{{ path = {base:?}, access = \"read-write\" }}, \
                         {{ path = {documents:?}, access = \"read-only\" }}]\n"
    );
    if let Some(Embeddings { base_url, model }) = embeddings {
        toml.push_str(&format!(
            "grants.embeddings = true\n\
             [embedding]\nmodel = \"measured/{model}\"\n\
             [providers.measured]\nplugin = \"openai\"\nbase_url = \"{base_url}\"\n"
        ));
    }
    let loom = Loom::open(&Config::in_directory(home, &toml)?).await?;
    let tools = loom.tools().await?;
    let tool = |name: &str| {
        let mut named = tools.iter().filter(|tool| tool.definition().name == name);
        let found = named.next().cloned();
        found.with_context(|| format!("there is no tool {name}: {:?}", loom.problems()))
    };
    let (add, search) = (tool("kb_add")?, tool("kb_search")?);
    Ok(Base {
        _loom: loom,
        add,
        search,
    })
}

impl Base {
    /// Adds the documents as files, whose names are their places in the set.
    async fn add(&self, set: &Retrieval, home: &Path) -> Result<Duration> {
        let directory = home.join("documents");
        for (place, document) in set.docs.iter().enumerate() {
            let text = format!("# {}\n\n{}\n", document.title, document.text);
            fs::write(directory.join(format!("{place}.md")), text)?;
        }
        let start = Instant::now();
        loop {
            let report = call(&self.add, &json!({ "paths": [directory] })).await?;
            if report["done"] == true {
                check_added(&report)?;
                return Ok(start.elapsed());
            }
        }
    }

    async fn measure(&self, set: &Retrieval, mode: &str) -> Result<Figures> {
        let mut figures = Figures::default();
        for query in &set.queries {
            let arguments = json!({ "query": query.text, "mode": mode, "limit": PASSAGES });
            let start = Instant::now();
            let answer = call(&self.search, &arguments).await?;
            figures.time += start.elapsed();
            if answer["mode"] != mode {
                bail!("the search by {mode} was something else: {answer:.1000}");
            }
            let relevant = set.qrels.get(&query.id).context("a query is not judged")?;
            figures.count(&first_documents(set, &answer)?, relevant);
        }
        Ok(figures)
    }
}

/// Skipped documents would make the figures look worse than the search is.
fn check_added(report: &Value) -> Result<()> {
    let skipped = report["skipped"].as_array().map_or(0, Vec::len);
    if skipped > 0 {
        bail!("{skipped} documents were not added: {report:.1000}");
    }
    Ok(())
}

/// The ids of the first documents, each once.
fn first_documents<'a>(set: &'a Retrieval, answer: &Value) -> Result<Vec<&'a str>> {
    let mut first = Vec::new();
    for passage in answer["passages"].as_array().into_iter().flatten() {
        let source = passage["source"].as_str().context("no source")?;
        let name = Path::new(source).file_stem().and_then(|name| name.to_str());
        let place: usize = name.context("a source without a name")?.parse()?;
        let document = set.docs.get(place).context("a document of another set")?;
        if !first.contains(&document.id.as_str()) && first.len() < FIRST {
            first.push(document.id.as_str());
        }
    }
    Ok(first)
}

impl Figures {
    fn count(&mut self, first: &[&str], relevant: &BTreeMap<String, u32>) {
        let is_relevant = |id: &str| relevant.contains_key(id);
        let found = first.iter().filter(|id| is_relevant(id)).count();
        self.recall += found as f64 / relevant.len() as f64;
        self.hits += usize::from(found > 0);
        let rank = first.iter().position(|id| is_relevant(id));
        self.reciprocal_rank += rank.map_or(0.0, |rank| 1.0 / (rank + 1) as f64);
    }

    fn print(&self, mode: &str, queries: usize) {
        let queries = queries as f64;
        println!(
            "{mode:8}  {:8.3}  {:5.3}  {:5.3}  {:8.1}",
            self.recall / queries,
            self.hits as f64 / queries,
            self.reciprocal_rank / queries,
            self.time.as_secs_f64() * 1000.0 / queries
        );
    }
}

async fn call(tool: &Arc<dyn Tool>, arguments: &Value) -> Result<Value> {
    let context = ToolContext::standalone(CALL_TAKES);
    let content = tool.call(arguments, &context).await?;
    match content.first() {
        Some(Content::Json(value)) => Ok(value.clone()),
        Some(Content::Text(text)) => Ok(serde_json::from_str(text)?),
        other => bail!("{} answered {other:?}", tool.definition().name),
    }
}
