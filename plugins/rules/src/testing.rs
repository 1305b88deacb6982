//! A host for tests: it talks to the model and runs the tools that the model calls on files in
//! memory. The texts that the tools return have the shapes of the real ones.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::{BTreeMap, BTreeSet};

use loom_sdk::llm::{
    Event, Message, Part, Request, Role, StopReason, ToolCall, ToolChoice, ToolResult, ToolSpec,
    Usage,
};
use loom_sdk::tool::Content;
use serde_json::{Value, json};

use crate::complete;
use crate::session::Session;

/// A request with what a host would send first.
pub(crate) fn request(messages: Vec<Message>) -> Request {
    let names = [
        "read_file",
        "write_file",
        "edit_file",
        "list_dir",
        "glob",
        "grep",
        "calculate",
        "current_time",
        "date_math",
        "http_request",
        "run_python",
        "run_javascript",
        "run_bash",
        "web_search",
    ];
    Request {
        model: "rules".into(),
        messages,
        tools: names.map(tool).into(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: None,
        temperature: None,
        stop_sequences: Vec::new(),
        output_schema: None,
        extra: None,
    }
}

pub(crate) fn tool(name: &str) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: String::new(),
        input_schema: "{}".into(),
    }
}

pub(crate) fn user(text: &str) -> Message {
    says(Role::User, text)
}

pub(crate) fn says(role: Role, text: &str) -> Message {
    let parts = vec![Part::Text(text.into())];
    Message { role, parts }
}

/// What came of a stream of events.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) stop: Option<StopReason>,
    pub(crate) usage: Option<Usage>,
    pub(crate) pieces: usize,
}

/// Asks the model once.
pub(crate) fn ask(request: &Request, setting: Option<&str>) -> Result<Said, loom_sdk::Error> {
    let mut said = Said::default();
    for event in complete(request, setting)?.flat_map(Result::unwrap) {
        said.pieces += 1;
        match event {
            Event::Text(text) => said.text += &text,
            Event::Reasoning(text) => said.reasoning += &text,
            Event::ToolCallStart(start) => said.calls.push(ToolCall {
                id: start.id,
                name: start.name,
                arguments: String::new(),
            }),
            Event::ToolCallArguments(piece) => {
                said.calls[piece.index as usize].arguments += &piece.fragment;
            }
            Event::Usage(usage) => said.usage = Some(usage),
            Event::Stop(stop) => said.stop = Some(stop),
            Event::ReasoningEnd(_) | Event::Other(_) => {}
        }
    }
    Ok(said)
}

/// A conversation with tools.
pub(crate) struct Chat {
    pub(crate) request: Request,
    pub(crate) setting: Option<String>,
    pub(crate) files: BTreeMap<String, String>,
}

/// An answer and how it came about.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    /// The calls of all turns, each as `tool {arguments}`.
    pub(crate) calls: Vec<String>,
}

impl Chat {
    /// A small project.
    pub(crate) fn new() -> Self {
        let files = [
            (
                "Cargo.toml",
                "[package]\nname = \"demo\"\ndescription = \"A demonstration.\"\n",
            ),
            (
                "README.md",
                "# Demo\n\nShows how things are done here.\n\n## Usage\n\nRun it.\n",
            ),
            ("notes.txt", "one\ntwo\nthree\nfour\n"),
            (
                "src/lib.rs",
                "//! The library of the demo.\n\npub fn answer() -> u8 {\n    42 // TODO: compute\n}\n",
            ),
            (
                "src/main.rs",
                "fn main() {\n    println!(\"{}\", demo::answer());\n}\n",
            ),
            ("src/größe/maß.rs", "pub struct Maß;\n"),
            ("tools/run.py", "def main():\n    pass\n"),
            ("tools/lib.rs", "fn unused() {}\n"),
        ];
        Self {
            request: request(Vec::new()),
            setting: None,
            files: files
                .map(|(path, text)| (path.to_owned(), text.to_owned()))
                .into(),
        }
    }

    pub(crate) fn with_rules(rules: &str) -> Self {
        let mut chat = Self::new();
        chat.setting = Some(rules.to_owned());
        chat
    }

