//! From the bytes of a response to the contract's events: a stream of chunks, or one JSON document
//! from servers that do not stream. What the chunks mean is in `answer`.

use loom_sdk::Error;
use loom_sdk::llm::{Event, wire_error};
use loom_sdk::sse::{self, Ending};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::error;

/// The data of the event that ends a stream.
const DONE: &str = "[DONE]";

/// Takes a response with a status of 2xx, cut anywhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decoder {
    body: sse::Body,
    answer: Answer,
    failure: Option<Error>,
    is_over: bool,
}

impl Decoder {
    pub(crate) fn new(answer: Answer) -> Self {
        Self {
            body: sse::Body::new(),
            answer,
            failure: None,
            is_over: false,
        }
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
            if self.is_over {
                break;
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &sse::Event, events: &mut Vec<Event>) -> Result<(), Error> {
        let data = event.data.trim();
        if data.is_empty() {
            return Ok(());
        }
        if data == DONE {
            self.is_over = true;
            return self.complete(events);
        }
        match serde_json::from_str::<Value>(data) {
            Ok(value) if event.name == "error" && value.get("error").is_none() => {
                Err(error::in_stream(json!({"error": value})))
            }
            Ok(value) => self.answer.push(value, events),
            Err(_) if event.name == "error" => Err(error::in_stream(json!({"error": data}))),
            Err(why) => Err(error::not_understood(&why)),
        }
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Error> {
        match self.body.finish()? {
            Ending::Document(document) => self.document(&document, events),
            // Half an event is no JSON; the answer is cut off then.
            Ending::Events(Some(event)) if serde_json::from_str::<Value>(&event.data).is_ok() => {
                self.event(&event, events)?;
                self.complete(events)
            }
            Ending::Events(_) => self.complete(events),
        }
    }

    fn complete(&mut self, events: &mut Vec<Event>) -> Result<(), Error> {
        if !self.answer.has_stopped() {
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
        if let Some(error) = wire_error::from_value(&value) {
            return Err(error);
        }
        if value.pointer("/choices/0").is_none() {
            return Err(error::no_answer());
        }
        self.answer.push(value, events)?;
        self.answer.finish(events);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
