//! How long a run takes to stop once it is told to: from `Run::cancel` to its last event, in five
//! situations, over 200 tries each. The bound that Loom holds itself to is 50 ms for 99 in 100.
//!
//! `cargo bench -p loom-tests --bench cancel`

#![expect(clippy::print_stdout, reason = "figures are for a person")]

use loom_tests::cancelling::{Latencies, Situation};

const TRIES: usize = 200;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    println!("cancel latency in ms, {TRIES} tries each");
    for situation in Situation::ALL {
        let latencies = runtime.block_on(Latencies::measure(situation, TRIES));
        println!("{:<28} {latencies}", situation.name());
    }
}
