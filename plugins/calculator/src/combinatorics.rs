//! Functions of whole numbers. Each estimates the size of its result before it begins.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::error::Fault;
use crate::number::{MAX_DIGITS, MAX_INTEGER_BITS, Number};

type Calculated = Result<Number, Fault>;

/// Digits of the arguments of `gcd` and `lcm`; the algorithm takes the square of it.
const MAX_GCD_BITS: u64 = MAX_INTEGER_BITS / 5;

pub(crate) fn factorial(n: &Number) -> Calculated {
    let n = count(n, "a factorial")?;
    let n = small_enough(&n, 1)?;
    Number::exact(product(&BigInt::one(), n, 1).into())
}

/// `n·(n-2)·(n-4)…`
pub(crate) fn double_factorial(n: &Number) -> Calculated {
    let n = count(n, "a double factorial")?;
    let n = small_enough(&n, 2)?;
    let first = if n % 2 == 0 { 2 } else { 1 };
    Number::exact(product(&BigInt::from(first), n.div_ceil(2), 2).into())
}

/// The ways to choose `k` of `n`.
pub(crate) fn combinations(n: &Number, k: &Number) -> Calculated {
    let (n, k) = (count(n, "nCr")?, count(k, "nCr")?);
    if k > n {
        return Ok(Number::integer(0));
    }
    let k = k.clone().min(&n - k);
    let (n_log, k_log) = (log2(&n), log2(&k));
    let terms = k.to_f64().unwrap_or(f64::MAX);
    // C(n, k) is at least (n/k)^k.
    if terms * (n_log - k_log) > MAX_BITS || terms > MAX_BITS {
        return Err(Fault::TooManyDigits);
    }
    let terms = k.to_u64().expect("it was just found to be small");
    let above = product(&(&n - &k + 1), terms, 1);
    Number::exact((above / product(&BigInt::one(), terms, 1)).into())
}

/// The ways to arrange `k` of `n`.
pub(crate) fn permutations(n: &Number, k: &Number) -> Calculated {
    let (n, k) = (count(n, "nPr")?, count(k, "nPr")?);
    if k > n {
        return Ok(Number::integer(0));
    }
    let terms = k.to_f64().unwrap_or(f64::MAX);
    // At least half of the terms are above n/2.
    if terms / 2.0 * (log2(&n) - 1.0) > MAX_BITS {
        return Err(Fault::TooManyDigits);
    }
    let terms = k.to_u64().ok_or(Fault::TooManyDigits)?;
    Number::exact(product(&(&n - &k + 1), terms, 1).into())
}

pub(crate) fn greatest_common_divisor(numbers: &[Number]) -> Calculated {
    let divisor = integers(numbers, "gcd")?
        .iter()
        .fold(BigInt::zero(), |divisor, n| divisor.gcd(n));
    Ok(Number::integer(divisor))
}

pub(crate) fn least_common_multiple(numbers: &[Number]) -> Calculated {
    let mut multiple = BigInt::one();
    for n in integers(numbers, "lcm")? {
        if multiple.bits() > MAX_GCD_BITS {
            return Err(Fault::TooManyDigits);
        }
        multiple = multiple.lcm(&n);
    }
    Number::exact(multiple.into())
}

#[expect(clippy::cast_precision_loss, reason = "the limit is far below 2^53")]
const MAX_BITS: f64 = MAX_INTEGER_BITS as f64;

fn count(n: &Number, what: &str) -> Result<BigInt, Fault> {
    n.to_integer()
        .filter(|n| !n.is_negative())
        .ok_or_else(|| Fault::undefined(format!("{what} needs whole numbers from 0 up")))
}

fn integers(numbers: &[Number], what: &str) -> Result<Vec<BigInt>, Fault> {
    let integer = |number: &Number| {
        let integer = number
            .to_integer()
            .ok_or_else(|| Fault::undefined(format!("{what} needs whole numbers")))?;
        if integer.bits() > MAX_GCD_BITS {
            let digits = MAX_DIGITS / 5;
            return Err(Fault::undefined(format!(
                "{what} takes numbers of {digits} digits at most"
            )));
        }
        Ok(integer)
    };
    numbers.iter().map(integer).collect()
}

/// `n` if its factorial, or the product of every `step`-th number below it, has at most
/// [`MAX_DIGITS`] digits, by Stirling's formula.
fn small_enough(n: &BigInt, step: u64) -> Result<u64, Fault> {
    let n = n.to_u64().filter(|n| *n <= MAX_INTEGER_BITS);
    let n = n.ok_or(Fault::TooManyDigits)?;
    #[expect(clippy::cast_precision_loss, reason = "both are far below 2^53")]
    let (float, step) = (n.max(1) as f64, step as f64);
    let digits = float * (float.ln() - 1.0) / std::f64::consts::LN_10 / step;
    if digits > f64::from(MAX_DIGITS) {
        return Err(Fault::TooManyDigits);
    }
    Ok(n)
}

/// `first · (first + step) · …`, with `count` factors. Halving keeps the factors of each
/// multiplication alike in size, which makes it much faster.
fn product(first: &BigInt, count: u64, step: u64) -> BigInt {
    if count <= 16 {
        return (0..count).map(|i| first + i * step).product();
    }
    let half = count / 2;
    product(first, half, step) * product(&(first + half * step), count - half, step)
}

fn log2(n: &BigInt) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "far fewer than 2^53 bits fit in memory"
    )]
    let bits = n.bits() as f64;
    match n.to_f64() {
        Some(float) if float.is_finite() => float.max(1.0).log2(),
        _ => bits,
    }
}
