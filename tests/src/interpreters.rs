//! The code interpreters among the built-in plugins, and code that misbehaves in each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use loom_types::{Content, Error, Tool, ToolContext};
use loom_wasm::{Engine, Grants, Limits, Plugin, PluginSource, ScratchGrant};
use serde_json::Value;

use crate::skipped;

/// A language that has an interpreter.
#[derive(Clone, Copy, Debug)]
pub struct Language {
    pub plugin: &'static str,
    pub tool: &'static str,
    /// Does next to nothing.
    pub trivial: &'static str,
    endless: &'static str,
    memory: &'static str,
    recursion: &'static str,
    output: &'static str,
}

pub const PYTHON: Language = Language {
    plugin: "python",
    tool: "run_python",
    trivial: "1 + 1",
    endless: "while True: pass",
    memory: "held = []\nwhile True: held.append('x' * 1_000_003 + str(len(held)))",
    recursion: "def f(n): return f(n + 1)\nf(0)",
    output: "while True: print('x' * 1000)",
};

pub const JAVASCRIPT: Language = Language {
    plugin: "javascript",
    tool: "run_javascript",
    trivial: "1 + 1",
    endless: "while (true) {}",
    memory: "const held = []; while (true) held.push(new Array(100003).fill(held.length))",
    recursion: "function f(n) { return f(n + 1) + 1 }\nf(0)",
    output: "while (true) console.log('x'.repeat(1000))",
};

pub const BASH: Language = Language {
    plugin: "bash",
    tool: "run_bash",
    trivial: "echo 2",
    endless: "while :; do :; done",
    memory: "set -e; x=xxxxxxxxxx; while :; do x=$x$x; done",
    recursion: "f() { f; }; f",
    output: "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
};

pub const LANGUAGES: [Language; 3] = [PYTHON, JAVASCRIPT, BASH];

impl Language {
    /// Code that misbehaves, by what it does.
    #[must_use]
    pub fn misbehaves(&self) -> [(&'static str, &'static str); 4] {
        [
            ("an endless loop", self.endless),
            ("a memory bomb", self.memory),
            ("deep recursion", self.recursion),
            ("a flood of output", self.output),
        ]
    }
}

/// An interpreter with grants and limits, as its plugin.
pub struct Interpreter {
    tool: Arc<dyn Tool>,
}

impl Interpreter {
    /// With a scratch directory and nothing else, and 30 s for each call. None, and said loudly, where
    /// Loom was built without it.
    ///
    /// # Panics
    ///
    /// If it cannot be loaded.
    pub async fn new(engine: &Engine, language: Language) -> Option<Self> {
        Self::with(engine, language, scratch(), limits(Duration::from_secs(30))).await
    }

    /// The same with another time limit.
    ///
    /// # Panics
    ///
    /// If it cannot be loaded.
    pub async fn within(engine: &Engine, language: Language, time: Duration) -> Option<Self> {
        Self::with(engine, language, scratch(), limits(time)).await
    }

    /// With these grants and limits.
    ///
    /// # Panics
    ///
    /// If it cannot be loaded.
    pub async fn with(
        engine: &Engine,
        language: Language,
        grants: Grants,
        limits: Limits,
    ) -> Option<Self> {
        let mut missing = loom_builtins::MISSING.iter();
        if let Some(missing) = missing.find(|missing| missing.name == language.plugin) {
            skipped(missing.name, missing.needs);
            return None;
        }
        let mut all = loom_builtins::ALL.iter();
        let builtin = all.find(|builtin| builtin.name == language.plugin);
        let builtin = builtin.expect("what is not missing is there");
        let source = PluginSource::Embedded {
            name: builtin.name,
            wasm: builtin.wasm,
            digest: builtin.digest,
        };
        let plugin = Plugin::load(engine, source).await.expect("it loads");
        plugin.prepare().await.expect("it can be linked");
        let configured = plugin.configure(grants, limits, BTreeMap::new());
        let tools = configured.expect("the grants can be prepared").tools();
        let tool = tools.into_iter().next().expect("it has a tool");
        Some(Self { tool })
    }

    /// Runs code.
    ///
    /// # Errors
    ///
    /// Whatever the call gave.
    pub async fn call(&self, arguments: Value, context: &ToolContext) -> Result<Value, Error> {
        let content = self.tool.call(&arguments, context).await?;
        match content.into_iter().next() {
            Some(Content::Json(value)) => Ok(value),
            other => panic!("the result is {other:?}"),
        }
    }
}

/// The limits of the built-in configuration, with another time.
#[must_use]
pub fn limits(time: Duration) -> Limits {
    Limits {
        time,
        ..Limits::default()
    }
}

/// A grant of scratch space and nothing else.
#[must_use]
pub fn scratch() -> Grants {
    Grants {
        scratch: Some(ScratchGrant::default()),
        ..Grants::default()
    }
}
