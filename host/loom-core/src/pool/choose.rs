//! Whom to ask: members that can be asked before others, by priority, weighted among equals.

use std::cmp::Ordering;
use std::time::Duration;

use super::Shared;

/// What one request has to do with one member.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tried {
    /// The request asks for this member's model.
    pub(super) is_named: bool,
    /// It is not asked, or not again: the request names another, or it would fail the same way.
    pub(super) is_barred: bool,
    /// How often it failed at this request.
    pub(super) failures: u32,
}

/// A member that may be asked. Smaller ones are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// How long until it can be asked; zero if it can now.
    pub(super) free_in: Duration,
    pub(super) failures: u32,
    is_unnamed: bool,
    pub(super) is_full: bool,
    pub(super) priority: u32,
    is_unhealthy: bool,
}

impl Rank {
    pub(super) fn is_usable(&self) -> bool {
        self.free_in.is_zero()
    }
}

/// The members that this request may ask, with their ranks.
pub(super) fn ranks<'a>(
    shared: &'a Shared,
    tried: &'a [Tried],
) -> impl Iterator<Item = (usize, Rank)> + 'a {
    let members = shared.members.iter().zip(tried).enumerate();
    let open = members.filter(|(_, (_, tried))| !tried.is_barred);
    open.map(|(index, (member, tried))| {
        let standing = member.standing();
        let rank = Rank {
            free_in: standing.free_in,
            failures: tried.failures,
            is_unnamed: !tried.is_named,
            is_full: standing.is_full,
            priority: member.options.priority,
            is_unhealthy: standing.is_unhealthy,
        };
        (index, rank)
    })
}

/// The best of them. Among equals it is `favourite` if it is one of them, else chance decides by weight.
pub(super) fn best(
    shared: &Shared,
    ranks: impl Iterator<Item = (usize, Rank)>,
    favourite: Option<usize>,
) -> Option<(usize, Rank)> {
    let mut best: Option<(usize, Rank)> = None;
    let mut total = 0;
    for (index, rank) in ranks {
        let weight = u64::from(shared.members[index].options.weight);
        let order = best.map_or(Ordering::Less, |(_, so_far)| rank.cmp(&so_far));
        let wins = match order {
            Ordering::Less => {
                total = 0;
                true
            }
            Ordering::Equal if favourite == Some(index) => true,
            Ordering::Equal if best.map(|(index, _)| index) == favourite => false,
            Ordering::Equal => shared.random.below(total + weight) < weight,
            Ordering::Greater => continue,
        };
        total += weight;
        if wins {
            best = Some((index, rank));
        }
    }
    best
}
