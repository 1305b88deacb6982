//! One file with the definition of an agent: frontmatter, and the instructions below it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use loom_types::Usd;

use super::frontmatter::{self, Field, Value};
use super::{AgentDefinition, tools};
use crate::config::{nearest, units};

/// A prompt of this size would fill the context of most models.
const LARGEST_FILE: u64 = 256 << 10;

/// The keys that mean something.
const KEYS: [&str; 8] = [
    "name",
    "description",
    "tools",
    "model",
    "max_turns",
    "timeout",
    "max_tokens",
    "max_budget_usd",
];

/// An agent, and what is ignored in its file.
#[derive(Debug)]
pub(super) struct Defined {
    pub(super) agent: AgentDefinition,
    pub(super) notes: Vec<String>,
}

/// Reads a file; the error says why it can't be used.
pub(super) fn read(file: &Path) -> Result<Defined, String> {
    let text = text(file)?;
    let (head, body) = frontmatter::split(&text)?;
    let fields = frontmatter::parse(head)?;
    let mut reader = Reader {
        foreign: is_foreign(file),
        agent: AgentDefinition {
            name: file_name(file),
            description: String::new(),
            source: Some(file.to_owned()),
            trusted: false,
            ..AgentDefinition::general()
        },
        notes: Vec::new(),
    };
    for field in fields {
        let line = field.line;
        reader
            .take(field)
            .map_err(|reason| format!("line {line}: {reason}"))?;
    }
    reader.finish(body)
}

fn text(file: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("it can't be read: {error}");
    // Opening a pipe would wait for whoever writes into it.
    if !fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let mut content = File::open(file).map_err(unreadable)?.take(LARGEST_FILE + 1);
    content.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST_FILE {
        let most = units::format_bytes(LARGEST_FILE);
        return Err(format!(
            "it is larger than {most}; instructions are shorter"
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.replace("\r\n", "\n"))
}

fn file_name(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Whether the file was written for Claude Code, whose tools and models have other names.
fn is_foreign(file: &Path) -> bool {
    file.ancestors()
        .nth(2)
        .is_some_and(|directory| directory.ends_with(".claude"))
}

struct Reader {
    foreign: bool,
    agent: AgentDefinition,
    notes: Vec<String>,
}

impl Reader {
    fn take(&mut self, field: Field) -> Result<(), String> {
        let Field { key, value, .. } = field;
        // Others write maxTurns or max-turns.
        let plain = |key: &str| key.to_lowercase().replace(['_', '-'], "");
        let known = KEYS.iter().find(|known| plain(known) == plain(&key));
        match known.copied() {
            Some("name") => self.agent.name = text_of("name", value)?,
            Some("description") => self.agent.description = text_of("description", value)?,
            Some("tools") => self.tools(value)?,
            Some("model") => self.model(text_of("model", value)?),
            Some("max_turns") => self.agent.turns = Some(count("max_turns", value)?),
            Some("max_tokens") => self.agent.tokens = Some(count("max_tokens", value)?),
            Some("timeout") => {
                let time = units::parse_duration(&text_of("timeout", value)?);
                self.agent.timeout = Some(time.map_err(|why| format!("`timeout`: {why}"))?);
            }
            Some("max_budget_usd") => self.agent.usd = Some(dollars(value)?),
            _ => self.unknown(&key),
        }
        Ok(())
    }

    fn unknown(&mut self, key: &str) {
        // It colours the agent's name where there is a window for it.
        if key == "color" {
            return;
        }
        self.notes.push(match nearest(key, KEYS) {
            Some(near) => format!("the key `{key}` is ignored; did you mean `{near}`?"),
            None => format!("the key `{key}` is ignored; Loom does not know it"),
        });
    }

    fn tools(&mut self, value: Value) -> Result<(), String> {
        let names = match value {
            Value::List(names) => names,
            Value::Text(text) => tools::split(&text),
            Value::Nothing => {
                let advice = "leave the key out for all tools, or write [] for none";
                return Err(format!("`tools` is empty; {advice}"));
            }
            Value::Other(found) => {
                return Err(format!("`tools`: expected a list of names, found {found}"));
            }
        };
        let read = tools::read(&names);
        self.agent.tools = Some(read.tools);
        self.notes.extend(read.notes);
        Ok(())
    }

    fn model(&mut self, model: String) {
        if model == "inherit" {
            return;
        }
        if self.foreign && !model.contains('/') {
            self.notes.push(format!(
                "the model `{model}` is left to the agent above it; write PROVIDER/MODEL"
            ));
            return;
        }
        self.agent.model = Some(model);
    }

    fn finish(mut self, body: &str) -> Result<Defined, String> {
        let name = &self.agent.name;
        if !is_name(name) {
            return Err(format!(
                "the name `{name}` can't be used; write lower-case letters, digits, `-` and `_`, \
                 at most 64"
            ));
        }
        if self.agent.description.trim().is_empty() {
            return Err("the key `description` is missing; say when to use the agent".to_owned());
        }
        let body = body.trim();
        if body.is_empty() {
            return Err("there are no instructions below the frontmatter".to_owned());
        }
        self.agent.instructions = Some(body.to_owned());
        Ok(Defined {
            agent: self.agent,
            notes: self.notes,
        })
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    (1..=64).contains(&name.len()) && name.chars().all(allowed)
}

fn text_of(key: &str, value: Value) -> Result<String, String> {
    let found = match value {
        Value::Text(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Value::Text(_) | Value::Nothing => return Err(format!("`{key}` is empty")),
        Value::List(_) => "a list",
        Value::Other(found) => found,
    };
    Err(format!("`{key}`: expected a text, found {found}"))
}

fn count<T: std::str::FromStr + From<u8> + PartialOrd>(
    key: &str,
    value: Value,
) -> Result<T, String> {
    let text = text_of(key, value)?;
    let number = text.replace('_', "").parse::<T>().ok();
    number
        .filter(|number| *number >= T::from(1))
        .ok_or_else(|| format!("`{key}`: expected an integer of at least 1, found `{text}`"))
}

fn dollars(value: Value) -> Result<Usd, String> {
    let text = text_of("max_budget_usd", value)?;
    let number = text.parse::<f64>().ok().filter(|it| it.is_finite());
    let usd = number.and_then(Usd::from_dollars);
    usd.filter(|usd| *usd > Usd::ZERO).ok_or_else(|| {
        format!("`max_budget_usd`: expected an amount of more than zero, found `{text}`")
    })
}
