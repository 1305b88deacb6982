//! Numbers and how large they may become. No operations here.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use crate::error::Fault;

/// Digits of an exact integer. Multiplying two such numbers takes milliseconds, and a model has no
/// use for a longer answer.
pub(crate) const MAX_DIGITS: u32 = 100_000;
/// [`MAX_DIGITS`] in bits: 100,000 · log2(10), rounded up.
pub(crate) const MAX_INTEGER_BITS: u64 = 332_193;
/// Numerator and denominator together. A fraction is reduced after each step, which costs the square
/// of its size; a longer one goes on as a float.
pub(crate) const MAX_FRACTION_BITS: u64 = 16_384;
/// Above this a float has no digits after the point, and whole numbers are skipped.
const MAX_WHOLE_FLOAT: f64 = 9_007_199_254_740_992.0;

/// A number: exact as long as that is cheap.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    Exact(BigRational),
    /// Always finite.
    Float(f64),
}

impl Number {
    pub(crate) fn integer(value: impl Into<BigInt>) -> Self {
        Self::Exact(BigRational::from_integer(value.into()))
    }

    /// An exact value, within the limits: a fraction that is too long becomes a float.
    pub(crate) fn exact(value: BigRational) -> Result<Self, Fault> {
        if value.is_integer() {
            return if value.numer().bits() > MAX_INTEGER_BITS {
                Err(Fault::TooManyDigits)
            } else {
                Ok(Self::Exact(value))
            };
        }
        if value.numer().bits() + value.denom().bits() > MAX_FRACTION_BITS {
            return rational_to_f64(&value).map(Self::Float);
        }
        Ok(Self::Exact(value))
    }

    /// A floating-point result; infinity and NaN are faults.
    pub(crate) fn float(value: f64) -> Result<Self, Fault> {
        if value.is_nan() {
            return Err(Fault::undefined("the result is not a real number"));
        }
        if value.is_infinite() {
            return Err(Fault::TooLarge);
        }
        Ok(Self::Float(value))
    }

    /// A floating-point result that cannot be zero: one that is has lost all its digits.
    pub(crate) fn nonzero_float(value: f64) -> Result<Self, Fault> {
        if value == 0.0 {
            return Err(Fault::TooSmall);
        }
        Self::float(value)
    }

    pub(crate) fn to_f64(&self) -> Result<f64, Fault> {
        match self {
            Self::Exact(value) => rational_to_f64(value),
            Self::Float(value) => Ok(*value),
        }
    }

    /// The same value as a fraction. A float is one too, with a power of two below.
    pub(crate) fn to_rational(&self) -> BigRational {
        match self {
            Self::Exact(value) => value.clone(),
            Self::Float(value) => {
                BigRational::from_float(*value).expect("a float here is always finite")
            }
        }
    }

    /// The value if it is whole. A float counts as long as floats can tell whole numbers apart.
    pub(crate) fn to_integer(&self) -> Option<BigInt> {
        match self {
            Self::Exact(value) => value.is_integer().then(|| value.numer().clone()),
            Self::Float(value) => (value.fract() == 0.0 && value.abs() < MAX_WHOLE_FLOAT)
                .then(|| self.to_rational().to_integer()),
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Exact(value) => value.is_zero(),
            Self::Float(value) => *value == 0.0,
        }
    }

    pub(crate) fn is_negative(&self) -> bool {
        match self {
            Self::Exact(value) => value.numer().sign() == num_bigint::Sign::Minus,
            Self::Float(value) => *value < 0.0,
        }
    }

    /// By value, whatever the representation.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            _ => self.to_rational().cmp(&other.to_rational()),
        }
    }
}

fn rational_to_f64(value: &BigRational) -> Result<f64, Fault> {
    let float = value.to_f64().ok_or(Fault::TooLarge)?;
    if float.is_infinite() {
        return Err(Fault::TooLarge);
    }
    if float == 0.0 && !value.is_zero() {
        return Err(Fault::TooSmall);
    }
    Ok(float)
}
