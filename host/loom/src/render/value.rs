//! JSON as a person reads it: indented, without braces and escapes. For programs there is JSON itself.

use serde_json::Value;

const INDENT: &str = "  ";

/// A value in lines, the last one ended. Strings stand as they are, those of several lines as blocks;
/// what could be taken for something else is quoted.
pub(crate) fn readable(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::String(string) => block(string, "", &mut text),
        other => write(other, "", &mut text),
    }
    text
}

/// Writes a value as lines that begin with `indent`.
fn write(value: &Value, indent: &str, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                text.push_str(indent);
                text.push_str(name);
                text.push(':');
                after(value, indent, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(indent);
                text.push('-');
                after(item, indent, text);
            }
        }
        other => {
            text.push_str(indent);
            text.push_str(&short(other));
            text.push('\n');
        }
    }
}

/// Writes what comes after a name or a dash: on the same line, or below and indented.
fn after(value: &Value, indent: &str, text: &mut String) {
    let deeper = format!("{indent}{INDENT}");
    match value {
        Value::String(string) if string.contains('\n') => {
            text.push('\n');
            block(string, &deeper, text);
        }
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            write(value, &deeper, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            write(value, &deeper, text);
        }
        other => {
            text.push(' ');
            text.push_str(&short(other));
            text.push('\n');
        }
    }
}

fn block(string: &str, indent: &str, text: &mut String) {
    for line in string.lines() {
        if !line.is_empty() {
            text.push_str(indent);
            text.push_str(line);
        }
        text.push('\n');
    }
}

fn short(value: &Value) -> String {
    match value {
        Value::String(string) if is_plain(string) => string.clone(),
        other => other.to_string(),
    }
}

/// Whether a string without quotes is nothing but a string.
fn is_plain(string: &str) -> bool {
    let is_value = serde_json::from_str::<Value>(string).is_ok();
    !string.is_empty() && string.trim() == string && !is_value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_lines_and_its_texts_are_blocks() {
        // In the order of the alphabet, which a map of another kind would keep too.
        let value = json!({
            "error": { "traceback": ["a", "b\nc"], "type": "KeyError" },
            "exit_status": 0,
            "files": [{ "bytes": 12, "path": "a.csv" }],
            "lost": [],
            "note": " spaced",
            "stdout": "one\n  two\n\nthree\n",
            "value": "42",
        });
        insta::assert_snapshot!(readable(&value), @r#"
        error:
          traceback:
            - a
            -
              b
              c
          type: KeyError
        exit_status: 0
        files:
          -
            bytes: 12
            path: a.csv
        lost: []
        note: " spaced"
        stdout:
          one
            two

          three
        value: "42"
        "#);
    }

    #[test]
    fn a_text_alone_is_that_text() {
        assert_eq!(readable(&json!("a\nb")), "a\nb\n");
        assert_eq!(readable(&json!(null)), "null\n");
        assert_eq!(readable(&json!([])), "[]\n");
    }
}
