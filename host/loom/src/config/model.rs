//! Which provider and model a run uses.

use std::collections::BTreeMap;

use super::problem::{Problem, Warning, nearest};
use super::raw::RawProvider;
use super::section::Located;
use super::tree::Origin;

/// What the layers say, most important first, before anything is decided.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// `--model` or `-c model=…`.
    pub(super) option: Option<Located<String>>,
    /// LOOM_PROVIDER.
    pub(super) provider_variable: Option<Located<String>>,
    /// LOOM_MODEL.
    pub(super) model_variable: Option<Located<String>>,
    /// `model` in a profile or a file.
    pub(super) configured: Option<Located<String>>,
}

impl Wishes {
    fn is_empty(&self) -> bool {
        let all = [
            &self.option,
            &self.provider_variable,
            &self.model_variable,
            &self.configured,
        ];
        all.iter().all(|wish| wish.is_none())
    }
}

/// A provider, and one of its models if one was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) provider: String,
    pub(super) model: Option<String>,
    pub(super) decided_by: Origin,
}

impl Choice {
    fn new(provider: &str, model: Option<&str>, decided_by: &Origin) -> Self {
        Self {
            provider: provider.to_owned(),
            model: model.map(ToOwned::to_owned),
            decided_by: decided_by.clone(),
        }
    }

    /// What needs no key and no network.
    pub(super) fn offline() -> Self {
        Self::new("rules", None, &Origin::named("built-in defaults"))
    }
}

type Providers = BTreeMap<String, RawProvider>;

/// Decides. `is_set` tells whether a variable of the environment has a value.
pub(super) fn choose(
    wishes: &Wishes,
    providers: &Providers,
    is_set: &dyn Fn(&str) -> bool,
    warnings: &mut Vec<Warning>,
) -> Result<Choice, Problem> {
    let mut unused = Vec::new();
    let detected = detect(providers, is_set, &mut unused);
    if wishes.is_empty() {
        warnings.append(&mut unused);
    }
    let mut choice = match &wishes.configured {
        Some(configured) => read(configured, &detected, providers)?,
        None => detected,
    };
    if let Some(provider) = &wishes.provider_variable {
        choice = provider_only(provider, providers)?;
    }
    choice = match (&wishes.model_variable, &wishes.provider_variable) {
        (Some(model), Some(_)) => model_of(&choice, model)?,
        (Some(model), None) => read(model, &choice, providers)?,
        (None, _) => choice,
    };
    match &wishes.option {
        Some(option) => read(option, &choice, providers),
        None => Ok(choice),
    }
}

/// PROVIDER, PROVIDER/MODEL, or a model of the provider that would be used otherwise.
fn read(
    wish: &Located<String>,
    otherwise: &Choice,
    providers: &Providers,
) -> Result<Choice, Problem> {
    let text = non_empty(wish)?;
    let (head, model) = match text.split_once('/') {
        Some((head, model)) => (head, Some(model)),
        None => (text, None),
    };
    match (providers.contains_key(head), model) {
        (true, Some("")) => Err(wish.problem(format!("`{text}` names no model after the slash"))),
        (true, model) => Ok(Choice::new(head, model, &wish.origin)),
        // The offline provider has one model; a name that it doesn't have was meant for another.
        (false, None) if otherwise.provider != "rules" => {
            Ok(Choice::new(&otherwise.provider, Some(text), &wish.origin))
        }
        (false, _) => Err(wish.problem(unknown_provider(text, head, providers))),
    }
}

/// PROVIDER/MODEL or PROVIDER, for a member of the pool: there is no other provider that a bare model
/// could belong to.
pub(super) fn member(wish: &Located<String>, providers: &Providers) -> Result<Choice, Problem> {
    read(wish, &Choice::offline(), providers)
}

/// Whether the provider can be reached: its address may be left to the environment.
pub(super) fn check_address(
    provider: &str,
    providers: &Providers,
    decided_by: &Origin,
) -> Result<(), Problem> {
    let Some(raw) = providers.get(provider) else {
        return Ok(());
    };
    match (&raw.base_url, &raw.base_url_env) {
        (None, Some(name)) => {
            let key = format!("providers.{provider}");
            let message = format!("the provider has no address; set {name} or {key}.base_url");
            Err(Problem::new(decided_by, &key, message))
        }
        _ => Ok(()),
    }
}

/// A model of a provider that is settled: the whole text is the model's id, slashes and all, as
/// OpenRouter has them. The provider may still be named before it.
fn model_of(settled: &Choice, wish: &Located<String>) -> Result<Choice, Problem> {
    let text = non_empty(wish)?;
    let model = match text.split_once('/') {
        Some((head, model)) if head == settled.provider && !model.is_empty() => model,
        _ => text,
    };
    Ok(Choice::new(&settled.provider, Some(model), &wish.origin))
}

fn non_empty(wish: &Located<String>) -> Result<&str, Problem> {
    match wish.value.trim() {
        "" => Err(wish.problem("the model is empty; write PROVIDER/MODEL")),
        text => Ok(text),
    }
}

fn provider_only(wish: &Located<String>, providers: &Providers) -> Result<Choice, Problem> {
    let name = wish.value.trim();
    if !providers.contains_key(name) {
        return Err(wish.problem(unknown_provider(name, name, providers)));
    }
    Ok(Choice::new(name, None, &wish.origin))
}

fn unknown_provider(text: &str, head: &str, providers: &Providers) -> String {
    let names = || providers.keys().map(String::as_str);
    if let Some(near) = nearest(head, names()) {
        return format!("there is no provider `{head}`; did you mean `{near}`?");
    }
    // Families of models that people name without their provider.
    let families = [
        ("claude", "anthropic"),
        ("gpt", "openai"),
        ("o1", "openai"),
        ("o3", "openai"),
        ("o4", "openai"),
    ];
    let family = families.iter().find(|(prefix, _)| text.starts_with(prefix));
    if let Some((_, provider)) = family {
        return format!("`{text}` names no provider; write {provider}/{text}");
    }
    let names: Vec<_> = names().collect();
    format!(
        "there is no provider `{head}`; write PROVIDER/MODEL with one of {}",
        names.join(", ")
    )
}

/// The first provider for which the environment is prepared, else the offline one.
fn detect(
    providers: &Providers,
    is_set: &dyn Fn(&str) -> bool,
    warnings: &mut Vec<Warning>,
) -> Choice {
    let prepared: [(&str, &[&str], &[&str]); 4] = [
        ("custom", &["LLM_BASE_URL"], &["LLM_MODEL"]),
        ("anthropic", &["ANTHROPIC_API_KEY"], &[]),
        ("openai", &["OPENAI_API_KEY"], &[]),
        (
            "azure",
            &["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"],
            &[],
        ),
    ];
    for (provider, needed, useless_alone) in prepared {
        if !providers.contains_key(provider) {
            continue;
        }
        let missing: Vec<_> = needed.iter().filter(|name| !is_set(name)).collect();
        if missing.is_empty() {
            return Choice::new(provider, None, &variable(needed[0]));
        }
        let mut present = needed
            .iter()
            .chain(useless_alone)
            .filter(|name| is_set(name));
        if let Some(present) = present.next() {
            warnings.push(Warning(format!(
                "{present} is set but {} is not, so the provider `{provider}` is not used",
                missing[0]
            )));
        }
    }
    Choice::offline()
}

/// The place of a value that a variable of the environment has.
pub(super) fn variable(name: &str) -> Origin {
    Origin::named(&format!("environment variable {name}"))
}
