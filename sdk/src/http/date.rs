//! Dates of HTTP headers (RFC 9110, section 5.6.7). Only what is needed to compare two of them.

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Seconds since 1970 of a date in one of the three forms that a recipient has to read:
/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let words: Vec<&str> = text
        .split([' ', '-', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let (day, month, year, time) = match *words.as_slice() {
        [_, day, month, year, time, "GMT"] => (day, month, year, time),
        [_, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)?;
    let days = days(full_year(year)?, month, day.parse().ok()?)?;
    Some(days * 86_400 + time_of_day(time)?)
}

/// The short form means 1970 to 2069: what is compared are dates of now.
fn full_year(text: &str) -> Option<u64> {
    let year: u64 = text.parse().ok()?;
    match text.len() {
        4 => Some(year),
        2 if year < 70 => Some(year + 2000),
        2 => Some(year + 1900),
        _ => None,
    }
}

/// Days from 1970 on; `month` counts from 0.
fn days(year: u64, month: usize, day: u64) -> Option<u64> {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = lengths[month] + u64::from(month == 1 && is_leap(year));
    if !(1..=length).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    let leap_days = (1970..year).filter(|year| is_leap(*year)).count() as u64
        + u64::from(month > 1 && is_leap(year));
    let of_months: u64 = lengths[..month].iter().sum();
    Some((year - 1970) * 365 + leap_days + of_months + day - 1)
}

fn time_of_day(text: &str) -> Option<u64> {
    let mut parts = text.split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    // A leap second is 60.
    let fits = hours < 24 && minutes < 60 && seconds <= 60 && parts.next().is_none();
    fits.then_some(hours * 3600 + minutes * 60 + seconds)
}
