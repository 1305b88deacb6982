//! What a run is given: the person's message and the session to put it in.

use loom_types::{Blob, CorrelationId, Error, Message, Part, Result, Role, SessionId};

/// What a person asks: text, and images if the model can see.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    parts: Vec<Part>,
}

impl Input {
    /// An input of text.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            parts: vec![Part::Text { text }],
        }
    }

    /// The same with an image after what is there.
    #[must_use]
    pub fn with_image(mut self, image: Blob) -> Self {
        self.parts.push(Part::Image { image });
        self
    }

    /// As a user message, without empty text.
    /// [`ErrorKind::InvalidInput`](loom_types::ErrorKind::InvalidInput) if nothing is left.
    pub(crate) fn into_message(self) -> Result<Message> {
        let mut parts = self.parts;
        parts.retain(|part| !matches!(part, Part::Text { text } if text.trim().is_empty()));
        if parts.is_empty() {
            return Err(Error::invalid_input(
                "the input is empty; say what the agent should do",
            ));
        }
        Ok(Message {
            role: Role::User,
            parts,
        })
    }
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Input {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// How a run starts. The default is a new session without input, which has nothing to do.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The session to go on with; one that does not exist is created, unless `resume` is set. A new
    /// one with an id of its own if absent.
    pub session: Option<SessionId>,
    /// The session must exist: the run fails with
    /// [`ErrorKind::NotFound`](loom_types::ErrorKind::NotFound) if it does not.
    pub resume: bool,
    /// What to add to the session, after its unanswered tool calls are settled. Without it the run
    /// finishes what the session left open.
    pub input: Option<Input>,
    /// Facts for the session that every compression keeps word for word; those that it has already are
    /// not written again.
    pub pins: Vec<String>,
    /// Make the conversation smaller before anything else, however small it is. Without input that is
    /// all that the run does.
    pub compact: bool,
    /// The task that the run belongs to, for example that of an incoming request. Default: the run's
    /// own id.
    pub correlation_id: Option<CorrelationId>,
}
