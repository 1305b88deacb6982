//! Loom's code interpreter for JavaScript: the tool `run_javascript`. What a call and a session are is
//! `loom-snippet`'s; the language is QuickJS-ng's, driven by `engine`.

mod control;
mod engine;
mod event_loop;
mod files;
mod http;
mod interpreter;
mod modules;
mod native;
mod parts;
mod source;
mod state;
mod web;

use std::cell::RefCell;

use loom_sdk::host;
use loom_sdk::prelude::*;
use loom_sdk::tool::{Definition, Example, Output, Tool, parse_arguments};
use loom_snippet::{Arguments, Roots, Session, Settings};

use engine::JavaScript;

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_tools!(RunJavascript);
loom_sdk::export_session!(suspend);
loom_sdk::prepare!(prepare);

const DESCRIPTION: &str = include_str!("description.txt");

thread_local! {
    /// The interpreter of this instance: the host keeps an instance for each session.
    static SESSION: RefCell<Session<JavaScript>> = RefCell::new(Session::new(JavaScript::new()));
}

/// The tool.
pub struct RunJavascript;

impl Tool for RunJavascript {
    fn definition() -> Definition {
        let example = |title: &str, arguments: serde_json::Value| Example {
            title: title.into(),
            arguments: arguments.to_string(),
            output: None,
        };
        loom_snippet::definition(
            "run_javascript",
            "JavaScript",
            DESCRIPTION.trim(),
            vec![example(
                "Compute with a value as the result",
                serde_json::json!({"code": "const squares = [1, 2, 3].map(n => n ** 2)\nconsole.log('computed')\nsquares"}),
            )],
        )
    }

    fn call(arguments: &str, context: &Context) -> Output {
        let arguments: Arguments = parse_arguments(arguments)?;
        let settings = Settings::read(host::config)?;
        let roots = Roots::current();
        SESSION.with_borrow_mut(|session| session.call(&arguments, context, &roots, &settings))
    }
}

/// Starts the interpreter ahead of the first call: the build keeps what the memory is then.
fn prepare() {
    // At build time, where a panic tells that there is no snapshot.
    let engine = JavaScript::prepared().expect("the interpreter starts");
    SESSION.set(Session::new(engine));
}

/// Writes a kept session down before its instance goes.
fn suspend() -> Result<(), Error> {
    SESSION.with_borrow_mut(|session| session.suspend(&Roots::current()))
}

#[cfg(test)]
mod tests;
