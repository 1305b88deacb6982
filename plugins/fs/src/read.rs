//! The tool `read_file`: which lines are shown, and the note about the others. Finding out what a
//! file is lives in `file_type`, encodings in `text`.

use std::fs::{self, File};
use std::io::Read;

use loom_sdk::prelude::*;

use crate::budget::{Budget, Watched, stop_of};
use crate::file_type::{self, FileType, HEAD_BYTES};
use crate::page;
use crate::path::Place;
use crate::text::{Encoding, Reading};
use window::Window;

mod window;

/// Larger images are described instead; models' APIs take up to 5 MB.
const MAX_IMAGE_BYTES: u64 = 4 * 1024 * 1024;

/// Characters shown of a line.
const MAX_LINE_CHARS: usize = 2_000;

/// After the lines to show, this much is read to count the others.
const MAX_COUNTED_BYTES: u64 = 256 * 1024 * 1024;

const CHUNK_BYTES: usize = 64 * 1024;

/// Read a text file. Returns its lines exactly as they are, without line numbers; if something was
/// cut, a last line in brackets says what, and how to read on. Images are returned as images, other
/// binary files are described.
#[tool(
    safe,
    title = "Read file",
    reads(file = "path"),
    example(title = "Read a file", arguments = r#"{"path": "README.md"}"#),
    example(
        title = "Read 50 lines from line 200 on",
        arguments = r#"{"path": "src/lib.rs", "offset": 200, "limit": 50}"#
    )
)]
pub fn read_file(
    /// The file, relative to the working directory or absolute.
    path: String,
    /// The first line to return, counted from 1.
    #[arg(default = 1_u64)]
    offset: u64,
    /// How many lines to return at most.
    #[arg(default = 2_000_u64)]
    limit: u64,
) -> Result<Vec<Content>, Error> {
    if limit == 0 {
        return Err(Error::invalid_input(
            "limit is 0; ask for at least one line",
        ));
    }
    let place = Place::to_read(&path)?;
    let (mut file, length) = open(&place)?;
    let mut data = Vec::new();
    let head = file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut data);
    head.map_err(|error| place.failure(&error))?;
    let text = match file_type::guess(&data) {
        FileType::Text => {
            let first = offset.max(1);
            let window = Window::new(first..first.saturating_add(limit), &data);
            read_text(&place, data, file, window)?
        }
        FileType::Image(mime) if length <= MAX_IMAGE_BYTES => {
            let rest = file.read_to_end(&mut data);
            rest.map_err(|error| place.failure(&error))?;
            let mime = mime.to_owned();
            return Ok(vec![Content::Blob(Blob { mime, data })]);
        }
        FileType::Image(mime) => format!(
            "[{path} is an image ({mime}) of {length} bytes, too large to show: the limit is {MAX_IMAGE_BYTES}]"
        ),
        FileType::Binary(name) => format!(
            "[{path} is a binary file of {length} bytes ({name}); its content is not shown]"
        ),
    };
    Ok(vec![Content::Text(text)])
}

fn open(place: &Place) -> Result<(File, u64), Error> {
    let fail = |error| place.failure(&error);
    // Before opening it: to open a pipe would wait for somebody to write to it.
    let metadata = fs::metadata(&place.path).map_err(fail)?;
    if metadata.is_dir() {
        return Err(place.is_a_directory());
    }
    if !metadata.is_file() {
        return Err(place.not_a_regular_file());
    }
    let file = File::open(&place.path).map_err(fail)?;
    Ok((file, metadata.len()))
}

