//! One run of code: evaluates it, then turns the loop of jobs and timers until nothing is left, an error
//! was not caught, or time is up. What is printed and shown is the kernel's.

use std::time::{Duration, Instant};

use loom_sdk::Error;
use loom_snippet::{Capture, Ending, Exception, Run};
use rquickjs::context::EvalOptions;
use rquickjs::convert::List;
use rquickjs::promise::PromiseState;
use rquickjs::{Ctx, Function, Object, Promise, Value};

use crate::control::{Control, Stop};
use crate::interpreter::Interpreter;
use crate::source;

/// How many jobs run between two looks at the clock.
const JOBS: u32 = 64;

/// The message of an error that has none that can be read.
const NOT_SHOWN: &str = "an error that can't be shown: writing it down failed";

/// How a run ended, if not by itself.
enum Stopped<'js> {
    Thrown(Value<'js>),
    /// Nothing is left that could settle what the code awaits.
    Unsettled,
    Outside(Stop),
}

/// Runs a call's code.
///
/// # Errors
///
/// None: what goes wrong is the code's.
pub(crate) fn run(interpreter: &Interpreter, run: Run<'_>) -> Result<Ending, Error> {
    let control = &interpreter.control;
    let given = run.deadline.saturating_duration_since(Instant::now());
    let capture = std::mem::replace(run.capture, Capture::new(0, None));
    control.begin(run.deadline, run.stdin, run.roots, capture);
    let keeps = run.roots.session.is_some();
    let mut ending = interpreter.code.with(|ctx| {
        let turning = Loop {
            control,
            kernel: interpreter.kernel.clone().restore(&ctx).map_err(internal)?,
            ctx: ctx.clone(),
        };
        let result = turning.evaluate(run.code, keeps);
        turning.ending(result, given).map_err(internal)
    })?;
    if control.stopped().is_some() || ending.error.is_some() {
        interpreter.drop_jobs();
    }
    if let Some(error) = &mut ending.error
        && error.message == NOT_SHOWN
        && interpreter.is_full()
    {
        error.kind = "InternalError".into();
        error.message = "out of memory".into();
    }
    ending.written = control.written.take();
    if let Some(capture) = control.end() {
        *run.capture = capture;
    }
    Ok(ending)
}

fn internal(error: rquickjs::Error) -> Error {
    Error::internal(format!("the JavaScript interpreter failed: {error}"))
}

struct Loop<'a, 'js> {
    control: &'a Control,
    kernel: Object<'js>,
    ctx: Ctx<'js>,
}

