//! Tools that misbehave in every way that a tool can.

use std::hint::black_box;

use loom_sdk::prelude::*;

/// Panic.
#[tool(safe)]
fn panic() -> String {
    panic!("the rogue tool panics on purpose")
}

/// Leave the process, as if there were one.
#[tool(safe)]
fn exit() -> String {
    std::process::exit(7)
}

/// Loop without ever calling the host.
#[tool(safe)]
fn loop_forever() -> u64 {
    let mut count = 0_u64;
    loop {
        count = black_box(count.wrapping_add(1));
        if count == u64::MAX {
            return count;
        }
    }
}

/// Sleep in the host.
#[tool(safe)]
fn sleep_forever() -> String {
    std::thread::sleep(std::time::Duration::from_secs(1_000_000));
    "awake".into()
}

/// Allocate without end.
#[tool(safe)]
fn allocate_forever() -> usize {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(black_box(vec![1; 1 << 20]));
        if hoard.len() == usize::MAX {
            return hoard.len();
        }
    }
}

/// Recurse without end.
#[tool(safe)]
fn recurse_forever() -> u64 {
    fn deeper(depth: u64) -> u64 {
        let room = black_box([depth; 64]);
        if depth == u64::MAX {
            room[0]
        } else {
            deeper(depth + 1).wrapping_add(room[63])
        }
    }
    deeper(0)
}

/// Return more than anybody wants.
#[tool(safe)]
fn flood_output() -> String {
    "flood ".repeat(10 << 20)
}

/// Write to standard error without end, then answer.
#[tool(safe)]
fn flood_stderr() -> String {
    for _ in 0..20_000 {
        eprintln!("{}", "x".repeat(100));
    }
    "done".into()
}

/// Write to the host's log without end, then answer.
#[tool(safe)]
fn flood_log() -> String {
    for number in 0..100_000 {
        loom_sdk::host::log(loom_sdk::host::LogLevel::Info, &format!("message {number}"));
        loom_sdk::host::progress("going on", Some(f32::NAN));
    }
    "done".into()
}

/// Call the host without end.
#[tool(safe)]
fn flood_host_calls() -> u64 {
    let mut count = 0_u64;
    loop {
        count += u64::from(!loom_sdk::host::is_cancelled());
        if count == u64::MAX {
            return count;
        }
    }
}

/// Return bytes that call themselves JSON.
#[tool(safe)]
fn garbage() -> Vec<Content> {
    vec![Content::Json("{ not json \u{1b}[2J".into())]
}

loom_sdk::export_tools!(
    panic,
    exit,
    loop_forever,
    sleep_forever,
    allocate_forever,
    recurse_forever,
    flood_output,
    flood_stderr,
    flood_log,
    flood_host_calls,
    garbage
);
