//! The names of tools in a definition: Loom's own, patterns, and those of Claude Code.

use crate::config::check_tool_pattern;

/// What Claude Code calls the tools that Loom has too.
const TRANSLATIONS: [(&str, &str); 11] = [
    ("Read", "read_file"),
    ("Write", "write_file"),
    ("Edit", "edit_file"),
    ("MultiEdit", "edit_file"),
    ("Grep", "grep"),
    ("Glob", "glob"),
    ("LS", "list_dir"),
    ("WebFetch", "http_request"),
    ("TodoWrite", "todo"),
    ("Task", "task"),
    ("Agent", "task"),
];

/// The tools that were meant, and what was left out.
pub(super) struct Names {
    pub(super) tools: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// A list that is written as text: names with commas between them. A comma in parentheses is part of
/// a name.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match names.last_mut() {
            Some(name) if c != ',' || depth > 0 => name.push(c),
            _ => names.push(String::new()),
        }
    }
    let names = names.iter().map(|name| name.trim().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// Translates names. What Loom does not have is left out, so that an agent never has more than its
/// author meant.
pub(super) fn read(names: &[String]) -> Names {
    let mut read = Names {
        tools: Vec::new(),
        notes: Vec::new(),
    };
    for name in names.iter().map(|name| name.trim()) {
        match translate(name) {
            Ok(tool) if read.tools.iter().any(|known| known == tool) => {}
            Ok(tool) => read.tools.push(tool.to_owned()),
            Err(note) => read.notes.push(note),
        }
    }
    read
}

fn translate(name: &str) -> Result<&str, String> {
    if let Some((_, own)) = TRANSLATIONS.iter().find(|(foreign, _)| *foreign == name) {
        return Ok(own);
    }
    if name.contains('(') {
        return Err(format!(
            "the tool `{name}` is left out: a definition names whole tools, and [permissions] has \
             rules for their arguments"
        ));
    }
    if name.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Err(format!(
            "the tool `{name}` is left out: Loom has none of this kind"
        ));
    }
    check_tool_pattern(name)
        .map(|()| name)
        .map_err(|why| format!("a tool is left out: {why}"))
}
