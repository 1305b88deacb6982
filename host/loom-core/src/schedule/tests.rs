//! Orders in which calls may run: chosen ones, and any against a model.

mod model;

use loom_types::Resource;

use super::*;

fn touch(mode: AccessMode, path: &str) -> Footprint {
    Footprint::Resources(vec![Touch {
        mode,
        resource: Resource::file(path),
    }])
}

/// What a letter touches: `r` reads a file, `w` writes it, `d` reads its directory, `o` writes another
/// file, `n` touches nothing, `x` everything, `?` is refused.
fn footprint(letter: char) -> Option<Footprint> {
    Some(match letter {
        'r' => touch(AccessMode::Read, "/dir/file"),
        'w' => touch(AccessMode::Write, "/dir/file"),
        'd' => touch(AccessMode::Read, "/dir"),
        'o' => touch(AccessMode::Write, "/dir/other"),
        'n' => Footprint::Resources(Vec::new()),
        'x' => Footprint::Everything,
        _ => return None,
    })
}

/// A schedule of calls of tools that are named by their letters.
fn schedule(letters: &str, at_once: usize, per_tool: &[(&str, usize)]) -> Schedule {
    let footprints: Vec<_> = letters.chars().map(footprint).collect();
    let slots = footprints
        .iter()
        .enumerate()
        .map(|(index, footprint)| Slot {
            tool: &letters[index..=index],
            footprint: footprint.as_ref(),
        });
    let per_tool = per_tool.iter().map(|(tool, most)| ((*tool).into(), *most));
    Schedule::new(&slots.collect::<Vec<_>>(), at_once, &per_tool.collect())
}

fn start_all(schedule: &mut Schedule) -> Vec<usize> {
    std::iter::from_fn(|| schedule.start()).collect()
}

/// What starts, when all that runs ends before more may start.
fn waves_of(mut schedule: Schedule) -> Vec<Vec<usize>> {
    let mut waves = Vec::new();
    loop {
        let wave = start_all(&mut schedule);
        if wave.is_empty() {
            return waves;
        }
        for index in &wave {
            schedule.done(*index);
        }
        waves.push(wave);
    }
}

fn waves(letters: &str, at_once: usize) -> Vec<Vec<usize>> {
    waves_of(schedule(letters, at_once, &[]))
}

#[test]
fn readers_start_together() {
    assert_eq!(waves("rrdr", 10), [[0, 1, 2, 3]]);
}

#[test]
fn writers_of_one_file_run_in_call_order_and_alone_on_it() {
    assert_eq!(waves("www", 10), [[0], [1], [2]]);
}

#[test]
fn writers_of_different_files_start_together() {
    assert_eq!(waves("wo", 10), [[0, 1]]);
}

#[test]
fn a_directory_waits_for_the_writers_below_it() {
    assert_eq!(waves("wod", 10), [vec![0, 1], vec![2]]);
}

#[test]
fn no_more_calls_run_than_may() {
    assert_eq!(waves("rrrrr", 2), [vec![0, 1], vec![2, 3], vec![4]]);
}

#[test]
fn zero_at_once_counts_as_one() {
    assert_eq!(waves("rr", 0), [[0], [1]]);
    let own = schedule("rr", 10, &[("r", 0)]);
    assert_eq!(waves_of(own), [[0], [1]]);
}

#[test]
fn a_tool_with_a_limit_of_its_own_holds_nobody_else_up() {
    let own = schedule("rrrdn", 10, &[("r", 2), ("unknown", 1)]);
    assert_eq!(waves_of(own), [vec![0, 1, 3, 4], vec![2]]);
}

#[test]
fn what_touches_everything_runs_alone_even_beside_what_touches_nothing() {
    assert_eq!(waves("nxn", 10), [[0], [1], [2]]);
    assert_eq!(waves("xx", 10), [[0], [1]]);
}

#[test]
fn readers_wait_for_the_writer_before_them_and_the_writer_for_those_before_it() {
    assert_eq!(waves("rrwrr", 10), [vec![0, 1], vec![2], vec![3, 4]]);
}

#[test]
fn a_refused_call_waits_for_nobody_and_blocks_nobody() {
    assert_eq!(waves("x?x?", 10), [vec![0, 1, 3], vec![2]]);
    let own = schedule("??", 10, &[("?", 1)]);
    assert_eq!(waves_of(own), [[0, 1]]);
}

#[test]
fn a_slow_reader_holds_only_the_writer_up() {
    let mut schedule = schedule("rrwo", 10, &[]);
    assert_eq!(start_all(&mut schedule), [0, 1, 3]);
    schedule.done(1);
    assert_eq!(schedule.start(), None);
    schedule.done(0);
    assert_eq!(start_all(&mut schedule), [2]);
}

#[test]
fn no_calls_start_nothing() {
    assert!(waves("", 10).is_empty());
}
