//! A thousand agents at once, each with four tool turns in fresh sandboxes and an answer, and a model
//! that takes 50 ms for each question: time, CPU and memory for all of them. Five answers of 50 ms are
//! 250 ms that nobody can save.
//!
//! `cargo bench -p loom-tests --bench agents`

#![expect(clippy::print_stdout, reason = "figures are for a person")]

use std::time::Duration;

use loom_tests::crowd::{Crowd, Figures};

const AGENTS: usize = 1_000;
const ROUNDS: usize = 5;
const MODEL_TAKES: Duration = Duration::from_millis(50);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let crowd = Crowd::new(MODEL_TAKES).await;
        Figures::measure(&crowd, 1).await;
        println!("{AGENTS} agents at once on two threads");
        for _ in 0..ROUNDS {
            println!("{}", Figures::measure(&crowd, AGENTS).await);
        }
    });
}
