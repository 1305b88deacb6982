//! JavaScript's tokens, as far as one has to know them to find the statements of a script: brackets,
//! words, and where strings, templates, comments and regular expressions begin and end.

/// A token. Strings, numbers, templates and regular expressions are all values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    String,
    Value,
    /// One character, but `=>` is one too.
    Punctuation,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) from: usize,
    pub(super) to: usize,
    /// How many brackets are open around it; a closing bracket is inside no more.
    pub(super) depth: usize,
    /// Whether it may begin a statement.
    pub(super) begins: bool,
    /// Whether it opens a block, the body of a function or of a class.
    pub(super) is_block: bool,
}

/// An open bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Whether what follows the closing one is a statement: `if (…)`.
    Parenthesis {
        control: bool,
    },
    Square,
    /// Whether it is a block and no object.
    Brace {
        block: bool,
    },
    Template,
}

/// What came before, as far as it decides what a slash, a brace or a line break means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Start,
    /// An operand is to follow.
    Operator,
    /// A statement is to follow.
    Statement,
    Operand,
    /// A name, a keyword that names something, or one that begins a block.
    Name,
    /// `if`, `for`, `while`, `with`: a parenthesis and a statement follow.
    Control,
}

/// Words after which an operand follows.
const OPERATORS: [&str; 16] = [
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "new",
    "delete",
    "void",
    "throw",
    "await",
    "yield",
    "instanceof",
    "default",
    "extends",
    "else",
    "do",
];

