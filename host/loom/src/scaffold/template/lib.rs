//! The plugin {{name}}. Tools are functions with `#[tool]`; what the plugin may do is asked for in
//! `plugin.toml`.

use loom_sdk::prelude::*;

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_tools!(shorten);

/// Shorten a text to its first words. Use it for an excerpt; it does not summarise. Returns the text
/// as it is if it has no more words than that.
// The comment above is what the model reads to decide when to call the tool; those on the arguments
// tell it what to put there. `loom plugin check` runs the example.
#[tool(
    safe,
    title = "Shorten a text",
    example(
        title = "The first two words",
        arguments = r#"{{arguments}}"#,
        output = "to be …"
    )
)]
pub fn shorten(
    /// The text to shorten.
    text: String,
    /// How many words to keep, at least 1.
    words: u32,
    /// What stands for the words that were cut; `…` if absent.
    mark: Option<String>,
) -> Result<String, Error> {
    if words == 0 {
        return Err(Error::invalid_input(
            "`words` is 0, which leaves nothing; give at least 1",
        ));
    }
    let mut all = text.split_whitespace();
    let kept: Vec<&str> = all.by_ref().take(words as usize).collect();
    if all.next().is_none() {
        return Ok(text);
    }
    let mark = mark.as_deref().unwrap_or("…");
    Ok(format!("{} {mark}", kept.join(" ")))
}

#[cfg(test)]
mod tests {
    use loom_sdk::testing;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_text_is_cut() {
        let text = "to be or not to be".to_owned();
        assert_eq!(shorten(text, 4, None), Ok("to be or not …".to_owned()));
    }

    #[test]
    fn a_short_text_stays_as_it_is() {
        let text = "to  be".to_owned();
        assert_eq!(shorten(text.clone(), 2, None), Ok(text));
    }

    #[test]
    fn a_call_with_json_works_as_the_host_makes_it() {
        let arguments = json!({"text": "to be or not", "words": 2, "mark": "[…]"});
        let output = testing::call::<shorten>(arguments);
        assert_eq!(testing::text(output), "to be […]");
    }

    #[test]
    fn no_words_at_all_are_refused() {
        let error = testing::call::<shorten>(json!({"text": "to be", "words": 0})).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
    }
}
