//! Loom's built-in plugins, embedded as components. They are ordinary plugins: nothing in the host
//! knows them but by name in the default configuration.

/// A built-in plugin.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The name of its folder in `plugins/`, and in its manifest.
    pub name: &'static str,
    /// The component.
    pub wasm: &'static [u8],
    /// SHA-256 of the component, in hexadecimal: computed when it was built, so that no start pays.
    pub digest: &'static str,
}

/// All built-in plugins, by name.
pub const ALL: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/builtins.rs"));
