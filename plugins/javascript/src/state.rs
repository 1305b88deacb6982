//! A session's variables as text and back; what text is a matter of `js/state.js`.

use loom_sdk::Error;
use loom_snippet::Note;
use rquickjs::{Ctx, Function, Object};

use crate::interpreter::Interpreter;

pub(crate) fn save(interpreter: &Interpreter) -> Result<(Vec<u8>, Vec<Note>), Error> {
    interpreter.code.with(|ctx| {
        let saved = || -> rquickjs::Result<(String, Vec<Note>)> {
            let kernel = interpreter.kernel.clone().restore(&ctx)?;
            let saved: Object = kernel.get::<_, Function>("save")?.call(())?;
            Ok((saved.get("state")?, notes(&saved)?))
        };
        let (state, lost) = saved().map_err(|error| failed(&ctx, "keeping", &error))?;
        Ok((state.into_bytes(), lost))
    })
}

pub(crate) fn restore(interpreter: &Interpreter, state: &[u8]) -> Result<Vec<Note>, Error> {
    let state = String::from_utf8_lossy(state);
    interpreter.code.with(|ctx| {
        let restored = || -> rquickjs::Result<Vec<Note>> {
            let kernel = interpreter.kernel.clone().restore(&ctx)?;
            let restored: Object = kernel.get::<_, Function>("restore")?.call((&*state,))?;
            notes(&restored)
        };
        restored().map_err(|error| failed(&ctx, "restoring", &error))
    })
}

fn notes(result: &Object<'_>) -> rquickjs::Result<Vec<Note>> {
    let lost: Vec<Vec<String>> = result.get("lost")?;
    let note = |pair: Vec<String>| {
        let mut pair = pair.into_iter();
        Note::new(
            pair.next().unwrap_or_default(),
            pair.next().unwrap_or_default(),
        )
    };
    Ok(lost.into_iter().map(note).collect())
}

fn failed(ctx: &Ctx<'_>, doing: &str, error: &rquickjs::Error) -> Error {
    let thrown = ctx.catch();
    let message = thrown.as_exception().and_then(|each| each.message());
    Error::internal(format!(
        "{doing} the variables: {}",
        message.unwrap_or_else(|| error.to_string())
    ))
}
