//! The options of `ls`. Looks at no file.

/// Which names that begin with a dot are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hidden {
    #[default]
    No,
    Almost,
    /// Also `.` and `..`.
    All,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Name,
    Size,
    Time,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) long: bool,
    pub(super) human: bool,
    pub(super) directory: bool,
    pub(super) recursive: bool,
    pub(super) reverse: bool,
    pub(super) classify: bool,
    pub(super) slash: bool,
    pub(super) hidden: Hidden,
    pub(super) order: Order,
    /// `.` if none were given.
    pub(super) operands: Vec<String>,
}

impl Options {
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut only_operands = false;
        for argument in arguments {
            match argument.as_str() {
                text if only_operands || !text.starts_with('-') || text == "-" => {
                    options.operands.push(text.to_owned());
                }
                "--" => only_operands = true,
                text => match text.strip_prefix("--") {
                    Some(long) => options.long_option(long)?,
                    None => text
                        .chars()
                        .skip(1)
                        .try_for_each(|letter| options.letter(letter))?,
                },
            }
        }
        if options.operands.is_empty() {
            options.operands.push(".".into());
        }
        Ok(options)
    }

    fn letter(&mut self, letter: char) -> Result<(), String> {
        match letter {
            'l' => self.long = true,
            'h' => self.human = true,
            'd' => self.directory = true,
            'R' => self.recursive = true,
            'r' => self.reverse = true,
            'F' => self.classify = true,
            'p' => self.slash = true,
            'a' => self.hidden = Hidden::All,
            'A' => self.hidden = Hidden::Almost,
            'S' => self.order = Order::Size,
            't' => self.order = Order::Time,
            // As it is anyway: a name a line, unquoted; the directory's own order is by name.
            '1' | 'N' | 'U' => {}
            other => return Err(format!("ls: option -- '{other}' is not there in this ls\n")),
        }
        Ok(())
    }

    fn long_option(&mut self, name: &str) -> Result<(), String> {
        match name {
            "human-readable" => self.letter('h'),
            "directory" => self.letter('d'),
            "recursive" => self.letter('R'),
            "reverse" => self.letter('r'),
            "classify" => self.letter('F'),
            "all" => self.letter('a'),
            "almost-all" => self.letter('A'),
            "sort=size" => self.letter('S'),
            "sort=time" => self.letter('t'),
            "sort=none" | "sort=name" | "literal" => Ok(()),
            _ if name.starts_with("color") => Ok(()),
            _ => Err(format!("ls: option '--{name}' is not there in this ls\n")),
        }
    }
}
