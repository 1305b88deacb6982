//! Options that may be repeated, before the verb and behind it. clap keeps only those of the innermost
//! level, so what stands before the verb is put behind it first.

use std::ffi::{OsStr, OsString};

use clap::{ArgAction, Command, CommandFactory as _};

use super::Arguments;

/// The arguments of the process with all repeatable global options behind the verb. What is not
/// understood stays as it is; clap tells of it.
pub(crate) fn gathered(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let root = Arguments::command();
    let mut rest = arguments.into_iter().peekable();
    let mut gathered: Vec<_> = rest.next().into_iter().collect();
    let mut lists = Vec::new();
    while let Some(next) = rest.next_if(|it| it.as_encoded_bytes().starts_with(b"-") && it != "--")
    {
        let Some((is_list, takes_next)) = option(&root, &next) else {
            gathered.push(next);
            break;
        };
        let target = if is_list { &mut lists } else { &mut gathered };
        target.push(next);
        if takes_next {
            target.extend(rest.next());
        }
    }
    let mut command = Some(&root);
    while let Some(verb) = command.and_then(|it| it.find_subcommand(rest.peek()?)) {
        gathered.extend(rest.next());
        command = Some(verb);
    }
    gathered.extend(lists);
    gathered.extend(rest);
    gathered
}

/// Whether an option may be repeated, and whether its value is the next argument. None for what is no
/// option of the command.
fn option(command: &Command, text: &OsStr) -> Option<(bool, bool)> {
    let text = text.to_str()?;
    let (name, has_value) = match text.split_once('=') {
        Some((name, _)) => (name, true),
        None => (text, false),
    };
    let mut options = command.get_arguments();
    let found = match name.strip_prefix("--") {
        Some(long) => options.find(|it| it.get_long() == Some(long)),
        None => {
            let mut letters = name.chars().skip(1);
            let first = letters.next()?;
            let option = options.find(|it| it.get_short() == Some(first))?;
            let takes_value = option.get_action().takes_values();
            // `-ca=1` has its value, `-vq` is several options.
            let whole = letters.next().is_none() && !has_value;
            let is_list = matches!(option.get_action(), ArgAction::Append);
            return Some((is_list, takes_value && whole));
        }
    }?;
    let is_list = matches!(found.get_action(), ArgAction::Append);
    Some((is_list, found.get_action().takes_values() && !has_value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: &str) {
        let typed = typed.split(' ').map(OsString::from);
        let expected: Vec<_> = expected.split(' ').map(OsString::from).collect();
        assert_eq!(gathered(typed), expected);
    }

    #[test]
    fn lists_before_the_verb_go_behind_it_in_their_order() {
        check("loom -c a=1 run -c b=2 hi", "loom run -c a=1 -c b=2 hi");
        check(
            "loom -c a=1 --add-dir x -C y run hi",
            "loom -C y run -c a=1 --add-dir x hi",
        );
        check(
            "loom -ca=1 --config=b=2 tool call t",
            "loom tool call -ca=1 --config=b=2 t",
        );
    }

    #[test]
    fn all_else_stays_where_it_is() {
        for typed in [
            "loom",
            "loom run hi",
            "loom --version",
            "loom -v run -c a=1 hi",
            "loom --frobnicate -c a=1 run",
            "loom -- run",
            "loom runn -c a=1",
            "loom run -- -c a=1",
        ] {
            check(typed, typed);
        }
    }

    #[test]
    fn a_list_without_its_value_is_left_to_clap() {
        check("loom -c", "loom -c");
    }
}
