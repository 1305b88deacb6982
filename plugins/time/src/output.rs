//! What the tools return: the shapes of their JSON.

use jiff::Zoned;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use serde::Serialize;

use crate::zone;

/// A moment in a time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// RFC 3339.
    pub time: String,
    /// IANA name, or an offset.
    pub timezone: String,
    pub weekday: &'static str,
    /// ISO 8601, such as `2025-W47`.
    pub iso_week: String,
    pub unix_seconds: i64,
}

/// The same moment in two time zones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conversion {
    pub from: Moment,
    pub to: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A day without a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// ISO 8601.
    pub date: String,
    pub weekday: &'static str,
    /// ISO 8601, such as `2025-W47`.
    pub iso_week: String,
}

impl Moment {
    pub(crate) fn new(moment: &Zoned) -> Self {
        let time = moment.timestamp().display_with_offset(moment.offset());
        Self {
            time: time.to_string(),
            timezone: zone::name(moment.time_zone()),
            weekday: weekday(moment.weekday()),
            iso_week: iso_week(moment.date().iso_week_date()),
            unix_seconds: moment.timestamp().as_second(),
        }
    }
}

impl Day {
    pub(crate) fn new(date: Date) -> Self {
        Self {
            date: date.to_string(),
            weekday: weekday(date.weekday()),
            iso_week: iso_week(date.iso_week_date()),
        }
    }
}

fn iso_week(week: ISOWeekDate) -> String {
    format!("{:04}-W{:02}", week.year(), week.week())
}

fn weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}
