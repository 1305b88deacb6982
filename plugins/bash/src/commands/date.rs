//! `date`, in place of the shell's own, which takes at most one step after a date and a month for 30
//! days: the steps are taken here, the shell's own does the rest. No calendar but the Gregorian.

use bashkit::{Bash, Command, CommandContext, CommandStatus, ExecOptions, ExecResult, async_trait};

/// What the shell's own tells about a date, in the order of [`Moment::parse`].
const PARTS: &str = "+%Y %m %d %H %M %S";
const SECONDS_OF_DAY: i64 = 86_400;

/// `date`.
pub(crate) struct Date;

#[async_trait]
impl Command for Date {
    async fn execute(&self, context: CommandContext<'_>) -> bashkit::Result<CommandStatus> {
        let mut arguments = context.args.to_vec();
        if let Some(place) = Place::find(&arguments)
            && let Some(steps) = Steps::parse(place.text(&arguments))
        {
            let mut question = vec!["-d".to_owned(), steps.base.clone(), PARTS.to_owned()];
            if arguments.iter().any(|argument| is_utc(argument)) {
                question.insert(0, "-u".into());
            }
            let told = shells_own(&context, question).await?;
            let told = Moment::parse(&told.stdout.text_lossy());
            if let Some(moment) = told.and_then(|moment| moment.after(&steps)) {
                place.replace(&mut arguments, &moment);
            }
        }
        let result = shells_own(&context, arguments).await?;
        context.stdout.write_all(result.stdout.as_bytes()).await?;
        context.stderr.write_all(result.stderr.as_bytes()).await?;
        Ok(CommandStatus::with_code(result.exit_code))
    }
}

/// Runs the `date` of a shell that has none of ours.
async fn shells_own(
    context: &CommandContext<'_>,
    arguments: Vec<String>,
) -> bashkit::Result<ExecResult> {
    let mut builder = Bash::builder().fs(context.fs.clone()).cwd(context.cwd);
    for (name, value) in context.env {
        builder = builder.env(name, value);
    }
    let options = ExecOptions::new().arg0("bash").positional(arguments);
    let mut bash = builder.build();
    bash.exec_with_options("date \"$@\"", options).await
}

fn is_utc(argument: &str) -> bool {
    matches!(argument, "-u" | "-ud" | "--utc" | "--universal")
}

/// Where among the arguments the date is.
struct Place {
    argument: usize,
    prefix: &'static str,
}

impl Place {
    fn find(arguments: &[String]) -> Option<Self> {
        for (place, argument) in arguments.iter().enumerate() {
            if matches!(argument.as_str(), "-d" | "-ud" | "--date") {
                let argument = place + 1;
                return (argument < arguments.len()).then_some(Self {
                    argument,
                    prefix: "",
                });
            }
            let prefix = ["--date=", "-d"]
                .into_iter()
                .find(|prefix| argument.starts_with(prefix));
            if let Some(prefix) = prefix {
                return Some(Self {
                    argument: place,
                    prefix,
                });
            }
        }
        None
    }

    fn text<'a>(&self, arguments: &'a [String]) -> &'a str {
        &arguments[self.argument][self.prefix.len()..]
    }

    fn replace(&self, arguments: &mut [String], text: &str) {
        arguments[self.argument] = format!("{}{text}", self.prefix);
    }
}

/// A date and what is to be added to it.
#[derive(Debug, PartialEq, Eq)]
struct Steps {
    base: String,
    months: i64,
    days: i64,
    seconds: i64,
}

impl Steps {
    /// Nothing if there are no steps at the text's end.
    fn parse(text: &str) -> Option<Self> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let (mut months, mut days, mut seconds) = (0_i64, 0_i64, 0_i64);
        let mut found = false;
        while let Some((taken, count, unit)) = last_step(&words) {
            match unit.trim_end_matches('s') {
                "year" => months = months.checked_add(count.checked_mul(12)?)?,
                "month" => months = months.checked_add(count)?,
                "fortnight" => days = days.checked_add(count.checked_mul(14)?)?,
                "week" => days = days.checked_add(count.checked_mul(7)?)?,
                "day" => days = days.checked_add(count)?,
                "hour" => seconds = seconds.checked_add(count.checked_mul(3600)?)?,
                "minute" | "min" => seconds = seconds.checked_add(count.checked_mul(60)?)?,
                "second" | "sec" => seconds = seconds.checked_add(count)?,
                _ => break,
            }
            found = true;
            words.truncate(words.len() - taken);
        }
        let base = match words[..] {
            [] => "now".to_owned(),
            _ => words.join(" "),
        };
        found.then_some(Self {
            base,
            months,
            days,
            seconds,
        })
    }
}

