//! A pool of models: it asks one member after the other until one has answered, and leaves out those
//! that do badly. To whoever asks it is a [`Provider`] like any other.
//!
//! This is the only place between an agent and a model that tries anything again. What a member is,
//! how to reach it and what it costs is the configuration's.

mod affinity;
mod attempt;
mod breaker;
mod choose;
mod course;
mod decide;
mod health;
mod hedge;
mod member;
mod probe;
mod random;
mod summary;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use loom_types::{
    CompletionContext, Error, EventStream, ModelInfo, ModelRequest, Price, Provider, Result,
};

pub use breaker::{BreakerOptions, BreakerState};
pub use health::{HealthStatus, MemberHealth, WindowOptions};
pub use probe::Probe;

use affinity::Affinity;
use choose::Tried;
use course::Course;
use member::MemberState;
use random::Random;

/// The model that a pool of several members goes by.
const AUTO: &str = "auto";

/// A model that a pool may ask.
#[derive(Clone)]
pub struct Member {
    pub provider: Arc<dyn Provider>,
    /// The model's id, as the provider knows it.
    pub model: String,
    pub options: MemberOptions,
}

impl Member {
    /// A member with options as they are by default.
    pub fn new(provider: Arc<dyn Provider>, model: impl Into<String>) -> Self {
        Self {
            provider,
            model: model.into(),
            options: MemberOptions::default(),
        }
    }

    /// The same with these options.
    #[must_use]
    pub fn with(self, options: MemberOptions) -> Self {
        Self { options, ..self }
    }

    /// `provider/model`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.provider.name(), self.model)
    }
}

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

/// Models that stand in for each other. Cheap to clone; clones are the same pool.
///
/// A request whose model is [`model`](Self::model), or empty, may be answered by each member. One for
/// a member's model (`gpt-5`) is answered by that member, or by others if it fails. One for a member
/// by its full name (`openai/gpt-5`) is answered by that member or not at all.
///
/// Errors are the last member's, or say what each member did if there was more than one attempt; then
/// the details have the list `attempts`.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

/// What all requests share.
struct Shared {
    name: String,
    model: String,
    members: Vec<Arc<MemberState>>,
    options: PoolOptions,
    attempts: u32,
    affinity: Affinity,
    random: Random,
}

impl Pool {
    /// Makes a pool.
    ///
    /// # Errors
    /// If there is no member, one twice, or a number that makes no sense.
    pub fn new(members: Vec<Member>, options: PoolOptions) -> Result<Self, PoolError> {
        Self::with_random(members, options, Random::fresh())
    }

    /// The same, whose choices and waits are the same each time.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn seeded(
        members: Vec<Member>,
        options: PoolOptions,
        seed: u64,
    ) -> Result<Self, PoolError> {
        Self::with_random(members, options, Random::seeded(seed))
    }

    fn with_random(
        members: Vec<Member>,
        options: PoolOptions,
        random: Random,
    ) -> Result<Self, PoolError> {
        check(&members, &options)?;
        let (name, model) = match members.as_slice() {
            [only] => (only.provider.name().to_owned(), only.model.clone()),
            _ => ("pool".to_owned(), AUTO.to_owned()),
        };
        let is_alone = members.len() == 1;
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let attempts = count.saturating_mul(3).max(6);
        let members = members.into_iter();
        let members = members.map(|member| MemberState::new(member, &options, is_alone));
        let shared = Shared {
            name,
            model,
            members: members.collect(),
            attempts: options.attempts.unwrap_or(attempts),
            options,
            affinity: Affinity::default(),
            random,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The model to ask for when each member may answer: the member's if there is one, else `auto`.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.shared.model
    }

    /// The members, `provider/model`, in the order in which they were given.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.shared.members.iter().map(|member| &*member.name)
    }

    /// How each member does, in the order in which they were given.
    #[must_use]
    pub fn health(&self) -> Vec<MemberHealth> {
        let members = self.shared.members.iter();
        members.map(|member| member.health()).collect()
    }

    /// Asks each member for a word, all at the same time and each once, and takes note of how they do.
    pub async fn probe(&self) -> Vec<Probe> {
        probe::all(&self.shared).await
    }
}

fn check(members: &[Member], options: &PoolOptions) -> Result<(), PoolError> {
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

impl Shared {
    /// Which members a request for this model may ask.
    fn open(&self, model: &str) -> Result<Vec<Tried>> {
        if model.is_empty() || model == self.model {
            return Ok(vec![Tried::default(); self.members.len()]);
        }
        let members = self.members.iter();
        let names_one = members.clone().any(|member| member.name == model);
        let tried = members.map(|member| Tried {
            is_named: member.model == model || member.name == model,
            is_barred: names_one && member.name != model,
            failures: 0,
        });
        let tried: Vec<_> = tried.collect();
        if tried.iter().any(|tried| tried.is_named) {
            return Ok(tried);
        }
        let names: Vec<_> = self.members.iter().map(|member| &*member.name).collect();
        Err(Error::not_found(format!(
            "there is no model {model} here; ask for {} or one of {}",
            self.model,
            names.join(", ")
        )))
    }

    /// Which member answered this session last.
    fn favourite(&self, context: &CompletionContext) -> Option<usize> {
        match self.members.len() {
            1 => None,
            _ => self.affinity.of(&context.session_id),
        }
    }
}

#[async_trait]
impl Provider for Pool {
    fn name(&self) -> &str {
        &self.shared.name
    }

    /// The members' models, and before them `auto` with what all of them can do if there are several.
    async fn models(&self) -> Result<Vec<ModelInfo>> {
        probe::models(&self.shared).await
    }

    async fn complete(
        &self,
        request: ModelRequest,
        context: &CompletionContext,
    ) -> Result<EventStream> {
        let tried = self.shared.open(&request.model)?;
        let shared = Arc::clone(&self.shared);
        Ok(Course::new(shared, request, context.clone(), tried).into_stream())
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("members", &self.members().collect::<Vec<_>>())
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
