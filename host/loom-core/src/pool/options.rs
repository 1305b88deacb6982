//! How a pool and its members are to be used, with the defaults, and what makes no sense.

use std::time::Duration;

use loom_types::Price;

use super::Member;
use super::breaker::BreakerOptions;
use super::health::WindowOptions;

/// How a member is to be used.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberOptions {
    /// Members with lower numbers are asked first. Default: 1.
    pub priority: u32,
    /// How often it is asked, in proportion to others of its priority. Default: 1.
    pub weight: u32,
    /// How many requests it works on at the same time. Default: any number.
    pub max_concurrent: Option<usize>,
    /// How long until the first text, reasoning or call. Default: 60 s.
    pub first_token_timeout: Duration,
    /// How long between two pieces of an answer. Default: 60 s.
    pub idle_timeout: Duration,
    /// What its tokens cost. Default: not known.
    pub price: Option<Price>,
    /// Tokens of input and output together. Default: not known.
    pub context_window: Option<u64>,
}

impl Default for MemberOptions {
    fn default() -> Self {
        Self {
            priority: 1,
            weight: 1,
            max_concurrent: None,
            first_token_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            price: None,
            context_window: None,
        }
    }
}

/// How a pool treats its members.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolOptions {
    /// How often a request is tried, over all members. Default: 6 times, or three times for each member
    /// if that is more.
    pub attempts: Option<u32>,
    /// How often the same member is asked again after an error that may pass, before members of lower
    /// priority are. Default: 2.
    pub retries: u32,
    /// Whether a second member is asked when the first one's first token is later than usual. Default:
    /// no, as it costs.
    pub hedge: bool,
    /// The first wait before the same member is asked again is between nothing and this; then the
    /// longest wait doubles. Default: 0.5 s.
    pub backoff: Duration,
    /// The longest wait of this kind. Default: 8 s.
    pub max_backoff: Duration,
    /// The longest wait that a member may ask for while there is another one. Default: 30 s.
    pub patience: Duration,
    /// The longest wait that a member may ask for if there is no other one. Default: 60 s.
    pub patience_alone: Duration,
    /// How long to wait for a member that is left out, if all are; it is asked all the same if it would
    /// take longer. Default: 10 s.
    pub max_cooldown_wait: Duration,
    pub breaker: BreakerOptions,
    pub window: WindowOptions,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            attempts: None,
            retries: 2,
            hedge: false,
            backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(8),
            patience: Duration::from_secs(30),
            patience_alone: Duration::from_secs(60),
            max_cooldown_wait: Duration::from_secs(10),
            breaker: BreakerOptions::default(),
            window: WindowOptions::default(),
        }
    }
}

/// Why there is no pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    #[error("a pool needs a member; name at least one model")]
    NoMembers,
    #[error("the pool has {0} twice; give it a weight instead")]
    Duplicate(String),
    #[error("{member}: {option} is zero; leave it out or use at least 1")]
    Zero {
        /// `provider/model`, or `pool`.
        member: String,
        option: &'static str,
    },
}

/// Refuses what makes no sense.
pub(super) fn check(members: &[Member], options: &PoolOptions) -> Result<(), PoolError> {
    if members.is_empty() {
        return Err(PoolError::NoMembers);
    }
    let pool = [
        ("attempts", options.attempts == Some(0)),
        ("breaker.failures", options.breaker.failures == 0),
        ("breaker.successes", options.breaker.successes == 0),
        ("window.outcomes", options.window.outcomes == 0),
    ];
    refuse_zeros("pool", &pool)?;
    for (index, member) in members.iter().enumerate() {
        let name = member.name();
        let MemberOptions {
            weight,
            max_concurrent,
            first_token_timeout,
            idle_timeout,
            ..
        } = &member.options;
        let zeros = [
            ("weight", *weight == 0),
            ("max_concurrent", *max_concurrent == Some(0)),
            ("first_token_timeout", first_token_timeout.is_zero()),
            ("idle_timeout", idle_timeout.is_zero()),
        ];
        refuse_zeros(&name, &zeros)?;
        if members[..index].iter().any(|other| other.name() == name) {
            return Err(PoolError::Duplicate(name));
        }
    }
    Ok(())
}

fn refuse_zeros(member: &str, options: &[(&'static str, bool)]) -> Result<(), PoolError> {
    match options.iter().find(|(_, is_zero)| *is_zero) {
        Some((option, _)) => Err(PoolError::Zero {
            member: member.to_owned(),
            option,
        }),
        None => Ok(()),
    }
}
