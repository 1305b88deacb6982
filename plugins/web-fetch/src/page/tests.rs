//! Pages as Markdown.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/web/",
            $name
        ))
    };
}

fn url() -> Url {
    Url::parse("https://mill.example/notes/tide.html").unwrap()
}

fn page(html: &str) -> Page {
    read(html, &url(), None, false).unwrap()
}

#[test]
fn an_article_is_read_without_what_is_around_it() {
    let page = page(fixture!("article.html"));
    assert_eq!(page.title, "How a tide mill works");
    assert!(
        page.facts.contains(&("by", "Ada Fuller".to_owned())),
        "{:?}",
        page.facts
    );
    assert!(
        page.facts.contains(&("language", "en-GB".to_owned())),
        "{:?}",
        page.facts
    );
    assert!(
        page.facts
            .contains(&("published", "2026-03-02T10:00:00Z".to_owned())),
        "{:?}",
        page.facts
    );
    for part in [
        "driven by the rise and fall",
        "## History",
        "**750**",
        "*two or three hours*",
        "grinds several hundredweight",
    ] {
        assert!(
            page.text.contains(part),
            "{part} is missing in {}",
            page.text
        );
    }
    for part in [
        "cookies",
        "Ten windmills",
        "Imprint",
        "dataLayer",
        "injected",
        "javascript:",
        "color: #222",
    ] {
        assert!(!page.text.contains(part), "{part} is in {}", page.text);
    }
    assert_eq!(page.note, None);
}

#[test]
fn tables_and_code_stay_what_they_are() {
    let text = page(fixture!("article.html")).text;
    assert!(text.contains("```python\ndef energy(area, tidal_range, density=1025, g=9.81):\n    \"\"\"Joules for one tide.\"\"\"\n"), "{text}");
    assert!(text.contains("| Woodbridge |"), "{text}");
    assert!(text.contains("`A`"), "{text}");
}

#[test]
fn links_and_images_are_absolute() {
    let text = page(fixture!("article.html")).text;
    assert!(
        text.contains("(https://mill.example/archive/excavations.html?page=2#nendrum)"),
        "{text}"
    );
    assert!(
        text.contains("(https://mill.example/img/wheel.jpg)"),
        "{text}"
    );
}

#[test]
fn a_page_that_is_no_article_is_read_whole() {
    let page = page(fixture!("index.html"));
    assert_eq!(page.title, "Packages");
    assert!(
        page.text
            .contains("[anyhow](https://mill.example/pkg/anyhow) 1.0"),
        "{}",
        page.text
    );
    assert!(
        !page.text.contains("Home") && !page.text.contains("Search"),
        "{}",
        page.text
    );
}

#[test]
fn a_page_that_needs_scripts_says_so() {
    let page = page(fixture!("app.html"));
    assert!(
        page.note
            .unwrap()
            .contains("without JavaScript, which is not run")
    );
    assert_eq!(page.title, "Dashboard");
}

#[test]
fn a_selector_takes_what_it_matches() {
    let select = |selector| read(fixture!("article.html"), &url(), Some(selector), false);
    let table = select("table").unwrap();
    assert!(table.text.starts_with("| Mill |"), "{}", table.text);
    assert!(!table.text.contains("tide"), "{}", table.text);
    assert_eq!(
        select("h2").unwrap().text,
        "## History\n\n## Power of a pond"
    );
    assert!(select("body").unwrap().text.contains("cookies"));
    let raw = read(fixture!("article.html"), &url(), Some("#history"), true).unwrap();
    assert_eq!(raw.text, "<h2 id=\"history\">History</h2>");
}

#[test]
fn a_selector_that_fits_nothing_is_told_from_one_that_is_none() {
    let kind = |selector| {
        read("<p>x</p>", &url(), Some(selector), false)
            .unwrap_err()
            .kind
    };
    assert_eq!(kind("table"), ErrorKind::NotFound);
    assert_eq!(kind("p["), ErrorKind::InvalidInput);
    assert_eq!(kind(""), ErrorKind::InvalidInput);
}

#[test]
fn hostile_pages_are_read_as_plain_text() {
    for html in [
        format!("{}deep text", "<div>".repeat(10_000)),
        format!("{}deep text", "<b><p>".repeat(10_000)),
        format!("<p {}>deep text", "a=1 ".repeat(10_000)),
        format!("{}deep text", "<table><tr><td>".repeat(10_000)),
        format!("{}deep text", "<svg><foreignObject>".repeat(10_000)),
    ] {
        let page = page(&html);
        assert!(page.text.contains("deep text"), "{}", page.text.len());
        assert!(page.note.unwrap().contains("only the plain text"));
        let error = read(&html, &url(), Some("div"), false).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
    }
}

#[test]
fn large_flat_pages_are_read() {
    let words = "word ".repeat(40_000);
    assert!(page(&format!("<p>{words}")).text.len() > 190_000);
    let scripts = format!(
        "<script>{}</script><p>text",
        "if (a < b) '<div>';".repeat(100_000)
    );
    assert_eq!(page(&scripts).text, "text");
    let data = format!(
        "<p>text<img src='data:image/png;base64,{}'>",
        "A".repeat(200_000)
    );
    assert!(page(&data).text.len() < 100);
}

#[test]
fn a_page_as_deep_as_allowed_needs_little_stack() {
    let html = format!(
        "<article>{}{}",
        "<div><ul><li><b>".repeat(60),
        "text, and more of it. ".repeat(50)
    );
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let page = thread.spawn(move || page(&html)).unwrap().join();
    assert!(page.unwrap().text.contains("more of it"));
}

#[test]
fn half_a_page_is_no_panic() {
    let html = fixture!("article.html");
    for end in (0..html.len()).step_by(211) {
        let _ = page(&html[..html.floor_char_boundary(end)]);
    }
}
