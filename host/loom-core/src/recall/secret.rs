//! What looks like a secret. Better one too many than one kept in clear text: the person can say it in
//! other words.

/// How keys begin that services give out, and whose they are.
const PREFIXES: [(&str, &str); 18] = [
    ("sk-", "an API key"),
    ("sk_live_", "a key of Stripe"),
    ("rk_live_", "a key of Stripe"),
    ("ghp_", "a token of GitHub"),
    ("gho_", "a token of GitHub"),
    ("ghs_", "a token of GitHub"),
    ("github_pat_", "a token of GitHub"),
    ("glpat-", "a token of GitLab"),
    ("xoxb-", "a token of Slack"),
    ("xoxp-", "a token of Slack"),
    ("xapp-", "a token of Slack"),
    ("AKIA", "a key of AWS"),
    ("ASIA", "a key of AWS"),
    ("AIza", "a key of Google"),
    ("ya29.", "a token of Google"),
    ("npm_", "a token of npm"),
    ("hf_", "a token of Hugging Face"),
    ("eyJ", "a JSON Web Token"),
];

/// A prefix alone is a word; a key is longer.
const KEY_CHARS: usize = 16;

/// What stands before a secret.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "secret",
    "token",
    "api key",
    "api_key",
    "apikey",
    "api-key",
    "private key",
];

/// A word of so many letters of both cases and digits is none that people say.
const RANDOM_CHARS: usize = 32;

/// What of a text looks like a secret, in words.
pub(super) fn found(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    if text.split_whitespace().any(has_credentials) {
        return Some("a URL with a password");
    }
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-.+/".contains(c)));
    let key = words.clone().find_map(known_key);
    let key = key.or_else(|| is_named(text).then_some("a password or key with its name"));
    key.or_else(|| {
        words
            .into_iter()
            .any(is_random)
            .then_some("a long random text")
    })
}

fn known_key(word: &str) -> Option<&'static str> {
    let (_, what) = PREFIXES
        .iter()
        .find(|(prefix, _)| word.starts_with(prefix) && word.len() >= prefix.len() + KEY_CHARS)?;
    Some(what)
}

/// `scheme://user:password@host`
fn has_credentials(word: &str) -> bool {
    let authority = word.split_once("://").map(|(_, rest)| rest);
    let authority = authority.and_then(|rest| rest.split(['/', '?', '#']).next());
    let user = authority.and_then(|authority| authority.rsplit_once('@'));
    user.is_some_and(|(user, _)| {
        user.split_once(':').is_some_and(|(_, password)| {
            !password.is_empty() && !password.starts_with(['$', '{', '<'])
        })
    })
}

/// `password: x`, `the token is x`: a name, and behind it one word that is no reference to another
/// place.
fn is_named(text: &str) -> bool {
    let lower = text.to_lowercase();
    NAMES.iter().any(|name| {
        let behind = lower
            .match_indices(name)
            .map(|(at, _)| &lower[at + name.len()..]);
        behind.into_iter().any(|rest| {
            let rest = rest.trim_start();
            let value = ["=", ":", "is ", "lautet ", "ist "]
                .iter()
                .find_map(|sign| rest.strip_prefix(sign));
            let value = value.and_then(|value| value.split_whitespace().next());
            value.is_some_and(is_secret_value)
        })
    })
}

/// A word with digits or signs in it. Names of variables, placeholders and paths are none.
fn is_secret_value(word: &str) -> bool {
    let word = word.trim_matches(|c: char| "\"'`,.;:()".contains(c));
    if word.len() < 4 || word.starts_with(['$', '{', '<', '/', '~', '[']) || word.contains("://") {
        return false;
    }
    word.bytes().any(|b| b.is_ascii_digit()) || word.chars().any(|c| "!@#%^&*+?=".contains(c))
}

fn is_random(word: &str) -> bool {
    let count = |is: fn(&u8) -> bool| word.bytes().filter(is).count();
    word.len() >= RANDOM_CHARS
        && !word.contains("//")
        && word.matches(['/', '.']).count() < 2
        && count(u8::is_ascii_uppercase) >= 4
        && count(u8::is_ascii_lowercase) >= 4
        && count(u8::is_ascii_digit) >= 4
}
