//! One QuickJS with two realms: the code's, and one for the half of the interpreter that is written in
//! JavaScript. Sets limits; runs no code of a call.

use std::rc::Rc;

use loom_sdk::Error;
use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Function, Object, Persistent, Runtime};

use crate::control::Control;
use crate::modules::{Files, Paths};
use crate::{native, parts};

/// What QuickJS may allocate: less than the host's 256 MiB, so that code that takes too much gets an
/// error that it can catch instead of its end.
const MEMORY_BYTES: usize = 208 << 20;
/// With less than this left the end of a run may not even be written down.
const SPARE_BYTES: usize = 1 << 20;
/// Stack of interpreted code. Of the two stacks that WebAssembly has this is the one that QuickJS can
/// measure, within the MiB that the linker gives it; the other, of 16 MiB, is the host's. Calls use that
/// one up two to three times as fast; the fastest of what the tests try, `JSON.stringify`, less than 16
/// times.
const STACK_BYTES: usize = if cfg!(target_family = "wasm") {
    768 << 10
} else {
    1 << 20
};

/// See the module.
pub(crate) struct Interpreter {
    // Values first: they must not outlive their runtime.
    pub(crate) kernel: Persistent<Object<'static>>,
    pub(crate) control: Rc<Control>,
    pub(crate) code: Context,
    _kernel_realm: Context,
    pub(crate) runtime: Runtime,
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        self.control.forget();
    }
}

impl Interpreter {
    /// # Errors
    ///
    /// `internal` if the interpreter does not start: out of memory, or a fault of its own.
    pub(crate) fn new() -> Result<Self, Error> {
        let runtime = Runtime::new().map_err(|error| failed(&error))?;
        let control = Rc::new(Control::new());
        runtime.set_memory_limit(MEMORY_BYTES);
        runtime.set_max_stack_size(STACK_BYTES);
        runtime.set_gc_threshold(4 << 20);
        runtime.set_loader(Paths::new(&control), Files::new(&control));
        let watched = Rc::clone(&control);
        runtime.set_interrupt_handler(Some(Box::new(move || watched.must_stop())));
        native::track_rejections(&runtime, &control);
        let kernel_realm = Context::full(&runtime).map_err(|error| failed(&error))?;
        let code = Context::full(&runtime).map_err(|error| failed(&error))?;
        let globals = code.with(|ctx| Persistent::save(&ctx, ctx.globals()));
        let (kernel, host) = kernel_realm.with(|ctx| {
            let made = make_kernel(&ctx, &control, globals);
            made.map_err(|error| fault(&ctx, &error))
        })?;
        code.with(|ctx| {
            let made = install(&ctx, kernel.clone(), host);
            made.map_err(|error| fault(&ctx, &error))
        })?;
        Ok(Self {
            kernel,
            control,
            code,
            _kernel_realm: kernel_realm,
            runtime,
        })
    }

    /// Makes all that is otherwise made when code first uses it.
    ///
    /// # Errors
    ///
    /// `internal` if a part fails.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        self.in_kernel("prepare")
    }

    /// Makes the interpreter one of this place and time, before it runs code: it may have been made long
    /// ago, as part of a snapshot.
    ///
    /// # Errors
    ///
    /// `internal` if memory is short.
    pub(crate) fn wake(&self) -> Result<(), Error> {
        self.control.wake();
        self.in_kernel("wake")
    }

    /// Calls a function of the kernel that takes and returns nothing.
    fn in_kernel(&self, name: &str) -> Result<(), Error> {
        self.code.with(|ctx| {
            let called = || -> rquickjs::Result<()> {
                let kernel = self.kernel.clone().restore(&ctx)?;
                kernel.get::<_, Function>(name)?.call(())
            };
            called().map_err(|error| fault(&ctx, &error))
        })
    }

    /// Whether next to nothing of the memory is left.
    pub(crate) fn is_full(&self) -> bool {
        let used = self.runtime.memory_usage().malloc_size;
        usize::try_from(used).is_ok_and(|used| used + SPARE_BYTES > MEMORY_BYTES)
    }

    /// Throws away the jobs that wait, without running code: nothing may be called on a stack of no size.
    pub(crate) fn drop_jobs(&self) {
        self.runtime.set_max_stack_size(1);
        self.code.with(|ctx| while ctx.execute_pending_job() {});
        self.runtime.set_max_stack_size(STACK_BYTES);
    }
}

type Objects = (Persistent<Object<'static>>, Persistent<Object<'static>>);

fn make_kernel(
    ctx: &Ctx<'_>,
    control: &Rc<Control>,
    globals: Persistent<Object<'static>>,
) -> rquickjs::Result<Objects> {
    let kernel = Object::new(ctx.clone())?;
    let host = native::host(ctx, control)?;
    let globals = globals.restore(ctx)?;
    let part: Function = eval(ctx, "kernel", parts::KERNEL)?;
    part.call::<_, ()>((kernel.clone(), host.clone(), globals))?;
    Ok((Persistent::save(ctx, kernel), Persistent::save(ctx, host)))
}

fn install(
    ctx: &Ctx<'_>,
    kernel: Persistent<Object<'static>>,
    host: Persistent<Object<'static>>,
) -> rquickjs::Result<()> {
    let kernel = kernel.restore(ctx)?;
    let host = host.restore(ctx)?;
    native::add_parts(ctx, &kernel, &host)?;
    let globals: Function = eval(ctx, "globals", parts::GLOBALS)?;
    globals.call::<_, ()>((kernel.clone(), host))?;
    let error: Object = ctx.globals().get("Error")?;
    error.set(
        "prepareStackTrace",
        kernel.get::<_, Function>("prepareStack")?,
    )?;
    kernel.get::<_, Function>("remember")?.call(())
}

/// Evaluates a part. Its name begins with `loom:`, which stacks do not show.
pub(crate) fn eval<'js>(
    ctx: &Ctx<'js>,
    name: &str,
    source: &str,
) -> rquickjs::Result<Function<'js>> {
    let mut options = EvalOptions::default();
    options.filename = Some(format!("loom:{name}"));
    ctx.eval_with_options(source, options)
}

fn failed(error: &rquickjs::Error) -> Error {
    Error::internal(format!(
        "the JavaScript interpreter does not start: {error}"
    ))
}

fn fault(ctx: &Ctx<'_>, error: &rquickjs::Error) -> Error {
    let thrown = ctx.catch();
    let exception = thrown.as_exception();
    let message = exception.map(|each| format!("{each:?}"));
    failed(error).context(message.unwrap_or_else(|| format!("{thrown:?}")))
}
