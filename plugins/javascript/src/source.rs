//! What code is made into before it is evaluated as a script: modules' `import` and `export` in terms of
//! a script, and in a kept session declarations that a later call may repeat. Lines stay where they
//! are, and [`Shifts`] knows of columns that moved.

mod edit;
mod nesting;
mod scan;

use edit::{Edit, Editor};
pub(crate) use nesting::is_inside;

/// The name of a call's code in stacks.
pub(crate) const NAME: &str = "<code>";

/// Code that is ready to be evaluated.
pub(crate) struct Prepared {
    pub(crate) text: String,
    pub(crate) shifts: Shifts,
}

/// Columns that moved to the right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shifts(Vec<Shift>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Shift {
    line: u32,
    /// Where the new text is longer, counted in the new text from 1.
    column: u32,
    by: i64,
}

impl Shifts {
    /// The column in the code as it was written.
    pub(crate) fn column(&self, line: u32, column: u32) -> u32 {
        let before = self
            .0
            .iter()
            .filter(|shift| shift.line == line && shift.column < column);
        let moved: i64 = before.map(|shift| shift.by).sum();
        u32::try_from(i64::from(column) - moved).unwrap_or(1).max(1)
    }
}

/// The file name of the code of a call, which stacks of later calls still name.
pub(crate) fn file_name(number: usize) -> String {
    format!("<code#{number}>")
}

/// The number in such a name.
pub(crate) fn number(file: &str) -> Option<usize> {
    let number = file.strip_prefix("<code#")?.strip_suffix('>')?;
    number.parse().ok().filter(|number| *number > 0)
}

/// Makes code ready. With `keeps` what it declares can be declared again, and is found among the global
/// object's properties.
pub(crate) fn prepare(code: &str, keeps: bool) -> Prepared {
    let code = code.strip_prefix('\u{feff}').unwrap_or(code);
    let edits = Editor::new(code, keeps).edits();
    apply(code, edits)
}

/// Whether the text is a module: whether it has an `import` or `export` of its own.
pub(crate) fn is_module(text: &str) -> bool {
    Editor::new(text, false).finds_module()
}

fn apply(code: &str, edits: Vec<Edit>) -> Prepared {
    let mut text = String::with_capacity(code.len() + 64);
    let mut shifts = Shifts::default();
    let mut from = 0;
    for edit in edits {
        text.push_str(&code[from..edit.from]);
        let by = width(&edit.text) - width(&code[edit.from..edit.to]);
        let is_one_line = !code[edit.from..edit.to].contains('\n');
        if by != 0 && is_one_line {
            let line = text.matches('\n').count() + 1;
            let start = text.rfind('\n').map_or(0, |at| at + 1);
            shifts.0.push(Shift {
                line: u32::try_from(line).unwrap_or(u32::MAX),
                column: u32::try_from(text[start..].chars().count() + 1).unwrap_or(u32::MAX),
                by,
            });
        }
        text.push_str(&edit.text);
        from = edit.to;
    }
    text.push_str(&code[from..]);
    Prepared { text, shifts }
}

fn width(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
