//! Filters that make a long text short without understanding it: its first paragraph and its
//! headings or definitions.

use minijinja::Environment;
use regex_lite::Regex;

/// Adds the filters `opening` and `outline`.
pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("opening", opening);
    environment.add_filter("outline", outline);
}

/// Marks of comments, which are not part of what they say.
const COMMENT_MARKS: &[&str] = &["//!", "///", "//", "/**", "/*", "*/", "\"\"\"", "--", ";;"];

/// The first paragraph of prose: no headings, badges, tags or marks of comments.
fn opening(text: &str) -> String {
    let prose = text.lines().map(|line| {
        let line = line.trim();
        let mark = COMMENT_MARKS.iter().find(|mark| line.starts_with(**mark));
        let is_heading = line.starts_with('#') && !line.starts_with("#!");
        match mark {
            _ if is_heading => "",
            Some(mark) => line[mark.len()..].trim(),
            None => line,
        }
    });
    let is_prose = |line: &&str| {
        let starts_with_prose = !line.starts_with(['[', '!', '<', '|', '=', '-', '#', '{', '`']);
        starts_with_prose && line.contains(' ')
    };
    let paragraph = prose
        .skip_while(|line| !is_prose(line))
        .take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

/// The headings of a document, the sections of a configuration or the definitions of a program, told
/// from each other by the path.
fn outline(text: &str, path: &str) -> Vec<String> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let pattern = match extension {
        "md" | "markdown" => r"^#{1,3} .+",
        "rst" | "adoc" | "txt" | "" => r"^(?:=+ |\d+\.\d* )\S.*",
        "toml" | "ini" | "cfg" | "conf" => r"^\[.+\]",
        "yaml" | "yml" => r"^[\w.-]+:",
        "json" => "^ {1,4}\"[^\"]+\":",
        _ => DEFINITION,
    };
    let pattern = Regex::new(pattern).expect("the patterns of this function are tested");
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        if extension.starts_with('m') && line.starts_with("```") {
            is_code = !is_code;
        }
        !is_code && pattern.is_match(line)
    });
    let tidy = |line: &str| {
        let line = line.trim().trim_end_matches(['{', ':', ' ']);
        line.trim_start_matches('#').trim_start().to_owned()
    };
    lines.map(tidy).collect()
}

/// Definitions at the left margin, of the languages that are most common.
const DEFINITION: &str = r"^(?:export |default |pub(?:\([a-z]+\))? |public |private |static |abstract |final |async |unsafe |const |extern )*(?:fn|struct|enum|trait|impl|mod|macro_rules!|class|def|function|interface|type|func|package|module|namespace|object|record|union|sub|defmodule)\b.+";

#[cfg(test)]
mod tests;
