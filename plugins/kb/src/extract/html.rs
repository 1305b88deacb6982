//! HTML as Markdown-like text: headings, paragraphs, list items, code.
//!
//! Only the tokenizer is used and no tree is built, so that neither depth nor size of what is nested
//! matters.

use std::cell::RefCell;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::Extracted;
use crate::chunking::Structure;

/// What is between these tags is not for readers.
const HIDDEN: [&str; 7] = [
    "script", "style", "noscript", "template", "svg", "iframe", "select",
];

/// These tags begin a new line.
const BLOCKS: [&str; 28] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "hr",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "thead",
    "tr",
    "ul",
];

/// The title and the text of a page.
pub(super) fn extract(html: &str) -> Extracted {
    let sink = Sink::default();
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(html.into());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let page = tokenizer.sink.0.into_inner();
    let title = page.title.split_whitespace().collect::<Vec<_>>().join(" ");
    Extracted {
        title: Some(title).filter(|title| !title.is_empty()),
        text: page.text,
        structure: Structure::Markdown,
    }
}

#[derive(Default)]
struct Sink(RefCell<Page>);

#[derive(Default)]
struct Page {
    text: String,
    title: String,
    in_title: bool,
    /// The hidden tag that is open, and how many of its name are nested.
    hidden: Option<(String, usize)>,
    is_preformatted: bool,
    /// Whether a line was begun by a mark that waits for its text.
    is_marked: bool,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => page.characters(&text),
            Token::TagToken(tag) => return page.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Page {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let opens = tag.kind == TagKind::StartTag;
        self.hide(name, opens, tag.self_closing);
        match name {
            "title" => self.in_title = opens && self.hidden.is_none() && self.title.is_empty(),
            "pre" => self.is_preformatted = opens,
            _ => {}
        }
        match heading_level(name) {
            Some(level) if opens => self.begin_line(&format!("{} ", "#".repeat(level)), true),
            Some(_) => self.end_line(),
            None if name == "li" && opens => self.begin_line("- ", false),
            None if matches!(name, "td" | "th") && !opens => self.characters(" | "),
            None if BLOCKS.contains(&name) => {
                self.end_line();
                if name == "p" || name == "table" {
                    self.blank_line();
                }
            }
            None => {}
        }
        if !opens {
            return TokenSinkResult::Continue;
        }
        match name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "iframe" | "noembed" | "noframes" => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    fn hide(&mut self, name: &str, opens: bool, is_empty: bool) {
        match &mut self.hidden {
            Some((hiding, depth)) if hiding == name => {
                if opens && !is_empty {
                    *depth += 1;
                } else if !opens {
                    *depth -= 1;
                }
                if *depth == 0 {
                    self.hidden = None;
                }
            }
            None if opens && !is_empty && HIDDEN.contains(&name) => {
                self.hidden = Some((name.to_owned(), 1));
            }
            _ => {}
        }
    }

    fn characters(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        if self.in_title {
            self.title.push_str(text);
            return;
        }
        if self.is_preformatted {
            self.text.push_str(text);
            return;
        }
        for (index, word) in text.split(char::is_whitespace).enumerate() {
            let is_separated = self.text.is_empty() || self.text.ends_with(char::is_whitespace);
            if index > 0 && !is_separated {
                self.text.push(' ');
            }
            self.text.push_str(word);
            self.is_marked &= word.is_empty();
        }
    }

    fn begin_line(&mut self, mark: &str, after_blank: bool) {
        if self.hidden.is_some() {
            return;
        }
        self.end_line();
        if after_blank {
            self.blank_line();
        }
        self.text.push_str(mark);
        self.is_marked = true;
    }

    fn end_line(&mut self) {
        let is_begun = !self.text.is_empty() && !self.text.ends_with('\n');
        if self.hidden.is_none() && is_begun && !self.is_marked {
            self.text.truncate(self.text.trim_end_matches(' ').len());
            self.text.push('\n');
        }
    }

    fn blank_line(&mut self) {
        if self.text.ends_with('\n') && !self.text.ends_with("\n\n") && self.hidden.is_none() {
            self.text.push('\n');
        }
    }
}

fn heading_level(name: &str) -> Option<usize> {
    let level = name.strip_prefix('h')?.parse().ok()?;
    (name.len() == 2 && (1..=6).contains(&level)).then_some(level)
}
