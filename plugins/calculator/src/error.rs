//! What can be wrong with a calculation, in words for the model. Whoever knows the place adds it.

use std::fmt;

use crate::number::MAX_DIGITS;

/// Why an operation or a function has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    DivisionByZero,
    /// An exact integer would have more than [`MAX_DIGITS`] digits.
    TooManyDigits,
    /// A floating-point result would be above `f64::MAX`.
    TooLarge,
    /// A floating-point result would be below the smallest `f64` without being zero.
    TooSmall,
    /// The function is not defined there.
    Undefined(String),
}

impl Fault {
    pub(crate) fn undefined(why: impl Into<String>) -> Self {
        Self::Undefined(why.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DivisionByZero => f.write_str("division by zero"),
            Self::TooManyDigits => write!(
                f,
                "the result has more than {MAX_DIGITS} digits; calculate something smaller, such as its logarithm"
            ),
            Self::TooLarge => {
                f.write_str("the result is above 1.8e308, too large for a number that is not exact")
            }
            Self::TooSmall => {
                f.write_str("the result is below 5e-324, too small for a number that is not exact")
            }
            Self::Undefined(why) => f.write_str(why),
        }
    }
}

/// Why an expression has no value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EvaluationError {
    pub(crate) message: String,
    /// Counted in characters from 1; none if it concerns the whole expression.
    pub(crate) position: Option<usize>,
}

impl EvaluationError {
    pub(crate) fn at(position: usize, message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            position: Some(position),
        }
    }

    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            position: None,
        }
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "at character {position}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}