impl<'js> Loop<'_, 'js> {
    fn evaluate(&self, code: &str, keeps: bool) -> Result<Value<'js>, Stopped<'js>> {
        self.check(self.function::<_, ()>("clearAll", ()))?;
        let prepared = source::prepare(code, keeps);
        let mut options = EvalOptions::default();
        options.strict = false;
        options.promise = true;
        options.filename = Some(self.control.add_snippet(&prepared));
        let evaluated: rquickjs::Result<Promise> =
            self.ctx.eval_with_options(prepared.text, options);
        let main = self.check(evaluated)?;
        self.check(self.function::<_, ()>("observe", (main.clone(),)))?;
        self.turn(&main)?;
        let result: Object = match main.result() {
            Some(result) => self.check(result)?,
            None => return Err(Stopped::Unsettled),
        };
        let value: Value = self.check(result.get("value"))?;
        match value.as_promise().map(|promise| promise.result::<Value>()) {
            Some(Some(settled)) => self.check(settled),
            _ => Ok(value),
        }
    }

    /// Until there is nothing left to do.
    fn turn(&self, main: &Promise<'js>) -> Result<(), Stopped<'js>> {
        loop {
            self.drain()?;
            if main.state() == PromiseState::Rejected
                && let Some(rejected) = main.result::<Value>()
            {
                self.check(rejected)?;
            }
            let wait: f64 = self.check(self.function("due", ()))?;
            if wait < 0.0 {
                return Ok(());
            }
            self.sleep(wait)?;
            self.check(self.function::<_, Value>("fire", ()))?;
        }
    }

    /// Runs all jobs that wait, and looks at what they left.
    fn drain(&self) -> Result<(), Stopped<'js>> {
        let mut jobs = 0;
        loop {
            self.run_ticks()?;
            if !self.ctx.execute_pending_job() && !self.control.has_tick() {
                break;
            }
            jobs += 1;
            if jobs % JOBS == 0 {
                self.control.must_stop();
            }
            self.check(Ok(()))?;
        }
        if let Some(uncaught) = self.control.uncaught.take() {
            let uncaught = self.check(uncaught.restore(&self.ctx))?;
            return Err(Stopped::Thrown(uncaught));
        }
        let rejected = self.control.rejections.borrow_mut().pop();
        match rejected {
            Some((_, reason)) => Err(Stopped::Thrown(self.check(reason.restore(&self.ctx))?)),
            None => Ok(()),
        }
    }

    fn run_ticks(&self) -> Result<(), Stopped<'js>> {
        if self.control.take_tick() {
            while self.check(self.function("tick", ()))? {
                self.control.must_stop();
            }
        }
        Ok(())
    }

    /// In steps, so that a cancelled call ends.
    fn sleep(&self, milliseconds: f64) -> Result<(), Stopped<'js>> {
        let mut left = Duration::from_secs_f64(milliseconds / 1000.0);
        while !left.is_zero() {
            let step = left
                .min(self.control.remaining())
                .min(Duration::from_millis(50));
            std::thread::sleep(step);
            left = left.saturating_sub(step);
            self.control.must_stop();
            self.check(Ok(()))?;
        }
        Ok(())
    }

    fn function<A, R>(&self, name: &str, arguments: A) -> rquickjs::Result<R>
    where
        A: rquickjs::function::IntoArgs<'js>,
        R: rquickjs::FromJs<'js>,
    {
        self.kernel.get::<_, Function>(name)?.call(arguments)
    }

    /// What was thrown, or why code was stopped, which looks like something thrown.
    fn check<T>(&self, result: rquickjs::Result<T>) -> Result<T, Stopped<'js>> {
        if let Some(stop) = self.control.stopped() {
            self.ctx.catch();
            return Err(Stopped::Outside(stop));
        }
        result.map_err(|error| match error {
            rquickjs::Error::Exception => Stopped::Thrown(self.ctx.catch()),
            error => {
                rquickjs::Exception::throw_internal(&self.ctx, &error.to_string());
                Stopped::Thrown(self.ctx.catch())
            }
        })
    }

    fn ending(
        &self,
        result: Result<Value<'js>, Stopped<'js>>,
        given: Duration,
    ) -> rquickjs::Result<Ending> {
        let mut ending = Ending {
            exit_status: 1,
            ..Ending::default()
        };
        match result {
            Ok(value) => match self.check(self.function("finish", (value,))) {
                Ok(List((value, exit_status))) => {
                    ending.value = value;
                    ending.exit_status = exit_status;
                }
                Err(stopped) => self.fail(stopped, given, &mut ending),
            },
            Err(stopped) => self.fail(stopped, given, &mut ending),
        }
        Ok(ending)
    }

    fn fail(&self, stopped: Stopped<'js>, given: Duration, ending: &mut Ending) {
        let error = |kind: &str, message: String| Exception {
            kind: kind.into(),
            message,
            traceback: String::new(),
        };
        ending.error = Some(match stopped {
            Stopped::Outside(Stop::Exit(status)) => {
                ending.exit_status = status;
                return;
            }
            Stopped::Outside(Stop::Cancelled) => {
                error("Cancelled", "the call was cancelled".into())
            }
            Stopped::Outside(Stop::Timeout) => error(
                "Timeout",
                format!(
                    "the code was stopped after {} ms; do less, or give it a larger timeout_ms; what was printed and written before is kept",
                    given.as_millis()
                ),
            ),
            Stopped::Unsettled => error(
                "Unsettled",
                "the code awaits a promise that nothing will settle: no timer and no request is open"
                    .into(),
            ),
            Stopped::Thrown(thrown) => self.describe(thrown),
        });
    }

    fn describe(&self, thrown: Value<'js>) -> Exception {
        let described = self.function::<_, List<(String, String, String)>>("describe", (thrown,));
        match self.check(described) {
            Ok(List((kind, message, traceback))) => Exception {
                kind,
                message,
                traceback,
            },
            Err(_) => Exception {
                kind: "Error".into(),
                message: NOT_SHOWN.into(),
                traceback: String::new(),
            },
        }
    }
}
