//! The line that the person types: history, several lines, completion of commands.

use std::fs;
use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Cmd, Config, Context, Helper, KeyCode, KeyEvent, Modifiers};

const COMMANDS: [&str; 8] = [
    "/compact",
    "/exit",
    "/help",
    "/model ",
    "/new",
    "/pin ",
    "/remember ",
    "/tools",
];

/// What the person did.
pub(super) enum Line {
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of a file.
    End,
}

/// Reads lines from the terminal.
pub(super) struct Editor {
    editor: rustyline::Editor<Rules, DefaultHistory>,
    history: PathBuf,
}

impl Editor {
    pub(super) fn open() -> anyhow::Result<Self> {
        let config = Config::builder()
            .auto_add_history(true)
            .history_ignore_space(true)
            .bracketed_paste(true)
            .build();
        let mut editor = rustyline::Editor::with_config(config)?;
        editor.set_helper(Some(Rules));
        editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), Cmd::Newline);
        let history = crate::config::state_dir().join("history");
        // The first time there is none.
        let _ = editor.load_history(&history);
        Ok(Self { editor, history })
    }

    /// The next line; `begun` is what of it was typed before.
    pub(super) fn read(&mut self, begun: &str) -> anyhow::Result<Line> {
        match self.editor.readline_with_initial("> ", (begun, "")) {
            Ok(text) => Ok(Line::Text(text.replace("\\\n", "\n"))),
            Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the history for the next time, if the disk lets it.
    pub(super) fn save(&mut self) {
        let kept = self
            .history
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .map_err(Into::into)
            .and_then(|()| self.editor.save_history(&self.history));
        if let Err(error) = kept {
            tracing::warn!(%error, "the history was not saved");
        }
    }
}

/// What makes a line complete.
struct Rules;

impl Helper for Rules {}
impl Highlighter for Rules {}

impl Hinter for Rules {
    type Hint = String;
}

impl Validator for Rules {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if context.input().ends_with('\\') {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Completer for Rules {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = &line[..position];
        let fitting = COMMANDS.iter().filter(|it| it.starts_with(typed));
        let fitting = fitting.filter(|_| typed.starts_with('/'));
        Ok((0, fitting.map(ToString::to_string).collect()))
    }
}
