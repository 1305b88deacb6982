//! The interpreter as an engine of `loom-snippet`: made when first needed, kept between calls.

use loom_sdk::Error;
use loom_snippet::{Ending, Engine, Note, Roots, Run};

use crate::event_loop;
use crate::interpreter::Interpreter;

/// See the module.
pub(crate) struct JavaScript {
    interpreter: Option<Interpreter>,
    is_awake: bool,
}

impl JavaScript {
    pub(crate) fn new() -> Self {
        Self {
            interpreter: None,
            is_awake: false,
        }
    }

    /// One whose interpreter is made, with all its parts: what a snapshot is taken of.
    ///
    /// # Errors
    ///
    /// `internal` if it does not start.
    pub(crate) fn prepared() -> Result<Self, Error> {
        let interpreter = Interpreter::new()?;
        interpreter.prepare()?;
        Ok(Self {
            interpreter: Some(interpreter),
            is_awake: false,
        })
    }

    fn interpreter(&mut self) -> Result<&Interpreter, Error> {
        let interpreter = match self.interpreter.take() {
            Some(interpreter) => interpreter,
            None => Interpreter::new()?,
        };
        if !self.is_awake {
            interpreter.wake()?;
            self.is_awake = true;
        }
        Ok(self.interpreter.insert(interpreter))
    }
}

impl Engine for JavaScript {
    fn run(&mut self, run: Run<'_>) -> Result<Ending, Error> {
        event_loop::run(self.interpreter()?, run)
    }

    fn reset(&mut self, _: &Roots) -> Result<(), Error> {
        *self = Self::new();
        Ok(())
    }

    fn save(&mut self) -> Result<(Vec<u8>, Vec<Note>), Error> {
        crate::state::save(self.interpreter()?)
    }

    fn restore(&mut self, state: &[u8], _: &Roots) -> Result<Vec<Note>, Error> {
        crate::state::restore(self.interpreter()?, state)
    }
}