/// How many words the last step takes, its number and its unit: `+1 month`, `2 weeks ago`, `next year`.
fn last_step<'a>(words: &[&'a str]) -> Option<(usize, i64, &'a str)> {
    let (words, sign, extra) = match words {
        [before @ .., "ago"] => (before, -1, 1),
        _ => (words, 1, 0),
    };
    let (before, unit) = words.split_last().map(|(unit, before)| (before, *unit))?;
    // `+1month`.
    if let Some(end) = unit.find(|c: char| c.is_ascii_alphabetic())
        && end > 0
    {
        let count: i64 = unit[..end].parse().ok()?;
        return Some((1 + extra, sign * count, &unit[end..]));
    }
    let (number, before) = before
        .split_last()
        .map(|(number, before)| (*number, before))?;
    let count = match number {
        "next" => 1,
        "last" => -1,
        number => number.parse::<i64>().ok()?,
    };
    // `2024-01-01 - 1 day`.
    let (sign, extra) = match before.last() {
        Some(&"-") => (-sign, extra + 1),
        Some(&"+") => (sign, extra + 1),
        _ => (sign, extra),
    };
    Some((2 + extra, count.checked_mul(sign)?, unit))
}

/// A local time.
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    second: i64,
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let numbers = text.split_whitespace().map(str::parse);
        let numbers: Vec<i64> = numbers.collect::<Result<_, _>>().ok()?;
        let [year, month, day, hour, minute, second] = numbers[..] else {
            return None;
        };
        Some(Self {
            year,
            month,
            day,
            second: hour * 3600 + minute * 60 + second,
        })
    }

    /// As text that the shell's own reads. The 31st of a shorter month is a day of the next one.
    fn after(&self, steps: &Steps) -> Option<String> {
        let months = (self.year * 12 + self.month - 1).checked_add(steps.months)?;
        let first = days_before(months.div_euclid(12), months.rem_euclid(12) + 1)?;
        let seconds = self.second.checked_add(steps.seconds)?;
        let days = first
            .checked_add(self.day - 1)?
            .checked_add(steps.days)?
            .checked_add(seconds.div_euclid(SECONDS_OF_DAY))?;
        let second = seconds.rem_euclid(SECONDS_OF_DAY);
        let (year, month, day) = date_of(days)?;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        Some(format!(
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        ))
    }
}

/// Year, month and day of a day counted from 1970-01-01, if its year has four digits.
pub(super) fn of_unix_day(day: i64) -> Option<(i64, i64, i64)> {
    date_of(days_before(1970, 1)?.checked_add(day)?)
}

/// Years that have four digits.
fn is_year(year: i64) -> bool {
    (1..=9999).contains(&year)
}

/// Days from 0000-03-01 to a month's first, counted in years that begin in March.
fn days_before(year: i64, month: i64) -> Option<i64> {
    if !is_year(year) {
        return None;
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + (153 * month + 2) / 5)
}

/// The date that is so many days after 0000-03-01.
fn date_of(days: i64) -> Option<(i64, i64, i64)> {
    // Off by one at most.
    let guess = days.checked_mul(400)?.div_euclid(146_097);
    let candidates = [guess + 2, guess + 1, guess, guess - 1];
    let mut months = candidates
        .into_iter()
        .flat_map(|year| (1..=12).rev().map(move |month| (year, month)));
    let (year, month, first) = months.find_map(|(year, month)| {
        let first = days_before(year, month)?;
        (first <= days).then_some((year, month, first))
    })?;
    Some((year, month, days - first + 1))
}

#[cfg(test)]
mod tests;