fn read_text(
    place: &Place,
    head: Vec<u8>,
    file: File,
    mut window: Window,
) -> Result<String, Error> {
    let budget = Budget::default();
    let mut chunk = head;
    let mut file = Watched {
        inner: file,
        budget: &budget,
    };
    let mut counted = 0;
    while !chunk.is_empty() && counted < MAX_COUNTED_BYTES {
        window.feed(&chunk);
        if window.is_complete() {
            counted += chunk.len() as u64;
        }
        chunk.resize(CHUNK_BYTES, 0);
        match file.read(&mut chunk) {
            Ok(length) => chunk.truncate(length),
            Err(error) => match stop_of(&error) {
                None => return Err(place.failure(&error)),
                Some(stop) if !window.is_complete() => {
                    return Err(out_of_time(place, stop.note()?));
                }
                Some(stop) => {
                    stop.note()?;
                    break;
                }
            },
        }
    }
    let is_whole = chunk.is_empty();
    if is_whole {
        window.finish();
    }
    show(place, &window, is_whole)
}

fn out_of_time(place: &Place, note: String) -> Error {
    let given = &place.given;
    Error::timeout(format!(
        "reading {given} {note}; use a smaller offset or grep"
    ))
}

/// The text of the window, with the notes that it needs.
fn show(place: &Place, window: &Window, is_whole: bool) -> Result<String, Error> {
    let total = window.lines_seen();
    if total == 0 {
        return Ok("[the file is empty]".to_owned());
    }
    let Some(last) = window.last_line() else {
        let (given, first) = (&place.given, window.first_line());
        return Err(Error::invalid_input(format!(
            "offset {first} is past the end of {given}, which has {total} lines"
        )));
    };
    let reading = match window.encoding() {
        Encoding::Utf8 => Reading::of(window.bytes()),
        _ => Reading::Utf8,
    };
    let mut clamped = 0;
    let mut text = String::with_capacity(window.bytes().len());
    for line in window.lines() {
        clamped += usize::from(push_line(&mut text, line, reading));
    }
    let mut notes = Vec::new();
    notes.extend(range_note(window, last, is_whole));
    if clamped > 0 {
        notes.push(format!(
            "lines over {MAX_LINE_CHARS} characters are clamped"
        ));
    }
    notes.extend(encoding_note(window.encoding(), reading));
    if !notes.is_empty() {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text += &page::bracketed(&notes);
    }
    Ok(text)
}

/// True if the line was clamped.
fn push_line(text: &mut String, line: window::Line<'_>, reading: Reading) -> bool {
    let decoded = reading.decode(line.bytes);
    let ending = decoded.len() - decoded.trim_end_matches(['\n', '\r']).len();
    let content = &decoded[..decoded.len() - ending];
    let cut = content.char_indices().nth(MAX_LINE_CHARS).map(|(at, _)| at);
    if cut.is_none() && !line.is_cut() {
        text.push_str(&decoded);
        return false;
    }
    text.push_str(&content[..cut.unwrap_or(content.len())]);
    text.push_str(&format!(
        "… [clamped: {} bytes in this line]\n",
        line.length
    ));
    true
}

fn range_note(window: &Window, last: u64, is_whole: bool) -> Option<String> {
    let (first, total) = (window.first_line(), window.lines_seen());
    if first == 1 && last == total && is_whole {
        return None;
    }
    let more_than = if is_whole { "" } else { "more than " };
    let full = if window.is_full() {
        format!(", cut at {} KiB", page::MAX_BYTES / 1024)
    } else {
        String::new()
    };
    let read_on = if last < total || !is_whole {
        format!("; read on with offset {}", last + 1)
    } else {
        String::new()
    };
    Some(format!(
        "lines {first}-{last} of {more_than}{total}{full}{read_on}"
    ))
}

fn encoding_note(encoding: Encoding, reading: Reading) -> Option<String> {
    match (encoding, reading) {
        (Encoding::Utf8, Reading::Utf8) => None,
        (Encoding::Utf8, Reading::BrokenUtf8(count)) => Some(format!(
            "damaged UTF-8: what is invalid is shown as \u{fffd}, {count} times"
        )),
        (Encoding::Utf8, Reading::Windows1252) => {
            let name = Encoding::Windows1252.name();
            Some(format!("not UTF-8; decoded as {name}"))
        }
        (other, _) => Some(format!("not UTF-8; decoded from {}", other.name())),
    }
}

#[cfg(test)]
mod tests;
