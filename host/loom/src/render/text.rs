//! Numbers, sizes and snippets as people read them.

use std::time::Duration;

use serde_json::Value;

/// The text on one line, cut at a number of characters.
pub(crate) fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    for (index, word) in text.split_whitespace().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        line.push_str(word);
        // Enough to know that it is too long; the rest may be huge.
        if line.len() > max_chars * 4 {
            break;
        }
    }
    match line.char_indices().nth(max_chars) {
        Some(_) => {
            let kept: String = line.chars().take(max_chars.saturating_sub(1)).collect();
            format!("{kept}…")
        }
        None => line,
    }
}

/// The arguments of a call as `name=value`, cut.
pub(crate) fn arguments(json: &str, max_chars: usize) -> String {
    let Ok(Value::Object(arguments)) = serde_json::from_str(json) else {
        return one_line(json, max_chars);
    };
    let pairs = arguments.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}={}", one_line(text, 60)),
        other => format!("{name}={}", one_line(&other.to_string(), 60)),
    });
    one_line(&pairs.collect::<Vec<_>>().join(" "), max_chars)
}

/// `12ms`, `3.4s`, `2m05s`.
pub(crate) fn duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let seconds = duration.as_secs();
    match milliseconds {
        0..1000 => format!("{milliseconds}ms"),
        1000..60_000 => format!("{:.1}s", duration.as_secs_f64()),
        _ => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}

/// `950`, `1.2k`, `3.4M`.
pub(crate) fn count(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let as_float = number as f64;
    match number {
        0..1000 => number.to_string(),
        1000..1_000_000 => format!("{:.1}k", as_float / 1e3),
        _ => format!("{:.1}M", as_float / 1e6),
    }
}

/// `950`, `1.2k`, `46k`, `3.4M`: as [`count`], without what nobody reads of a large number.
pub(crate) fn rounded(number: u64) -> String {
    match number {
        10_000..1_000_000 => format!("{}k", (number + 500) / 1000),
        _ => count(number),
    }
}

/// `1 turn`, `2 turns`.
pub(crate) fn plural(number: impl Into<u64>, noun: &str) -> String {
    match number.into() {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

/// `512 B`, `1.2 KiB`, `3.4 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let as_float = bytes as f64;
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", as_float / 1024.0),
        _ => format!("{:.1} MiB", as_float / 1_048_576.0),
    }
}

/// A moment as `2026-01-31 12:34` in UTC.
pub(crate) fn date(milliseconds: u64) -> String {
    let minutes = milliseconds / 60_000;
    let (year, month, day) = civil(minutes / 1440);
    let (hour, minute) = (minutes / 60 % 24, minutes % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// Year, month and day of a number of days since 1970-01-01, by Howard Hinnant's `civil_from_days`.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(count(999), "999");
        assert_eq!(count(12_345), "12.3k");
        assert_eq!(count(u64::MAX), "18446744073709.6M");
        let rounded_ones = [999, 1234, 46_499, 183_999].map(rounded);
        assert_eq!(rounded_ones, ["999", "1.2k", "46k", "184k"]);
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(duration(Duration::from_millis(12)), "12ms");
        assert_eq!(duration(Duration::from_secs(125)), "2m05s");
        assert_eq!(plural(1_u64, "turn"), "1 turn");
        assert_eq!(plural(0_u64, "turn"), "0 turns");
    }

    #[test]
    fn dates_are_right_around_leap_days() {
        assert_eq!(date(0), "1970-01-01 00:00");
        assert_eq!(date(951_782_399_000), "2000-02-28 23:59");
        assert_eq!(date(951_782_400_000), "2000-02-29 00:00");
        assert_eq!(date(1_709_251_200_000), "2024-03-01 00:00");
        assert_eq!(date(4_102_444_799_000), "2099-12-31 23:59");
    }

    #[test]
    fn snippets_are_cut_at_characters() {
        assert_eq!(one_line("a\n  b", 10), "a b");
        assert_eq!(one_line("ééééé", 3), "éé…");
        assert_eq!(one_line("ééé", 3), "ééé");
        assert_eq!(one_line(&"x".repeat(1_000_000), 5), "xxxx…");
        assert_eq!(arguments(r#"{"a":"x\ny","b":[3]}"#, 50), "a=x y b=[3]");
        assert_eq!(arguments("not json", 50), "not json");
    }
}
