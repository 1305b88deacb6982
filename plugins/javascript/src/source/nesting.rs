//! Whether a place in a script lies inside of a function or a block: what is made there may use variables
//! that nobody else can read.

use super::scan::{Kind, Scanner, Token};

/// A body that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Body {
    depth: usize,
    /// `x => x + 1`: ends with the expression.
    is_expression: bool,
}

/// Whether a place, line and column from 1, is inside of a body. That of a class is inside of its own.
pub(crate) fn is_inside(code: &str, place: (u32, u32), is_class: bool) -> bool {
    let Some(place) = offset(code, place.0, place.1) else {
        return false;
    };
    let mut scanner = Scanner::new(code);
    let mut bodies: Vec<Body> = Vec::new();
    let mut token = scanner.next();
    while token.kind != Kind::End && token.from < place {
        let next = scanner.next();
        step(code, &mut bodies, token, next);
        token = next;
    }
    if token.begins && token.depth == 0 {
        bodies.retain(|body| !body.is_expression);
    }
    bodies.len() > usize::from(is_class)
}

fn step(code: &str, bodies: &mut Vec<Body>, token: Token, next: Token) {
    let text = &code[token.from..token.to];
    let depth = token.depth;
    if matches!(text, "," | ";" | ")" | "]" | "}") || (token.begins && depth == 0) {
        bodies.retain(|body| !(body.is_expression && body.depth >= depth));
    }
    if text == "}" {
        bodies.retain(|body| body.depth < depth);
    }
    if token.is_block {
        bodies.push(Body {
            depth,
            is_expression: false,
        });
    }
    if text == "=>" && !next.is_block {
        bodies.push(Body {
            depth,
            is_expression: true,
        });
    }
}

fn offset(code: &str, line: u32, column: u32) -> Option<usize> {
    let line = usize::try_from(line).ok()?.checked_sub(1)?;
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let start: usize = code.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = code.get(start..)?;
    let within = rest
        .char_indices()
        .nth(column)
        .map_or(rest.len(), |(at, _)| at);
    Some(start + within)
}
