//! One turn: the model is asked, its answer is written down, its calls are run.

use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use loom_types::{
    CompletionContext, Error, Limit, Message, ModelEvent, ModelRequest, Part, Provider, Result,
    RunEvent, StopReason, Usage,
};

use super::Executor;
use super::end::End;
use super::meter::Meter;
use super::request::Question;
use super::watch::Surroundings;
use crate::assemble::{Answer, Assembly};
use crate::budget::{counted_or, estimated_tokens};
use crate::reminder::Hint;
use crate::session;

/// How often a conversation that a model refuses as too long is made smaller for one question.
const MAX_COMPRESSIONS: u32 = 3;

/// Who hears an answer.
pub(super) enum Voice {
    /// Whoever reads the run's events: it is a part of the conversation.
    Run,
    /// The host alone, which asks this provider on its own behalf.
    Host(Arc<dyn Provider>),
}

impl Executor {
    /// Asks the model once and does what it wants.
    pub(super) async fn turn(&mut self) -> Result<(), End> {
        self.wait_while_paused().await?;
        // What was said during a pause belongs to this question.
        self.take_messages().await?;
        self.check_limits()?;
        self.fit().await?;
        let turn = self.tally.turns + 1;
        let hints = self.hints(turn);
        // A question that is not asked is no turn.
        let Question { request, held_to } = self.question(&hints).await?;
        self.tally.turns = turn;
        self.scope.budget.charge_turn();
        self.events.emit(RunEvent::TurnStarted { turn }).await;
        for Hint { rule, text } in &hints {
            let (rule, text) = (rule.clone(), text.clone());
            self.events.emit(RunEvent::Reminded { rule, text }).await;
        }
        let (answer, usage) = self.ask_or_make_room(request, &hints).await?;
        self.check_filter(&answer)?;
        let cut_off = answer.stop == StopReason::MaxOutputTokens;
        let used_up = held_to.filter(|_| cut_off);
        if answer.is_empty() && used_up.is_none() {
            self.put_up_with_silence(&answer.stop).await?;
        } else if !answer.is_empty() {
            self.tally.silences = 0;
            self.record(answer).await?;
            self.run_calls(self.transcript.open_calls()).await?;
        }
        self.events
            .emit(RunEvent::TurnCompleted { turn, usage })
            .await;
        // Half an answer is none, and the budget has no room for the other half.
        used_up.map_or(Ok(()), |limit| Err(End::Limit(limit)))?;
        self.check_circles()
    }

    /// Waits as long as somebody wants the run to pause.
    pub(super) async fn wait_while_paused(&mut self) -> Result<(), End> {
        while self.notice_pause().await {
            let mut pause = self.scope.pause.clone();
            self.stop.or(pause.over()).await?;
        }
        Ok(())
    }

    /// Whether the run has to wait now. Tells when that changes.
    pub(super) async fn notice_pause(&mut self) -> bool {
        let paused = self.scope.pause.is_on();
        if paused != std::mem::replace(&mut self.paused, paused) {
            let event = if paused {
                RunEvent::Paused
            } else {
                RunEvent::Resumed
            };
            self.events.emit(event).await;
        }
        paused
    }

    /// The hints for the next question.
    fn hints(&mut self, turn: u32) -> Vec<Hint> {
        let around = Surroundings {
            turn,
            context_window: self.window,
            budget: self.scope.budget.used(),
        };
        self.watch.hints(&self.agent.reminders, around)
    }

