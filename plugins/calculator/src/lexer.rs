//! Cuts an expression into tokens. What they mean together is the parser's.

use num_bigint::BigInt;
use num_rational::BigRational;

use crate::error::{EvaluationError, Fault};
use crate::number::{MAX_DIGITS, Number};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Number(Number),
    Name(String),
    Plus,
    Minus,
    Times,
    Divide,
    FloorDivide,
    Remainder,
    Power,
    Factorial,
    DoubleFactorial,
    Open,
    Close,
    Comma,
    End,
}

/// A token, where it begins (in characters, from 1) and what it looks like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spanned {
    pub(crate) token: Token,
    pub(crate) position: usize,
    pub(crate) text: String,
}

pub(crate) struct Lexer<'a> {
    rest: &'a str,
    position: usize,
}

/// Characters of a token that a message shows.
const MAX_SHOWN: usize = 30;

impl<'a> Lexer<'a> {
    pub(crate) fn new(expression: &'a str) -> Self {
        Self {
            rest: expression,
            position: 1,
        }
    }

    pub(crate) fn next(&mut self) -> Result<Spanned, EvaluationError> {
        self.take_while(char::is_whitespace);
        let (position, before) = (self.position, self.rest);
        let token = self.token()?;
        let text = &before[..before.len() - self.rest.len()];
        Ok(Spanned {
            token,
            position,
            text: shorten(text),
        })
    }

    fn token(&mut self) -> Result<Token, EvaluationError> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(Token::End);
        };
        if first.is_ascii_digit() || self.is_leading_point() {
            return self.number();
        }
        if first.is_alphabetic() || first == '_' {
            let name = self.take_while(|c| c.is_alphanumeric() || c == '_');
            return Ok(Token::Name(name.to_owned()));
        }
        let position = self.position;
        self.advance(first.len_utf8());
        Ok(match first {
            '+' => Token::Plus,
            // Text from documents has typographic signs.
            '-' | '−' | '–' => Token::Minus,
            '*' if self.take("*") => Token::Power,
            '*' | '×' | '·' | '⋅' => Token::Times,
            '/' if self.take("/") => Token::FloorDivide,
            '/' | '÷' => Token::Divide,
            '%' => Token::Remainder,
            '^' => Token::Power,
            '!' if self.take("!") => Token::DoubleFactorial,
            '!' => Token::Factorial,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            other => {
                return Err(EvaluationError::at(
                    position,
                    format!("`{other}` has no meaning in an expression"),
                ));
            }
        })
    }

    fn is_leading_point(&self) -> bool {
        let after = self.rest.strip_prefix('.');
        after.is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()))
    }

    fn number(&mut self) -> Result<Token, EvaluationError> {
        let radixes = [
            ("0x", 16, "hexadecimal"),
            ("0o", 8, "octal"),
            ("0b", 2, "binary"),
        ];
        let prefix = self.rest.get(..2).map(str::to_ascii_lowercase);
        let radix = radixes.iter().find(|(p, ..)| prefix.as_deref() == Some(p));
        match radix {
            Some((_, radix, name)) => self.radix_number(*radix, name),
            None => self.decimal(),
        }
    }

    fn radix_number(&mut self, radix: u32, name: &str) -> Result<Token, EvaluationError> {
        self.advance(2);
        let position = self.position;
        let digits = self.take_while(|c| c.is_alphanumeric() || c == '_');
        let digits = digits.replace('_', "");
        let value = BigInt::parse_bytes(digits.as_bytes(), radix).ok_or_else(|| {
            EvaluationError::at(
                position,
                format!("expected {name} digits, found `{}`", shorten(&digits)),
            )
        })?;
        Ok(Token::Number(Number::integer(value)))
    }

    fn decimal(&mut self) -> Result<Token, EvaluationError> {
        let position = self.position;
        let is_digit = |c: char| c.is_ascii_digit() || c == '_';
        let mut digits = self.take_while(is_digit).to_owned();
        let mut places = 0_i64;
        if self.rest.starts_with('.') {
            self.advance(1);
            let decimals = self.take_while(is_digit).replace('_', "");
            places = i64::try_from(decimals.len()).unwrap_or(i64::MAX);
            digits.push_str(&decimals);
        }
        digits.retain(|c| c != '_');
        let exponent = self.exponent().saturating_sub(places);
        let mantissa = BigInt::parse_bytes(digits.as_bytes(), 10)
            .ok_or_else(|| EvaluationError::at(position, "expected the digits of a number"))?;
        scaled(mantissa, exponent)
            .map(Token::Number)
            .map_err(|fault| EvaluationError::at(position, fault))
    }

    /// The `e-3` of `2.5e-3`; an `e` without digits is the constant and stays.
    fn exponent(&mut self) -> i64 {
        let Some(after) = self.rest.strip_prefix(['e', 'E']) else {
            return 0;
        };
        let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
        let digits = unsigned.len()
            - unsigned
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        if digits == 0 {
            return 0;
        }
        let negative = after.starts_with('-');
        let value = unsigned[..digits].parse::<i64>().unwrap_or(i64::MAX);
        self.advance(self.rest.len() - unsigned.len() + digits);
        if negative { -value } else { value }
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest.starts_with(text);
        if found {
            self.advance(text.len());
        }
        found
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self
            .rest
            .find(|c: char| !wanted(c))
            .unwrap_or(self.rest.len());
        let taken = &self.rest[..end];
        self.advance(end);
        taken
    }

    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        self.position += passed.chars().count();
        self.rest = rest;
    }
}

fn scaled(mantissa: BigInt, exponent: i64) -> Result<Number, Fault> {
    let size = exponent.unsigned_abs();
    if mantissa == BigInt::ZERO {
        return Ok(Number::integer(0));
    }
    let power = u32::try_from(size).ok().filter(|size| *size <= MAX_DIGITS);
    let Some(power) = power else {
        return Err(if exponent > 0 {
            Fault::TooManyDigits
        } else {
            Fault::TooSmall
        });
    };
    let scale = BigInt::from(10).pow(power);
    if exponent >= 0 {
        return Number::exact((mantissa * scale).into());
    }
    Number::exact(BigRational::new(mantissa, scale))
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= MAX_SHOWN {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_SHOWN).collect();
    format!("{start}…")
}
