//! The models that answer: the members of `[[pool]]`, or the one model that was chosen.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{self, Choice};
use super::problem::Problems;
use super::raw::{RawMember, RawProvider};
use super::{Config, PoolMember, ToolFilter};
use loom_types::Price;

/// The members, best first; none where no layer lists any, or all that it lists are wrong.
pub(super) fn members(
    raw: Vec<RawMember>,
    providers: &BTreeMap<String, RawProvider>,
    problems: &Problems,
) -> Vec<PoolMember> {
    let mut members = Vec::new();
    let mut names = BTreeSet::new();
    for member in raw {
        let origin = member.model.clone();
        let choice = match model::member(&origin, providers) {
            Ok(choice) => choice,
            Err(problem) => {
                problems.add(problem);
                continue;
            }
        };
        let member = complete(member, &choice, providers);
        if !names.insert(member.name()) {
            let message = format!(
                "`{}` is in the pool twice; raise its weight instead",
                member.name()
            );
            problems.add(origin.problem(message));
        }
        members.push(member);
    }
    members.sort_by_key(|member| member.priority);
    members
}

fn complete(
    raw: RawMember,
    choice: &Choice,
    providers: &BTreeMap<String, RawProvider>,
) -> PoolMember {
    let provider = providers.get(&choice.provider);
    let model = choice.model.clone();
    let model = model.or_else(|| provider.and_then(|it| it.model.clone()));
    let default = PoolMember::new(&choice.provider, model.as_deref());
    PoolMember {
        priority: raw.priority.unwrap_or(default.priority),
        weight: raw.weight.unwrap_or(default.weight),
        max_concurrent: raw.max_concurrent,
        first_token_timeout: raw
            .first_token_timeout
            .unwrap_or(default.first_token_timeout),
        idle_timeout: raw.idle_timeout.unwrap_or(default.idle_timeout),
        price: raw.price,
        context_window: raw.context_window,
        ..default
    }
}

impl PoolMember {
    /// `provider/model`, or the provider alone where its first model is used.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.model {
            Some(model) => format!("{}/{model}", self.provider),
            None => self.provider.clone(),
        }
    }
}

impl Config {
    /// The model that a text names, with what the pool says of it: PROVIDER/MODEL, PROVIDER for its
    /// default model, or a MODEL of the provider that is used here.
    ///
    /// # Errors
    /// What is wrong with the text, for a person.
    pub fn member_for(&self, text: &str) -> Result<PoolMember, String> {
        let text = text.trim();
        let (head, model) = match text.split_once('/') {
            Some((head, model)) => (head, Some(model)),
            None => (text, None),
        };
        let member = match (self.providers.get(head), model) {
            (Some(_), Some("")) => return Err(format!("`{text}` names no model after the slash")),
            (Some(_), Some(model)) => PoolMember::new(head, Some(model)),
            (Some(provider), None) => PoolMember::new(head, provider.model.as_deref()),
            (None, None) if !text.is_empty() && self.provider != "rules" => {
                PoolMember::new(&self.provider, Some(text))
            }
            (None, _) => {
                return Err(format!(
                    "there is no provider for the model `{text}`; write PROVIDER/MODEL"
                ));
            }
        };
        let known = self.pool.iter().find(|it| it.name() == member.name());
        Ok(known.cloned().unwrap_or(member))
    }

    /// What a model costs: what its member in the pool says, else the most exact pattern of
    /// `prices`. None if nobody said.
    #[must_use]
    pub fn price(&self, provider: &str, model: &str) -> Option<Price> {
        let own = self.member_of(provider, model).and_then(|it| it.price);
        own.or_else(|| most_exact(&self.prices, &format!("{provider}/{model}")).copied())
    }

    pub(super) fn member_of(&self, provider: &str, model: &str) -> Option<&PoolMember> {
        self.pool.iter().find(|member| {
            member.provider == provider
                && member.model.as_deref().is_none_or(|known| known == model)
        })
    }
}

/// What a table has at the most exact pattern: a whole name before patterns, and longer ones first.
pub(super) fn most_exact<'a, T>(table: &'a BTreeMap<String, T>, name: &str) -> Option<&'a T> {
    let fitting = table
        .iter()
        .filter(|(pattern, _)| ToolFilter::matches(pattern, name));
    let exactness = |pattern: &str| (!pattern.contains('*'), pattern.len());
    let best = fitting.max_by_key(|(pattern, _)| exactness(pattern));
    best.map(|(_, value)| value)
}
