//! From the bytes of a response to the contract's events: an event stream, or one JSON document
//! from gateways that do not stream. What the events mean is in `answer`.

use loom_sdk::Error;
use loom_sdk::llm::Event;
use loom_sdk::sse::{self, Ending};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::error;

/// Takes a response with a status of 2xx, cut anywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Decoder {
    body: sse::Body,
    answer: Answer,
    failure: Option<Error>,
    is_over: bool,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The events that these bytes complete.
    ///
    /// # Errors
    ///
    /// Whatever went wrong, once the events before it were returned; then the same again.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        if self.failure.is_none() && !self.is_over {
            self.failure = self.read(bytes, &mut events).err();
        }
        match &self.failure {
            Some(failure) if events.is_empty() => Err(failure.clone()),
            _ => Ok(events),
        }
    }

    /// The body ended, or broke off: the last events.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push); `unavailable` if the answer is not complete.
    pub(crate) fn finish(&mut self) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        if self.failure.is_none() && !self.is_over {
            self.is_over = true;
            self.failure = self.end(&mut events).err();
        }
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(events),
        }
    }

    /// The server said that nothing more comes, and everything was returned.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over && self.failure.is_none()
    }

    /// The answer is complete although the server may have more to say.
    pub(crate) fn has_stopped(&self) -> bool {
        self.answer.has_stopped()
    }

    fn read(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Error> {
        for event in self.body.push(bytes)? {
            self.event(&event, events)?;
            if self.answer.is_over() {
                self.is_over = true;
                self.answer.finish(events);
                break;
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &sse::Event, events: &mut Vec<Event>) -> Result<(), Error> {
        let data = event.data.trim();
        // Gateways that know OpenAI's protocol better say good-bye like this.
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        match serde_json::from_str::<Value>(data) {
            Ok(value) if event.name == "error" && value.get("error").is_none() => {
                Err(error::in_stream(&value))
            }
            Ok(value) => self.answer.push(&value, events),
            Err(_) if event.name == "error" => Err(error::in_stream(&json!(data))),
            Err(why) => Err(error::not_understood(&why)),
        }
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Error> {
        match self.body.finish()? {
            Ending::Document(document) => return self.document(&document, events),
            // Half an event is no JSON; the answer is cut off then.
            Ending::Events(Some(event)) if serde_json::from_str::<Value>(&event.data).is_ok() => {
                self.event(&event, events)?;
            }
            Ending::Events(_) => {}
        }
        if !self.answer.has_stopped() && !self.answer.is_over() {
            return Err(error::cut_off());
        }
        self.answer.finish(events);
        Ok(())
    }

    fn document(&mut self, document: &[u8], events: &mut Vec<Event>) -> Result<(), Error> {
        if document.starts_with(b"<") {
            return Err(error::page());
        }
        let value: Value = match serde_json::from_slice(document) {
            Ok(value) => value,
            Err(why) if why.is_eof() => return Err(error::cut_off()),
            Err(why) => return Err(error::not_understood(&why)),
        };
        self.answer.push_whole(&value, events)?;
        self.answer.finish(events);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
