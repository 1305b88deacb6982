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

/// A built-in plugin that this program was built without.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    /// As in [`Builtin::name`].
    pub name: &'static str,
    /// What was missing on the machine that built the program, in words.
    pub needs: &'static str,
}

/// The built-in plugins that are missing, by name. Install what they need and build again.
pub const MISSING: &[Missing] = include!(concat!(env!("OUT_DIR"), "/missing.rs"));
