//! Secrets: the value that never reaches a guest, the placeholder that does, and the scrubbing of
//! what comes back.

use std::sync::Arc;

use bytes::Bytes;

/// A secret value. Printing it shows nothing of it.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// A secret of this value.
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self(value.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What the guest gets instead of a secret's value. Unguessable, so that one plugin cannot use
/// another's by guessing, and good for a header value.
pub(crate) fn placeholder() -> String {
    format!("loom-secret-{}", uuid::Uuid::new_v4().simple())
}

/// Shorter values are not scrubbed: they would tear holes into ordinary text.
const SCRUB_MIN_BYTES: usize = 6;

/// Replaces secret values in a stream of bytes by their placeholders, also where a value is split
/// between two chunks.
pub(crate) struct Scrubber {
    /// Value and replacement.
    pairs: Arc<[(Secret, String)]>,
    held: Vec<u8>,
}

impl Scrubber {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (Secret, String)>) -> Self {
        let long_enough = |(secret, _): &(Secret, String)| secret.expose().len() >= SCRUB_MIN_BYTES;
        Self {
            pairs: pairs.into_iter().filter(long_enough).collect(),
            held: Vec::new(),
        }
    }

    /// A text at once.
    pub(crate) fn text(&self, text: &[u8]) -> Vec<u8> {
        let mut own = Self {
            pairs: Arc::clone(&self.pairs),
            held: Vec::new(),
        };
        let mut out = own.push(Bytes::copy_from_slice(text)).to_vec();
        out.extend_from_slice(&own.finish());
        out
    }

    /// The next chunk. Only a tail that may be the start of a secret is held back, so that events
    /// are not late.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.pairs.is_empty() {
            return chunk;
        }
        let mut input = std::mem::take(&mut self.held);
        input.extend_from_slice(&chunk);
        let mut out = Vec::with_capacity(input.len());
        let mut at = 0;
        while at < input.len() {
            match self.match_at(&input[at..]) {
                Match::Whole(value_bytes, replacement) => {
                    out.extend_from_slice(replacement.as_bytes());
                    at += value_bytes;
                }
                Match::Start => {
                    self.held = input.split_off(at);
                    break;
                }
                Match::None => {
                    out.push(input[at]);
                    at += 1;
                }
            }
        }
        out.into()
    }

    /// What was held back, at the end of the stream: too short to be a secret.
    pub(crate) fn finish(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }

    fn match_at(&self, input: &[u8]) -> Match<'_> {
        let mut start = false;
        for (secret, replacement) in self.pairs.iter() {
            let value = secret.expose().as_bytes();
            if input.starts_with(value) {
                return Match::Whole(value.len(), replacement);
            }
            start |= value.starts_with(input);
        }
        if start { Match::Start } else { Match::None }
    }
}

enum Match<'a> {
    Whole(usize, &'a str),
    Start,
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubber() -> Scrubber {
        Scrubber::new([
            (Secret::new("sk-topsecret"), "PLACE".to_owned()),
            (Secret::new("short"), "NO".to_owned()),
        ])
    }

    #[test]
    fn a_secret_is_replaced_wherever_the_stream_is_cut() {
        let text = b"a sk-topsecret b sk-top c sk-topsecretsk-topsecret";
        let expect = b"a PLACE b sk-top c PLACEPLACE";
        for cut in 0..text.len() {
            let mut scrubber = scrubber();
            let mut out = scrubber.push(Bytes::copy_from_slice(&text[..cut])).to_vec();
            out.extend_from_slice(&scrubber.push(Bytes::copy_from_slice(&text[cut..])));
            out.extend_from_slice(&scrubber.finish());
            assert_eq!(out, expect, "cut at {cut}");
        }
    }

    #[test]
    fn ordinary_events_are_not_held_back() {
        let mut scrubber = scrubber();
        assert_eq!(
            &scrubber.push(Bytes::from_static(b"data: {}\n\n"))[..],
            b"data: {}\n\n"
        );
    }

    #[test]
    fn printing_a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("sk-topsecret")), "Secret(…)");
    }
}