    /// Says something and lets the model finish.
    pub(crate) fn ask(&mut self, question: &str) -> Answer {
        self.request.messages.push(user(question));
        let mut calls = Vec::new();
        for _ in 0..1000 {
            let said = ask(&self.request, self.setting.as_deref())
                .unwrap_or_else(|error| panic!("{question}: {}", error.message));
            let text = (!said.text.is_empty()).then(|| Part::Text(said.text.clone()));
            let parts = said.calls.iter().cloned().map(Part::ToolCall);
            self.request.messages.push(Message {
                role: Role::Assistant,
                parts: text.into_iter().chain(parts).collect(),
            });
            if said.calls.is_empty() {
                let text = said.text;
                return Answer { text, calls };
            }
            let results: Vec<Part> = said.calls.iter().map(|call| self.run(call)).collect();
            calls.extend(
                said.calls
                    .iter()
                    .map(|c| format!("{} {}", c.name, c.arguments)),
            );
            self.request.messages.push(Message {
                role: Role::Tool,
                parts: results,
            });
        }
        panic!("{question}: the model never stops calling tools");
    }

    /// The rule that answers a question here.
    pub(crate) fn rule_for(&self, question: &str) -> String {
        let mut request = self.request.clone();
        request.messages.push(user(question));
        let session = Session::new(&request, self.setting.as_deref()).unwrap();
        session.rule().unwrap().rule.name.clone()
    }

    fn run(&mut self, call: &ToolCall) -> Part {
        let arguments = serde_json::from_str(&call.arguments).unwrap_or_default();
        let result = self.result(&call.name, &arguments);
        Part::ToolResult(ToolResult {
            call_id: call.id.clone(),
            name: call.name.clone(),
            is_error: result.is_err(),
            content: vec![match result {
                Ok(text) if text.starts_with('{') => Content::Json(text),
                Ok(text) | Err(text) => Content::Text(text),
            }],
        })
    }

    fn result(&mut self, tool: &str, arguments: &Value) -> Result<String, String> {
        let text = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
        let path = text("path");
        match tool {
            "read_file" => self.read(&path, arguments),
            "write_file" => {
                let created = self.files.insert(path.clone(), text("content")).is_none();
                let verb = if created { "created" } else { "replaced" };
                Ok(format!("{verb} {path} ({} bytes)", text("content").len()))
            }
            "edit_file" => {
                let (old, new) = (text("old_text"), text("new_text"));
                let file = self
                    .files
                    .get_mut(&path)
                    .ok_or(format!("{path} does not exist"))?;
                if !file.contains(&old) {
                    return Err(format!("{path} does not contain the old text"));
                }
                *file = file.replace(&old, &new);
                Ok(format!(
                    "edited {path} in 1 place\n@@ line 1 @@\n-{old}\n+{new}"
                ))
            }
            "list_dir" => self.list(&path),
            "glob" => self.glob(&text("pattern"), &path),
            "grep" => self.grep(arguments),
            "calculate" if text("expression").contains("/0") => Err("division by zero".into()),
            "calculate" => Ok("1234".into()),
            "current_time" if text("timezone") == "Atlantis" => Err("there is no time zone".into()),
            "current_time" => {
                let timezone = if text("timezone").is_empty() {
                    "UTC".into()
                } else {
                    text("timezone")
                };
                Ok(json!({"time": "2026-03-01T08:09:10+00:00", "timezone": timezone, "weekday": "Sunday", "iso_week": "2026-W09"}).to_string())
            }
            "date_math" => Ok(json!({"total_days": 1136}).to_string()),
            "run_python" | "run_javascript" | "run_bash" => {
                Ok(json!({"stdout": text("code"), "exit_status": 0}).to_string())
            }
            "web_search" => Ok(json!({"results": [{"title": text("query")}]}).to_string()),
            "http_request" => Err("the host example.com is not granted".into()),
            _ => Err(format!("there is no tool {tool}")),
        }
    }

