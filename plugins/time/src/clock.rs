//! The wall clock, and what it looks like when it was not granted.

use jiff::Timestamp;
use loom_sdk::Error;

/// Where "now" comes from; asked only when a time depends on it.
pub(crate) type Clock<'a> = &'a dyn Fn() -> Result<Timestamp, Error>;

/// The time of the host, in whole seconds: a model has no use for more.
pub(crate) fn system() -> Result<Timestamp, Error> {
    let now = granted(Timestamp::now())?;
    Timestamp::from_second(now.as_second())
        .map_err(|error| Error::internal(format!("the clock is out of range: {error}")))
}

/// Without a grant the host shows the Unix epoch, standing still.
fn granted(now: Timestamp) -> Result<Timestamp, Error> {
    if now == Timestamp::UNIX_EPOCH {
        return Err(Error::denied(
            "the wall clock is not granted to this plugin; add `clock = true` to [plugins.time.grants] in the configuration",
        ));
    }
    Ok(now)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use loom_sdk::ErrorKind;

    use super::*;

    #[test]
    fn a_clock_at_the_epoch_was_not_granted() {
        let error = granted(Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Denied);
        assert!(error.message.contains("clock = true"), "{}", error.message);
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(granted(now).unwrap(), now);
    }
}
