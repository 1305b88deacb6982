//! Turns `rules.toml` into tables that cost nothing to load: an instance of the plugin lives for one
//! completion, so what can be done once is done here. A mistake in the file stops the build.

use std::fmt::Write as _;
use std::{env, fs, path::Path};

use regex_syntax::hir::{Hir, HirKind};
use serde_json::Value;

#[path = "src/words.rs"]
mod words;

/// Shorter texts are in nearly every question and tell nothing.
const MIN_NEEDLE: usize = 3;
/// More alternatives cost more than trying the pattern.
const MAX_NEEDLES: usize = 24;

fn main() {
    println!("cargo::rerun-if-changed=rules.toml");
    println!("cargo::rerun-if-changed=src/words.rs");
    let text = fs::read_to_string("rules.toml").expect("rules.toml is beside this script");
    let file: Value = toml::from_str(&text).unwrap_or_else(|e| panic!("rules.toml: {e}"));
    let directory = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&directory).join("shipped.rs"), shipped(&file))
        .expect("cargo's output directory can be written");
}

/// The source of the module `shipped`.
fn shipped(file: &Value) -> String {
    let mut source = String::new();
    let rules = file["rule"].as_array().expect("rules.toml has rules");
    let written: String = rules.iter().map(|r| shipped_rule(file, r)).collect();
    let text = |name: &str| file[name].to_string();
    let pairs = |name: &str| {
        let table = file[name].as_object().expect("rules.toml has this table");
        let pairs = table.iter().map(|(key, value)| {
            let value = value.as_str().expect("this table holds texts");
            format!("({key:?}, {value:?}),")
        });
        pairs.collect::<String>()
    };
    let list = |name: &str| {
        let list = file["polite"][name].as_array();
        let list = list.expect("rules.toml says what is polite").iter();
        let phrases = list.map(|v| format!("{:?},", v.as_str().expect("a phrase is a text")));
        phrases.collect::<String>()
    };
    write!(
        source,
        "pub(crate) static RULES: &[Shipped] = &[{written}];\n\
         pub(crate) static WORDS: &[(&str, &str)] = &[{}];\n\
         pub(crate) static POLITE_STARTS: &[&str] = &[{}];\n\
         pub(crate) static POLITE_ENDS: &[&str] = &[{}];\n\
         pub(crate) static TABLES: &str = {:?};\n\
         pub(crate) static STEPS: &str = {:?};\n",
        pairs("words"),
        list("starts"),
        list("ends"),
        text("tables"),
        text("steps"),
    )
    .expect("a string takes all");
    source
}

fn shipped_rule(file: &Value, rule: &Value) -> String {
    let name = rule["name"].as_str().expect("every rule has a name");
    let one = rule.get("pattern").into_iter();
    let many = rule.get("patterns").and_then(Value::as_array);
    let patterns = one.chain(many.into_iter().flatten()).map(|pattern| {
        let pattern = pattern.as_str().expect("a pattern is a text");
        shipped_pattern(file, pattern).unwrap_or_else(|why| panic!("rule {name}: {pattern}: {why}"))
    });
    let patterns: String = patterns.collect();
    format!(
        "Shipped {{ patterns: &[{patterns}], body: {:?} }},\n",
        rule.to_string()
    )
}

fn shipped_pattern(file: &Value, pattern: &str) -> Result<String, String> {
    let expanded = words::expand(pattern, &|word| file["words"][word].as_str())?;
    let mut parser = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build();
    let hir = parser.parse(&expanded).map_err(|error| error.to_string())?;
    let needles = needles(&hir).unwrap_or_default();
    Ok(format!(
        "ShippedPattern {{ expression: {expanded:?}, needles: &{needles:?} }},"
    ))
}

/// Texts in lower case of which every match contains at least one, if there are such.
fn needles(hir: &Hir) -> Option<Vec<String>> {
    let found = match hir.kind() {
        HirKind::Literal(literal) => {
            let text = String::from_utf8(literal.0.to_vec()).ok()?;
            Some(vec![text.to_lowercase()])
        }
        HirKind::Capture(capture) => needles(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => needles(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(needles).max_by_key(|n| worth(n)),
        HirKind::Alternation(parts) => {
            let each: Option<Vec<_>> = parts.iter().map(needles).collect();
            each.map(|lists| lists.concat())
        }
        _ => None,
    };
    found.filter(|needles| {
        needles.len() <= MAX_NEEDLES && needles.iter().all(|needle| needle.len() >= MIN_NEEDLE)
    })
}

/// How much a choice of texts tells: long ones are rare, and few are quickly looked for.
fn worth(needles: &[String]) -> (usize, std::cmp::Reverse<usize>) {
    let shortest = needles.iter().map(String::len).min().unwrap_or(0);
    (shortest, std::cmp::Reverse(needles.len()))
}
