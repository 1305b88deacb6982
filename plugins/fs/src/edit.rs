//! The tool `edit_file`: finds the old text, puts the new one in its place. What the result shows
//! of it is in `excerpt`, encodings are in `text`.

use std::borrow::Cow;
use std::fs::{self, Metadata};
use std::ops::Range;

use loom_sdk::prelude::*;
use memchr::memmem;

use crate::file_type::{self, FileType, HEAD_BYTES};
use crate::path::Place;
use crate::replace::replace;
use crate::text::Document;
use crate::{excerpt, write};

/// A file is edited in memory, several times its size; larger ones are not written by hand.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Line numbers that an error names.
const MAX_LINE_NUMBERS: usize = 10;

/// Lines that are compared to find the one that was meant.
const MAX_COMPARED_LINES: usize = 20_000;
/// Characters of a line that are compared.
const MAX_COMPARED_CHARS: usize = 200;

/// Replace a piece of a text file. `old_text` must be in the file exactly, white space included,
/// and only once unless `replace_all` is set: give as many lines around the change as that takes.
/// Returns the changed lines.
#[tool(
    cautious,
    title = "Edit file",
    writes(file = "path"),
    example(
        title = "Rename a constant",
        arguments = r#"{"path": "src/lib.rs", "old_text": "const LIMIT: u32 = 10;", "new_text": "const MAX_LINES: u32 = 10;"}"#
    )
)]
pub fn edit_file(
    /// The file, relative to the working directory or absolute.
    path: String,
    /// The text to replace, without the notes in brackets that read_file adds.
    old_text: String,
    /// The text to put in its place; may be empty.
    new_text: String,
    /// Replace every occurrence.
    #[arg(default = false)]
    replace_all: bool,
) -> Result<String, Error> {
    let edit = Edit::new(&old_text, &new_text)?;
    let mut place = Place::to_write(&path)?;
    place.path = write::target(&place)?;
    let (document, before) = open(&place)?;
    let matches = edit.find(&document.text);
    check_count(&place, &edit, &document.text, &matches, replace_all)?;
    let new_text = edit.replacement(&document.text);
    let changes = excerpt::Changes {
        old: &document.text,
        ranges: &matches,
        new_text: new_text.as_bytes(),
    };
    let Some(content) = document.encode(&changes.apply()) else {
        let encoding = document.encoding.name();
        return Err(Error::invalid_input(format!(
            "new_text has characters that the encoding of {path}, {encoding}, lacks; leave them out, or use write_file, which writes UTF-8"
        )));
    };
    store(&place, &before, &content)?;
    let count = matches.len();
    let places = if count == 1 { "place" } else { "places" };
    Ok(format!(
        "edited {path} in {count} {places}\n{}",
        changes.show()
    ))
}

/// What is to be replaced by what.
struct Edit<'a> {
    old_text: &'a str,
    new_text: &'a str,
}

impl<'a> Edit<'a> {
    fn new(old_text: &'a str, new_text: &'a str) -> Result<Self, Error> {
        if old_text.is_empty() {
            return Err(Error::invalid_input(
                "old_text is empty; give the text to replace, or use write_file to write a whole file",
            ));
        }
        if old_text == new_text {
            return Err(Error::invalid_input(
                "old_text and new_text are the same, so there is nothing to change",
            ));
        }
        Ok(Self { old_text, new_text })
    }

    /// Where the old text is, from first to last. A line ending matches the other kind.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let starts = |text: &[u8], wanted: &str| -> Vec<Range<usize>> {
            let starts = memmem::find_iter(text, wanted.as_bytes());
            starts.map(|start| start..start + wanted.len()).collect()
        };
        if !self.old_text.contains('\n') {
            return starts(text, self.old_text);
        }
        // Where the copy with unix line endings lacks a carriage return.
        let mut dropped = Vec::new();
        let mut unix_text = Vec::with_capacity(text.len());
        for (index, byte) in text.iter().enumerate() {
            if *byte == b'\r' && text.get(index + 1) == Some(&b'\n') {
                dropped.push(unix_text.len());
            } else {
                unix_text.push(*byte);
            }
        }
        let original = |place: usize| place + dropped.partition_point(|at| *at < place);
        starts(&unix_text, &self.old_text.replace("\r\n", "\n"))
            .into_iter()
            .map(|range| original(range.start)..original(range.end))
            .collect()
    }

    /// The new text with the line endings of the file.
    fn replacement(&self, text: &[u8]) -> Cow<'a, str> {
        let all = memchr::memchr_iter(b'\n', text).count();
        let windows = memmem::find_iter(text, b"\r\n").count();
        if all == 0 || !self.new_text.contains('\n') {
            return self.new_text.into();
        }
        let unix_text = self.new_text.replace("\r\n", "\n");
        if windows * 2 > all {
            unix_text.replace('\n', "\r\n").into()
        } else {
            unix_text.into()
        }
    }
}

