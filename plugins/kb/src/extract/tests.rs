//! Text out of files, also of those that mean harm.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use proptest::prelude::*;

use super::*;

fn text(name: &str, bytes: &[u8]) -> String {
    extract(name, bytes).unwrap().text
}

#[test]
fn html_becomes_text_with_its_headings() {
    let page = "<!doctype html><html><head><title>A &amp; B</title><style>p{}</style></head>\
        <body><h1>Top</h1><p>One <b>two</b>\n three.</p><ul><li>x<li><p>y</p></ul>\
        <script>if (a < b) { \"<p>no</p>\" }</script><pre>a\n  b</pre>\
        <table><tr><td>1</td><td>2</td></tr></table><h2>Next</h2>end</body></html>";
    let extracted = extract("page.html", page.as_bytes()).unwrap();
    assert_eq!(extracted.title.as_deref(), Some("A & B"));
    let text = extracted.text;
    for part in [
        "# Top\n",
        "One two three.\n",
        "- x\n",
        "- y\n",
        "a\n  b",
        "1 | 2 |",
        "## Next\nend",
    ] {
        assert!(text.contains(part), "{part:?} in {text:?}");
    }
    assert!(!text.contains("no") && !text.contains("p{}"), "{text:?}");
}

#[test]
fn deeply_nested_html_is_read() {
    let page = format!(
        "<html>{}deep{}",
        "<div><b>".repeat(300_000),
        "</b></div>".repeat(300_000)
    );
    assert_eq!(text("x.html", page.as_bytes()).trim(), "deep");
    let open = "<svg>".repeat(300_000);
    assert_eq!(
        text("x.html", format!("<html>{open}hidden").as_bytes()).trim(),
        ""
    );
}

#[test]
fn encodings_are_recognised() {
    assert_eq!(text("a.txt", b"\xef\xbb\xbfcaf\xc3\xa9"), "café");
    assert_eq!(text("a.txt", b"\xff\xfec\0a\0f\0\xe9\0"), "café");
    assert_eq!(text("a.txt", b"\xfe\xff\0c\0a\0f\0\xe9"), "café");
    assert_eq!(text("a.txt", b"caf\xe9"), "café");
    assert_eq!(
        text("a.txt", b"\xff\xfe\x00\xd8broken"),
        "\u{fffd}牢歯湥".to_owned()
    );
}

#[test]
fn binary_files_are_told() {
    for bytes in [
        &b"ELF\0\x01"[..],
        b"\x89PNG\r\n\x1a\n\0\0",
        &[0xff, 1, 2, 3, 4, 5, 0x80],
    ] {
        assert_eq!(extract("a", bytes), Err("binary".to_owned()));
    }
}

#[test]
fn the_title_of_markdown_is_its_first_heading() {
    let title = |text: &str| extract("a.md", text.as_bytes()).unwrap().title;
    assert_eq!(title("\n# Teapot #\n\ntext").as_deref(), Some("Teapot"));
    assert_eq!(title("text\n# Teapot"), None);
}

/// A document of one page that shows a text.
pub(crate) fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 24 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!(
            "<< /Length {} >>\nstream\n{content}\nendstream",
            content.len()
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        offsets.push(file.len());
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let start = file.len();
    file.push_str("xref\n0 6\n0000000000 65535 f \n");
    for offset in offsets {
        file.push_str(&format!("{offset:010} 00000 n \n"));
    }
    file.push_str(&format!(
        "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    ));
    file.into_bytes()
}

#[test]
fn the_text_of_a_pdf_is_read() {
    let text = text("a.pdf", &pdf("Kettles whistle"));
    assert!(text.contains("Kettles whistle"), "{text:?}");
}

#[test]
fn a_broken_pdf_is_told() {
    for bytes in [&b"%PDF-1.4\nnothing"[..], b"", b"%PDF-", &pdf("cut")[..200]] {
        let reason = extract("a.pdf", bytes).unwrap_err();
        assert!(reason.contains("PDF"), "{reason}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_text_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for name in ["a.html", "a.md", "a.txt"] {
            let _ = extract(name, &bytes);
        }
    }

    #[test]
    fn any_html_is_read(page in "(<[a-z/!]{0,6}[ a-z=\"'>]{0,6}>?|[a-z&;# \n]{0,8}){0,60}") {
        prop_assert!(extract("a.html", page.as_bytes()).is_ok());
    }
}