    /// Ends a run that makes the same failing call over and over.
    fn check_circles(&self) -> Result<(), End> {
        let times = self.watch.repeated_failures();
        if times >= self.agent.limits.repeated_failures.max(2) {
            return Err(End::Limit(Limit::RepeatedFailures(times)));
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), End> {
        if let Some(cause) = self.stop.reached() {
            return Err(cause.into());
        }
        if let Some(limit) = self.scope.budget.reached() {
            return Err(End::Limit(limit));
        }
        let limits = &self.agent.limits;
        if self.tally.turns >= limits.turns {
            return Err(End::Limit(Limit::Turns(limits.turns)));
        }
        match limits.output_tokens {
            Some(limit) if self.tally.usage.output_tokens >= limit => {
                Err(End::Limit(Limit::OutputTokens(limit)))
            }
            _ => Ok(()),
        }
    }

    /// The model's next answer. A question that is too long for it is made smaller and asked again.
    async fn ask_or_make_room(
        &mut self,
        request: ModelRequest,
        hints: &[Hint],
    ) -> Result<(Answer, Usage), End> {
        let mut asked = self.ask(request, &Voice::Run).await;
        for _ in 0..MAX_COMPRESSIONS {
            let Err(End::Failed(error)) = &asked else {
                break;
            };
            if !error.is_context_overflow() || !self.make_room().await? {
                break;
            }
            let Question { request, .. } = self.question(hints).await?;
            asked = self.ask(request, &Voice::Run).await;
        }
        asked
    }

    /// An answer, whole. Text and tokens of one that breaks off are kept in the tally.
    pub(super) async fn ask(
        &mut self,
        request: ModelRequest,
        voice: &Voice,
    ) -> Result<(Answer, Usage), End> {
        let mut assembly = Assembly::default();
        let mut meter = Meter::start(format!("{}/{}", self.asked(voice).name(), request.model));
        let streamed = self.stream(request, voice, &mut assembly, &mut meter).await;
        meter.settle();
        let text = assembly.text();
        let usage = self.account(&meter, voice, &streamed, text.len()).await;
        if matches!(voice, Voice::Run) && !text.is_empty() {
            self.tally.text = text;
        }
        streamed?;
        let answer = assembly.finish(|id| self.transcript.knows_call(id));
        let answer = answer.map_err(|error| self.of_provider(voice, error))?;
        tracing::debug!(
            turn = self.tally.turns,
            output_tokens = usage.output_tokens,
            stop = ?answer.stop,
            "model answered"
        );
        Ok((answer, usage))
    }

    /// Counts what an answer used up, and tells of it. Who counts nothing is estimated, from the
    /// question and the bytes of the answer.
    async fn account(
        &mut self,
        meter: &Meter,
        voice: &Voice,
        streamed: &Result<(), End>,
        answer_bytes: usize,
    ) -> Usage {
        let (usage, cost) = meter.spent();
        self.tally.usage += usage;
        if let Some(cost) = cost {
            *self.tally.cost.get_or_insert_default() += cost;
        }
        let tokens = counted_or(&usage, || {
            self.estimated_question_tokens() + estimated_tokens(answer_bytes as u64)
        });
        self.scope.budget.charge_answer(tokens, cost);
        if matches!(voice, Voice::Run) {
            self.last_price = meter.price();
            self.watch.saw_answer(meter.last());
            self.gauge.saw(meter.last().input_tokens);
        }
        self.tell_unknown_price(meter).await;
        let error = match streamed {
            Err(End::Failed(error)) => Some(error.clone()),
            _ => None,
        };
        let answered = RunEvent::ModelAnswered {
            turn: self.tally.turns,
            model: meter.model().to_owned(),
            usage,
            cost,
            latency: meter.latency(),
            error,
        };
        self.events.emit(answered).await;
        usage
    }

    /// A budget of money that cannot hold is told once.
    async fn tell_unknown_price(&mut self, meter: &Meter) {
        let Some(limit) = self
            .scope
            .budget
            .cost_limit()
            .filter(|_| meter.price().is_none())
        else {
            return;
        };
        if !std::mem::replace(&mut self.told_unknown_price, true) {
            self.warn(format!(
                "the price of {} is not known, so the budget of {limit} does not count it; set its price, or \
                 limit the tokens",
                meter.model()
            ))
            .await;
        }
    }

    fn asked<'a>(&'a self, voice: &'a Voice) -> &'a Arc<dyn Provider> {
        match voice {
            Voice::Run => &self.agent.provider,
            Voice::Host(provider) => provider,
        }
    }

    async fn stream(
        &mut self,
        request: ModelRequest,
        voice: &Voice,
        assembly: &mut Assembly,
        meter: &mut Meter,
    ) -> Result<(), End> {
        let cancel = self.stop.child_token();
        // However the answer ends, whoever still works on it is told.
        let _guard = cancel.clone().drop_guard();
        let context = CompletionContext {
            run_id: self.tally.run_id().clone(),
            session_id: self.tally.session_id().clone(),
            trace: self
                .scope
                .trace
                .child(&format!("turn {}", self.tally.turns)),
            cancel,
        };
        let provider = Arc::clone(self.asked(voice));
        let stop = self.stop.clone();
        let mut stopped = pin!(stop.wait());
        let completion = provider.complete(request, &context);
        let mut stream = tokio::select! {
            biased;
            cause = &mut stopped => return Err(cause.into()),
            stream = completion => stream.map_err(|error| self.of_provider(voice, error))?,
        };
        loop {
            let event = tokio::select! {
                biased;
                cause = &mut stopped => return Err(cause.into()),
                event = stream.next() => event,
            };
            match event {
                None => return Ok(()),
                Some(Ok(event)) => {
                    meter.see(&event);
                    self.receive(event, voice, assembly).await?;
                }
                // The answer is whole: what fails after its end costs nothing.
                Some(Err(error)) if assembly.has_stopped() => {
                    tracing::debug!(kind = ?error.kind, "the stream failed after the answer's end");
                    return Ok(());
                }
                Some(Err(error)) => return Err(self.of_provider(voice, error).into()),
            }
        }
    }

    async fn receive(
        &mut self,
        event: ModelEvent,
        voice: &Voice,
        assembly: &mut Assembly,
    ) -> Result<()> {
        let is_heard = matches!(voice, Voice::Run);
        let delta = match &event {
            ModelEvent::Text { text } if is_heard && !text.is_empty() => {
                Some(RunEvent::TextDelta { text: text.clone() })
            }
            ModelEvent::Reasoning { text } if is_heard && !text.is_empty() => {
                Some(RunEvent::ReasoningDelta { text: text.clone() })
            }
            ModelEvent::Routing(routing) => Some(RunEvent::ModelRouted {
                routing: routing.clone(),
            }),
            _ => None,
        };
        let pushed = assembly.push(event);
        pushed.map_err(|error| self.of_provider(voice, error))?;
        if let Some(delta) = delta {
            self.events.emit(delta).await;
        }
        Ok(())
    }

    /// Says whose error it is, if it does not say so itself.
    fn of_provider(&self, voice: &Voice, error: Error) -> Error {
        match &error.origin {
            Some(_) => error,
            None => error.from_origin(self.asked(voice).name()),
        }
    }

    fn check_filter(&self, answer: &Answer) -> Result<()> {
        if answer.stop != StopReason::ContentFilter {
            return Ok(());
        }
        let error = Error::denied(
            "the provider's content filter stopped the answer; rephrase the input or use another model",
        );
        Err(self.of_provider(&Voice::Run, error))
    }

    /// An answer without anything in it: models do that now and then, and answer when asked again.
    async fn put_up_with_silence(&mut self, stop: &StopReason) -> Result<(), End> {
        if *stop == StopReason::MaxOutputTokens {
            let error = Error::resource_exhausted(
                "the model used up its output limit before it said anything; raise the limit of output \
                 tokens or ask for less reasoning",
            );
            return Err(self.of_provider(&Voice::Run, error).into());
        }
        self.tally.silences += 1;
        if self.tally.silences > 1 {
            let error = Error::unavailable(
                "the model gave an empty answer twice; rephrase the input or use another model",
            );
            return Err(self.of_provider(&Voice::Run, error).into());
        }
        self.warn("the model gave an empty answer; asking again")
            .await;
        Ok(())
    }

    /// Writes an answer to the session, before anything is done about it.
    async fn record(&mut self, answer: Answer) -> Result<(), End> {
        let Answer {
            mut message,
            stop,
            cut_call,
        } = answer;
        if let Some(name) = &cut_call {
            mark_cut_call(&mut message, name);
        }
        let note = cut_call.as_deref().map(cut_call_note).map(Arc::new);
        let message = Arc::new(message);
        let written = std::iter::once(&message).chain(&note);
        // Together: after a crash between them nothing would tell that a call is missing.
        let entries = written.map(|message| session::message_entry(message));
        let seq = self.journal.append(entries.collect()).await?;
        self.transcript.push_message(seq, Arc::clone(&message));
        if let Some(note) = note {
            self.transcript.push_message(seq + 1, note);
        }
        self.events
            .emit(RunEvent::MessageCompleted { message })
            .await;
        if stop == StopReason::MaxOutputTokens {
            self.warn("the answer was cut off at the model's output limit")
                .await;
        }
        Ok(())
    }
}

/// Providers refuse messages with nothing in them, so an answer that was only a cut call says so.
fn mark_cut_call(message: &mut Message, name: &str) {
    if message.text().is_empty() && message.tool_calls().next().is_none() {
        let text = format!("(A call of `{name}` was cut off here.)");
        message.parts.push(Part::Text { text });
    }
}

fn cut_call_note(name: &str) -> Message {
    Message::user(format!(
        "Your answer reached the output limit in the middle of a call of `{name}`. The call did not run. \
         Call it again with shorter arguments, or split the work into several calls."
    ))
}
