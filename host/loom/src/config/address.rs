//! Base URLs in a configuration.

/// The origin of an HTTP URL: scheme, host and port in lower case.
pub(super) fn origin(url: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("`{url}` {why}; write http://host:port/path or https://…");
    let (scheme, rest) = split_scheme(url).map_err(|why| wrong(&why))?;
    let (authority, _) = split_authority(rest);
    check_authority(authority).map_err(|why| wrong(&why))?;
    Ok(format!("{scheme}://{}", authority.to_ascii_lowercase()))
}

fn split_scheme(url: &str) -> Result<(&'static str, &str), String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err("has no scheme".to_owned());
    };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok(("https", rest)),
        "http" => Ok(("http", rest)),
        _ => Err(format!(
            "has the scheme `{scheme}`, only http and https exist here"
        )),
    }
}

fn split_authority(rest: &str) -> (&str, &str) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.split_at(end)
}

fn check_authority(authority: &str) -> Result<(), String> {
    if authority.contains('@') {
        return Err("carries credentials, which belong into a secret".to_owned());
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or("has an open bracket")?;
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("has no IPv6 address in its brackets".to_owned());
            }
            (address, port)
        }
        None => {
            let colon = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(colon);
            check_host_name(host)?;
            (host, port)
        }
    };
    if host.is_empty() {
        return Err("has no host".to_owned());
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(()),
        Some(number) if number.parse::<u16>().is_ok_and(|port| port > 0) => Ok(()),
        _ => Err("has no valid port".to_owned()),
    }
}

fn check_host_name(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("has no host".to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match host.chars().find(|c| !allowed(*c)) {
        // An international name travels as punycode; the look-alike would match nothing.
        Some(c) => Err(format!("has {c:?} in its host")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_of_a_url_is_what_is_granted() {
        assert_eq!(
            origin("HTTP://LocalHost:11434/v1?x=y"),
            Ok("http://localhost:11434".to_owned())
        );
        let check = |url: &str, reason: &str| {
            let error = origin(url).expect_err(url);
            assert!(error.contains(reason), "{url}: {error}");
        };
        check("localhost:11434/v1", "no scheme");
        check("file:///etc/passwd", "scheme `file`");
        check("https://a@b/", "credentials");
        check("https://", "no host");
        check("https://example.com:0", "port");
        check("https://example.com:99999", "port");
        check("https://[::1", "bracket");
        check("https://*.example.com", "'*'");
        check("https://bücher.example", "'ü'");
    }
}
