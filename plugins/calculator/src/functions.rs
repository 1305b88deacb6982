//! The names an expression may use. What they calculate lives elsewhere.

use crate::arithmetic::{add, divide, power, remainder};
use crate::combinatorics::{
    combinations, factorial, greatest_common_divisor, least_common_multiple, permutations,
};
use crate::elementary::{
    absolute, arc, arc_tangent_2, ceiling, cosine, cube_root, exponential, float_function, floor,
    hypotenuse, logarithm, natural_logarithm, root, round, sign, sine, square_root, tangent,
    truncate,
};
use crate::error::Fault;
use crate::number::Number;

/// A function that an expression can call.
pub(crate) struct Function {
    /// The first is the one that messages use.
    names: &'static [&'static str],
    min_arguments: usize,
    max_arguments: usize,
    apply: fn(&[Number]) -> Result<Number, Fault>,
}

/// For functions that take as many arguments as there are.
const ANY: usize = usize::MAX;

/// Names are compared without case.
pub(crate) fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| has(function.names, name))
}

pub(crate) fn constant(name: &str) -> Option<Number> {
    CONSTANTS
        .iter()
        .find(|(constant, _)| constant.eq_ignore_ascii_case(name))
        .map(|(_, value)| Number::Float(*value))
}

/// The known name that is most like an unknown one, if any is like it. A single letter is like
/// nothing: it is meant as a variable.
pub(crate) fn nearest_name(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    if name.chars().count() == 1 {
        return None;
    }
    let functions = FUNCTIONS.iter().flat_map(|function| function.names);
    let constants = CONSTANTS.iter().map(|(name, _)| name);
    let like = |known: &&str| strsim::damerau_levenshtein(&name, &known.to_lowercase());
    let near = functions
        .chain(constants)
        .copied()
        .min_by_key(like)
        .filter(|known| like(known) <= (name.chars().count() / 3).max(1))?;
    Some(near)
}

/// All names, for a message: one for each function and constant.
pub(crate) fn all_names() -> String {
    let functions = FUNCTIONS.iter().map(|function| function.names[0]);
    let constants = CONSTANTS.iter().map(|(name, _)| *name);
    functions.chain(constants).collect::<Vec<_>>().join(", ")
}

impl Function {
    pub(crate) fn call(&self, arguments: &[Number]) -> Result<Number, Fault> {
        if !(self.min_arguments..=self.max_arguments).contains(&arguments.len()) {
            return Err(Fault::undefined(self.arity(arguments.len())));
        }
        (self.apply)(arguments)
    }

    fn arity(&self, given: usize) -> String {
        let wanted = match (self.min_arguments, self.max_arguments) {
            (min, ANY) => format!("at least {min}"),
            (min, max) if min == max => min.to_string(),
            (min, max) => format!("{min} or {max}"),
        };
        let noun = if wanted.ends_with('1') {
            "argument"
        } else {
            "arguments"
        };
        format!("{} takes {wanted} {noun}, not {given}", self.names[0])
    }
}

const CONSTANTS: [(&str, f64); 5] = [
    ("pi", std::f64::consts::PI),
    ("e", std::f64::consts::E),
    ("tau", std::f64::consts::TAU),
    ("π", std::f64::consts::PI),
    ("τ", std::f64::consts::TAU),
];

const fn one(
    names: &'static [&'static str],
    apply: fn(&[Number]) -> Result<Number, Fault>,
) -> Function {
    takes(1, 1, names, apply)
}

const fn two(
    names: &'static [&'static str],
    apply: fn(&[Number]) -> Result<Number, Fault>,
) -> Function {
    takes(2, 2, names, apply)
}

const fn takes(
    min_arguments: usize,
    max_arguments: usize,
    names: &'static [&'static str],
    apply: fn(&[Number]) -> Result<Number, Fault>,
) -> Function {
    Function {
        names,
        min_arguments,
        max_arguments,
        apply,
    }
}

