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
mod options;
mod probe;
mod random;
mod summary;

use std::sync::Arc;

use async_trait::async_trait;
use loom_types::{
    CompletionContext, Error, EventStream, ModelInfo, ModelRequest, Provider, Result,
};

pub use breaker::{BreakerOptions, BreakerState};
pub use health::{HealthStatus, MemberHealth, WindowOptions};
pub use options::{MemberOptions, PoolError, PoolOptions};
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

/// Models that stand in for each other. Cheap to clone; clones are the same pool.
///
/// A request whose model is [`model`](Self::model), `auto` or empty may be answered by each member. One for
/// a member's model (`gpt-5`) is answered by that member, or by others if it fails. One for a member
/// by its full name (`openai/gpt-5`) is answered by that member or not at all.
///
/// Members are asked by priority, and by chance among equals; a session stays with the equal that answered
/// it last. A member that fails is asked again after a wait, unless an equal is free, it takes too long or
/// is left out: then another one takes over, and half an answer is void. Faults of the request itself go
/// out at once. Nobody is left out so strictly that a request would ask nobody.
///
/// Each decision is an event of the stream, told before it takes effect ([`Routing`](loom_types::Routing)). Dropping the
/// stream, or cancelling its context, drops whatever goes on for it.
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
        options::check(&members, &options)?;
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

    /// Tokens that every member can see at once, so that a question fits whoever answers; none if that
    /// is not known of one of them.
    #[must_use]
    pub fn context_window(&self) -> Option<u64> {
        let members = self.shared.members.iter();
        let windows = members.map(|member| member.options.context_window);
        windows.collect::<Option<Vec<_>>>()?.into_iter().min()
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

impl Shared {
    /// Which members a request for this model may ask.
    fn open(&self, model: &str) -> Result<Vec<Tried>> {
        if model.is_empty() || model == AUTO || model == self.model {
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
