//! What a plugin may ask of the host. In a native test there is no host: messages go to standard
//! error, settings and secrets are unset.

use crate::error::Error;

pub use crate::bindings::imports::loom::plugin::host::LogLevel;

/// Writes to the host's log, under the plugin's name. `Warn` reaches the person who runs the agent.
pub fn log(level: LogLevel, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::imports::loom::plugin::host::log(level, message);
    #[cfg(not(target_family = "wasm"))]
    eprintln!("{level:?}: {message}");
}

/// Tells the person who waits how far a call has come; `fraction` from 0.0 to 1.0 if it is known.
pub fn progress(message: &str, fraction: Option<f32>) {
    #[cfg(target_family = "wasm")]
    crate::bindings::imports::loom::plugin::host::progress(message, fraction);
    #[cfg(not(target_family = "wasm"))]
    eprintln!("progress {fraction:?}: {message}");
}

/// Whether the host wants this call to stop.
pub fn is_cancelled() -> bool {
    #[cfg(target_family = "wasm")]
    return crate::bindings::imports::loom::plugin::host::is_cancelled();
    #[cfg(not(target_family = "wasm"))]
    false
}

/// The value of one of the plugin's settings, if it is set.
pub fn config(name: &str) -> Option<String> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::imports::loom::plugin::config::get(name);
    #[cfg(not(target_family = "wasm"))]
    {
        let _ = name;
        None
    }
}

/// A placeholder for a granted secret, to be put into a request header.
///
/// # Errors
///
/// `denied` without a grant, `not-found` if the secret is granted but not set.
pub fn secret(name: &str) -> Result<String, Error> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::imports::loom::plugin::secrets::get(name);
    #[cfg(not(target_family = "wasm"))]
    Err(Error::denied(format!(
        "there is no host to give the secret {name}"
    )))
}

/// The embedding model that the host is configured with, as `provider/model`; none if there is none or
/// the plugin has no grant for it.
pub fn embedding_model() -> Option<String> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::imports::loom::plugin::embedder::model();
    #[cfg(not(target_family = "wasm"))]
    None
}

/// One vector for each text, in order, by the host's embedding model.
///
/// # Errors
///
/// `denied` without a grant, `not-found` if no model is configured, and whatever the model's provider
/// reports.
pub fn embed(texts: &[String]) -> Result<Vec<Vec<f32>>, Error> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::imports::loom::plugin::embedder::embed(texts);
    #[cfg(not(target_family = "wasm"))]
    {
        let _ = texts;
        Err(Error::not_found("there is no host with an embedding model"))
    }
}
