//! Functions of one or two numbers: rounding, roots, logarithms, trigonometry.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::arithmetic::{add, divide, multiply, negate, power};
use crate::error::Fault;
use crate::number::Number;

type Calculated = Result<Number, Fault>;

/// Decimal places that `round` takes, on either side of the point.
const MAX_PLACES: i32 = 1000;

pub(crate) fn absolute(x: &Number) -> Calculated {
    Ok(match x {
        Number::Exact(x) => Number::Exact(x.abs()),
        Number::Float(x) => Number::Float(x.abs()),
    })
}

pub(crate) fn sign(x: &Number) -> Calculated {
    Ok(Number::integer(match (x.is_zero(), x.is_negative()) {
        (true, _) => 0,
        (_, true) => -1,
        _ => 1,
    }))
}

pub(crate) fn floor(x: &Number) -> Calculated {
    Number::exact(x.to_rational().floor())
}

pub(crate) fn ceiling(x: &Number) -> Calculated {
    Number::exact(x.to_rational().ceil())
}

pub(crate) fn truncate(x: &Number) -> Calculated {
    Number::exact(x.to_rational().trunc())
}

/// To a number of decimal places, halves away from zero; the result is a decimal, so it is exact.
pub(crate) fn round(x: &Number, places: &Number) -> Calculated {
    let places = places
        .to_integer()
        .and_then(|places| places.to_i32())
        .filter(|places| (-MAX_PLACES..=MAX_PLACES).contains(places))
        .ok_or_else(|| {
            Fault::undefined(format!(
                "round takes a whole number of digits from -{MAX_PLACES} to {MAX_PLACES}"
            ))
        })?;
    let value = x.to_rational();
    if value.is_integer() && places >= 0 {
        return Number::exact(value);
    }
    let scale = BigInt::from(10).pow(places.unsigned_abs());
    if places < 0 {
        let rounded = rounded_quotient(value.numer(), &(value.denom() * &scale)) * scale;
        return Number::exact(rounded.into());
    }
    let rounded = rounded_quotient(&(value.numer() * &scale), value.denom());
    Number::exact(BigRational::new(rounded, scale))
}

/// `a / b` for a positive `b`, halves away from zero.
pub(crate) fn rounded_quotient(a: &BigInt, b: &BigInt) -> BigInt {
    let magnitude: BigInt = (a.abs() * 2 + b) / (b * 2);
    if a.is_negative() {
        -magnitude
    } else {
        magnitude
    }
}

pub(crate) fn square_root(x: &Number) -> Calculated {
    if x.is_negative() {
        return Err(Fault::undefined(
            "the square root of a negative number is not real",
        ));
    }
    root_or(x, 2, f64::sqrt)
}

pub(crate) fn cube_root(x: &Number) -> Calculated {
    root_or(x, 3, f64::cbrt)
}

/// The real `degree`-th root, negative for an odd root of a negative number.
pub(crate) fn root(x: &Number, degree: &Number) -> Calculated {
    if degree.is_zero() {
        return Err(Fault::undefined("there is no zeroth root"));
    }
    let odd = degree.to_integer().is_some_and(|degree| degree.is_odd());
    let exponent = divide(&Number::integer(1), degree)?;
    if x.is_negative() && odd {
        return power(&absolute(x)?, &exponent).map(|root| negate(&root));
    }
    if x.is_negative() {
        return Err(Fault::undefined(
            "an even root of a negative number is not real",
        ));
    }
    power(x, &exponent)
}

fn root_or(x: &Number, degree: u32, float: fn(f64) -> f64) -> Calculated {
    if let Number::Exact(value) = x
        && let Some(root) = exact_root(value, degree)
    {
        return Ok(Number::Exact(root));
    }
    Number::float(float(x.to_f64()?))
}

/// The root of a perfect power.
pub(crate) fn exact_root(value: &BigRational, degree: u32) -> Option<BigRational> {
    let root = |part: &BigInt| {
        let root = part.nth_root(degree);
        (root.pow(degree) == *part).then_some(root)
    };
    if value.is_zero() {
        return Some(value.clone());
    }
    Some(BigRational::new_raw(
        root(value.numer())?,
        root(value.denom())?,
    ))
}