static FUNCTIONS: &[Function] = &[
    one(&["abs"], |x| absolute(&x[0])),
    one(&["sign", "sgn", "signum"], |x| sign(&x[0])),
    one(&["floor"], |x| floor(&x[0])),
    one(&["ceil", "ceiling"], |x| ceiling(&x[0])),
    one(&["trunc", "truncate", "int"], |x| truncate(&x[0])),
    takes(1, 2, &["round"], |x| {
        round(&x[0], x.get(1).unwrap_or(&Number::integer(0)))
    }),
    two(&["mod", "fmod"], |x| remainder(&x[0], &x[1])),
    one(&["sqrt"], |x| square_root(&x[0])),
    one(&["cbrt"], |x| cube_root(&x[0])),
    two(&["root", "nthroot"], |x| root(&x[0], &x[1])),
    two(&["pow", "power"], |x| power(&x[0], &x[1])),
    takes(1, ANY, &["hypot"], hypotenuse),
    one(&["exp"], |x| exponential(&x[0])),
    one(&["ln"], |x| natural_logarithm(&x[0])),
    takes(1, 2, &["log"], |x| {
        logarithm(&x[0], x.get(1).unwrap_or(&Number::integer(10)))
    }),
    one(&["log2"], |x| logarithm(&x[0], &Number::integer(2))),
    one(&["log10"], |x| logarithm(&x[0], &Number::integer(10))),
    one(&["sin"], |x| sine(&x[0])),
    one(&["cos"], |x| cosine(&x[0])),
    one(&["tan"], |x| tangent(&x[0])),
    one(&["asin", "arcsin"], |x| arc(&x[0], "asin", f64::asin)),
    one(&["acos", "arccos"], |x| arc(&x[0], "acos", f64::acos)),
    one(&["atan", "arctan"], |x| float_function(&x[0], f64::atan)),
    two(&["atan2"], |x| arc_tangent_2(&x[0], &x[1])),
    one(&["sinh"], |x| float_function(&x[0], f64::sinh)),
    one(&["cosh"], |x| float_function(&x[0], f64::cosh)),
    one(&["tanh"], |x| float_function(&x[0], f64::tanh)),
    one(&["deg", "degrees"], |x| {
        float_function(&x[0], f64::to_degrees)
    }),
    one(&["rad", "radians"], |x| {
        float_function(&x[0], f64::to_radians)
    }),
    takes(1, ANY, &["min"], |x| Ok(sorted(x)[0].clone())),
    takes(1, ANY, &["max"], |x| Ok(sorted(x)[x.len() - 1].clone())),
    takes(1, ANY, &["sum"], sum),
    takes(1, ANY, &["mean", "avg", "average"], mean),
    takes(1, ANY, &["median"], median),
    takes(1, ANY, &["gcd"], greatest_common_divisor),
    takes(1, ANY, &["lcm"], least_common_multiple),
    one(&["fact", "factorial"], |x| factorial(&x[0])),
    two(&["nCr", "choose", "comb", "binomial"], |x| {
        combinations(&x[0], &x[1])
    }),
    two(&["nPr", "perm"], |x| permutations(&x[0], &x[1])),
];

fn has(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn sum(numbers: &[Number]) -> Result<Number, Fault> {
    numbers
        .iter()
        .try_fold(Number::integer(0), |sum, number| add(&sum, number))
}

fn mean(numbers: &[Number]) -> Result<Number, Fault> {
    divide(&sum(numbers)?, &Number::integer(numbers.len()))
}

fn median(numbers: &[Number]) -> Result<Number, Fault> {
    let sorted = sorted(numbers);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        return Ok(sorted[middle].clone());
    }
    mean(&sorted[middle - 1..=middle])
}

fn sorted(numbers: &[Number]) -> Vec<Number> {
    let mut numbers = numbers.to_vec();
    numbers.sort_by(Number::compare);
    numbers
}
