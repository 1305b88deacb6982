//! Durations and sizes as people write them.

use std::time::Duration;

use serde::Serializer;

/// Milliseconds of each unit, largest first so that a duration is written in as few as possible.
const DURATION_UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

const BYTE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1000),
    ("B", 1),
];

/// Reads `500ms`, `30s`, `5m`, `1h`, or several of them such as `1h30m`.
///
/// # Errors
/// What is wrong with the text, for a person.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("`{text}` is not a duration; write 500ms, 30s, 5m or 1h");
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(expected());
    }
    if rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{text}` has no unit; write {rest}s for seconds"));
    }
    let mut milliseconds: u64 = 0;
    while !rest.is_empty() {
        let (number, unit, tail) = split_quantity(rest).ok_or_else(expected)?;
        let (_, factor) = find_unit(&DURATION_UNITS, unit).ok_or_else(expected)?;
        milliseconds = number
            .checked_mul(factor)
            .and_then(|part| milliseconds.checked_add(part))
            .ok_or_else(|| format!("`{text}` is too long"))?;
        rest = tail;
    }
    if milliseconds == 0 {
        return Err(format!("`{text}` must be more than zero"));
    }
    Ok(Duration::from_millis(milliseconds))
}

/// Reads `512B`, `64KiB`, `16MiB`, `1GiB`, or decimal `64KB`, `16MB`, `1GB`.
///
/// # Errors
/// What is wrong with the text, for a person.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let expected = || format!("`{text}` is not a size; write 64KiB, 16MiB or 1GiB");
    let (number, unit, tail) = split_quantity(text.trim()).ok_or_else(expected)?;
    let (_, factor) = find_unit(&BYTE_UNITS, unit).ok_or_else(expected)?;
    if !tail.is_empty() {
        return Err(expected());
    }
    number
        .checked_mul(factor)
        .ok_or_else(|| format!("`{text}` is too large"))
}

/// The shortest text that [`parse_duration`] reads as the same; below a millisecond is cut off.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, factor) in DURATION_UNITS {
        if rest >= factor {
            text.push_str(&format!("{}{unit}", rest / factor));
            rest %= factor;
        }
    }
    text
}

/// The size in the largest binary unit that divides it.
#[must_use]
pub fn format_bytes(bytes: u64) -> String {
    let binary = BYTE_UNITS.iter().filter(|(unit, _)| unit.len() != 2);
    let exact = binary
        .into_iter()
        .find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    match exact {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => format!("{bytes}B"),
    }
}

fn split_quantity(text: &str) -> Option<(u64, &str, &str)> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at(unit_at);
    let rest = rest.trim_start();
    let end = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (unit, tail) = rest.split_at(end);
    Some((number.parse().ok()?, unit, tail.trim_start()))
}

fn find_unit(units: &[(&'static str, u64)], name: &str) -> Option<(&'static str, u64)> {
    let same = |(unit, _): &&(&'static str, u64)| unit.eq_ignore_ascii_case(name);
    units.iter().find(same).copied()
}

pub(super) fn serialize_duration<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_duration(*duration))
}

pub(crate) fn serialize_optional_duration<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serialize_duration(duration, serializer),
        None => serializer.serialize_none(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(super) fn serialize_bytes<S: Serializer>(
    bytes: &u64,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_bytes(*bytes))
}

#[expect(clippy::ref_option, reason = "serde's signature")]
pub(super) fn serialize_optional_bytes<S: Serializer>(
    bytes: &Option<u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => serialize_bytes(bytes, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        let check = |text: &str, milliseconds: u64| {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        };
        check("500ms", 500);
        check("30s", 30_000);
        check("5m", 300_000);
        check("1h30m", 5_400_000);
        check(" 2 h ", 7_200_000);
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_reason() {
        let check = |text: &str, reason: &str| {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        };
        check("", "not a duration");
        check("60", "write 60s");
        check("1d", "not a duration");
        check("-1s", "not a duration");
        check("s", "not a duration");
        check("0s", "more than zero");
        check("18446744073709551615h", "too long");
        check("99999999999999999999s", "not a duration");
        check("5 м", "not a duration");
    }

    #[test]
    fn sizes_are_read_in_binary_and_decimal_units() {
        assert_eq!(parse_bytes("64KiB"), Ok(65_536));
        assert_eq!(parse_bytes("1 gib"), Ok(1 << 30));
        assert_eq!(parse_bytes("2MB"), Ok(2_000_000));
        assert_eq!(parse_bytes("7b"), Ok(7));
        for bad in ["", "12", "1.5MiB", "-1B", "1MiB2", "99999999TiB", "1é"] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for milliseconds in [1, 999, 1000, 61_001, 3_600_000, 86_399_999] {
            let duration = Duration::from_millis(milliseconds);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
        for bytes in [0, 1, 1000, 1024, 1 << 20, (1 << 20) + 1, u64::MAX] {
            assert_eq!(parse_bytes(&format_bytes(bytes)), Ok(bytes));
        }
    }
}
