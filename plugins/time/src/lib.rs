//! Loom's time tools: the tools themselves. What a time or a zone is in text lives in `input` and
//! `zone`, calculations with dates in `calendar`.

pub mod calendar;
pub mod output;

mod clock;
mod input;
mod zone;

use loom_sdk::prelude::*;

use calendar::Calculated;
use output::{Conversion, Moment};

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_tools!(current_time, convert_time, date_math);

/// Tell the current date and time. Use it whenever an answer depends on today's date: you do not
/// know it. Returns the time (RFC 3339), weekday, ISO week and Unix seconds.
#[tool(safe, title = "Current time")]
pub fn current_time(
    /// IANA name such as `Europe/Berlin`, or an offset such as `+02:00`.
    #[arg(default = "UTC")]
    timezone: String,
) -> Result<Json<Moment>, Error> {
    let zone = zone::parse(&timezone)?;
    Ok(Json(Moment::new(&clock::system()?.to_zoned(zone))))
}

/// Convert a time to another time zone, with daylight saving time on that day. Returns both times
/// with their weekdays.
#[tool(
    safe,
    title = "Convert time",
    example(
        title = "A meeting in New York, seen from Tokyo",
        arguments = r#"{"time": "2025-07-01 09:00", "from": "America/New_York", "to": "Asia/Tokyo"}"#
    )
)]
pub fn convert_time(
    /// `2025-07-01T09:00`, with or without offset; `09:00` or `9am` (today); a Unix time; or `now`.
    time: String,
    /// Time zone of `time`, if it has no offset: IANA name or offset such as `+02:00`.
    #[arg(default = "UTC")]
    from: String,
    /// Time zone to convert to: IANA name or offset.
    to: String,
) -> Result<Json<Conversion>, Error> {
    let (from, to) = (zone::parse(&from)?, zone::parse(&to)?);
    let parsed = input::parse(&time, &from, &clock::system)?;
    let start = parsed.point.zoned(&from)?;
    Ok(Json(Conversion {
        from: Moment::new(&start),
        to: Moment::new(&start.with_time_zone(to)),
        note: parsed.note,
    }))
}

/// Calculate with dates. Give `end` for the time from start to end: years to seconds, total days,
/// business days. Or give `add` for the date that lies a duration after (or before) start.
#[tool(
    safe,
    title = "Calculate with dates",
    example(
        title = "Days between two dates",
        arguments = r#"{"start": "2025-01-31", "end": "2025-12-25"}"#
    ),
    example(
        title = "Six weeks ago",
        arguments = r#"{"start": "today", "add": "-6 weeks"}"#
    )
)]
pub fn date_math(
    /// Date `2025-01-31`, time `2025-01-31T14:30` with or without offset, `today` or `now`.
    start: String,
    /// Like `start`. Either this or `add`.
    end: Option<String>,
    /// Duration such as `3 months 2 days`, `-6 weeks`, `2h 30m`, `P1Y2M`. Either this or `end`.
    add: Option<String>,
    /// Zone of times without an offset: IANA name or offset.
    #[arg(default = "UTC")]
    timezone: String,
) -> Result<Json<Calculated>, Error> {
    let zone = zone::parse(&timezone)?;
    let read = |text: &str| input::parse(text, &zone, &clock::system);
    let start = read(&start)?;
    let calculated = match (end, add) {
        (Some(end), None) => calendar::difference(start, read(&end)?, &zone),
        (None, Some(add)) => calendar::sum(start, &add, &zone),
        (None, None) => Err(Error::invalid_input(
            "date_math needs `end` (for a difference) or `add` (a duration)",
        )),
        (Some(_), Some(_)) => Err(Error::invalid_input(
            "date_math takes `end` or `add`, not both; call it twice",
        )),
    };
    calculated.map(Json)
}

#[cfg(test)]
mod tests;
