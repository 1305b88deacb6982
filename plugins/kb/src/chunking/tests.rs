//! How texts are cut.

use proptest::prelude::*;

use super::*;

fn texts(text: &str, structure: Structure) -> Vec<String> {
    let chunks = chunks(text, structure).into_iter();
    chunks.map(|chunk| chunk.text).collect()
}

#[test]
fn a_chunk_keeps_the_headings_it_stands_under() {
    let text = "# Guide\n\nIntro.\n\n## Setup\n\nInstall it.\n\n### Linux\n\nUse apt.\n\n## Use\n\nRun it.\n";
    let headings: Vec<String> = chunks(text, Structure::Markdown)
        .into_iter()
        .map(|chunk| chunk.heading)
        .collect();
    assert_eq!(
        headings,
        [
            "Guide",
            "Guide > Setup",
            "Guide > Setup > Linux",
            "Guide > Use"
        ]
    );
}

#[test]
fn marks_in_code_are_no_headings() {
    let text = "# Shell\n\n```sh\n# a comment\nls\n```\n\n~~~\n```\n# still code\n~~~\n";
    let chunks = chunks(text, Structure::Markdown);
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].heading, "Shell");
    assert!(chunks[0].text.contains("# still code"));
}

#[test]
fn a_long_section_is_cut_at_paragraphs_with_overlap() {
    let paragraph = |n: usize| format!("Paragraph {n} {}\n\n", "lorem ipsum ".repeat(30));
    let text: String = (0..12).map(paragraph).collect();
    let texts = texts(&text, Structure::Plain);
    assert!(texts.len() >= 3, "{}", texts.len());
    for (before, after) in texts.iter().zip(&texts[1..]) {
        let start: String = after.chars().take(40).collect();
        assert!(before.contains(&start), "{start:?} is not repeated");
    }
}

#[test]
fn a_line_without_spaces_is_cut_in_linear_time() {
    let text = "x".repeat(4 << 20);
    let started = std::time::Instant::now();
    let texts = texts(&text, Structure::Plain);
    assert!(texts.len() > 2_000);
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn blank_texts_have_no_chunks() {
    for text in ["", " ", "\n\n \t\n", "#", "# \n"] {
        let count = chunks(text, Structure::Markdown).len();
        assert!(count <= 1 && (count == 0 || text.contains('#')), "{text:?}");
    }
}

proptest! {
    #[test]
    fn every_word_is_in_a_chunk_and_no_chunk_is_too_long(
        lines in prop::collection::vec("(#{1,7} )?[a-zé。 .!`~]{0,300}", 0..40),
        markdown in any::<bool>(),
    ) {
        let text = lines.join("\n");
        let structure = if markdown { Structure::Markdown } else { Structure::Plain };
        let chunks = texts(&text, structure);
        for chunk in &chunks {
            prop_assert!(chunk.chars().count() <= MAX_CHARACTERS);
            prop_assert!(!chunk.trim().is_empty());
        }
        let all = chunks.join("\n");
        for word in text.split_whitespace().filter(|word| word.chars().count() < 100) {
            prop_assert!(all.contains(word), "{:?}", word);
        }
    }
}
