//! What is looked up before a run and kept after it: passages of retrievers beside the input, and facts
//! that a model draws from the conversation where that is configured.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use loom_types::{Message, Result, Retriever, RunEvent};
use tokio::time::timeout;

use super::Executor;
use super::end::End;
use super::turn::Voice;
use crate::recall::{self, Recall};
use crate::retrieval::{self, Placement, Rendered};
use crate::session::{self, Retrieved};
use crate::{RecallOptions, RetrievalOptions};

/// How long a run waits for what is looked up. A model that embeds on a slow machine takes seconds; who
/// has not answered by then is left out.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who is asked before a run, and how much of it goes into the question.
pub(crate) struct Lookup {
    pub(crate) retriever: Arc<dyn Retriever>,
    pub(crate) options: RetrievalOptions,
}

/// What was found, ready to be written down.
struct Found {
    retrieved: Retrieved,
    placement: Placement,
    tokens: u64,
}

impl Executor {
    /// Looks things up for an input and writes them and the input to the session.
    pub(super) async fn say_with_context(&mut self, input: Message) -> Result<(), End> {
        let found = self.look_up(&input).await?;
        let input = Arc::new(input);
        let (before, after): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|found| found.placement == Placement::BeforeInput);
        let entry = |found: &Found| session::retrieved_entry(&found.retrieved);
        let mut entries: Vec<_> = before.iter().map(entry).collect();
        entries.push(session::message_entry(&input));
        entries.extend(after.iter().map(entry));
        let mut seq = self.write(entries).await?;
        for found in before {
            self.take_in(seq, found).await;
            seq += 1;
        }
        self.transcript.push_message(seq, input);
        for found in after {
            seq += 1;
            self.take_in(seq, found).await;
        }
        Ok(())
    }

    async fn take_in(&mut self, seq: u64, found: Found) {
        let event = RunEvent::Retrieved {
            retriever: found.retrieved.retriever.clone(),
            sources: found.retrieved.sources.clone(),
            tokens: found.tokens,
        };
        let record = session::Record::Retrieved(found.retrieved);
        self.transcript.push(seq, record);
        self.events.emit(event).await;
    }

    /// Asks all at once. Who fails costs a warning.
    async fn look_up(&mut self, input: &Message) -> Result<Vec<Found>, End> {
        let question = input.text();
        let agent = Arc::clone(&self.agent);
        let recalled = self.recall().and_then(|(recall, options)| {
            Some(Lookup {
                retriever: Arc::new(recall.with_past_sessions(options.past_sessions)),
                options: options.before_run.clone()?,
            })
        });
        let lookups: Vec<_> = agent.lookups.iter().chain(&recalled).collect();
        if lookups.is_empty() || question.trim().is_empty() {
            return Ok(Vec::new());
        }
        let asked = lookups.iter().map(|lookup| ask(lookup, &question));
        let answers = self.stop.or(join_all(asked)).await?;
        let mut found = Vec::new();
        for (lookup, answer) in lookups.into_iter().zip(answers) {
            let name = lookup.retriever.name();
            match answer {
                Ok(passages) => {
                    let passages = retrieval::select(passages, &lookup.options);
                    let tokenizer = self.gauge.tokenizer();
                    let count = |text: &str| tokenizer.count(text);
                    let rendered = retrieval::render(name, &passages, &lookup.options, &count);
                    found.extend(rendered.map(|it| Found::of(name, it, &lookup.options)));
                }
                Err(problem) => {
                    self.warn(format!("nothing was looked up in {name}: {problem}"))
                        .await;
                }
            }
        }
        Ok(found)
    }

    /// What is remembered, as this session sees it.
    pub(super) fn recall(&self) -> Option<(Recall, &RecallOptions)> {
        let recall = self.agent.recall.as_ref()?;
        let session = self.tally.session_id();
        Some((recall.recall.leaving_out(session), &recall.options))
    }

    /// Has a model draw facts worth keeping from a run that was completed. That it fails costs a warning.
    pub(super) async fn extract_facts(&mut self) -> Result<(), End> {
        let agent = Arc::clone(&self.agent);
        let Some(recall) = agent
            .recall
            .as_ref()
            .filter(|recall| recall.options.extract)
        else {
            return Ok(());
        };
        let messages: Vec<_> = self.transcript.messages().cloned().collect();
        let session = self.tally.session_id().clone();
        let model = &agent.request.model;
        let ask = async |request| {
            let voice = Voice::Host(Arc::clone(&agent.provider));
            match self.ask(request, &voice).await {
                Ok((answer, _)) => Ok(answer.message.text()),
                Err(End::Failed(error)) => Err(error),
                Err(_) => Err(loom_types::Error::cancelled()),
            }
        };
        let kept = recall::extract(recall.recall.facts(), &session, model, &messages, ask).await;
        if let Err(problem) = kept {
            self.warn(format!("no facts were kept of this run: {problem}"))
                .await;
        }
        Ok(())
    }
}

impl Found {
    fn of(retriever: &str, rendered: Rendered, options: &RetrievalOptions) -> Self {
        Self {
            retrieved: Retrieved {
                retriever: retriever.to_owned(),
                text: rendered.message.text(),
                sources: rendered.sources,
            },
            placement: options.placement,
            tokens: rendered.tokens,
        }
    }
}

async fn ask(lookup: &Lookup, question: &str) -> Result<Vec<loom_types::Passage>> {
    let asked = lookup.retriever.retrieve(question, lookup.options.results);
    let late = |_| loom_types::Error::timeout("it took too long to answer");
    timeout(PATIENCE, asked).await.map_err(late)?
}
