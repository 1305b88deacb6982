//! `seq`, in place of the shell's own, which stops after 100,000 lines or 1 MiB. Everything else is
//! the shell's.

use bashkit::{Command, CommandContext, CommandStatus, async_trait};

use super::{CHUNK_BYTES, MAX_LINES, until_closed};
use crate::watch;

/// `seq [-w] [-s SEPARATOR] [-f FORMAT] [FIRST [STEP]] LAST`, written as it is counted.
pub(crate) struct Seq;

#[async_trait]
impl Command for Seq {
    async fn execute(&self, context: CommandContext<'_>) -> bashkit::Result<CommandStatus> {
        until_closed(count(&context).await)
    }
}

async fn count(context: &CommandContext<'_>) -> bashkit::Result<CommandStatus> {
    let failed = match Range::parse(context.args) {
        Ok(range) if write(&range, context).await? => return Ok(CommandStatus::success()),
        Ok(_) => format!("stopped after {MAX_LINES} lines"),
        Err(message) => message,
    };
    let message = format!("seq: {failed}\n");
    context.stderr.write_all(message.as_bytes()).await?;
    Ok(CommandStatus::with_code(1))
}

/// What to count.
#[derive(Debug, PartialEq)]
struct Range {
    first: f64,
    step: f64,
    last: f64,
    separator: String,
    format: Format,
}

/// How a number is written: text around one of printf's conversions for numbers.
#[derive(Debug, Default, PartialEq)]
struct Format {
    before: String,
    after: String,
    zeros: bool,
    width: usize,
    /// Digits after the point; as few as tell the number if absent.
    digits: Option<usize>,
}

impl Range {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let (mut separator, mut format, mut equal_width) = ("\n".to_owned(), None, false);
        let mut numbers: Vec<&str> = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = |short: &str| match argument.strip_prefix(short) {
                Some("") | None => rest.next().cloned().unwrap_or_default(),
                Some(value) => value.trim_start_matches('=').to_owned(),
            };
            match argument.as_str() {
                "-w" | "--equal-width" => equal_width = true,
                "--" => {}
                text if text.starts_with("-s") => separator = value("-s"),
                text if text.starts_with("--separator") => separator = value("--separator"),
                text if text.starts_with("-f") => format = Some(Format::parse(&value("-f"))?),
                text if text.starts_with("--format") => {
                    format = Some(Format::parse(&value("--format"))?);
                }
                text => numbers.push(text),
            }
        }
        let (first, step, last) = match numbers[..] {
            [] => return Err("missing operand".into()),
            [last] => ("1", "1", last),
            [first, last] => (first, "1", last),
            [first, step, last] => (first, step, last),
            [_, _, _, extra, ..] => return Err(format!("extra operand '{extra}'")),
        };
        let digits = fraction(first).max(fraction(step));
        let widest = [first, last].map(|text| text.len() - fraction_text(text) + point(digits));
        let format = format.unwrap_or_else(|| Format {
            zeros: equal_width,
            width: if equal_width {
                widest[0].max(widest[1])
            } else {
                0
            },
            digits: Some(digits),
            ..Format::default()
        });
        let range = Self {
            first: number(first)?,
            step: number(step)?,
            last: number(last)?,
            separator,
            format,
        };
        if range.step == 0.0 {
            return Err(format!("invalid Zero increment value: '{step}'"));
        }
        Ok(range)
    }

    /// The number at a place, if the range goes so far.
    fn at(&self, place: u64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a range ends long before 2^53")]
        let number = self.first + place as f64 * self.step;
        let is_beyond = if self.step > 0.0 {
            number > self.last
        } else {
            number < self.last
        };
        (!is_beyond).then_some(number)
    }
}

impl Format {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("format '{text}' has no one of %g, %f and %e");
        let (before, rest) = text.split_once('%').ok_or_else(wrong)?;
        let end = rest.find(['f', 'g', 'e']).ok_or_else(wrong)?;
        let (conversion, after) = (&rest[..end], &rest[end + 1..]);
        let (width, digits) = match conversion.split_once('.') {
            Some((width, digits)) => (width, Some(digits.parse().map_err(|_| wrong())?)),
            None => (conversion, (rest.as_bytes()[end] == b'f').then_some(6)),
        };
        let zeros = width.starts_with('0');
        let width = match width {
            "" => 0,
            width => width.parse().map_err(|_| wrong())?,
        };
        Ok(Self {
            before: before.to_owned(),
            after: after.replace("%%", "%"),
            zeros,
            width,
            digits,
        })
    }

    fn write(&self, number: f64, into: &mut String) {
        let number = match self.digits {
            Some(digits) => format!("{number:.digits$}"),
            None => number.to_string(),
        };
        into.push_str(&self.before);
        let missing = self.width.saturating_sub(number.len());
        if self.zeros {
            let (sign, digits) = number.split_at(usize::from(number.starts_with('-')));
            into.push_str(sign);
            into.extend(std::iter::repeat_n('0', missing));
            into.push_str(digits);
        } else {
            into.extend(std::iter::repeat_n(' ', missing));
            into.push_str(&number);
        }
        into.push_str(&self.after);
    }
}

fn number(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| !number.is_nan());
    number.ok_or_else(|| format!("invalid floating point argument: '{text}'"))
}

/// Digits after the point.
fn fraction(text: &str) -> usize {
    fraction_text(text).saturating_sub(1)
}

/// The point and the digits after it.
fn fraction_text(text: &str) -> usize {
    text.find('.').map_or(0, |point| text.len() - point)
}

/// What a number of digits after the point takes.
fn point(digits: usize) -> usize {
    if digits == 0 { 0 } else { digits + 1 }
}

/// Whether it came to the range's end.
async fn write(range: &Range, context: &CommandContext<'_>) -> bashkit::Result<bool> {
    let mut chunk = String::new();
    let mut place = 0;
    while let Some(number) = range.at(place) {
        if place == MAX_LINES {
            break;
        }
        if place > 0 {
            chunk.push_str(&range.separator);
        }
        range.format.write(number, &mut chunk);
        place += 1;
        if chunk.len() >= CHUNK_BYTES {
            watch::look_at_the_clock();
            context.stdout.write_all(chunk.as_bytes()).await?;
            chunk.clear();
        }
    }
    if place > 0 {
        chunk.push('\n');
    }
    context.stdout.write_all(chunk.as_bytes()).await?;
    Ok(range.at(place).is_none())
}

#[cfg(test)]
mod tests;
