//! The frontmatter of a Markdown file: a table of texts and lists of texts in YAML. Deeper values are
//! stepped over, and aliases are not followed, so a small file can't become a large one.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

/// A key with its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// In the file, from 1.
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) value: Value,
}

/// What a key may say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    /// Numbers and flags too.
    Text(String),
    List(Vec<String>),
    /// Something that no key of ours has, as an error message names it.
    Other(&'static str),
}

/// Parts a file into its frontmatter, without the lines around it, and the rest.
pub(super) fn split(text: &str) -> Result<(&str, &str), String> {
    let missing = "it has no frontmatter; begin it with a line ---, keys such as `description: …`, \
                   and another line ---";
    let is_fence = |line: &str| line.trim_end() == "---";
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| is_fence(line));
    let start = first.ok_or(missing)?.len();
    let mut end = start;
    for line in lines {
        if is_fence(line) {
            return Ok((&text[start..end], &text[end + line.len()..]));
        }
        end += line.len();
    }
    Err("its frontmatter has no end; close it with a line ---".to_owned())
}

/// Reads frontmatter. Text with a colon that is not quoted is no YAML, and yet what people write: then
/// it is read as if it were quoted.
pub(super) fn parse(head: &str) -> Result<Vec<Field>, String> {
    let wrong = match Reader::read(head) {
        Ok(fields) => return Ok(fields),
        Err(Wrong::Meaning(message)) => return Err(message),
        Err(Wrong::Syntax(message)) => message,
    };
    Reader::read(&quoted(head)).map_err(|_| wrong)
}

/// Quotes what stands behind the keys in the first column.
fn quoted(head: &str) -> String {
    let quote = |line: &str| {
        let (key, value) = line.split_once(": ")?;
        let value = value.trim();
        let plain = !value.is_empty() && !value.starts_with(['"', '\'', '[', '{', '|', '>']);
        let is_key = key.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
        (plain && is_key).then(|| format!("{key}: '{}'", value.replace('\'', "''")))
    };
    let lines = head.lines();
    let lines = lines.map(|line| quote(line).unwrap_or_else(|| line.to_owned()));
    lines.map(|line| line + "\n").collect()
}

/// Why frontmatter can't be used.
enum Wrong {
    Syntax(String),
    Meaning(String),
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
}

/// The line in the file: the frontmatter begins in its second.
fn line_of(span: Span) -> usize {
    span.start.line() + 1
}

impl<'a> Reader<'a> {
    fn read(head: &'a str) -> Result<Vec<Field>, Wrong> {
        let mut reader = Self {
            parser: Parser::new_from_str(head),
        };
        loop {
            match reader.next()? {
                (Event::MappingStart(..), _) => return reader.table(),
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => return Ok(Vec::new()),
                (_, span) => {
                    let line = line_of(span);
                    let message = format!("line {line}: expected keys such as `description: …`");
                    return Err(Wrong::Meaning(message));
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Wrong> {
        let syntax = |error: &ScanError| {
            let line = error.marker().line() + 1;
            Wrong::Syntax(format!("line {line}: not valid YAML: {}", error.info()))
        };
        match self.parser.next_event() {
            Some(event) => event.map_err(|error| syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn table(&mut self) -> Result<Vec<Field>, Wrong> {
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let line = line_of(span);
            let key = match event {
                Event::MappingEnd | Event::StreamEnd => return Ok(fields),
                Event::Scalar(key, ..) => key.into_owned(),
                _ => {
                    let message = format!("line {line}: a key must be a word");
                    return Err(Wrong::Meaning(message));
                }
            };
            if fields.iter().any(|field| field.key == key) {
                let message = format!("line {line}: the key `{key}` is there twice");
                return Err(Wrong::Meaning(message));
            }
            let value = self.value()?;
            fields.push(Field { line, key, value });
        }
    }

    fn value(&mut self) -> Result<Value, Wrong> {
        Ok(match self.next()?.0 {
            Event::Scalar(text, ScalarStyle::Plain, ..) if is_nothing(&text) => Value::Nothing,
            Event::Scalar(text, ..) => Value::Text(text.into_owned()),
            Event::SequenceStart(..) => self.list()?,
            Event::MappingStart(..) => {
                self.step_out(1)?;
                Value::Other("a table")
            }
            _ => Value::Other("an alias"),
        })
    }

    fn list(&mut self) -> Result<Value, Wrong> {
        let mut texts = Vec::new();
        loop {
            match self.next()?.0 {
                Event::SequenceEnd | Event::StreamEnd => return Ok(Value::List(texts)),
                Event::Scalar(text, ..) => texts.push(text.into_owned()),
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    self.step_out(2)?;
                    return Ok(Value::Other("a list with lists or tables in it"));
                }
                _ => {
                    self.step_out(1)?;
                    return Ok(Value::Other("a list with aliases in it"));
                }
            }
        }
    }

    /// Steps over everything until `depth` lists and tables are closed.
    fn step_out(&mut self, mut depth: usize) -> Result<(), Wrong> {
        while depth > 0 {
            match self.next()?.0 {
                Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
                Event::SequenceEnd | Event::MappingEnd => depth -= 1,
                Event::StreamEnd => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
