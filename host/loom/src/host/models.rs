//! The pool of models as configured.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use loom_core::{Member, MemberOptions, Pool, PoolOptions};
use loom_types::{ModelInfo, Provider};

use super::Loom;
use crate::config::{Config, PoolMember};

/// The pool of all members. One that cannot be made up, because its provider is not there or does not
/// name its model, costs that one as long as there is another.
pub(super) async fn pool(loom: &Loom) -> anyhow::Result<Pool> {
    let config = &loom.config;
    let mut members = Vec::with_capacity(config.pool.len());
    let mut problems = Vec::new();
    for member in &config.pool {
        match self::member(loom, member).await {
            Ok(member) => members.push(member),
            Err(problem) => problems.push((member.name(), problem)),
        }
    }
    match problems.pop() {
        Some((_, problem)) if members.is_empty() => return Err(problem),
        Some(last) => {
            for (name, problem) in problems.into_iter().chain([last]) {
                tracing::warn!(target: "loom::notice", "the pool goes without {name}: {problem:#}");
            }
        }
        None => {}
    }
    let options = PoolOptions {
        attempts: config.failover.attempts,
        hedge: config.failover.hedge,
        ..PoolOptions::default()
    };
    Ok(Pool::new(members, options)?)
}

async fn member(loom: &Loom, member: &PoolMember) -> anyhow::Result<Member> {
    let provider = loom.provider(&member.provider).await?;
    let (model, window) = match &member.model {
        Some(model) => (model.clone(), None),
        None => {
            let first = first_model(provider.as_ref()).await?;
            (first.id, first.context_window)
        }
    };
    let mut options = options(&loom.config, member, &model);
    options.context_window = options.context_window.or(window);
    Ok(Member::new(provider, model).with(options))
}

fn options(config: &Config, member: &PoolMember, model: &str) -> MemberOptions {
    let max_concurrent = member.max_concurrent;
    MemberOptions {
        priority: member.priority,
        weight: member.weight,
        max_concurrent: max_concurrent.map(|max| usize::try_from(max).unwrap_or(usize::MAX)),
        first_token_timeout: member.first_token_timeout,
        idle_timeout: member.idle_timeout,
        price: config.price(&member.provider, model),
        context_window: config.context_window(&member.provider, model),
    }
}

/// A model that is asked for by name, for a sub-agent or for summaries, as a pool of its own, so that it
/// is asked again in the same way as the others.
pub(super) async fn alone(loom: &Loom, text: &str) -> anyhow::Result<Arc<Pool>> {
    let wanted = match loom.config.member_for(text) {
        Ok(member) => member,
        Err(problem) => bail!(problem),
    };
    let member = self::member(loom, &wanted).await?;
    let options = PoolOptions {
        attempts: loom.config.failover.attempts,
        ..PoolOptions::default()
    };
    Ok(Arc::new(Pool::new(vec![member], options)?))
}

async fn first_model(provider: &dyn Provider) -> anyhow::Result<ModelInfo> {
    let name = provider.name();
    let models = provider.models().await;
    let models =
        models.with_context(|| format!("asking {name} for its models, as none was named"))?;
    let first = models.into_iter().next();
    first.with_context(|| format!("{name} lists no models; name one: -m {name}/MODEL"))
}
