//! Finds the statements to change: `import`, `export`, and in a kept session declarations.

use super::scan::{Kind, Scanner, Token};

/// A piece of the code and what is put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) text: String,
}

/// Goes through the statements of a script.
pub(super) struct Editor<'a> {
    code: &'a str,
    scanner: Scanner<'a>,
    keeps: bool,
    next: Option<Token>,
    edits: Vec<Edit>,
}

/// `import.meta` as a global name, which is as long.
pub(crate) const META: &str = "import_meta";

impl<'a> Editor<'a> {
    pub(super) fn new(code: &'a str, keeps: bool) -> Self {
        Self {
            code,
            scanner: Scanner::new(code),
            keeps,
            next: None,
            edits: Vec::new(),
        }
    }

    pub(super) fn edits(mut self) -> Vec<Edit> {
        while self.statement() {}
        self.edits.sort_by_key(|edit| edit.from);
        self.edits
    }

    pub(super) fn finds_module(mut self) -> bool {
        loop {
            let token = self.take();
            if token.kind == Kind::End {
                return false;
            }
            if token.depth > 0 {
                continue;
            }
            let follows = self.peek();
            match self.text(token) {
                "export" if token.begins => return true,
                "import" if token.begins && !matches!(self.text(follows), "(" | ".") => {
                    return true;
                }
                "import" if self.text(follows) == "." => return true,
                _ => {}
            }
        }
    }

    fn take(&mut self) -> Token {
        match self.next.take() {
            Some(token) => token,
            None => self.scanner.next(),
        }
    }

    fn peek(&mut self) -> Token {
        let token = self.take();
        self.next = Some(token);
        token
    }

