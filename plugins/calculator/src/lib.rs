//! Loom's calculator tool: the tool itself and nothing of how it calculates.

mod arithmetic;
mod combinatorics;
mod elementary;
mod error;
mod format;
mod functions;
mod lexer;
mod number;
mod parser;

use loom_sdk::prelude::*;

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_tools!(calculate);

/// Evaluate an arithmetic expression. Use it for every calculation instead of working it out
/// yourself. Returns the number alone: integers of any size and decimals are exact (0.1 + 0.2 is
/// 0.3), everything else has 15 significant digits.
///
/// Operators: + - * / ^ (or **), // (floor division), % (remainder, not percent), ! (factorial),
/// parentheses; write every * out. Numbers: 1_000_000, 2.5e-3, 0xff, 0o17, 0b101. Constants: pi, e,
/// tau. Angles are in radians.
/// Functions: sqrt cbrt root(x,n) pow(x,y) exp hypot; ln log(x) to base 10, log(x,base) log2 log10;
/// sin cos tan asin acos atan atan2(y,x) sinh cosh tanh, deg(radians) rad(degrees); abs sign floor
/// ceil trunc round(x,digits) mod; min max sum mean median; gcd lcm fact nCr(n,k) nPr(n,k).
#[tool(
    safe,
    title = "Calculate",
    example(
        title = "Monthly compound interest",
        arguments = r#"{"expression": "round(1000 * (1 + 0.05/12)^(12*10), 2)"}"#,
        output = "1647.01"
    ),
    example(
        title = "Sine of 30 degrees",
        arguments = r#"{"expression": "sin(rad(30))"}"#,
        output = "0.5"
    )
)]
pub fn calculate(
    /// The expression, for example `(1250 * 1.19 - 80) / 12` or `sum(3, 4.5, 2^10)`.
    expression: String,
) -> Result<String, Error> {
    let number = parser::evaluate(&expression).map_err(|e| Error::invalid_input(e.to_string()))?;
    Ok(format::text(&number))
}

#[cfg(test)]
mod tests;
