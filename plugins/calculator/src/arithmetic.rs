//! The operators: exact where both sides are, otherwise floats.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

use crate::elementary;
use crate::error::Fault;
use crate::number::{MAX_FRACTION_BITS, MAX_INTEGER_BITS, Number};

type Calculated = Result<Number, Fault>;

pub(crate) fn add(a: &Number, b: &Number) -> Calculated {
    operate(a, b, |a, b| a + b, |a, b| a + b, |a, b| a + b)
}

pub(crate) fn subtract(a: &Number, b: &Number) -> Calculated {
    operate(a, b, |a, b| a - b, |a, b| a - b, |a, b| a - b)
}

pub(crate) fn multiply(a: &Number, b: &Number) -> Calculated {
    operate(a, b, |a, b| a * b, |a, b| a * b, |a, b| a * b)
}

pub(crate) fn divide(a: &Number, b: &Number) -> Calculated {
    if b.is_zero() {
        return Err(Fault::DivisionByZero);
    }
    let (Number::Exact(x), Number::Exact(y)) = (a, b) else {
        return Number::float(a.to_f64()? / b.to_f64()?);
    };
    quotient(x.numer() * y.denom(), x.denom() * y.numer())
}

/// The largest whole number that is not above `a / b`.
pub(crate) fn floor_divide(a: &Number, b: &Number) -> Calculated {
    if b.is_zero() {
        return Err(Fault::DivisionByZero);
    }
    match (a, b) {
        (Number::Exact(a), Number::Exact(b)) => Ok(Number::integer(exact_floor(a, b))),
        _ => elementary::floor(&Number::float(a.to_f64()? / b.to_f64()?)?),
    }
}

/// What [`floor_divide`] leaves; it has the sign of `b`.
pub(crate) fn remainder(a: &Number, b: &Number) -> Calculated {
    if b.is_zero() {
        return Err(Fault::DivisionByZero);
    }
    let (Number::Exact(x), Number::Exact(y)) = (a, b) else {
        let (a, b) = (a.to_f64()?, b.to_f64()?);
        let rest = a % b;
        let opposite = rest != 0.0 && (rest < 0.0) != (b < 0.0);
        return Number::float(if opposite { rest + b } else { rest });
    };
    let (numerator, denominator) = (x.numer() * y.denom(), x.denom() * y.numer());
    quotient(numerator.mod_floor(&denominator), x.denom() * y.denom())
}

pub(crate) fn negate(a: &Number) -> Number {
    match a {
        Number::Exact(a) => Number::Exact(-a),
        Number::Float(a) => Number::Float(-a),
    }
}

pub(crate) fn power(base: &Number, exponent: &Number) -> Calculated {
    if base.is_zero() && exponent.is_negative() {
        return Err(Fault::DivisionByZero);
    }
    if let (Number::Exact(base), Number::Exact(exponent)) = (base, exponent) {
        return if exponent.is_integer() {
            whole_power(base, exponent.numer())
        } else {
            fractional_power(base, exponent)
        };
    }
    let whole = exponent.to_integer().is_some();
    if base.is_negative() && !whole {
        return Err(not_real());
    }
    if base.is_zero() {
        return Ok(Number::integer(if exponent.is_zero() { 1 } else { 0 }));
    }
    Number::nonzero_float(base.to_f64()?.powf(exponent.to_f64()?))
}

fn operate(
    a: &Number,
    b: &Number,
    integers: fn(&BigInt, &BigInt) -> BigInt,
    fractions: fn(&BigRational, &BigRational) -> BigRational,
    floats: fn(f64, f64) -> f64,
) -> Calculated {
    match (a, b) {
        (Number::Exact(a), Number::Exact(b)) if a.is_integer() && b.is_integer() => {
            let value = integers(a.numer(), b.numer());
            Number::exact(BigRational::from_integer(value))
        }
        (Number::Exact(x), Number::Exact(y)) => {
            // An integer may be far longer than a fraction: adding them would reduce a long one.
            if x.numer().bits().max(y.numer().bits()) > MAX_FRACTION_BITS {
                return Number::float(floats(a.to_f64()?, b.to_f64()?));
            }
            Number::exact(fractions(x, y))
        }
        _ => Number::float(floats(a.to_f64()?, b.to_f64()?)),
    }
}

fn exact_floor(a: &BigRational, b: &BigRational) -> BigInt {
    (a.numer() * b.denom()).div_floor(&(a.denom() * b.numer()))
}

/// A fraction as a number. One that is too long to be reduced becomes a float.
fn quotient(numerator: BigInt, denominator: BigInt) -> Calculated {
    let (whole, rest) = numerator.div_rem(&denominator);
    if rest.is_zero() {
        return Number::exact(whole.into());
    }
    if numerator.bits() + denominator.bits() <= 2 * MAX_FRACTION_BITS {
        return Number::exact(BigRational::new(numerator, denominator));
    }
    let sign = denominator.signum();
    let fraction = BigRational::new_raw(numerator * &sign, denominator * &sign);
    Number::nonzero_float(fraction.to_f64().unwrap_or(f64::INFINITY))
}

