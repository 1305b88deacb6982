//! Points in time as a model writes them.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};
use loom_sdk::Error;

use crate::clock::Clock;
use crate::zone;

/// Longer texts are no times; their errors would only be long too.
const MAX_BYTES: usize = 100;

/// A day or a moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Point {
    Date(Date),
    Moment(Zoned),
}

/// A point in time, and what a reader should know of how it was understood.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) point: Point,
    pub(crate) note: Option<String>,
}

impl Point {
    /// The moment; of a day, its beginning.
    pub(crate) fn zoned(&self, zone: &TimeZone) -> Result<Zoned, Error> {
        match self {
            Self::Date(date) => date.to_zoned(zone.clone()).map_err(|e| out_of_range(&e)),
            Self::Moment(moment) => Ok(moment.clone()),
        }
    }
}

/// Reads a time. One without an offset is in `zone`; one without a date is today, there.
pub(crate) fn parse(text: &str, zone: &TimeZone, clock: Clock<'_>) -> Result<Parsed, Error> {
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return Err(Error::invalid_input(format!(
            "a time has at most {MAX_BYTES} bytes; this one has {}",
            text.len()
        )));
    }
    let today = || Ok::<_, Error>(clock()?.to_zoned(zone.clone()));
    match text.to_ascii_lowercase().as_str() {
        "now" => return Ok(Point::Moment(today()?).into()),
        "today" => return Ok(Point::Date(today()?.date()).into()),
        _ => {}
    }
    if let Some(timestamp) = unix_time(text) {
        return Ok(Point::Moment(timestamp?.to_zoned(TimeZone::UTC)).into());
    }
    if let Some(time) = time_of_day(text) {
        return local(today()?.date().to_datetime(time), zone);
    }
    if let Ok(moment) = jiff::fmt::rfc2822::parse(text) {
        return Ok(Point::Moment(moment).into());
    }
    match Pieces::parse(text) {
        Ok(pieces) => assemble(&pieces, zone).map_err(|error| error.context(text)),
        Err(error) => Err(not_a_time(text, &error)),
    }
}

impl From<Point> for Parsed {
    fn from(point: Point) -> Self {
        Self { point, note: None }
    }
}

fn assemble(pieces: &Pieces<'_>, zone: &TimeZone) -> Result<Parsed, Error> {
    let Some(time) = pieces.time() else {
        return Ok(Point::Date(pieces.date()).into());
    };
    let datetime = pieces.date().to_datetime(time);
    let invalid = |error: jiff::Error| Error::invalid_input(error.to_string());
    let own_zone = match pieces.time_zone_annotation() {
        Some(_) => pieces.to_time_zone().map_err(invalid)?,
        None => None,
    };
    match (pieces.to_numeric_offset(), own_zone) {
        (Some(offset), own_zone) => {
            let timestamp = offset.to_timestamp(datetime).map_err(invalid)?;
            let zone = own_zone.unwrap_or_else(|| TimeZone::fixed(offset));
            Ok(Point::Moment(timestamp.to_zoned(zone)).into())
        }
        (None, Some(own_zone)) => local(datetime, &own_zone),
        (None, None) => local(datetime, zone),
    }
}

/// A wall-clock time in a zone. What daylight saving time skips or repeats is taken as RFC 5545
/// takes it, and said.
fn local(datetime: DateTime, zone: &TimeZone) -> Result<Parsed, Error> {
    let ambiguous = zone.to_ambiguous_zoned(datetime);
    let name = zone::name(zone);
    let note = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { .. } => Some(format!(
            "{datetime} does not exist in {name}: clocks skip it; the time after the gap was taken"
        )),
        AmbiguousOffset::Fold { .. } => Some(format!(
            "{datetime} happens twice in {name}: clocks are set back; the first was taken"
        )),
    };
    let moment = ambiguous.compatible().map_err(|e| out_of_range(&e))?;
    Ok(Parsed {
        point: Point::Moment(moment),
        note,
    })
}

/// `@0`, `1700000000`, `1700000000000` (milliseconds, as JavaScript counts). Fewer digits without
/// the `@` are a date or a year.
fn unix_time(text: &str) -> Option<Result<Timestamp, Error>> {
    let marked = text.strip_prefix('@');
    let number = marked.unwrap_or(text);
    let digits = number.strip_prefix('-').unwrap_or(number);
    let plausible = marked.is_some() || digits.len() >= 9;
    if !plausible || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = number.parse::<i64>().unwrap_or(i64::MAX);
    let timestamp = if digits.len() >= 12 {
        Timestamp::from_millisecond(value)
    } else {
        Timestamp::from_second(value)
    };
    Some(timestamp.map_err(|e| out_of_range(&e)))
}

/// `14:30`, `14:30:15`, `2pm`, `2:30 PM`.
fn time_of_day(text: &str) -> Option<Time> {
    if text.contains(':')
        && !text.contains(['-', '+', '/', ' ', 'T', 't', 'Z', 'z'])
        && let Ok(time) = text.parse()
    {
        return Some(time);
    }
    let upper = text.to_ascii_uppercase();
    let clock = upper
        .strip_suffix("AM")
        .or_else(|| upper.strip_suffix("PM"))?;
    let afternoon = upper.ends_with("PM");
    let (hour, minute) = clock.trim().split_once(':').unwrap_or((clock.trim(), "0"));
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    if !(1..=12).contains(&hour) {
        return None;
    }
    Time::new(hour % 12 + if afternoon { 12 } else { 0 }, minute, 0, 0).ok()
}

fn not_a_time(text: &str, error: &jiff::Error) -> Error {
    let looks_like_a_date = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('-');
    let why = if looks_like_a_date {
        format!(" ({error})")
    } else {
        String::new()
    };
    Error::invalid_input(format!(
        "`{text}` is not a time{why}; write 2025-01-31, 2025-01-31T14:30, 2025-01-31T14:30+02:00, 14:30, a Unix time, `today` or `now`"
    ))
}

fn out_of_range(error: &jiff::Error) -> Error {
    Error::invalid_input(format!(
        "the time is outside the years -9999 to 9999: {error}"
    ))
}

#[cfg(test)]
mod tests;
