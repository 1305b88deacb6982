//! Feeds observers from a run's events on their way to the renderer.

use std::io;
use std::sync::Arc;

use loom_core::{ObservedRun, Observer};
use loom_types::{RunEvent, RunId, SessionId, Trace};

use crate::render::Render;

/// A renderer that observers sit beside.
pub(super) struct Fed {
    render: Box<dyn Render>,
    observers: Vec<Arc<dyn Observer>>,
    run: Option<(RunId, SessionId, Trace)>,
}

impl Fed {
    pub(super) fn new(render: Box<dyn Render>, observers: Vec<Arc<dyn Observer>>) -> Self {
        Self {
            render,
            observers,
            run: None,
        }
    }
}

impl Render for Fed {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        if let RunEvent::RunStarted {
            run_id,
            session_id,
            correlation_id,
            ..
        } = event
        {
            let trace = Trace::of_run(*correlation_id, run_id);
            self.run = Some((run_id.clone(), session_id.clone(), trace));
        }
        if let Some((run_id, session_id, trace)) = &self.run {
            let run = ObservedRun {
                run_id,
                session_id,
                trace: *trace,
                parent: None,
                agent: None,
            };
            for observer in &self.observers {
                observer.event(&run, event);
            }
        }
        self.render.event(event)
    }

    fn stopping(&mut self) {
        self.render.stopping();
    }
}