/// Reads the file, and what it was like, so that a change by somebody else is noticed.
fn open(place: &Place) -> Result<(Document, Metadata), Error> {
    let fail = |error| place.failure(&error);
    let metadata = fs::metadata(&place.path).map_err(fail)?;
    if metadata.is_dir() {
        return Err(place.is_a_directory());
    }
    if !metadata.is_file() {
        return Err(place.not_a_regular_file());
    }
    let given = &place.given;
    if metadata.len() > MAX_BYTES {
        let megabytes = MAX_BYTES / 1024 / 1024;
        return Err(Error::invalid_input(format!(
            "{given} has {} bytes; files over {megabytes} MiB can't be edited",
            metadata.len()
        )));
    }
    let bytes = fs::read(&place.path).map_err(fail)?;
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if file_type::guess(head) != FileType::Text {
        return Err(Error::invalid_input(format!(
            "{given} is a binary file; only text can be edited"
        )));
    }
    let document = Document::decode(bytes).ok_or_else(|| {
        Error::invalid_input(format!(
            "{given} is damaged UTF-16 text, which can't be edited without loss; use write_file to write it anew"
        ))
    })?;
    Ok((document, metadata))
}

fn check_count(
    place: &Place,
    edit: &Edit<'_>,
    text: &[u8],
    matches: &[Range<usize>],
    replace_all: bool,
) -> Result<(), Error> {
    let given = &place.given;
    match matches {
        [] => Err(Error::not_found(format!(
            "old_text is not in {given}; it must match exactly, white space included{}",
            hint(edit, text)
        ))),
        [_] => Ok(()),
        _ if replace_all => Ok(()),
        _ => {
            let shown = matches.iter().take(MAX_LINE_NUMBERS);
            let lines: Vec<String> = shown
                .map(|range| excerpt::line_number(text, range.start).to_string())
                .collect();
            let more = if matches.len() > MAX_LINE_NUMBERS {
                ", …"
            } else {
                ""
            };
            Err(Error::invalid_input(format!(
                "old_text is in {given} {} times, at lines {}{more}; give more of the lines around the one you mean, or set replace_all",
                matches.len(),
                lines.join(", ")
            )))
        }
    }
}

/// The line of the file that is most like the first line of the old text, if any is.
fn hint(edit: &Edit<'_>, text: &[u8]) -> String {
    let clamp = |line: &str| {
        line.trim()
            .chars()
            .take(MAX_COMPARED_CHARS)
            .collect::<String>()
    };
    let Some(wanted) = edit.old_text.lines().find(|line| !line.trim().is_empty()) else {
        return String::new();
    };
    let wanted = clamp(wanted);
    let lines = text.split(|byte| *byte == b'\n').take(MAX_COMPARED_LINES);
    let scored = lines.enumerate().map(|(index, line)| {
        let line = String::from_utf8_lossy(line);
        (strsim::sorensen_dice(&wanted, &clamp(&line)), index, line)
    });
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
    let Some((score, index, line)) = best.filter(|(score, ..)| *score > 0.6) else {
        return "; read the file again, it may have changed".to_owned();
    };
    let number = index + 1;
    if score < 1.0 {
        return format!("; line {number} is similar: {}", clamp(&line));
    }
    if edit.old_text.lines().count() > 1 {
        return format!(
            "; its first line is at line {number}, so compare what follows there, and the indentation"
        );
    }
    format!(
        "; line {number} differs only in white space: {:?}",
        line.trim_end()
    )
}

fn store(place: &Place, before: &Metadata, content: &[u8]) -> Result<(), Error> {
    let fail = |error| place.failure(&error);
    let now = fs::metadata(&place.path).map_err(fail)?;
    if now.len() != before.len() || now.modified().ok() != before.modified().ok() {
        return Err(Error::conflict(format!(
            "{} was changed by somebody else in the meantime and was left as it is; read it and edit it again",
            place.given
        )));
    }
    replace(&place.path, content).map_err(|error| place.write_failure(&error))
}

#[cfg(test)]
mod tests;
