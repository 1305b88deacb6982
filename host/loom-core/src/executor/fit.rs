//! The conversation is kept within the model's window: when it is made smaller, who is asked for the
//! summary, and what is told of it. How it is made smaller is `compress`'s.

use std::sync::Arc;

use async_trait::async_trait;
use loom_types::{
    CompressionReason, Error, ErrorKind, ModelRequest, Provider, Result, RunEvent, StopReason,
};

use super::Executor;
use super::end::End;
use super::turn::Voice;
use crate::compress::{self, Ask, CompressionOptions, Job};
use crate::session;

impl Executor {
    /// Makes the conversation smaller if it has reached the threshold.
    pub(super) async fn fit(&mut self) -> Result<(), End> {
        let (Some(options), Some(window)) = (self.agent.compression.clone(), self.window) else {
            return Ok(());
        };
        let limit = options.limit(window);
        if self.gauge.is_surely_below(limit, self.transcript.items())
            || self.question_tokens() < limit
        {
            return Ok(());
        }
        self.compress(CompressionReason::Threshold).await?;
        Ok(())
    }

    /// Makes the conversation smaller because a model refused it. Whether it is smaller now.
    pub(super) async fn make_room(&mut self) -> Result<bool, End> {
        let refused = self.question_tokens();
        // Whatever the window was said to be, it is smaller than this.
        self.window = Some(self.window.map_or(refused, |window| window.min(refused)));
        self.compress(CompressionReason::Overflow).await
    }

    /// Makes the conversation smaller because a person wants it.
    pub(super) async fn compact(&mut self) -> Result<(), End> {
        if self.agent.compression.is_none() {
            self.warn("compression is off for this agent; nothing was changed")
                .await;
        } else if !self.compress(CompressionReason::Request).await? {
            self.warn("there is nothing in the session that could be made smaller")
                .await;
        }
        Ok(())
    }

    /// Makes the conversation smaller. Whether it is smaller now.
    pub(super) async fn compress(&mut self, reason: CompressionReason) -> Result<bool, End> {
        let Some(options) = self.agent.compression.clone() else {
            return Ok(false);
        };
        let options = self.with_pins(&options);
        let items = self.transcript.items().to_vec();
        let previous = self.transcript.compaction().cloned();
        let agent = Arc::clone(&self.agent);
        // A window that nobody knows holds what there is.
        let window = self.window.unwrap_or_else(|| self.question_tokens());
        let mut counter = self.gauge.lend_counter();
        let job = Job {
            items: &items,
            previous: previous.as_ref(),
            options: &options,
            counter: &mut counter,
            calibration: self.gauge.calibration(),
            fixed_tokens: self.gauge.fixed(),
            window,
            reason,
            tools: &agent.request.tools,
            summarizer: compress::Summarizer {
                model: options
                    .summarizer
                    .as_ref()
                    .map_or(&agent.request.model, |(_, model)| model),
                // No smaller than that of the model which it works for, as far as anybody knows.
                window,
            },
        };
        let mut summarizer = Summarizer {
            executor: self,
            ended: None,
        };
        let made = compress::compress(job, &mut summarizer).await;
        let ended = summarizer.ended;
        self.gauge.put_back(counter);
        if let Some(end) = ended {
            return Err(end);
        }
        let Some((compaction, told)) = made? else {
            return Ok(false);
        };
        let entry = session::compaction_entry(&compaction);
        let seq = self.journal.append(vec![entry]).await?;
        self.transcript.compact(seq, compaction);
        self.watch.saw_compression(self.tally.turns);
        self.events.emit(RunEvent::Compressed(told)).await;
        Ok(true)
    }

    /// The options with the session's own facts among those that are kept.
    fn with_pins(&self, options: &CompressionOptions) -> CompressionOptions {
        let mut options = options.clone();
        for pin in self.transcript.pins() {
            if !options.pinned.contains(pin) {
                options.pinned.push(pin.clone());
            }
        }
        options
    }
}

/// Asks the model that summarises, on the run's account.
struct Summarizer<'a> {
    executor: &'a mut Executor,
    /// Why the run has to end, if it has to.
    ended: Option<End>,
}

#[async_trait]
impl Ask for Summarizer<'_> {
    async fn ask(&mut self, mut request: ModelRequest) -> Result<String> {
        let agent = Arc::clone(&self.executor.agent);
        let own = agent
            .compression
            .as_ref()
            .and_then(|it| it.summarizer.as_ref());
        let provider: &Arc<dyn Provider> = match own {
            Some((provider, model)) => {
                request.model.clone_from(model);
                provider
            }
            None => {
                request.model.clone_from(&agent.request.model);
                request.extra.clone_from(&agent.request.extra);
                &agent.provider
            }
        };
        let voice = Voice::Host(Arc::clone(provider));
        match self.executor.ask(request, &voice).await {
            Ok((answer, _)) if answer.stop == StopReason::MaxOutputTokens => Err(
                Error::resource_exhausted("the summary was cut off at the model's output limit"),
            ),
            Ok((answer, _)) => Ok(answer.message.text()),
            Err(End::Failed(error)) if error.kind != ErrorKind::Cancelled => Err(error),
            Err(end) => {
                self.ended = Some(end);
                Err(Error::cancelled())
            }
        }
    }
}
