//! Who is asked, and where: by the argument, the setting, or what there are keys for.

use loom_sdk::error::Result;
use loom_sdk::{Error, ErrorKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::ask::Network;
use crate::query::Query;
use crate::result::{Found, Page};
use crate::{brave, duckduckgo, searxng, tavily};

const BRAVE_URL: &str = "https://api.search.brave.com/res/v1/web/search";
const TAVILY_URL: &str = "https://api.tavily.com/search";

/// A search engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
// The argument has a description of its own.
#[schemars(description = "")]
pub enum Engine {
    DuckDuckGo,
    Brave,
    Tavily,
    #[serde(rename = "searxng")]
    SearXng,
}

/// The plugin's settings and secrets; tests put their own in place of the host's.
pub(crate) struct Settings<'a> {
    pub(crate) setting: &'a dyn Fn(&str) -> Option<String>,
    /// The placeholder of a secret.
    pub(crate) secret: &'a dyn Fn(&str) -> Result<String>,
}

/// Searches with the engine that is asked for, or else the configured one.
pub(crate) fn search(
    asked: Option<Engine>,
    query: &Query,
    settings: &Settings<'_>,
    network: &mut Network<'_>,
) -> Result<Found> {
    let engine = match asked {
        Some(engine) => engine,
        None => settings.engine()?,
    };
    let pages = match engine {
        Engine::DuckDuckGo => duckduckgo::search(query, settings, network)?,
        Engine::Brave => {
            let url = settings.url("brave_url", BRAVE_URL)?;
            let request = brave::request(&url, query, &settings.key("brave", &url)?);
            brave::pages(&accept(
                network.ask(request, "Brave")?.accept("Brave"),
                "brave",
            )?)?
        }
        Engine::Tavily => {
            let url = settings.url("tavily_url", TAVILY_URL)?;
            let request = tavily::request(&url, query, &settings.key("tavily", &url)?);
            tavily::pages(&accept(
                network.ask(request, "Tavily")?.accept("Tavily"),
                "tavily",
            )?)?
        }
        Engine::SearXng => search_searxng(query, settings, network)?,
    };
    Ok(Found::new(engine, pages, query.count))
}

fn search_searxng(
    query: &Query,
    settings: &Settings<'_>,
    network: &mut Network<'_>,
) -> Result<Vec<Page>> {
    let url = (settings.setting)("searxng_url").ok_or_else(|| {
        Error::invalid_input(
            "no SearXNG server is configured; the user sets searxng_url in `config` under [plugins.web-search] and grants its host",
        )
    })?;
    let url = parse("searxng_url", &url)?;
    let answer = network.ask(searxng::request(&url, query), "SearXNG")?;
    searxng::pages(&answer.accept("SearXNG").map_err(searxng::explain)?)
}

/// A key that is refused says which key it was. Plans that are used up have statuses of their own:
/// 402 at Brave, 432 and 433 at Tavily.
fn accept(answer: Result<String>, secret: &str) -> Result<String> {
    answer.map_err(|error| match error.http_status {
        Some(401 | 403) => Error {
            kind: ErrorKind::Unauthenticated,
            message: format!(
                "{}; check the key that the secret `{secret}` of the plugin web-search names",
                error.message
            ),
            ..error
        },
        Some(402 | 432 | 433) => Error {
            kind: ErrorKind::RateLimited,
            message: format!("{}; the plan of this key is used up", error.message),
            ..error
        },
        _ => error,
    })
}

impl Engine {
    fn parse(name: &str) -> Result<Option<Self>> {
        match name.trim().to_ascii_lowercase().as_str() {
            "auto" | "" => Ok(None),
            "duckduckgo" => Ok(Some(Self::DuckDuckGo)),
            "brave" => Ok(Some(Self::Brave)),
            "tavily" => Ok(Some(Self::Tavily)),
            "searxng" => Ok(Some(Self::SearXng)),
            _ => Err(Error::invalid_input(format!(
                "the setting engine of the plugin web-search is `{name}`; it can be auto, duckduckgo, brave, tavily or searxng"
            ))),
        }
    }
}

impl Settings<'_> {
    /// The setting `engine`; without one the first that is set up: Brave and Tavily by their keys,
    /// SearXNG by its URL, and else DuckDuckGo, which needs nothing.
    fn engine(&self) -> Result<Engine> {
        let setting = (self.setting)("engine").unwrap_or_default();
        if let Some(engine) = Engine::parse(&setting)? {
            return Ok(engine);
        }
        let has_key = |name| (self.secret)(name).is_ok();
        Ok(if has_key("brave") {
            Engine::Brave
        } else if has_key("tavily") {
            Engine::Tavily
        } else if (self.setting)("searxng_url").is_some() {
            Engine::SearXng
        } else {
            Engine::DuckDuckGo
        })
    }

    /// The URL in a setting, or the usual one.
    ///
    /// # Errors
    ///
    /// `invalid-input` if the setting is no URL.
    pub(crate) fn url(&self, setting: &str, usual: &str) -> Result<Url> {
        let url = (self.setting)(setting);
        parse(setting, url.as_deref().unwrap_or(usual))
    }

    fn key(&self, name: &str, url: &Url) -> Result<String> {
        (self.secret)(name).map_err(|error| {
            let origin = url.origin().ascii_serialization();
            let message = format!(
                "{}; the user sets it under [plugins.web-search]: grants.network = [\"{origin}\"] and grants.secrets = {{ {name} = {{ env = \"{}_API_KEY\", hosts = [\"{origin}\"] }} }}",
                error.message,
                name.to_ascii_uppercase(),
            );
            Error { message, ..error }
        })
    }
}

fn parse(setting: &str, text: &str) -> Result<Url> {
    let url = Url::parse(text.trim()).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| {
        Error::invalid_input(format!(
            "the setting {setting} of the plugin web-search is `{text}`; it has to be a URL such as https://search.example.org"
        ))
    })
}

#[cfg(test)]
mod tests;
