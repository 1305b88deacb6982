//! Follows a run to its end: shows its events and passes on the person's wish to stop.

use std::io;

use loom_core::Run;
use loom_types::{Outcome, RunEvent};
use tokio::signal;

use crate::fault::Exit;
use crate::render::Render;

use super::ask::{Desk, Question};
use super::chat::{Heard, Typed};
use super::steer::Steer;

/// What may come in while a run is shown.
#[derive(Default)]
pub(super) struct Inputs<'a> {
    /// Commands from another program.
    pub(super) steer: Option<Steer>,
    /// Questions of the run to the person.
    pub(super) desk: Option<&'a mut Desk>,
    /// What the person types unasked.
    pub(super) typed: Option<&'a mut Typed>,
}

impl Inputs<'_> {
    /// Leaves the terminal to someone else.
    fn rest(&mut self) {
        if let Some(typed) = self.typed.as_deref_mut() {
            typed.rest();
        }
    }

    fn listen(&mut self) {
        if let Some(typed) = self.typed.as_deref_mut() {
            typed.listen();
        }
    }
}

/// Shows a run until it ends, and passes on what comes in. Ctrl-C or a termination signal stops it
/// cleanly; a second one leaves the process at once. If nobody sees the events any more, the run is
/// stopped and the error returned.
pub(super) async fn drive(
    mut run: Run,
    render: &mut dyn Render,
    mut inputs: Inputs<'_>,
) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let mut asked_to_stop = false;
    loop {
        tokio::select! {
            biased;
            () = signals.next() => {
                if asked_to_stop {
                    inputs.rest();
                    std::process::exit(Exit::Cancelled.code().into());
                }
                asked_to_stop = true;
                run.cancel();
                render.stopping();
            }
            message = notice(&mut inputs.steer) => render.event(&RunEvent::Warning { message })?,
            question = question(&mut inputs.desk) => {
                if !is_answered(question, render, &mut inputs, &mut signals).await? {
                    asked_to_stop = true;
                    run.cancel();
                    render.stopping();
                }
            }
            heard = typed(&mut inputs.typed) => match heard {
                Heard::Draft(text) => render.draft(&text),
                Heard::Line(line) => {
                    render.noted(&line);
                    let typed = inputs.typed.as_deref_mut().expect("the line came from there");
                    typed.inject(&run.steering(), line);
                }
            },
            event = run.next() => {
                let Some(event) = event else {
                    return Ok(run.outcome().await);
                };
                if let RunEvent::RunEnded { .. } = event {
                    last_notices(inputs.steer.take(), render).await?;
                }
                if let Err(error) = render.event(&event) {
                    run.cancel();
                    run.outcome().await;
                    return Err(error.into());
                }
                if let RunEvent::RunEnded { outcome } = event {
                    return Ok(outcome);
                }
            }
        }
    }
}

async fn notice(steer: &mut Option<Steer>) -> String {
    match steer {
        Some(steer) => steer.notice().await,
        None => std::future::pending().await,
    }
}

async fn question(desk: &mut Option<&mut Desk>) -> Question {
    match desk {
        Some(desk) => desk.next().await,
        None => std::future::pending().await,
    }
}

/// Puts a question to the person. False if they stop the run rather than answer: they decide nothing,
/// and the question ends with the run.
async fn is_answered(
    question: Question,
    render: &mut dyn Render,
    inputs: &mut Inputs<'_>,
    signals: &mut Signals,
) -> io::Result<bool> {
    render.suspend();
    inputs.rest();
    let desk = inputs.desk.as_deref();
    let desk = desk.expect("the question came from there");
    let answered = tokio::select! {
        biased;
        () = signals.next() => Ok(false),
        put = question.put(desk.setting()) => put.map(|()| true),
    };
    inputs.listen();
    answered
}

async fn typed(typed: &mut Option<&mut Typed>) -> Heard {
    match typed {
        Some(typed) => typed.next().await,
        None => std::future::pending().await,
    }
}

/// What became of the last messages is told before the run's end.
async fn last_notices(steer: Option<Steer>, render: &mut dyn Render) -> anyhow::Result<()> {
    let Some(steer) = steer else { return Ok(()) };
    for message in steer.finish().await {
        render.event(&RunEvent::Warning { message })?;
    }
    Ok(())
}

/// How a script sees the end of a run.
pub(super) fn exit_of(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Completed { .. } => Exit::Done,
        Outcome::LimitReached { .. } => Exit::Limit,
        Outcome::Cancelled { .. } => Exit::Cancelled,
        Outcome::Failed { .. } => Exit::Failed,
    }
}

/// Waits until the person wants to stop.
pub(super) async fn interrupted() -> anyhow::Result<()> {
    Signals::listen()?.next().await;
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: signal::unix::Signal,
    terminate: signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