    fn read(&self, path: &str, arguments: &Value) -> Result<String, String> {
        let file = self
            .files
            .get(path)
            .ok_or(format!("{path} does not exist"))?;
        let first = arguments["offset"].as_u64().unwrap_or(1).max(1) as usize;
        let limit = arguments["limit"].as_u64().unwrap_or(2000) as usize;
        let lines: Vec<&str> = file.split_inclusive('\n').collect();
        if lines.is_empty() {
            return Ok("[the file is empty]".into());
        }
        if first > lines.len() {
            return Err(format!("offset {first} is past the end"));
        }
        let shown: Vec<&str> = lines.iter().skip(first - 1).take(limit).copied().collect();
        let (last, total) = (first + shown.len() - 1, lines.len());
        let note = match (first, last) {
            (1, last) if last == total => String::new(),
            (first, last) if last == total => format!("[lines {first}-{last} of {total}]"),
            (first, last) => {
                format!(
                    "[lines {first}-{last} of {total}; read on with offset {}]",
                    last + 1
                )
            }
        };
        Ok(shown.concat() + &note)
    }

    fn list(&self, path: &str) -> Result<String, String> {
        let base = base(path);
        let entries: BTreeSet<String> = self
            .files
            .iter()
            .filter_map(|(path, text)| {
                let below = path.strip_prefix(&base)?;
                Some(match below.split_once('/') {
                    Some((folder, _)) => format!("{folder}/"),
                    None => format!("{below}  {} bytes", text.len()),
                })
            })
            .collect();
        if entries.is_empty() {
            return Err(format!("{path} does not exist"));
        }
        Ok(Vec::from_iter(entries).join("\n"))
    }

    fn glob(&self, pattern: &str, path: &str) -> Result<String, String> {
        let (base, pattern) = (base(path), glob_regex(pattern));
        let paths = self.files.keys().filter(|path| {
            path.strip_prefix(&base)
                .is_some_and(|below| pattern.is_match(below))
        });
        let paths: Vec<&str> = paths.map(String::as_str).collect();
        if paths.is_empty() {
            return Ok(format!("[no file matches {pattern} in {path}]"));
        }
        Ok(paths.join("\n"))
    }

    fn grep(&self, arguments: &Value) -> Result<String, String> {
        let text = |name: &str| arguments[name].as_str().unwrap_or_default();
        let case = if arguments["ignore_case"] == true {
            "(?i)"
        } else {
            ""
        };
        let pattern = regex_lite::Regex::new(&format!("{case}{}", text("pattern")));
        let pattern = pattern.map_err(|error| error.to_string())?;
        let glob = arguments["glob"].as_str().map(glob_regex);
        let base = if self.files.contains_key(text("path")) {
            text("path").into()
        } else {
            base(text("path"))
        };
        let files = self.files.iter().filter(|(path, _)| {
            path.starts_with(&base) && glob.as_ref().is_none_or(|glob| glob.is_match(path))
        });
        let hits = files.flat_map(|(path, text)| {
            let lines = text
                .lines()
                .enumerate()
                .filter(|(_, line)| pattern.is_match(line));
            lines
                .map(move |(n, line)| (path, format!("{path}:{}: {line}", n + 1)))
                .collect::<Vec<_>>()
        });
        let hits: Vec<(&String, String)> = hits.collect();
        let mut files: Vec<&str> = hits.iter().map(|(path, _)| path.as_str()).collect();
        files.dedup();
        if hits.is_empty() {
            return Ok(format!("[no match for {pattern} in 8 files]"));
        }
        if arguments["files_only"] == true {
            return Ok(files.join("\n"));
        }
        let limit = arguments["limit"].as_u64().unwrap_or(200) as usize;
        let shown: Vec<&str> = hits
            .iter()
            .take(limit)
            .map(|(_, line)| line.as_str())
            .collect();
        let mut result = shown.join("\n");
        if shown.len() < hits.len() {
            result += &format!(
                "\n[{} of {} matching lines in {} files shown; narrow the pattern]",
                shown.len(),
                hits.len(),
                files.len()
            );
        }
        Ok(result)
    }
}

fn base(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" | "." => String::new(),
        path => format!("{path}/"),
    }
}

fn glob_regex(pattern: &str) -> regex_lite::Regex {
    let regex = pattern
        .replace('.', "\\.")
        .replace("**/", "\u{1}")
        .replace('*', "[^/]*");
    let regex = regex
        .replace('\u{1}', "(?:.*/)?")
        .replace('{', "(?:")
        .replace('}', ")");
    let alternatives = if pattern.contains('{') {
        regex.replace(',', "|")
    } else {
        regex
    };
    regex_lite::Regex::new(&format!("^{alternatives}$")).unwrap()
}
