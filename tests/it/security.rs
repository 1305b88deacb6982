//! What guests try in order to get out, or to bring the host down: one attempt per test, in groups.
//! Each must be denied, and after each the host must still serve. All attempts are made in one host,
//! side by side; when the last has been made, their table is printed:
//! `cargo test --workspace --test it -- security::`
//!
//! What is promised and what is not: `.github/SECURITY.md`.

mod components;
mod data;
mod host;
mod interpreters;
mod links;
mod network;
mod paths;
mod plugins;
mod report;
mod requests;
mod resources;
mod secrets;
mod terminal;

use host::Host;
use report::Denied;

/// Attempts that try the same kind of thing.
struct Group {
    name: &'static str,
    attempts: &'static [&'static str],
}

/// In the order of the table.
const GROUPS: [Group; 11] = [
    paths::GROUP,
    links::GROUP,
    network::GROUP,
    requests::GROUP,
    secrets::GROUP,
    resources::GROUP,
    data::GROUP,
    components::GROUP,
    plugins::GROUP,
    interpreters::GROUP,
    terminal::GROUP,
];

/// Makes a group of async functions, and a test of each. A function that is not listed is dead code,
/// which does not compile without a warning.
macro_rules! attempts {
    ($group:literal: $($name:ident),+ $(,)?) => {
        pub(super) const GROUP: super::Group = super::Group {
            name: $group,
            attempts: &[$(stringify!($name)),+],
        };

        mod attempt {
            $(
                #[test]
                fn $name() {
                    crate::security::make($group, stringify!($name), super::$name());
                }
            )+
        }
    };
}
use attempts;

/// Makes an attempt, sees whether the host still serves, and puts both on record.
fn make(
    group: &'static str,
    name: &'static str,
    attempt: impl Future<Output = Denied> + Send + 'static,
) {
    let host = Host::get();
    let outcome = host.runtime.block_on(host.runtime.spawn(attempt));
    let is_alive = host.runtime.block_on(host.serves());
    let (outcome, panic) = match outcome {
        Ok(denied) => (Some(denied), None),
        Err(error) => (None, Some(error.into_panic())),
    };
    report::record(group, name, outcome, is_alive);
    if let Some(panic) = panic {
        std::panic::resume_unwind(panic);
    }
    assert!(is_alive, "the host does not serve any more");
}

#[test]
fn there_are_as_many_attempts_as_were_promised() {
    let attempts: usize = GROUPS.iter().map(|group| group.attempts.len()).sum();
    assert!(attempts >= 120, "{attempts}");
    let mut names = std::collections::BTreeSet::new();
    for group in &GROUPS {
        for name in group.attempts {
            assert!(names.insert((group.name, name)), "{name} is there twice");
        }
    }
}
