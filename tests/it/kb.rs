//! The knowledge base: `loom kb`, its tools in a run, what breaks it, and processes that are killed.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use loom_tests::cli::Home;
use serde_json::{Value, json};

use crate::home;

/// Processes to kill.
const KILLS: u64 = 120;

/// A PDF document of one page; its font is the object of that number, of which there are five.
fn pdf(text: &str, font: usize) -> Vec<u8> {
    let content = format!("BT /F1 24 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
             /Resources << /Font << /F1 {font} 0 R >> >> >>"
        ),
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

fn json_of(home: &Home, arguments: &[&str]) -> Value {
    home.with(arguments).arg("--json").run().code(0).json()
}

fn sources(home: &Home, collection: &str) -> Vec<String> {
    let listed = json_of(home, &["kb", "list", collection]);
    assert_eq!(listed["notes"], Value::Null, "{listed}");
    let documents = listed["documents"].as_array().unwrap();
    let source = |document: &Value| document["source"].as_str().unwrap().to_owned();
    documents.iter().map(source).collect()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_person_fills_searches_and_empties_the_base() {
    let home = home();
    let nothing = home.with(["kb", "list"]).run().code(0);
    nothing.complains("loom kb add PATH");
    home.write(
        "docs/guide.md",
        "# Guide\n\n## Backups\n\nRestore with `loom restore`.\n",
    );
    home.write(
        "docs/page.html",
        "<html><title>Tea</title><p>Steep for four minutes.</p></html>",
    );
    write(
        &home.project().join("docs/report.pdf"),
        &pdf("Kettles whistle", 5),
    );
    write(&home.project().join("docs/photo.jpg"), b"\xff\xd8\0\0");
    let added = home.with([
        "kb",
        "add",
        "docs",
        "-k",
        "manuals",
        "--metadata",
        "year=2024",
    ]);
    added
        .run()
        .code(0)
        .complains("photo.jpg: binary")
        .complains("added 3, updated 0, unchanged 0");
    let again = json_of(&home, &["kb", "add", "docs", "-k", "manuals"]);
    assert_eq!(
        (&again["added"], &again["unchanged"]),
        (&json!(0), &json!(3))
    );

    let found = json_of(&home, &["kb", "search", "restore", "backups"]);
    let passage = &found["passages"][0];
    assert_eq!(passage["heading"], "Guide > Backups");
    assert_eq!(passage["metadata"]["year"], 2024);
    let id = passage["id"].as_str().unwrap();
    assert!(
        id.starts_with("kb:manuals/guide-md-") && id.ends_with("#2"),
        "{id}"
    );
    home.with(["kb", "search", "kettles"])
        .run()
        .code(0)
        .says("report.pdf");
    home.with(["kb", "search", "steep", "--metadata", "year=1999"])
        .run()
        .code(0)
        .complains("nothing was found");

    home.with(["kb", "list"]).run().code(0).says("manuals");
    home.with(["kb", "rm", id])
        .run()
        .code(0)
        .complains("removed 1 documents");
    home.with(["kb", "rm", id])
        .run()
        .code(1)
        .complains("kb_list shows");
    home.with(["kb", "rm", "-k", "manuals"]).run().code(0);
    home.with(["kb", "list"])
        .run()
        .code(0)
        .complains("is empty");
}

#[test]
fn a_text_from_stdin_and_paths_anywhere_can_be_added() {
    let home = home();
    let add = home.with(["kb", "add", "-", "--title", "History"]);
    add.stdin("The kettle was invented.").run().code(0);
    home.with(["kb", "add", "-"])
        .run()
        .code(2)
        .complains("--title");
    home.with(["kb", "add", "nowhere"])
        .run()
        .code(2)
        .complains("nowhere cannot be added");
    let outside = tempfile::tempdir().unwrap();
    write(&outside.path().join("far/a.txt"), b"a faraway teapot");
    home.with(["kb", "add"]).arg(outside.path()).run().code(0);
    home.with(["kb", "search", "faraway"])
        .run()
        .code(0)
        .says("a.txt");
}

#[test]
fn a_file_that_breaks_the_component_costs_that_file() {
    let home = home();
    home.write("docs/good.md", "good words");
    write(&home.project().join("docs/fine.pdf"), &pdf("Fine print", 5));
    write(&home.project().join("docs/bad.pdf"), &pdf("Bad", 9));
    let added = home.with(["kb", "add", "docs"]).run().code(0);
    added
        .complains("bad.pdf: it could not be read")
        .complains("added 1, updated 0, unchanged 1");
    home.with(["kb", "search", "print"])
        .run()
        .code(0)
        .says("fine.pdf");
}

#[test]
fn hostile_documents_are_added_or_told() {
    let home = home();
    let docs = home.project().join("docs");
    write(&docs.join("line.txt"), "x".repeat(6 << 20).as_bytes());
    let nested = format!("<html>{}deep", "<div>".repeat(400_000));
    write(&docs.join("nested.html"), nested.as_bytes());
    write(&docs.join("latin.txt"), b"caf\xe9 crema");
    write(&docs.join("utf16.txt"), b"\xff\xfet\0e\0a\0p\0o\0t\0");
    write(&docs.join("quotes.md"), "> ".repeat(300_000).as_bytes());
    write(&docs.join("nul.txt"), b"a\0b");
    let report = json_of(&home, &["kb", "add", "docs"]);
    assert_eq!(report["done"], true, "{report}");
    assert_eq!(report["added"], 5, "{report}");
    home.with(["kb", "search", "teapot"])
        .run()
        .code(0)
        .says("utf16.txt");
    home.with(["kb", "search", "café"])
        .run()
        .code(0)
        .says("latin.txt");
}

#[test]
fn a_model_adds_and_searches_in_a_run() {
    let home = home();
    home.write("docs/guide.md", "# Guide\n\nThe teapot holds 42 cups.\n");
    let steps = json!([
        { "text": "", "calls": [{ "name": "kb_add", "arguments": { "paths": ["docs"] } }] },
        { "text": "", "calls": [{ "name": "kb_search", "arguments": { "query": "teapot cups" } }] },
        { "text": "42 cups" }
    ]);
    let run = home
        .scripted(&steps)
        .args(["run", "--json", "--permissions", "auto", "How many?"]);
    let ran = run.run().code(0);
    assert!(ran.stdout.contains("holds 42 cups"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("kb:default/guide-md-"),
        "{}",
        ran.stdout
    );
}

#[test]
fn two_processes_at_once_lose_nothing() {
    let home = home();
    for writer in 0..4 {
        for number in 0..10 {
            home.write(
                &format!("w{writer}/{number}.md"),
                &format!("shared n{number}"),
            );
        }
    }
    let children: Vec<_> = (0..4)
        .map(|writer| home.with(["kb", "add", &format!("w{writer}")]).spawn())
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(sources(&home, "default").len(), 40);
}

#[test]
fn a_killed_process_loses_nothing_that_was_told() {
    let home = home();
    let add = |number: u64| {
        let name = format!("notes/{number:04}.md");
        home.write(
            &name,
            &format!("note number{number}\n\n{}", "words ".repeat(200)),
        );
        // A directory: what is left over of killed ones is added too, so that segments merge.
        home.with(["kb", "add", "notes"])
    };
    // The first call of all compiles the plugin.
    assert!(add(0).run().code(0).stdout.is_empty());
    let started = Instant::now();
    assert!(add(0).run().code(0).stdout.is_empty());
    let usual = started.elapsed();
    let mut acknowledged = vec![0];
    let mut killed = 0;
    let mut number = 0;
    while killed < KILLS {
        number += 1;
        let mut child = add(number).spawn();
        // Spread over the whole of a run, which ends with the writing.
        let share = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        thread::sleep(
            usual
                .mul_f64(0.3 + 0.9 * share as f64 / 65_536.0)
                .min(Duration::from_secs(5)),
        );
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        match output.status.success() {
            true => acknowledged.push(number),
            false => killed += 1,
        }
        if killed % 10 == 0 {
            check(&home, &acknowledged);
        }
    }
    check(&home, &acknowledged);
    add(number + 1).run().code(0).complains("updated 0");
    assert_eq!(sources(&home, "default").len() as u64, number + 2);
    println!(
        "{} runs were killed, {} were not",
        killed,
        acknowledged.len()
    );
}

/// What was told to be added is there, and nothing is damaged.
fn check(home: &Home, acknowledged: &[u64]) {
    let sources = sources(home, "default");
    for number in acknowledged {
        let name = format!("{number:04}.md");
        assert!(
            sources.iter().any(|source| source.ends_with(&name)),
            "{name} is lost"
        );
    }
    let last = acknowledged.last().unwrap();
    let found = json_of(home, &["kb", "search", &format!("number{last}")]);
    assert_eq!(found["passages"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["notes"], Value::Null, "{found}");
}
