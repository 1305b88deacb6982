//! Templates and expressions: Jinja as `minijinja` does it, set up for rules. The filters are in
//! `filters`.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::filters;

/// What a template sees, by name.
pub(crate) type Scope = BTreeMap<String, Value>;

/// The engine for templates.
pub(crate) struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// `tables` is what templates find under that name, `nearest` the function of that name.
    pub(crate) fn new(
        tables: Value,
        nearest: impl Fn(&str, usize) -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        environment.set_syntax(syntax.expect("the delimiters are the usual ones"));
        // A group that took no part in a match has no variable: that is an ordinary thing here.
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        filters::register(&mut environment, &tables);
        environment.add_global("tables", tables);
        environment.add_function("nearest", nearest);
        Self { environment }
    }

    /// The text of a template, without space around it.
    ///
    /// # Errors
    ///
    /// What went wrong, with the line of the template.
    pub(crate) fn render(&self, source: &str, scope: &Scope) -> Result<String, String> {
        let template = self.environment.template_from_str(source);
        let text = template.and_then(|t| t.render(Value::from(scope.clone())));
        Ok(text.map_err(explain)?.trim().to_owned())
    }

    /// The value of an expression.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub(crate) fn evaluate(&self, expression: &str, scope: &Scope) -> Result<Value, String> {
        let expression = self.environment.compile_expression(expression);
        expression
            .and_then(|e| e.eval(Value::from(scope.clone())))
            .map_err(explain)
    }

    /// Like `render`, but a template that is nothing except one expression in `{{ }}` keeps the type
    /// of its value. Nothing if that value is undefined or none.
    ///
    /// # Errors
    ///
    /// What went wrong, with the line of the template.
    pub(crate) fn value(&self, source: &str, scope: &Scope) -> Result<Option<Value>, String> {
        if let Some(expression) = only_expression(source) {
            let value = self.evaluate(expression, scope)?;
            return Ok(Some(value).filter(|v| !v.is_undefined() && !v.is_none()));
        }
        let template = self.environment.template_from_str(source);
        let text = template.and_then(|t| t.render(Value::from(scope.clone())));
        Ok(Some(Value::from(text.map_err(explain)?)))
    }

    /// Whether a template can be read.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub(crate) fn check(&self, source: &str) -> Result<(), String> {
        let template = self.environment.template_from_str(source);
        template.map(|_| ()).map_err(explain)
    }

    /// Whether an expression can be read.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub(crate) fn check_expression(&self, source: &str) -> Result<(), String> {
        let expression = self.environment.compile_expression(source);
        expression.map(|_| ()).map_err(explain)
    }
}

fn only_expression(source: &str) -> Option<&str> {
    let inner = source.strip_prefix("{{")?.strip_suffix("}}")?;
    let plain = !inner.contains("{{") && !inner.contains("}}") && !inner.contains("{%");
    plain.then_some(inner)
}

fn explain(error: minijinja::Error) -> String {
    let line = error.line().filter(|_| error.name().is_some());
    let line = line.map_or_else(String::new, |line| format!("line {line} of the template: "));
    let detail = error
        .detail()
        .map_or_else(String::new, |d| format!(": {d}"));
    format!("{line}{}{detail}", error.kind())
}

#[cfg(test)]
mod tests;
