//! Tool calls that a model wrote as text. Small local models, and servers without a parser for
//! their model's template, do that: the whole answer is then
//! `{"name": "read_file", "arguments": {"path": "a.txt"}}`, bare, in a fence or in `<tool_call>`
//! tags, or several of these one after another. Anything else is text.

use serde_json::Value;

/// What may stand before the first call. White space does not count here nor below.
const OPENINGS: [&str; 5] = ["", "```", "```json", "```tool_call", "<tool_call>"];

/// A call that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// A JSON object.
    pub(crate) arguments: String,
}

/// Looks at an answer from its beginning, and holds it back while it could still be calls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Watch {
    tools: Vec<String>,
    held: String,
    place: Place,
    wrapper: Wrapper,
    calls: Vec<Call>,
}

#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// Around the calls; holds what stands there, without white space.
    Outside(String),
    /// In a call that begins at this byte.
    Inside(usize, Scan),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrapper {
    Unknown,
    Bare,
    Fence,
    Tag,
}

/// What became of a held answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Calls(Vec<Call>),
    Text(String),
}

impl Watch {
    /// A watch for calls of these tools.
    pub(crate) fn new(tools: Vec<String>) -> Self {
        Self {
            tools,
            held: String::new(),
            place: Place::Outside(String::new()),
            wrapper: Wrapper::Unknown,
            calls: Vec::new(),
        }
    }

    /// Takes the next piece of the answer. `Some` is everything so far: it is text, and the watch
    /// is over.
    pub(crate) fn push(&mut self, text: &str) -> Option<String> {
        let start = self.held.len();
        self.held.push_str(text);
        let is_possible = text
            .char_indices()
            .all(|(offset, c)| self.step(start + offset, c));
        (!is_possible).then(|| std::mem::take(&mut self.held))
    }

    /// The answer ended.
    pub(crate) fn finish(self) -> Outcome {
        let is_closed = match &self.place {
            Place::Inside(..) => false,
            // Models often leave out the last mark.
            Place::Outside(marks) => match self.wrapper {
                Wrapper::Fence => marks.is_empty() || marks == "```",
                Wrapper::Tag => marks.is_empty() || marks == "</tool_call>",
                Wrapper::Bare | Wrapper::Unknown => marks.is_empty(),
            },
        };
        if is_closed && !self.calls.is_empty() {
            Outcome::Calls(self.calls)
        } else {
            Outcome::Text(self.held)
        }
    }

    /// What was held back, if anything was: the answer is text, whatever comes.
    pub(crate) fn into_text(self) -> Option<String> {
        (!self.held.is_empty()).then_some(self.held)
    }

    /// Whether the answer can still be calls after this character.
    fn step(&mut self, at: usize, c: char) -> bool {
        match &mut self.place {
            Place::Outside(_) if c.is_whitespace() => true,
            Place::Outside(marks) if c == '{' => {
                let Some(wrapper) = opened(self.wrapper, marks) else {
                    return false;
                };
                self.wrapper = wrapper;
                self.place = Place::Inside(at, Scan::default());
                true
            }
            Place::Outside(marks) => {
                marks.push(c);
                may_continue(self.wrapper, marks)
            }
            Place::Inside(start, scan) => match scan.step(c, &self.tools) {
                Step::More => true,
                Step::Wrong => false,
                Step::Complete => {
                    let call = call(&self.held[*start..=at]);
                    let known = call.filter(|call| self.tools.contains(&call.name));
                    self.place = Place::Outside(String::new());
                    self.calls.extend(known.clone());
                    known.is_some()
                }
            },
        }
    }
}

/// The wrapper of a call that begins after these marks, if one may.
fn opened(wrapper: Wrapper, marks: &str) -> Option<Wrapper> {
    let wrapper = match wrapper {
        Wrapper::Unknown if !OPENINGS.contains(&marks) => return None,
        Wrapper::Unknown if marks.is_empty() => Wrapper::Bare,
        Wrapper::Unknown if marks.starts_with('<') => Wrapper::Tag,
        Wrapper::Unknown => Wrapper::Fence,
        Wrapper::Tag if marks != "</tool_call><tool_call>" => return None,
        Wrapper::Bare | Wrapper::Fence if !marks.is_empty() => return None,
        known => known,
    };
    Some(wrapper)
}