    fn text(&self, token: Token) -> &'a str {
        &self.code[token.from..token.to]
    }

    /// Looks at the next token; false at the end.
    fn statement(&mut self) -> bool {
        let token = self.take();
        if token.kind == Kind::End {
            return false;
        }
        if token.kind != Kind::Word {
            return true;
        }
        let begins = token.begins && token.depth == 0;
        match self.text(token) {
            "import" => self.import(token, begins),
            "export" if begins => self.export(token),
            _ if begins => self.declaration(token),
            _ => {}
        }
        true
    }

    fn declaration(&mut self, token: Token) {
        if !self.keeps {
            return;
        }
        let follows = self.peek();
        let names = follows.kind == Kind::Word || matches!(self.text(follows), "{" | "[");
        match self.text(token) {
            "const" if names => self.replace(token, "var  "),
            "let" if names && !matches!(self.text(follows), "in" | "of" | "instanceof") => {
                self.replace(token, "var");
            }
            "class" if follows.kind == Kind::Word => self.class(token, follows),
            _ => {}
        }
    }

    /// `class A …` becomes `var A=class A …;`.
    fn class(&mut self, token: Token, name: Token) {
        let name = self.text(name);
        self.edits.push(Edit {
            from: token.from,
            to: token.from,
            text: format!("var {name}="),
        });
        self.take();
        let mut is_body = false;
        loop {
            let token = self.take();
            let follows_operand = !matches!(self.text(token), "extends" | ",");
            match self.text(token) {
                _ if token.kind == Kind::End => return,
                "{" if token.depth == 0 && follows_operand => is_body = true,
                "}" if token.depth == 0 && is_body => {
                    self.edits.push(Edit {
                        from: token.to,
                        to: token.to,
                        text: ";".into(),
                    });
                    return;
                }
                _ => {}
            }
        }
    }

    fn import(&mut self, token: Token, begins: bool) {
        let follows = self.peek();
        if self.text(follows) == "." {
            self.take();
            let meta = self.peek();
            if self.text(meta) == "meta" && meta.to - token.from == META.len() {
                self.edits.push(Edit {
                    from: token.from,
                    to: meta.to,
                    text: META.into(),
                });
            }
            return;
        }
        if begins && self.text(follows) != "(" {
            self.import_statement(token);
        }
    }

    /// Takes names apart and asks for the module as a script does.
    fn import_statement(&mut self, token: Token) {
        let mut namespace = None;
        let mut names = Vec::new();
        let specifier = loop {
            let next = self.take();
            match self.text(next) {
                _ if next.kind == Kind::String => break next,
                "*" => {
                    self.take();
                    let name = self.take();
                    namespace = Some(self.text(name));
                }
                "{" => self.names(&mut names),
                "," | "from" if !names.is_empty() || namespace.is_some() => {}
                _ if next.kind == Kind::Word => names.push(format!("default: {}", self.text(next))),
                _ => return,
            }
        };
        let end = self.end_of_import(specifier.to);
        let specifier = self.text(specifier);
        let declare = if self.keeps { "var" } else { "const" };
        let names = names.join(", ");
        let text = match (namespace, names.is_empty()) {
            (None, true) => format!("await import({specifier});"),
            (None, false) => format!("{declare} {{{names}}} = await import({specifier});"),
            (Some(name), true) => format!("{declare} {name} = await import({specifier});"),
            (Some(name), false) => {
                format!("{declare} {name} = await import({specifier}), {{{names}}} = {name};")
            }
        };
        self.replace_lines(token.from, end, &text);
    }

    /// `a, b as c` up to the brace, as a pattern.
    fn names(&mut self, names: &mut Vec<String>) {
        loop {
            let name = self.take();
            if name.kind == Kind::End || self.text(name) == "}" {
                return;
            }
            if self.text(name) == "," {
                continue;
            }
            let as_word = self.peek();
            if self.text(as_word) == "as" {
                self.take();
                let local = self.take();
                names.push(format!("{}: {}", self.text(name), self.text(local)));
            } else {
                names.push(self.text(name).to_owned());
            }
        }
    }

    /// Behind the attributes and the semicolon of a statement whose module was named.
    fn end_of_import(&mut self, mut end: usize) -> usize {
        let mut next = self.peek();
        if matches!(self.text(next), "with" | "assert") {
            self.take();
            let brace = self.peek();
            if self.text(brace) != "{" {
                return end;
            }
            while next.kind != Kind::End && self.text(next) != "}" {
                next = self.take();
            }
            end = next.to;
            next = self.peek();
        }
        if self.text(next) == ";" {
            self.take();
            end = next.to;
        }
        end
    }

    fn export(&mut self, token: Token) {
        let follows = self.peek();
        match self.text(follows) {
            "default" => {
                self.take();
                self.export_default(token, follows);
            }
            "{" | "*" => self.export_list(token),
            _ => {
                self.blank(token.from, token.to);
                let statement = self.take();
                self.declaration(statement);
            }
        }
    }

    fn export_default(&mut self, token: Token, default: Token) {
        let mut what = self.peek();
        let is_async = self.text(what) == "async";
        if is_async {
            self.take();
            what = self.peek();
        }
        let declares = matches!(self.text(what), "function" | "class");
        if declares {
            self.take();
            let name = self.peek();
            if name.kind == Kind::Word && self.text(name) != "extends" {
                self.blank(token.from, default.to);
                if self.text(what) == "class" {
                    self.declaration_of_class(what);
                }
                return;
            }
        }
        let text = format!("void{}", " ".repeat(default.to - token.from - 4));
        self.replace_lines(token.from, default.to, &text);
    }

    fn declaration_of_class(&mut self, class: Token) {
        if self.keeps {
            let name = self.peek();
            self.class(class, name);
        }
    }

    fn export_list(&mut self, token: Token) {
        let mut end = token.to;
        let mut specifier = None;
        loop {
            let next = self.take();
            match self.text(next) {
                _ if next.kind == Kind::End => break,
                "}" => {
                    end = next.to;
                    let from = self.peek();
                    if self.text(from) != "from" {
                        break;
                    }
                }
                _ if next.kind == Kind::String => {
                    specifier = Some(self.text(next));
                    end = next.to;
                    break;
                }
                _ => {}
            }
        }
        match specifier {
            Some(specifier) => {
                self.replace_lines(token.from, end, &format!("await import({specifier})"));
            }
            None => self.blank(token.from, end),
        }
    }

    fn replace(&mut self, token: Token, text: &str) {
        self.edits.push(Edit {
            from: token.from,
            to: token.to,
            text: text.into(),
        });
    }

    fn blank(&mut self, from: usize, to: usize) {
        let blanks = self.code[from..to]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' });
        let text = blanks.collect();
        self.edits.push(Edit { from, to, text });
    }

    /// With as many line breaks as there were.
    fn replace_lines(&mut self, from: usize, to: usize, text: &str) {
        let breaks = self.code[from..to].matches('\n').count();
        let text = format!("{text}{}", "\n".repeat(breaks));
        self.edits.push(Edit { from, to, text });
    }
}