pub(super) struct Scanner<'a> {
    code: &'a str,
    at: usize,
    open: Vec<Open>,
    before: Before,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(code: &'a str) -> Self {
        let at = if code.starts_with("#!") {
            code.find('\n').unwrap_or(code.len())
        } else {
            0
        };
        Self {
            code,
            at,
            open: Vec::new(),
            before: Before::Start,
        }
    }

    /// The next token; `End` for ever at the end, or where the code can't be understood.
    pub(super) fn next(&mut self) -> Token {
        let broke_line = self.skip_blank();
        let begins = match self.before {
            Before::Start | Before::Statement => true,
            Before::Operand | Before::Name => broke_line,
            Before::Operator | Before::Control => false,
        };
        let from = self.at;
        let Some(first) = self.code[from..].chars().next() else {
            return self.token(Kind::End, from, begins);
        };
        match first {
            '\'' | '"' => {
                self.string(first);
                self.before = Before::Operand;
                self.token(Kind::String, from, begins)
            }
            '`' => {
                self.at += 1;
                self.template();
                self.token(Kind::Value, from, begins)
            }
            '0'..='9' => {
                self.number();
                self.before = Before::Operand;
                self.token(Kind::Value, from, begins)
            }
            _ if is_name(first) || first == '\\' || first == '#' || first == '@' => {
                self.word();
                self.token(Kind::Word, from, begins)
            }
            '/' if !matches!(self.before, Before::Operand | Before::Name) => {
                self.regex();
                self.before = Before::Operand;
                self.token(Kind::Value, from, begins)
            }
            _ => self.punctuation(first, begins),
        }
    }

    fn token(&self, kind: Kind, from: usize, begins: bool) -> Token {
        Token {
            kind,
            from,
            to: self.at,
            depth: self.open.len(),
            begins,
            is_block: false,
        }
    }

    /// Skips blanks and comments; tells whether there was a line break.
    fn skip_blank(&mut self) -> bool {
        let mut broke_line = false;
        loop {
            let rest = &self.code[self.at..];
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let end = comment.find("*/").map_or(rest.len(), |end| end + 4);
                broke_line |= rest[..end].contains('\n');
                self.at += end;
            } else {
                match rest.chars().next() {
                    Some(c) if c.is_whitespace() || c == '\u{feff}' => {
                        broke_line |= matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
                        self.at += c.len_utf8();
                    }
                    _ => return broke_line,
                }
            }
        }
    }

    fn string(&mut self, quote: char) {
        let mut escaped = false;
        let rest = &self.code[self.at + 1..];
        let end = rest.char_indices().find(|(_, c)| {
            let ends = !escaped && (*c == quote || *c == '\n');
            escaped = !escaped && *c == '\\';
            ends
        });
        self.at = end.map_or(self.code.len(), |(end, c)| self.at + 1 + end + c.len_utf8());
    }

    /// Up to the end of the template or its next `${`.
    fn template(&mut self) {
        let mut escaped = false;
        let mut characters = self.code[self.at..].char_indices().peekable();
        while let Some((index, c)) = characters.next() {
            let is_plain = !std::mem::replace(&mut escaped, false);
            match c {
                '\\' if is_plain => escaped = true,
                '`' if is_plain => {
                    self.at += index + 1;
                    self.before = Before::Operand;
                    return;
                }
                '$' if is_plain && characters.peek().is_some_and(|(_, next)| *next == '{') => {
                    self.at += index + 2;
                    self.open.push(Open::Template);
                    self.before = Before::Operator;
                    return;
                }
                _ => {}
            }
        }
        self.at = self.code.len();
    }

    fn number(&mut self) {
        let bytes = self.code.as_bytes();
        let is_hexadecimal =
            self.code[self.at..].len() > 1 && matches!(bytes[self.at + 1], b'x' | b'X');
        while let Some(byte) = bytes.get(self.at) {
            let is_sign = matches!(byte, b'+' | b'-')
                && !is_hexadecimal
                && matches!(bytes[self.at - 1], b'e' | b'E');
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || is_sign) {
                return;
            }
            self.at += 1;
        }
    }

    fn word(&mut self) {
        let from = self.at;
        let rest = &self.code[from..];
        let end = rest.char_indices().skip(1).find(|(_, c)| {
            !(is_name(*c) || c.is_alphanumeric() || matches!(c, '\\' | '\u{200c}' | '\u{200d}'))
        });
        self.at += end.map_or(rest.len(), |(end, _)| end);
        let word = &self.code[from..self.at];
        let is_property = self.code[..from].trim_end().ends_with('.')
            && !self.code[..from].trim_end().ends_with("...");
        self.before = match word {
            _ if is_property => Before::Operand,
            "if" | "for" | "while" | "with" => Before::Control,
            _ if OPERATORS.contains(&word) => Before::Operator,
            _ => Before::Name,
        };
    }

    fn regex(&mut self) {
        let mut escaped = false;
        let mut in_class = false;
        let rest = &self.code[self.at + 1..];
        let end = rest.char_indices().find(|(_, c)| {
            let is_plain = !std::mem::replace(&mut escaped, false);
            match c {
                '\n' => return true,
                '\\' if is_plain => escaped = true,
                '[' if is_plain => in_class = true,
                ']' if is_plain => in_class = false,
                '/' if is_plain && !in_class => return true,
                _ => {}
            }
            false
        });
        self.at = end.map_or(self.code.len(), |(end, _)| self.at + end + 2);
        let rest = &self.code[self.at..];
        let flags = rest.find(|c: char| !c.is_ascii_alphabetic());
        self.at += flags.unwrap_or(rest.len());
    }

    fn punctuation(&mut self, first: char, begins: bool) -> Token {
        let from = self.at;
        self.at += first.len_utf8();
        let before = self.before;
        self.before = Before::Operator;
        match first {
            '(' => self.open.push(Open::Parenthesis {
                control: before == Before::Control,
            }),
            '[' => self.open.push(Open::Square),
            '{' => return self.brace(before, from, begins),
            ')' | ']' | '}' => return self.close(first, from, begins),
            ';' => self.before = Before::Statement,
            '=' if self.code[self.at..].starts_with('>') => return self.arrow(from, begins),
            '+' | '-' if self.code[self.at..].starts_with(first) => {
                self.at += 1;
                self.before = if matches!(before, Before::Operand | Before::Name) {
                    Before::Operand
                } else {
                    Before::Operator
                };
            }
            _ => {}
        }
        let mut token = self.token(Kind::Punctuation, from, begins);
        if matches!(first, '(' | '[') {
            token.depth -= 1;
        }
        token
    }

    /// Before an operand an object, before a statement a block.
    fn brace(&mut self, before: Before, from: usize, begins: bool) -> Token {
        let block = begins || before != Before::Operator;
        self.open.push(Open::Brace { block });
        self.before = if block {
            Before::Statement
        } else {
            Before::Operator
        };
        let mut token = self.token(Kind::Punctuation, from, begins);
        token.depth -= 1;
        token.is_block = block;
        token
    }

    fn arrow(&mut self, from: usize, begins: bool) -> Token {
        self.at += 1;
        self.before = Before::Start;
        let token = self.token(Kind::Punctuation, from, begins);
        // A brace that follows is a body; nothing else that follows begins a statement.
        self.before = if self.code[self.at..].trim_start().starts_with('{') {
            Before::Name
        } else {
            Before::Operator
        };
        token
    }

    fn close(&mut self, bracket: char, from: usize, begins: bool) -> Token {
        let open = self.open.pop();
        self.before = match open {
            Some(Open::Parenthesis { control: true }) => Before::Statement,
            Some(Open::Brace { block: true }) => Before::Statement,
            _ => Before::Operand,
        };
        if bracket == '}' && open == Some(Open::Template) {
            self.template();
            let mut token = self.token(Kind::Value, from, false);
            token.depth = self.open.len();
            return token;
        }
        self.token(Kind::Punctuation, from, begins)
    }
}

fn is_name(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '$')
}
