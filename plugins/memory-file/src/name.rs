//! Session ids as file names, and back. Two ids never share a file, on file systems that do not
//! tell upper from lower case either, and no id names anything but a file in the store's directory.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Before an id that is written out. Keeps names apart from device names (`con`, `nul`), hidden
/// files and options.
const PLAIN: &str = "s-";
/// Before the hash of an id that would be too long.
const HASHED: &str = "h-";
const SUFFIX: &str = ".log";
/// Before and behind the name of a file that is to take the place of a session's.
const NEW: &str = "n-";
const NEW_SUFFIX: &str = ".new";

/// The longest id that is written out, encoded. The shortest limit in use is 143 bytes for a name
/// (eCryptfs).
const MAX_PLAIN_BYTES: usize = 128;

/// The name of the file that a session is kept in: `s-`, the id with all but lower-case letters,
/// digits, `-`, `_` and `.` percent-encoded, and `.log`; for a long id `h-`, its SHA-256, and `.log`.
pub(crate) fn file_name(id: &str) -> String {
    let plain = encode(id);
    if plain.len() <= MAX_PLAIN_BYTES {
        return format!("{PLAIN}{plain}{SUFFIX}");
    }
    let mut name = HASHED.to_owned();
    for byte in Sha256::digest(id) {
        let _ = write!(name, "{byte:02x}");
    }
    name + SUFFIX
}

/// The name of a file that is to take the place of a session's: `n-`, the start of the SHA-256 of that
/// name, a random number, and `.new`. No two are alike.
pub(crate) fn successor(name: &str, random: u64) -> String {
    format!("{}{random:016x}{NEW_SUFFIX}", successors(name))
}

/// How the names of the files start that are to take the place of a session's.
pub(crate) fn successors(name: &str) -> String {
    let digest = Sha256::digest(name);
    let digits = digest[..8].iter().map(|byte| format!("{byte:02x}"));
    format!("{NEW}{}-", digits.collect::<String>())
}

/// Whether a name is one that [`successor`] makes: it comes from a file, and must lead nowhere else.
pub(crate) fn is_successor(name: &str) -> bool {
    let middle = name
        .strip_prefix(NEW)
        .and_then(|rest| rest.strip_suffix(NEW_SUFFIX));
    let is_hex = |part: &str| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit());
    middle
        .and_then(|middle| middle.split_once('-'))
        .is_some_and(|(session, random)| is_hex(session) && is_hex(random))
}

/// What the name of a file in the directory says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// It holds the session of this id.
    Session(String),
    /// It holds a session whose id is in the file.
    Hashed,
    /// It is not the store's.
    Foreign,
}

/// Reads a file name.
pub(crate) fn read(name: &str) -> Named {
    let stem = name.strip_suffix(SUFFIX);
    let id = stem.and_then(|stem| decode(stem.strip_prefix(PLAIN)?));
    if let Some(id) = id.filter(|id| file_name(id) == name) {
        return Named::Session(id);
    }
    let hash = stem.and_then(|stem| stem.strip_prefix(HASHED));
    let is_hash = |hash: &str| {
        hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if hash.is_some_and(is_hash) {
        return Named::Hashed;
    }
    Named::Foreign
}

fn encode(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for byte in id.bytes() {
        if matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.') {
            name.push(byte.into());
        } else {
            let _ = write!(name, "%{byte:02x}");
        }
    }
    name
}

fn decode(name: &str) -> Option<String> {
    let mut pieces = name.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_ids_stay_readable() {
        assert_eq!(file_name("2024-05-01_chat.1"), "s-2024-05-01_chat.1.log");
        assert_eq!(file_name(""), "s-.log");
        assert_eq!(file_name("Aé/.."), "s-%41%c3%a9%2f...log");
    }

    #[test]
    fn names_lead_back_to_their_ids() {
        for id in [
            "",
            "a",
            "A",
            "..",
            "../x",
            "a%2fb",
            "%",
            "🦀",
            "\0",
            "con",
            "a b",
            &"é".repeat(21),
        ] {
            assert_eq!(read(&file_name(id)), Named::Session(id.into()), "{id:?}");
        }
    }

    #[test]
    fn names_differ_in_more_than_case_and_are_plain() {
        let ids = [
            "a", "A", "é", "É", "s-a", "a.log", "con", "x\\y", "x/y", "x:y", "x?",
        ];
        let mut names: Vec<_> = ids.iter().map(|id| file_name(id).to_lowercase()).collect();
        for name in &names {
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.%".contains(&b))
            );
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ids.len());
    }

    #[test]
    fn long_ids_are_hashed_and_differ() {
        let (x, y) = ("x".repeat(5000), "y".repeat(5000));
        assert_ne!(file_name(&x), file_name(&y));
        for id in [x, y, "🦀".repeat(11), "a".repeat(129)] {
            let name = file_name(&id);
            assert!(name.len() < 143 && read(&name) == Named::Hashed, "{name}");
        }
        assert!(file_name(&"a".repeat(128)).starts_with(PLAIN));
    }

    #[test]
    fn a_successor_is_no_session_and_leads_nowhere_else() {
        let name = successor("s-a.log", 42);
        assert!(
            is_successor(&name) && read(&name) == Named::Foreign,
            "{name}"
        );
        assert!(name.starts_with(&successors("s-a.log")));
        assert!(!name.starts_with(&successors("s-b.log")));
        for other in [
            "",
            "s-a.log",
            "n-.new",
            "n-1-2.new",
            "../x",
            "n-/../../../../../-0123456789abcdef.new",
        ] {
            assert!(!is_successor(other), "{other}");
        }
    }

    #[test]
    fn other_files_are_foreign() {
        for name in [
            "",
            ".log",
            "s-a",
            "a.log",
            "s-A.log",
            "s-%61.log",
            "s-%zz.log",
            "s-%e.log",
            "s-%ff.log",
            "s-%C3%A9.log",
            "s-é.log",
            "s-%\u{e9}.log",
            "h-.log",
            "h-abc.log",
            "s-a.log~",
            ".s-a.log.swp",
            "s-%+1.log",
        ] {
            assert_eq!(read(name), Named::Foreign, "{name}");
        }
        assert_eq!(read(&format!("s-{}.log", "a".repeat(200))), Named::Foreign);
    }
}
