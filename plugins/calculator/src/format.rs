//! A number as text: exact where it ends, else rounded to what a float can vouch for.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::elementary::rounded_quotient;
use crate::number::Number;

/// What an `f64` holds of any decimal number.
const SIGNIFICANT_DIGITS: u32 = 15;
/// Longer decimals are rounded although they would end: nobody reads on.
const MAX_DECIMAL_PLACES: u32 = 100;
/// Below this `0.0000001234` is harder to read than `1.234e-7`.
const MIN_PLAIN_EXPONENT: i64 = -6;

/// The digits of a result, and nothing else.
pub(crate) fn text(number: &Number) -> String {
    match number {
        Number::Exact(value) if value.is_integer() => value.numer().to_string(),
        Number::Exact(value) => {
            let (digits, exponent) = ending_decimal(value).unwrap_or_else(|| rounded(value));
            layout(value.is_negative(), &digits, exponent)
        }
        Number::Float(value) if *value == 0.0 => "0".to_owned(),
        Number::Float(value) => {
            let (digits, exponent) = float_digits(*value);
            layout(*value < 0.0, &digits, exponent)
        }
    }
}

/// All digits of a fraction whose denominator has no factors but 2 and 5, with the power of ten of
/// the first one.
fn ending_decimal(value: &BigRational) -> Option<(String, i64)> {
    let places = decimal_places(value.denom())?;
    let scale = BigInt::from(10).pow(places);
    let digits = (value.numer().abs() * scale / value.denom()).to_string();
    let exponent = position(digits.len()) - 1 - i64::from(places);
    Some((digits, exponent))
}

fn decimal_places(denominator: &BigInt) -> Option<u32> {
    let twos = u32::try_from(denominator.trailing_zeros()?).ok()?;
    if twos > MAX_DECIMAL_PLACES {
        return None;
    }
    let mut rest: BigInt = denominator >> twos;
    let five = BigInt::from(5);
    let mut fives = 0;
    while !rest.is_one() {
        if fives == MAX_DECIMAL_PLACES || !(&rest % &five).is_zero() {
            return None;
        }
        rest /= &five;
        fives += 1;
    }
    Some(twos.max(fives))
}

fn rounded(value: &BigRational) -> (String, i64) {
    let numerator = value.numer().abs();
    let ten = BigInt::from(10);
    let mut exponent =
        position(numerator.to_string().len()) - position(value.denom().to_string().len());
    // The estimate is right or one too high; rounding up to a power of ten adds one.
    loop {
        let places = i64::from(SIGNIFICANT_DIGITS) - 1 - exponent;
        let scale = ten.pow(u32::try_from(places.unsigned_abs()).unwrap_or(u32::MAX));
        let scaled = if places >= 0 {
            rounded_quotient(&(&numerator * scale), value.denom())
        } else {
            rounded_quotient(&numerator, &(value.denom() * scale))
        };
        let digits = scaled.to_string();
        match digits.len().cmp(&(SIGNIFICANT_DIGITS as usize)) {
            std::cmp::Ordering::Less => exponent -= 1,
            std::cmp::Ordering::Equal => return (digits, exponent),
            std::cmp::Ordering::Greater => exponent += 1,
        }
    }
}

fn float_digits(value: f64) -> (String, i64) {
    let scientific = format!("{:.*e}", SIGNIFICANT_DIGITS as usize - 1, value.abs());
    let (mantissa, exponent) = scientific
        .split_once('e')
        .expect("`{:e}` always writes an exponent");
    let exponent = exponent.parse().expect("`{:e}` writes a whole exponent");
    (mantissa.replace('.', ""), exponent)
}

/// Puts the point where it belongs; `exponent` is the power of ten of the first digit.
fn layout(negative: bool, digits: &str, exponent: i64) -> String {
    let sign = if negative { "-" } else { "" };
    let digits = digits.trim_end_matches('0');
    match exponent {
        0.. if exponent + 1 < position(digits.len()) => {
            let (whole, decimals) = digits.split_at(length(exponent) + 1);
            format!("{sign}{whole}.{decimals}")
        }
        0.. if exponent < i64::from(SIGNIFICANT_DIGITS) => {
            let zeros = "0".repeat(length(exponent) + 1 - digits.len());
            format!("{sign}{digits}{zeros}")
        }
        MIN_PLAIN_EXPONENT..0 => {
            let zeros = "0".repeat(length(-exponent) - 1);
            format!("{sign}0.{zeros}{digits}")
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            format!("{sign}{first}{point}{rest}e{exponent}")
        }
    }
}

fn length(exponent: i64) -> usize {
    usize::try_from(exponent).expect("only asked for what is not negative")
}

fn position(length: usize) -> i64 {
    i64::try_from(length).expect("the length of a text in memory fits")
}
