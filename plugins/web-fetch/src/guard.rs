//! Whether a page can be parsed in the time, memory and stack that there is. HTML has constructions that
//! cost their parser the square of their size, and trees are walked by recursion.

use dom_query::Document;

use crate::markup::{Piece, Pieces};

/// Of a parsed page. Browsers stop at 512; pages made by people have less than 100.
const MAX_DEPTH: usize = 256;
/// Of open tags, where closing ones are forgotten; the parser looks through them for each tag.
const MAX_OPEN: usize = 1500;
/// Of elements and attributes, with those that the parser repeats.
const MAX_COST: usize = 400_000;
/// Of one tag; the parser compares each with all.
const MAX_ATTRIBUTES: usize = 1000;

const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
/// Elements that the next of their kind closes, so that they do not pile up.
const CLOSED_BY_THE_NEXT: [&str; 20] = [
    "p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot",
    "colgroup", "caption", "rp", "rt", "html", "head", "body", "frame",
];
/// Elements that the parser opens again after what they began in has closed.
const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// Closing tags do not reach through these.
const WALLS: [&str; 6] = [
    "table",
    "template",
    "object",
    "marquee",
    "applet",
    "foreignobject",
];

/// What makes a page too complex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooComplex {
    Depth,
    Elements,
    Attributes,
}

impl TooComplex {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Depth => "its elements are nested too deeply",
            Self::Elements => "it has too many elements",
            Self::Attributes => "one of its elements has too many attributes",
        }
    }
}

/// Looks at a page that has not been parsed.
pub(crate) fn before_parsing(html: &str) -> Result<(), TooComplex> {
    let mut pieces = Pieces::of(html);
    let mut tally = Tally::default();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(_) => {}
            Piece::Close(name) => tally.close(&name.to_ascii_lowercase()),
            Piece::Open {
                name,
                attributes,
                closes_itself,
            } => {
                let name = name.to_ascii_lowercase();
                tally.open(name.clone(), attributes, closes_itself)?;
                if tally.foreign == 0 && matches!(name.as_str(), "script" | "style") {
                    pieces.skip_raw(&name);
                }
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    open: Vec<String>,
    cost: usize,
    /// Name and weight of formatting elements that were not closed.
    formatting: Vec<(String, usize)>,
    formatting_cost: usize,
    /// Open `svg` and `math`.
    foreign: usize,
    /// Of `html` and `body`: each merges its attributes into the first.
    roots: usize,
}

impl Tally {
    fn open(
        &mut self,
        name: String,
        attributes: usize,
        closes_itself: bool,
    ) -> Result<(), TooComplex> {
        if attributes > MAX_ATTRIBUTES {
            return Err(TooComplex::Attributes);
        }
        self.cost += 1 + attributes + self.formatting_cost;
        if matches!(name.as_str(), "html" | "body") {
            self.roots += 1;
            self.cost += self.roots;
        }
        if self.cost > MAX_COST {
            return Err(TooComplex::Elements);
        }
        let ends = VOID.contains(&name.as_str())
            || CLOSED_BY_THE_NEXT.contains(&name.as_str())
            || (closes_itself && self.foreign > 0);
        if ends {
            return Ok(());
        }
        if FORMATTING.contains(&name.as_str()) {
            self.formatting.push((name.clone(), 1 + attributes));
            self.formatting_cost += 1 + attributes;
        }
        if matches!(name.as_str(), "svg" | "math") {
            self.foreign += 1;
        }
        self.open.push(name);
        if self.open.len() > MAX_OPEN {
            return Err(TooComplex::Depth);
        }
        Ok(())
    }

    fn close(&mut self, name: &str) {
        let last = self.formatting.iter().rposition(|(open, _)| open == name);
        if let Some(last) = last {
            let (_, weight) = self.formatting.remove(last);
            self.formatting_cost -= weight;
        }
        let mut open = self.open.iter().rev();
        let found = open.position(|open| open == name || WALLS.contains(&open.as_str()));
        let Some(found) = found else { return };
        let at = self.open.len() - 1 - found;
        if self.open[at] == name {
            let closed = self.open.drain(at..);
            let foreign = closed.filter(|name| matches!(name.as_str(), "svg" | "math"));
            self.foreign -= foreign.count();
        }
    }
}

/// Looks at the tree before anything walks it by recursion.
pub(crate) fn after_parsing(document: &Document) -> Result<(), TooComplex> {
    let mut depth = 0;
    let mut node = document.root();
    loop {
        if let Some(child) = node.first_child() {
            node = child;
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(TooComplex::Depth);
            }
            continue;
        }
        loop {
            if depth == 0 {
                return Ok(());
            }
            if let Some(sibling) = node.next_sibling() {
                node = sibling;
                break;
            }
            let Some(parent) = node.parent() else {
                return Ok(());
            };
            node = parent;
            depth -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
