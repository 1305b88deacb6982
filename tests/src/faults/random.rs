//! Faults by chance, the same ones for the same seed.

use super::{Asked, Fault};

/// A choice for [`FaultServer::start`](super::FaultServer::start): each request meets one of `faults`
/// with this probability, 0.0 to 1.0. The n-th request of a server meets the same one in every test.
pub fn random(
    seed: u64,
    probability: f64,
    faults: &[Fault],
) -> impl Fn(&Asked) -> Option<Fault> + Send + Sync + 'static {
    let faults = faults.to_vec();
    move |asked| {
        let mut state = seed ^ (asked.number as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
        // The upper 53 bits are a fraction that a double holds exactly.
        let chance = (next(&mut state) >> 11) as f64 / (1_u64 << 53) as f64;
        let choice = usize::try_from(next(&mut state) % faults.len().max(1) as u64).ok()?;
        (chance < probability).then(|| faults.get(choice).copied())?
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
