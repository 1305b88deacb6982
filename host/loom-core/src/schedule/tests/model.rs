//! Any calls, ending in any order, against a model that knows conflicts from a table.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// Resources, each with the atoms it consists of: two resources are in each other's way if they share
/// one.
fn resources() -> Vec<(Resource, &'static [u8])> {
    let link = |path: &str| Resource::File {
        path: path.into(),
        identity: Some((1, 7)),
    };
    let named = |scheme: &str, name: &str| Resource::Named {
        scheme: scheme.into(),
        name: name.into(),
    };
    vec![
        (Resource::file("/"), &[0, 1, 2, 4, 10]),
        (Resource::file("/a"), &[0, 1, 2]),
        (Resource::file("/a/b"), &[0]),
        (Resource::file("/a/x/../b"), &[0]),
        (Resource::file("/a/bc"), &[1]),
        (link("/a/link"), &[2, 3]),
        (link("/linked"), &[3, 10]),
        (Resource::file("/d"), &[4]),
        (Resource::url("http://x/a#1"), &[5]),
        (Resource::url("HTTP://X:80/a"), &[5]),
        (Resource::url("http://x/a/b"), &[6]),
        (named("queue", "a"), &[7]),
        (named("queue", "b"), &[8]),
        (named("queue", ""), &[7, 8]),
        (named("table", "a"), &[9]),
    ]
}

/// What a call touches: numbers of the table, and whether it writes; none is everything.
type Touches = Option<Vec<(usize, bool)>>;

#[derive(Clone, Debug)]
struct Call {
    tool: &'static str,
    /// None: the call is refused.
    touches: Option<Touches>,
}

impl Call {
    fn footprint(&self) -> Option<Footprint> {
        let Some(touches) = self.touches.as_ref()? else {
            return Some(Footprint::Everything);
        };
        let touch = |(number, writes): &(usize, bool)| Touch {
            mode: if *writes {
                AccessMode::Write
            } else {
                AccessMode::Read
            },
            resource: resources()[*number].0.clone(),
        };
        Some(Footprint::Resources(touches.iter().map(touch).collect()))
    }

    fn conflicts(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (&self.touches, &other.touches) else {
            return false;
        };
        let (Some(a), Some(b)) = (a, b) else {
            return true;
        };
        let table = resources();
        a.iter().any(|(a, a_writes)| {
            b.iter().any(|(b, b_writes)| {
                let shared = table[*a].1.iter().any(|atom| table[*b].1.contains(atom));
                (*a_writes || *b_writes) && shared
            })
        })
    }
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let touch = (0..resources().len(), any::<bool>());
    let touches = prop_oneof![
        1 => Just(None),
        1 => Just(Some(None)),
        8 => prop::collection::vec(touch, 0..3).prop_map(|touches| Some(Some(touches))),
    ];
    let call = (select(vec!["a", "b", "c"]), touches);
    let call = call.prop_map(|(tool, touches)| Call { tool, touches });
    prop::collection::vec(call, 0..12)
}

fn limits() -> impl Strategy<Value = BTreeMap<String, usize>> {
    let tool = select(vec!["a".to_owned(), "b".to_owned(), "unknown".to_owned()]);
    prop::collection::btree_map(tool, 1..4_usize, 0..3)
}

/// A schedule under test, and what the model knows of it.
struct World<'a> {
    calls: &'a [Call],
    at_once: usize,
    per_tool: &'a BTreeMap<String, usize>,
    running: Vec<usize>,
    started: Vec<usize>,
    ended: Vec<usize>,
}

impl World<'_> {
    fn has_room(&self, index: usize) -> bool {
        let call = &self.calls[index];
        let Some(limit) = self.per_tool.get(call.tool) else {
            return true;
        };
        let same = |other: &&usize| {
            let other = &self.calls[**other];
            other.tool == call.tool && other.touches.is_some()
        };
        call.touches.is_none() || self.running.iter().filter(same).count() < *limit
    }

    fn is_blocked(&self, index: usize) -> bool {
        (0..index).any(|earlier| {
            self.calls[earlier].conflicts(&self.calls[index]) && !self.ended.contains(&earlier)
        })
    }

    /// A call starts: nothing may speak against it.
    fn start(&mut self, index: usize) -> Result<(), TestCaseError> {
        prop_assert!(!self.started.contains(&index), "{index} started twice");
        prop_assert!(self.running.len() < self.at_once, "too many at once");
        prop_assert!(self.has_room(index), "too many of the tool of {index}");
        prop_assert!(!self.is_blocked(index), "{index} overtook a conflict");
        for other in &self.running {
            let conflict = self.calls[*other].conflicts(&self.calls[index]);
            prop_assert!(!conflict, "{other} and {index} overlap");
        }
        self.running.push(index);
        self.started.push(index);
        Ok(())
    }

    /// Nothing more starts: each call that waits must have a reason.
    fn rest(&self) -> Result<(), TestCaseError> {
        let waiting = (0..self.calls.len()).filter(|index| !self.started.contains(index));
        for index in waiting {
            let reason = self.running.len() == self.at_once
                || !self.has_room(index)
                || self.is_blocked(index);
            prop_assert!(reason, "{index} waits for nothing");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn conflicts_never_overlap_and_nothing_else_waits(
        calls in calls(),
        at_once in 1..8_usize,
        per_tool in limits(),
        ends in prop::collection::vec(any::<Index>(), 12),
    ) {
        let footprints: Vec<_> = calls.iter().map(Call::footprint).collect();
        let slots = calls.iter().zip(&footprints);
        let slots = slots.map(|(call, footprint)| Slot { tool: call.tool, footprint: footprint.as_ref() });
        let mut schedule = Schedule::new(&slots.collect::<Vec<_>>(), at_once, &per_tool);
        let mut world = World {
            calls: &calls,
            at_once,
            per_tool: &per_tool,
            running: Vec::new(),
            started: Vec::new(),
            ended: Vec::new(),
        };
        for end in ends.iter().take(calls.len()) {
            while let Some(index) = schedule.start() {
                world.start(index)?;
            }
            world.rest()?;
            prop_assert!(!world.running.is_empty(), "stuck after {:?}", world.ended);
            let index = world.running.swap_remove(end.index(world.running.len()));
            schedule.done(index);
            world.ended.push(index);
        }
        prop_assert_eq!(schedule.start(), None);
        prop_assert_eq!(world.ended.len(), calls.len());
    }
}
