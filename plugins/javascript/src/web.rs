//! URLs for code, as the URL standard has them: the crate `url` behind a function for the part `url`.

use rquickjs::Object;
use rquickjs::function::Func;
use url::{Url, quirks};

pub(crate) fn install(host: &Object<'_>) -> rquickjs::Result<()> {
    host.set("parseUrl", Func::from(parse))?;
    host.set("changeUrl", Func::from(change))
}

fn parse(url: String, base: Option<String>) -> Option<Vec<String>> {
    let url = match base {
        Some(base) => Url::parse(&base).ok()?.join(&url).ok()?,
        None => Url::parse(&url).ok()?,
    };
    Some(components(&url))
}

/// In the order that the part `url` reads.
fn components(url: &Url) -> Vec<String> {
    [
        quirks::href(url),
        &quirks::origin(url),
        quirks::protocol(url),
        quirks::username(url),
        quirks::password(url),
        quirks::host(url),
        quirks::hostname(url),
        quirks::port(url),
        quirks::pathname(url),
        quirks::search(url),
        quirks::hash(url),
    ]
    .map(str::to_owned)
    .into()
}

/// Sets a component, which does nothing if it can't be as wanted.
fn change(url: String, component: String, value: String) -> Option<Vec<String>> {
    let mut url = Url::parse(&url).ok()?;
    match component.as_str() {
        "href" => quirks::set_href(&mut url, &value).ok()?,
        "protocol" => drop(quirks::set_protocol(&mut url, &value)),
        "username" => drop(quirks::set_username(&mut url, &value)),
        "password" => drop(quirks::set_password(&mut url, &value)),
        "host" => drop(quirks::set_host(&mut url, &value)),
        "hostname" => drop(quirks::set_hostname(&mut url, &value)),
        "port" => drop(quirks::set_port(&mut url, &value)),
        "pathname" => quirks::set_pathname(&mut url, &value),
        "search" => quirks::set_search(&mut url, &value),
        "hash" => quirks::set_hash(&mut url, &value),
        _ => return None,
    }
    Some(components(&url))
}
