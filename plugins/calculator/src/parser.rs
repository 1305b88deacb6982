//! Reads an expression and calculates it on the way, by operator precedence (a Pratt parser).
//! Without a tree in between, a chain of ten thousand additions needs no deep recursion.

use crate::arithmetic::{add, divide, floor_divide, multiply, negate, power, remainder, subtract};
use crate::combinatorics::{double_factorial, factorial};
use crate::error::{EvaluationError, Fault};
use crate::functions::{Function, all_names, constant, function, nearest_name};
use crate::lexer::{Lexer, Spanned, Token};
use crate::number::Number;

/// Far more than a person or a model writes, and reading a number takes the square of its length.
const MAX_EXPRESSION_BYTES: usize = 20_000;
/// Parentheses, signs and powers inside one another. Each level takes some stack.
const MAX_DEPTH: usize = 200;

type Parsed<T> = Result<T, EvaluationError>;

/// The value of an expression.
pub(crate) fn evaluate(expression: &str) -> Parsed<Number> {
    if expression.trim().is_empty() {
        return Err(EvaluationError::whole(
            "the expression is empty; write one such as (2 + 3) * 4",
        ));
    }
    if expression.len() > MAX_EXPRESSION_BYTES {
        return Err(EvaluationError::whole(format!(
            "the expression is longer than {MAX_EXPRESSION_BYTES} bytes; calculate it in parts"
        )));
    }
    let mut parser = Parser::new(expression)?;
    let number = parser.expression(0)?;
    match parser.current.token {
        Token::End => Ok(number),
        _ => Err(parser.expected_operator()),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    current: Spanned,
    depth: usize,
}

/// How strongly operators bind; the right side of a power binds less, so that powers group to the
/// right, and a sign binds less than a power: -2^2 is -4.
mod binding {
    pub(super) const SUM: u8 = 1;
    pub(super) const PRODUCT: u8 = 2;
    pub(super) const SIGN: u8 = 3;
    pub(super) const POWER: u8 = 4;
    pub(super) const FACTORIAL: u8 = 5;
}

impl<'a> Parser<'a> {
    fn new(expression: &'a str) -> Parsed<Self> {
        let mut lexer = Lexer::new(expression);
        let current = lexer.next()?;
        Ok(Self {
            lexer,
            current,
            depth: 0,
        })
    }

    /// An expression whose operators all bind more strongly than `above`.
    fn expression(&mut self, above: u8) -> Parsed<Number> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(EvaluationError::at(
                self.current.position,
                format!(
                    "the expression is nested more than {MAX_DEPTH} levels deep; calculate it in parts"
                ),
            ));
        }
        let mut left = self.operand()?;
        while let Some((operator, binding)) = infix(&self.current.token) {
            if binding <= above {
                break;
            }
            let sign = self.advance()?;
            left = match operator {
                Operator::Postfix(apply) => apply(&left),
                Operator::Infix(_) if self.is_percent(&sign.token) => {
                    return Err(EvaluationError::at(
                        sign.position,
                        "`%` is the remainder of a division; write 5/100 for 5 percent",
                    ));
                }
                Operator::Infix(apply) => {
                    let right = self.expression(right_side(binding))?;
                    apply(&left, &right)
                }
            }
            .map_err(|fault| EvaluationError::at(sign.position, fault))?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// A `%` without a right side: `5%`, `(5%)`, `5% * 3`.
    fn is_percent(&self, sign: &Token) -> bool {
        let ends = matches!(self.current.token, Token::End | Token::Close | Token::Comma);
        *sign == Token::Remainder && (ends || is_multiplication(&self.current.token))
    }

    fn operand(&mut self) -> Parsed<Number> {
        let start = self.advance()?;
        match start.token {
            Token::Number(number) => Ok(number),
            Token::Plus => self.expression(binding::SIGN),
            Token::Minus => Ok(negate(&self.expression(binding::SIGN)?)),
            Token::Open => {
                let number = self.expression(0)?;
                self.close(start.position)?;
                Ok(number)
            }
            Token::Name(ref name) => match (constant(name), function(name)) {
                (Some(constant), _) => Ok(constant),
                (None, Some(function)) => self.call(function, &start),
                (None, None) => Err(unknown_name(&start)),
            },
            _ => Err(expected("a number, a name or `(`", &start)),
        }
    }

    fn call(&mut self, function: &Function, name: &Spanned) -> Parsed<Number> {
        if self.current.token != Token::Open {
            return Err(expected(
                &format!("`(` after the function {}", name.text),
                &self.current,
            ));
        }
        let open = self.advance()?.position;
        let mut arguments = Vec::new();
        if self.current.token != Token::Close {
            arguments.push(self.expression(0)?);
            while self.current.token == Token::Comma {
                self.advance()?;
                arguments.push(self.expression(0)?);
            }
        }
        self.close(open)?;
        function
            .call(&arguments)
            .map_err(|fault| EvaluationError::at(name.position, fault))
    }

    fn close(&mut self, open: usize) -> Parsed<()> {
        match self.current.token {
            Token::Close => self.advance().map(|_| ()),
            Token::End => Err(expected(
                &format!("`)` to close the `(` at character {open}"),
                &self.current,
            )),
            _ => Err(self.expected_operator()),
        }
    }

    /// Moves on and returns what was current.
    fn advance(&mut self) -> Parsed<Spanned> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.current, next))
    }

    fn expected_operator(&self) -> EvaluationError {
        let mut error = expected("an operator", &self.current);
        error.message += match self.current.token {
            Token::Comma => {
                "; a comma only separates arguments of a function, digits are grouped with `_`"
            }
            Token::Number(_) | Token::Name(_) | Token::Open => "; write `*` to multiply",
            _ => "",
        };
        error
    }
}

enum Operator {
    Infix(fn(&Number, &Number) -> Result<Number, Fault>),
    Postfix(fn(&Number) -> Result<Number, Fault>),
}

fn infix(token: &Token) -> Option<(Operator, u8)> {
    Some(match token {
        Token::Plus => (Operator::Infix(add), binding::SUM),
        Token::Minus => (Operator::Infix(subtract), binding::SUM),
        Token::Times => (Operator::Infix(multiply), binding::PRODUCT),
        Token::Divide => (Operator::Infix(divide), binding::PRODUCT),
        Token::FloorDivide => (Operator::Infix(floor_divide), binding::PRODUCT),
        Token::Remainder => (Operator::Infix(remainder), binding::PRODUCT),
        Token::Power => (Operator::Infix(power), binding::POWER),
        Token::Factorial => (Operator::Postfix(factorial), binding::FACTORIAL),
        Token::DoubleFactorial => (Operator::Postfix(double_factorial), binding::FACTORIAL),
        _ => return None,
    })
}

fn is_multiplication(token: &Token) -> bool {
    infix(token).is_some_and(|(_, binding)| binding == binding::PRODUCT)
}

/// What the right side of an operator has to bind more strongly than.
fn right_side(binding: u8) -> u8 {
    if binding == binding::POWER {
        binding::POWER - 1
    } else {
        binding
    }
}

fn expected(what: &str, found: &Spanned) -> EvaluationError {
    let found_text = match found.token {
        Token::End => "the end".to_owned(),
        _ => format!("`{}`", found.text),
    };
    EvaluationError::at(
        found.position,
        format!("expected {what}, found {found_text}"),
    )
}

fn unknown_name(name: &Spanned) -> EvaluationError {
    let hint = match nearest_name(&name.text) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known names are {}", all_names()),
    };
    EvaluationError::at(
        name.position,
        format!("unknown name `{}`; {hint}", name.text),
    )
}