pub(crate) fn hypotenuse(sides: &[Number]) -> Calculated {
    let squares = sides.iter().map(|side| multiply(side, side));
    let sum = squares
        .reduce(|sum, square| add(&sum?, &square?))
        .unwrap_or_else(|| Ok(Number::integer(0)))?;
    square_root(&sum)
}

pub(crate) fn exponential(x: &Number) -> Calculated {
    if x.is_zero() {
        return Ok(Number::integer(1));
    }
    Number::nonzero_float(x.to_f64()?.exp())
}

pub(crate) fn natural_logarithm(x: &Number) -> Calculated {
    Number::float(ln(x)?)
}

/// Exact where `x` is a whole power of the base.
pub(crate) fn logarithm(x: &Number, base: &Number) -> Calculated {
    let ln_base = ln(base)?;
    if ln_base == 0.0 {
        return Err(Fault::undefined("there is no logarithm to base 1"));
    }
    let ln_x = ln(x)?;
    let quotient = match base.to_integer().and_then(|base| base.to_u8()) {
        Some(10) => x.to_f64().map_or(ln_x / ln_base, f64::log10),
        Some(2) => x.to_f64().map_or(ln_x / ln_base, f64::log2),
        _ => ln_x / ln_base,
    };
    let whole = quotient.round();
    if (quotient - whole).abs() < 1e-9 && matches!((x, base), (Number::Exact(_), Number::Exact(_)))
    {
        let exponent = floor(&Number::float(whole)?)?;
        if power(base, &exponent).as_ref() == Ok(x) {
            return Ok(exponent);
        }
    }
    Number::float(quotient)
}

fn ln(x: &Number) -> Result<f64, Fault> {
    if x.is_zero() || x.is_negative() {
        return Err(Fault::undefined(
            "a logarithm is only defined for numbers above zero",
        ));
    }
    match (x.to_f64(), x) {
        (Ok(float), _) => Ok(float.ln()),
        (Err(_), Number::Exact(x)) => Ok(ln_integer(x.numer()) - ln_integer(x.denom())),
        (Err(fault), Number::Float(_)) => Err(fault),
    }
}

/// For numbers beyond the range of a float: the leading 64 bits and the count of the rest.
fn ln_integer(x: &BigInt) -> f64 {
    let shift = x.bits().saturating_sub(64);
    let leading = (x >> shift).to_f64().unwrap_or(f64::MAX);
    #[expect(
        clippy::cast_precision_loss,
        reason = "far fewer than 2^53 bits fit in memory"
    )]
    let shift = shift as f64;
    leading.ln() + shift * std::f64::consts::LN_2
}

pub(crate) fn sine(x: &Number) -> Calculated {
    let x = x.to_f64()?;
    Number::float(without_residue(x.sin(), x))
}

pub(crate) fn cosine(x: &Number) -> Calculated {
    let x = x.to_f64()?;
    Number::float(without_residue(x.cos(), x))
}

pub(crate) fn tangent(x: &Number) -> Calculated {
    let x = x.to_f64()?;
    if without_residue(x.cos(), x) == 0.0 {
        return Err(Fault::undefined("the tangent has a pole there"));
    }
    Number::float(without_residue(x.tan(), x))
}

/// `sin(pi)` is 1.2e-16 only because `pi` was rounded. A result that is smaller than the rounding
/// of its argument counts as zero.
fn without_residue(result: f64, argument: f64) -> f64 {
    let rounding = argument.abs() * f64::EPSILON;
    if argument.abs() > 1.0 && result.abs() <= rounding {
        0.0
    } else {
        result
    }
}

pub(crate) fn arc(x: &Number, name: &str, function: fn(f64) -> f64) -> Calculated {
    let x = x.to_f64()?;
    if !(-1.0..=1.0).contains(&x) {
        return Err(Fault::undefined(format!(
            "{name} is only defined from -1 to 1"
        )));
    }
    Number::float(function(x))
}

pub(crate) fn float_function(x: &Number, function: fn(f64) -> f64) -> Calculated {
    Number::float(function(x.to_f64()?))
}

pub(crate) fn arc_tangent_2(y: &Number, x: &Number) -> Calculated {
    Number::float(y.to_f64()?.atan2(x.to_f64()?))
}
