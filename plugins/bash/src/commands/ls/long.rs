//! How `ls -l` describes a file. Reads nothing.

use std::time::{SystemTime, UNIX_EPOCH};

use bashkit::Metadata;

use crate::commands::date;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// GNU's tells the year in place of the time for files older than half a year of 365.2425 days.
const RECENT_SECONDS: u64 = 15_778_476;
/// What files take room in, of a usual file system.
const BLOCK_BYTES: u64 = 4096;

/// All of a line but the name.
pub(super) fn line(metadata: &Metadata, size: &str, width: usize) -> String {
    let kind = &metadata.file_type;
    let letter = match (kind.is_dir(), kind.is_symlink()) {
        (true, _) => 'd',
        (_, true) => 'l',
        _ => '-',
    };
    let bits = (0..9).map(|place| {
        let is_set = metadata.mode & (0o400 >> place) != 0;
        let letter = b"rwx"[place % 3];
        char::from(if is_set { letter } else { b'-' })
    });
    let mode: String = bits.collect();
    let time = time(metadata.modified, SystemTime::now());
    format!("{letter}{mode} 1 user user {size:>width$} {time}")
}

/// Kibibytes that a file takes.
pub(super) fn blocks(metadata: &Metadata) -> u64 {
    let bytes = if metadata.file_type.is_dir() {
        BLOCK_BYTES
    } else {
        metadata.size
    };
    bytes.div_ceil(BLOCK_BYTES) * (BLOCK_BYTES / 1024)
}

pub(super) fn total(blocks: u64, is_human: bool) -> String {
    if is_human {
        human(blocks * 1024)
    } else {
        blocks.to_string()
    }
}

/// A size as `-h` tells it: rounded up, with one digit after the point below ten.
pub(super) fn human(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut unit = 1024;
    let mut names = "KMGTPE".chars();
    let mut name = names.next().unwrap_or('K');
    for next in names {
        if bytes.div_ceil(unit) < 1024 {
            break;
        }
        (unit, name) = (unit * 1024, next);
    }
    let tenths = (u128::from(bytes) * 10).div_ceil(u128::from(unit));
    if tenths < 100 {
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    } else {
        format!("{}{name}", bytes.div_ceil(unit))
    }
}

fn time(modified: SystemTime, now: SystemTime) -> String {
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |t| t.as_secs());
    let (modified, now) = (seconds(modified), seconds(now));
    let days = i64::try_from(modified / 86_400).unwrap_or(0);
    let (year, month, day) = date::of_unix_day(days).unwrap_or((1970, 1, 1));
    let month = usize::try_from(month - 1).unwrap_or(0);
    let month = MONTHS[month];
    if modified <= now && now - modified < RECENT_SECONDS {
        let (hour, minute) = (modified / 3600 % 24, modified / 60 % 60);
        format!("{month} {day:>2} {hour:02}:{minute:02}")
    } else {
        format!("{month} {day:>2}  {year}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn sizes_are_rounded_up_as_gnu_does() {
        let cases = [(0, "0"), (1023, "1023"), (1024, "1.0K"), (1025, "1.1K")];
        let more = [
            (10_239, "10K"),
            (1_048_576, "1.0M"),
            (1_048_575, "1.0M"),
            (5 << 30, "5.0G"),
        ];
        for (bytes, expect) in cases.into_iter().chain(more) {
            assert_eq!(human(bytes), expect, "{bytes}");
        }
    }

    #[test]
    fn old_files_have_a_year_and_recent_ones_a_time() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(time(at(1_709_210_096), at(1_709_300_000)), "Feb 29 12:34");
        assert_eq!(time(at(1_709_210_096), at(1_800_000_000)), "Feb 29  2024");
    }
}