fn whole_power(base: &BigRational, exponent: &BigInt) -> Calculated {
    if exponent.is_zero() || base.is_one() {
        return Ok(Number::integer(1));
    }
    if base.is_zero() {
        return Ok(Number::integer(0));
    }
    if base.is_integer() && base.numer().magnitude().is_one() {
        return Ok(Number::integer(if exponent.is_even() { 1 } else { -1 }));
    }
    let times = exponent.magnitude().to_u64().unwrap_or(u64::MAX);
    if base.is_integer() && exponent.is_positive() {
        // A number of b bits is at least 2^(b-1).
        if (base.numer().bits() - 1).saturating_mul(times) > MAX_INTEGER_BITS {
            return Err(Fault::TooManyDigits);
        }
        return Number::exact(Pow::pow(base.numer(), times).into());
    }
    let bits = base.numer().bits() + base.denom().bits();
    if bits.saturating_mul(times) > MAX_FRACTION_BITS {
        return rounded_power(base, exponent);
    }
    let base = if exponent.is_negative() {
        base.recip()
    } else {
        base.clone()
    };
    Number::exact(Pow::pow(&base, times))
}

/// Binary digits that [`rounded_power`] keeps: a float's 53, the 64 that an exponent can eat, and
/// plenty to spare.
const KEPT_BITS: u64 = 192;

/// A power to the full precision of a float: `powf` would multiply the rounding of the base by the
/// exponent, and interest over many periods would be off in the tenth digit.
fn rounded_power(base: &BigRational, exponent: &BigInt) -> Calculated {
    let mut times = exponent.magnitude().to_u64().ok_or_else(|| {
        Fault::undefined("the exponent is above 1.8e19, which is too large for this base")
    })?;
    let base = if exponent.is_negative() {
        base.recip()
    } else {
        base.clone()
    };
    let mut square = Scaled::new(&base);
    let mut product = Scaled::new(&BigRational::one());
    while times > 0 {
        if times & 1 == 1 {
            product = product.multiply(&square)?;
        }
        times >>= 1;
        if times > 0 {
            square = square.multiply(&square)?;
        }
    }
    product.to_number()
}

/// `mantissa · 2^exponent`, cut to [`KEPT_BITS`].
struct Scaled {
    mantissa: BigInt,
    exponent: i64,
}

/// Beyond this power of two no product can come back into the range of a float.
const MAX_EXPONENT: i64 = 1 << 40;

impl Scaled {
    fn new(value: &BigRational) -> Self {
        let shift = (KEPT_BITS + value.denom().bits()).saturating_sub(value.numer().bits());
        let mantissa = (value.numer() << shift) / value.denom();
        let exponent = -i64::try_from(shift).expect("the size of a number in memory fits");
        Self { mantissa, exponent }
    }

    fn multiply(&self, other: &Self) -> Result<Self, Fault> {
        let product = &self.mantissa * &other.mantissa;
        let shift = product.bits().saturating_sub(KEPT_BITS);
        let cut = i64::try_from(shift).expect("the size of a number in memory fits");
        let exponent = self.exponent + other.exponent + cut;
        if exponent.abs() > MAX_EXPONENT {
            return Err(out_of_range(exponent));
        }
        Ok(Self {
            mantissa: product >> shift,
            exponent,
        })
    }

    fn to_number(&self) -> Calculated {
        let scale = self.exponent.unsigned_abs();
        // The largest float has 1,024 bits before the point, the smallest 1,074 after it.
        if scale > 4096 {
            return Err(out_of_range(self.exponent));
        }
        let one = BigInt::one();
        let value = if self.exponent >= 0 {
            BigRational::from_integer(&self.mantissa << scale)
        } else {
            BigRational::new_raw(self.mantissa.clone(), one << scale)
        };
        Number::nonzero_float(value.to_f64().unwrap_or(f64::INFINITY))
    }
}

fn out_of_range(exponent: i64) -> Fault {
    if exponent > 0 {
        Fault::TooLarge
    } else {
        Fault::TooSmall
    }
}

fn fractional_power(base: &BigRational, exponent: &BigRational) -> Calculated {
    if base.is_negative() {
        return Err(not_real());
    }
    if base.is_zero() {
        return Ok(Number::integer(0));
    }
    let degree = exponent.denom().to_u32();
    if let Some(root) = degree.and_then(|degree| elementary::exact_root(base, degree)) {
        return whole_power(&root, exponent.numer());
    }
    let (base, exponent) = (Number::Exact(base.clone()), Number::Exact(exponent.clone()));
    Number::nonzero_float(base.to_f64()?.powf(exponent.to_f64()?))
}

fn not_real() -> Fault {
    Fault::undefined(
        "a negative number to a fractional power is not real; root(x, n) takes odd roots of negative numbers",
    )
}
