//! `{{secret:NAME}}` in header values: the model names a secret, the host puts in its value on the
//! way out. What this plugin handles is a placeholder.

use loom_sdk::Error;
use loom_sdk::error::Result;

const OPEN: &str = "{{secret:";
const CLOSE: &str = "}}";

/// Whether a text names a secret.
pub(crate) fn is_in(text: &str) -> bool {
    text.contains(OPEN)
}

/// Puts the placeholder of each secret where its name was.
pub(crate) fn insert(text: &str, placeholder: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (name, after) = after.split_once(CLOSE).ok_or_else(|| {
            Error::invalid_input(
                "a secret is written {{secret:NAME}}; the }} at its end is missing",
            )
        })?;
        let name = name.trim();
        if name.is_empty() {
            return Err(Error::invalid_input(
                "a secret is written {{secret:NAME}}; the name is missing",
            ));
        }
        result += before;
        result += &placeholder(name)?;
        rest = after;
    }
    result += rest;
    Ok(result)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use loom_sdk::ErrorKind;

    use super::*;

    fn placeholder(name: &str) -> Result<String> {
        match name {
            "denied" => Err(Error::denied("no grant for it")),
            _ => Ok(format!("<{name}>")),
        }
    }

    #[test]
    fn names_become_placeholders() {
        for (text, expected) in [
            ("Bearer {{secret:api-key}}", "Bearer <api-key>"),
            ("{{secret:a}}:{{secret: b }}", "<a>:<b>"),
            ("{{secret:grün}}", "<grün>"),
            ("no secret {{here}}", "no secret {{here}}"),
            ("", ""),
        ] {
            assert_eq!(insert(text, placeholder).unwrap(), expected);
        }
    }

    #[test]
    fn a_broken_name_is_refused() {
        for text in ["{{secret:a", "{{secret:a}", "{{secret:}}", "{{secret:  }}"] {
            let error = insert(text, placeholder).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidInput, "{text}");
        }
    }

    #[test]
    fn the_hosts_refusal_is_passed_on() {
        let error = insert("{{secret:denied}}", placeholder).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Denied);
    }

    #[test]
    fn a_placeholder_is_not_searched_for_secrets() {
        let nested = insert("{{secret:a}}", |_| Ok("{{secret:b}}".to_owned())).unwrap();
        assert_eq!(nested, "{{secret:b}}");
    }
}
