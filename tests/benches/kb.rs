//! What the knowledge base costs at 100,000 passages, through the real component: a search by words,
//! and adding again what has not changed. Compare ratios between runs on one machine.
//!
//! `cargo bench -p loom-tests --bench kb`

#![expect(clippy::unwrap_used, reason = "a benchmark may stop here")]
#![expect(clippy::print_stdout, reason = "figures are for a person")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use loom_tests::sandbox::Guest;
use loom_types::ToolContext;
use loom_wasm::{DirectoryGrant, FileAccess, Grants, Limits};
use serde_json::{Value, json};

const FILES: usize = 2_000;
const SECTIONS: usize = 50;
/// Words of a passage.
const WORDS: usize = 120;
/// Different words; the first are the most frequent, as in a language.
const VOCABULARY: f64 = 60_000.0;

/// Repeatable randomness (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A word by Zipf's law.
    fn word(&mut self) -> String {
        format!("w{}", VOCABULARY.powf(self.next()) as u64)
    }
}

fn write_documents(directory: &Path) {
    let mut random = Random(1);
    for file in 0..FILES {
        let mut text = String::new();
        for section in 0..SECTIONS {
            text.push_str(&format!("# Section {section}\n\n"));
            let words: Vec<String> = (0..WORDS).map(|_| random.word()).collect();
            text.push_str(&words.join(" "));
            text.push_str("\n\n");
        }
        fs::write(directory.join(format!("{file:05}.md")), text).unwrap();
    }
}

fn grants(base: &Path, documents: &Path) -> Grants {
    let grant = |path: &Path, name: &str, access| DirectoryGrant {
        host_path: path.to_owned(),
        guest_paths: vec![name.to_owned()],
        access,
    };
    Grants {
        directories: vec![
            grant(base, ".", FileAccess::ReadWrite),
            grant(documents, "/docs", FileAccess::ReadOnly),
        ],
        ..Grants::default()
    }
}

async fn add(guest: &Guest, context: &ToolContext) -> Value {
    loop {
        let arguments = json!({ "paths": ["/docs"] });
        let answer = guest
            .call_within("kb_add", arguments, context)
            .await
            .unwrap();
        let report: Value = serde_json::from_str(&answer).unwrap();
        if report["done"] == true {
            return report;
        }
    }
}

fn bytes_in(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

fn searches(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (base, documents) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_documents(documents.path());
    let builtin = loom_builtins::ALL
        .iter()
        .find(|builtin| builtin.name == "kb");
    let guest = runtime.block_on(Guest::with(
        builtin.unwrap().wasm,
        grants(base.path(), documents.path()),
        Limits::default(),
        &[],
    ));
    let context = ToolContext::standalone(Duration::from_secs(60));
    let started = Instant::now();
    runtime.block_on(add(&guest, &context));
    println!(
        "{} passages of {} MiB were added in {:?}; the base has {} MiB",
        FILES * SECTIONS,
        bytes_in(documents.path()) >> 20,
        started.elapsed(),
        bytes_in(base.path()) >> 20,
    );
    let mut group = criterion.benchmark_group("knowledge base of 100,000 passages");
    group.sample_size(20);
    for (name, query) in [
        ("search for rare words", "w41234 w52345 w33456"),
        (
            "search for a question of ten words",
            "w1 w2 w5 w17 w90 w333 w1234 w5000 w20000 w50000",
        ),
    ] {
        group.bench_function(name, |bencher| {
            bencher.to_async(&runtime).iter(|| {
                guest.call_within("kb_search", json!({ "query": query, "limit": 8 }), &context)
            });
        });
    }
    group.bench_function("add 2,000 unchanged files", |bencher| {
        bencher.to_async(&runtime).iter(|| add(&guest, &context));
    });
    group.finish();
}

criterion_group!(benches, searches);
criterion_main!(benches);
