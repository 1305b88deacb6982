//! Time zones by IANA name or offset.

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use loom_sdk::Error;

/// The longest IANA name has half as many.
const MAX_NAME_BYTES: usize = 64;
/// Shorter names are abbreviations, and every one is like every other.
const MIN_NAME_CHARS: usize = 4;
/// Names in a message; more only confuse.
const MAX_SUGGESTIONS: usize = 5;

/// `Europe/Berlin`, `UTC`, `+02:00`, `UTC+2`; case does not matter.
pub(crate) fn parse(name: &str) -> Result<TimeZone, Error> {
    let name = name.trim();
    if name.len() > MAX_NAME_BYTES {
        return Err(Error::invalid_input(format!(
            "a time zone has at most {MAX_NAME_BYTES} bytes; this one has {}",
            name.len()
        )));
    }
    let upper = name.to_ascii_uppercase();
    if matches!(upper.as_str(), "UTC" | "Z" | "GMT") {
        return Ok(TimeZone::UTC);
    }
    let offset = upper
        .strip_prefix("UTC")
        .or_else(|| upper.strip_prefix("GMT"))
        .unwrap_or(&upper);
    if let Some(offset) = parse_offset(offset.trim()) {
        return Ok(TimeZone::fixed(offset));
    }
    TimeZoneDatabase::bundled()
        .get(&name.replace(' ', "_"))
        .map_err(|_| unknown(name))
}

/// The IANA name, or the offset of a zone that has none.
pub(crate) fn name(zone: &TimeZone) -> String {
    match (zone.iana_name(), zone.to_fixed_offset()) {
        (Some(name), _) => name.to_owned(),
        (None, Ok(offset)) => offset_text(offset),
        (None, Err(_)) => "unknown".to_owned(),
    }
}

/// `+2`, `-0330`, `+05:30`.
fn parse_offset(text: &str) -> Option<Offset> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '−' => -1,
        _ => return None,
    };
    let digits: String = text.chars().skip(1).filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

fn offset_text(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn unknown(name: &str) -> Error {
    let suggestions = suggestions(name);
    let hint = if suggestions.is_empty() {
        "use an IANA name such as America/Los_Angeles or an offset such as -08:00".to_owned()
    } else {
        format!("did you mean {}?", suggestions.join(" or "))
    };
    Error::invalid_input(format!("there is no time zone `{name}`; {hint}"))
}

/// Zones of a city of that name, else names that are spelled alike.
fn suggestions(name: &str) -> Vec<String> {
    let wanted = name.to_lowercase().replace(' ', "_");
    if wanted.chars().count() < MIN_NAME_CHARS {
        return Vec::new();
    }
    let database = TimeZoneDatabase::bundled();
    let names = || database.available().map(|name| name.as_str().to_owned());
    let city = |name: &String| {
        let name = name.to_lowercase();
        name.rsplit('/').next() == wanted.rsplit('/').next()
    };
    let same_city: Vec<String> = names().filter(city).take(MAX_SUGGESTIONS).collect();
    if !same_city.is_empty() {
        return same_city;
    }
    let distance = |name: &str| {
        let name = name.to_lowercase();
        let last = name.rsplit('/').next().unwrap_or(&name);
        strsim::damerau_levenshtein(&name, &wanted).min(strsim::damerau_levenshtein(last, &wanted))
    };
    let limit = (wanted.chars().count() / 4).max(1);
    let mut alike: Vec<(usize, String)> = names()
        .map(|name| (distance(&name), name))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    alike.sort();
    let alike = alike.into_iter().map(|(_, name)| name);
    alike.take(MAX_SUGGESTIONS).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use loom_sdk::ErrorKind;

    use super::*;

    #[test]
    fn names_and_offsets_are_understood() {
        for (text, expected) in [
            ("UTC", "UTC"),
            ("z", "UTC"),
            ("gmt", "UTC"),
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            (" America/New York ", "America/New_York"),
            ("CET", "CET"),
            ("+02:00", "+02:00"),
            ("-0330", "-03:30"),
            ("+5", "+05:00"),
            ("UTC+2", "+02:00"),
            ("GMT-11", "-11:00"),
            ("utc +05:45", "+05:45"),
            ("+00:00", "UTC"),
        ] {
            assert_eq!(name(&parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn an_unknown_zone_is_refused_with_the_likely_names() {
        for (text, expected) in [
            ("Tokyo", "did you mean Asia/Tokyo?"),
            ("new york", "did you mean America/New_York?"),
            ("Germany/Berlin", "did you mean Europe/Berlin?"),
            ("Europe/Berlni", "did you mean Europe/Berlin?"),
            ("PST", "use an IANA name such as America/Los_Angeles"),
            ("Zürch", "use an IANA name"),
            ("Mars/Olympus", "use an IANA name"),
            ("", "use an IANA name"),
            ("+25:00", "use an IANA name"),
            ("+02:61", "use an IANA name"),
            ("+1:2:3:4:5", "use an IANA name"),
            ("../../etc/passwd", "use an IANA name"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidInput, "{text}");
            assert!(
                error.message.contains(expected),
                "{text}: {}",
                error.message
            );
        }
        let error = parse(&"x".repeat(100_000)).unwrap_err();
        assert!(error.message.contains("at most 64 bytes"));
    }
}
