//! What an agent remembers and looks up: a fact of yesterday and a passage of a library stand beside the
//! question, the answer cites its source, and the conversation is found again and forked. The rules
//! below stand in for a model.
//!
//! ```sh
//! cargo run -p loom-examples --example memory
//! ```

#![expect(clippy::print_stdout, reason = "what happens is for a person")]

use std::sync::Arc;

use loom::recall::{Facts, NewFact};
use loom::retrieval::{RetrievalOptions, cited};
use loom::sessions::{ForkOptions, SearchOptions, fork, search};
use loom::{Config, Loom, Passage, Result, Retriever, RunEvent, RunOptions, Source, async_trait};

const CONFIG: &str = r#"
model = "rules"
memory.plugin = "memory-ram"
[[providers.rules.config.rules]]
name = "descale"
pattern = '^how do I descale the kettle\?$'
answer = "With vinegar [care], on Mondays."
"#;

/// Passages that are found by their words.
struct Library(Vec<Passage>);

#[async_trait]
impl Retriever for Library {
    fn name(&self) -> &str {
        "library"
    }

    async fn retrieve(&self, question: &str, limit: usize) -> Result<Vec<Passage>> {
        let words: Vec<_> = question.split(|c: char| !c.is_alphanumeric()).collect();
        let fits = |passage: &&Passage| {
            words
                .iter()
                .any(|word| word.len() > 4 && passage.text.contains(word))
        };
        Ok(self.0.iter().filter(fits).take(limit).cloned().collect())
    }
}

fn care_of_kettles() -> Passage {
    Passage {
        id: "care".to_owned(),
        source: "care.txt".to_owned(),
        title: Some("On the care of kettles".to_owned()),
        text: "Fill the kettle with vinegar, boil, rinse.".to_owned(),
        score: 1.0,
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::in_directory(".", CONFIG)?;
    let loom = Loom::open(&config).await?;
    let memory = loom.memory().await?;
    let facts = Facts::new(
        Arc::clone(&memory),
        config.working_directory.to_string_lossy(),
    );
    facts
        .add(NewFact::new("The kettle is descaled on Mondays"))
        .await?;

    let library = Library(vec![care_of_kettles()]);
    let agent = loom.agent().await?;
    let agent = agent
        .retriever(Arc::new(library), RetrievalOptions::default())
        .build()?;
    let mut run = agent.start(RunOptions {
        input: Some("how do I descale the kettle?".into()),
        pins: vec!["never boil it dry".to_owned()],
        ..RunOptions::default()
    });
    let mut sources: Vec<Source> = Vec::new();
    while let Some(event) = run.next().await {
        if let RunEvent::Retrieved {
            retriever,
            sources: found,
            ..
        } = event
        {
            for source in &found {
                println!("{retriever} found [{}] in {}", source.id, source.source);
            }
            sources.extend(found);
        }
    }
    let outcome = run.outcome().await;
    println!("> {}", outcome.text());
    for source in cited(outcome.text(), &sources) {
        println!("cited: {}", source.id);
    }

    let options = SearchOptions {
        words: "vinegar".to_owned(),
        limit: 5,
        all: false,
    };
    let found = search(memory.as_ref(), &options).await?;
    let at = found
        .first()
        .and_then(|it| it.hits.first())
        .map(|hit| hit.entry.seq);
    let session = &outcome.report().session_id;
    let forked = fork(memory.as_ref(), session, ForkOptions { at, id: None }).await?;
    println!(
        "found in {} session, forked at message {}",
        found.len(),
        forked.at
    );
    loom.shutdown().await;
    Ok(())
}