fn may_continue(wrapper: Wrapper, marks: &str) -> bool {
    match wrapper {
        Wrapper::Unknown => OPENINGS.iter().any(|opening| opening.starts_with(marks)),
        Wrapper::Bare => false,
        Wrapper::Fence => "```".starts_with(marks),
        Wrapper::Tag => "</tool_call><tool_call>".starts_with(marks),
    }
}

/// Reads a complete object: `name` and `arguments` (Llama: `parameters`), and besides at most a
/// `type` and an `id`, which mean nothing here.
fn call(text: &str) -> Option<Call> {
    let Value::Object(mut fields) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let arguments = fields
        .remove("arguments")
        .or_else(|| fields.remove("parameters"))?;
    let name = fields.remove("name")?.as_str()?.to_owned();
    fields.remove("type");
    fields.remove("id");
    let arguments = match arguments {
        Value::String(text) => serde_json::from_str(&text).ok()?,
        other => other,
    };
    let is_call = arguments.is_object() && fields.is_empty();
    is_call.then(|| Call {
        name,
        arguments: arguments.to_string(),
    })
}

/// Follows an object from its opening brace, as far as is needed to give up early: at the first
/// key that no call has, or at the name of no tool.
#[derive(Clone, Debug, Default, PartialEq)]
struct Scan {
    /// Open braces and brackets below the object's own.
    depth: usize,
    string: Option<Text>,
    expects: Expects,
    /// The last key, at the object's own level.
    key: String,
}

/// A string that is being read. Its text is kept only at the object's own level.
#[derive(Clone, Debug, Default, PartialEq)]
struct Text {
    text: String,
    escaped: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Expects {
    #[default]
    Key,
    Colon,
    Value,
    /// A comma or the end; a number or a word may still go on.
    Comma,
}

enum Step {
    More,
    Wrong,
    Complete,
}

impl Scan {
    fn step(&mut self, c: char, tools: &[String]) -> Step {
        if let Some(mut text) = self.string.take() {
            if text.escaped || c != '"' {
                text.escaped = !text.escaped && c == '\\';
                if self.depth == 0 {
                    text.text.push(c);
                }
                self.string = Some(text);
                return Step::More;
            }
            return self.end_of_string(&text.text, tools);
        }
        if self.depth > 0 {
            self.nested(c);
            return Step::More;
        }
        self.top(c)
    }

    fn nested(&mut self, c: char) {
        match c {
            '"' => self.string = Some(Text::default()),
            '{' | '[' => self.depth += 1,
            '}' | ']' => self.depth -= 1,
            _ => {}
        }
    }

    fn top(&mut self, c: char) -> Step {
        match (self.expects, c) {
            (_, c) if c.is_whitespace() => {}
            (Expects::Key | Expects::Value, '"') => self.string = Some(Text::default()),
            (Expects::Colon, ':') => self.expects = Expects::Value,
            (Expects::Value, '{') if self.key != "name" => {
                self.depth = 1;
                self.expects = Expects::Comma;
            }
            (Expects::Comma, ',') => self.expects = Expects::Key,
            (Expects::Comma, '}') => return Step::Complete,
            _ => return Step::Wrong,
        }
        Step::More
    }

    fn end_of_string(&mut self, text: &str, tools: &[String]) -> Step {
        if self.depth > 0 {
            return Step::More;
        }
        let is_possible = match self.expects {
            Expects::Key => {
                text.clone_into(&mut self.key);
                self.expects = Expects::Colon;
                matches!(text, "name" | "arguments" | "parameters" | "type" | "id")
            }
            _ => {
                self.expects = Expects::Comma;
                match self.key.as_str() {
                    "name" => tools.iter().any(|tool| tool == text),
                    "type" => text == "function",
                    _ => true,
                }
            }
        };
        if is_possible { Step::More } else { Step::Wrong }
    }
}

#[cfg(test)]
mod tests;
