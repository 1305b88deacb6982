//! Calculations with dates: differences and sums.

use jiff::civil::{Date, Weekday};
use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};
use jiff::tz::TimeZone;
use jiff::{Span, Unit};
use loom_sdk::Error;
use serde::Serialize;

use crate::input::{Parsed, Point};
use crate::output::{Day, Moment};

/// What `date_math` found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Calculated {
    Days(DayDifference),
    Time(TimeDifference),
    Day(Day),
    Moment(MomentSum),
}

/// From one day to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayDifference {
    pub start: Day,
    pub end: Day,
    /// In years, months and days.
    pub difference: String,
    pub total_days: i64,
    /// Mondays to Fridays, start included and end not; holidays are not known.
    pub business_days: i64,
}

/// From one moment to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimeDifference {
    pub start: Moment,
    pub end: Moment,
    /// In years to seconds.
    pub difference: String,
    pub total_hours: f64,
    pub total_seconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A moment that lies a duration after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MomentSum {
    #[serde(flatten)]
    pub moment: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

pub(crate) fn difference(start: Parsed, end: Parsed, zone: &TimeZone) -> Result<Calculated, Error> {
    if let (Point::Date(start), Point::Date(end)) = (&start.point, &end.point) {
        return days_between(*start, *end).map(Calculated::Days);
    }
    let in_zone = |point: &Point| {
        let moment = point.zoned(zone)?;
        Ok::<_, Error>(moment.with_time_zone(zone.clone()))
    };
    let (from, to) = (in_zone(&start.point)?, in_zone(&end.point)?);
    let span = from.until((Unit::Year, &to)).map_err(|e| too_far(&e))?;
    let duration = from.duration_until(&to);
    Ok(Calculated::Time(TimeDifference {
        start: Moment::new(&from),
        end: Moment::new(&to),
        difference: words(&span, Unit::Second),
        total_hours: duration.as_secs_f64() / 3600.0,
        total_seconds: duration.as_secs(),
        note: start.note.or(end.note),
    }))
}

pub(crate) fn sum(start: Parsed, add: &str, zone: &TimeZone) -> Result<Calculated, Error> {
    let span = duration(add)?;
    let beyond = |error: jiff::Error| {
        Error::invalid_input(format!("start plus `{add}` cannot be calculated: {error}"))
    };
    match &start.point {
        Point::Date(date) if !has_time(&span) => {
            let date = date.checked_add(span).map_err(beyond)?;
            Ok(Calculated::Day(Day::new(date)))
        }
        point => {
            let moment = point.zoned(zone)?.checked_add(span).map_err(beyond)?;
            Ok(Calculated::Moment(MomentSum {
                moment: Moment::new(&moment),
                note: start.note,
            }))
        }
    }
}

fn days_between(start: Date, end: Date) -> Result<DayDifference, Error> {
    let span = start.until((Unit::Year, end)).map_err(|e| too_far(&e))?;
    let total = start.until((Unit::Day, end)).map_err(|e| too_far(&e))?;
    let total_days = i64::from(total.get_days());
    let business_days = if total_days < 0 {
        -business_days(end, -total_days)
    } else {
        business_days(start, total_days)
    };
    Ok(DayDifference {
        start: Day::new(start),
        end: Day::new(end),
        difference: words(&span, Unit::Day),
        total_days,
        business_days,
    })
}

/// Mondays to Fridays among `days` days from `first` on.
fn business_days(first: Date, days: i64) -> i64 {
    let mut weekday = first.weekday();
    let mut rest = 0;
    for _ in 0..days % 7 {
        rest += i64::from(!matches!(weekday, Weekday::Saturday | Weekday::Sunday));
        weekday = weekday.next();
    }
    days / 7 * 5 + rest
}

fn duration(text: &str) -> Result<Span, Error> {
    text.trim().parse().map_err(|error| {
        Error::invalid_input(format!(
            "`{text}` is not a duration ({error}); write one such as `3 months 2 days`, `-6 weeks`, `2h 30m` or `P1Y2M`"
        ))
    })
}

fn has_time(span: &Span) -> bool {
    span.get_hours() != 0
        || span.get_minutes() != 0
        || span.get_seconds() != 0
        || span.get_milliseconds() != 0
        || span.get_microseconds() != 0
        || span.get_nanoseconds() != 0
}

/// `1 year, 2 months, 3 days`, and `… ago` if it goes back.
fn words(span: &Span, zero: Unit) -> String {
    SpanPrinter::new()
        .designator(Designator::Verbose)
        .spacing(Spacing::BetweenUnitsAndDesignators)
        .comma_after_designator(true)
        .zero_unit(zero)
        .span_to_string(span)
}

fn too_far(error: &jiff::Error) -> Error {
    Error::invalid_input(format!("the difference cannot be calculated: {error}"))
}
