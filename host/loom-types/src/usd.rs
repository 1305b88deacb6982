//! Money: what tokens cost.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Usage;

/// An amount of US dollars, exact to a billionth. In JSON a number of dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(u64);

const NANOS: f64 = 1e9;

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From dollars; none if it is negative or no number.
    #[must_use]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked for its sign; what is too large becomes the largest amount"
        )]
        let nanos = (dollars * NANOS).round() as u64;
        (dollars >= 0.0).then_some(Self(nanos))
    }

    /// From billionths of a dollar.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// In billionths of a dollar.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// In dollars.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact below nine million dollars"
    )]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / NANOS
    }
}

impl std::ops::Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::fmt::Display for Usd {
    /// Cents, and four places below a dollar: `$1.25`, `$0.0031`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self >= Self::from_nanos(1_000_000_000) || *self == Self::ZERO {
            write!(f, "${:.2}", self.dollars())
        } else if *self < Self::from_nanos(100_000) {
            write!(f, "${:.6}", self.dollars())
        } else {
            write!(f, "${:.4}", self.dollars())
        }
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        Self::from_dollars(dollars)
            .ok_or_else(|| serde::de::Error::custom("an amount of money is not negative"))
    }
}

/// What a model costs: US dollars per million tokens, as providers write it in their price lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Input that is not cached.
    pub input: f64,
    pub output: f64,
    /// Input read from the provider's prompt cache. Default: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    /// Input written to the provider's prompt cache. Default: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

impl Price {
    /// What these tokens cost, rounded up to a billionth of a dollar.
    #[must_use]
    pub fn of(&self, usage: &Usage) -> Usd {
        let cached = usage.cache_read_tokens + usage.cache_write_tokens;
        let parts = [
            (usage.input_tokens.saturating_sub(cached), self.input),
            (usage.output_tokens, self.output),
            (
                usage.cache_read_tokens,
                self.cache_read.unwrap_or(self.input),
            ),
            (
                usage.cache_write_tokens,
                self.cache_write.unwrap_or(self.input),
            ),
        ];
        #[expect(
            clippy::cast_precision_loss,
            reason = "token counts are far below what an f64 can't count"
        )]
        let nanos: f64 = parts
            .iter()
            .map(|(tokens, price)| *tokens as f64 * price * 1e3)
            .sum();
        Usd::from_dollars((nanos.ceil()) / NANOS).unwrap_or_default()
    }
}

/// How fast an answer came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// From the question to the answer's end.
    pub total: Duration,
    /// From the question to the first text, reasoning or call; none if nothing of this came.
    pub first_token: Option<Duration>,
}
