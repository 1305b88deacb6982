//! One answer of a model, put together from its events. What an answer leads to is the executor's.

use std::collections::HashMap;

use loom_types::{
    CallId, Error, Message, ModelEvent, Part, Reasoning, Result, Role, StopReason, ToolCall,
};

/// An answer in the making.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    parts: Vec<Part>,
    /// Where in `parts` the newest call of each index is.
    calls: HashMap<u32, usize>,
    /// Where in `parts` the block of reasoning is that has not ended.
    reasoning: Option<usize>,
    stop: Option<StopReason>,
}

/// A whole answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) message: Message,
    pub(crate) stop: StopReason,
    /// Name of a call that the output limit cut off; it is not in the message.
    pub(crate) cut_call: Option<String>,
}

impl Assembly {
    /// Adds an event. Fails on a sequence that no provider may send.
    pub(crate) fn push(&mut self, event: ModelEvent) -> Result<()> {
        match event {
            ModelEvent::Text { text } => self.push_text(&text),
            ModelEvent::Reasoning { text } => self.push_reasoning(&text),
            ModelEvent::ReasoningEnd { provider_state } => self.end_reasoning(provider_state),
            ModelEvent::ToolCallStart { index, id, name } => self.start_call(index, id, name),
            ModelEvent::ToolCallArguments { index, fragment } => {
                return self.push_arguments(index, &fragment);
            }
            ModelEvent::Stop { reason } => self.stop = Some(reason),
            ModelEvent::Routing(routing) if routing.restarts() => *self = Self::default(),
            ModelEvent::Usage { .. } | ModelEvent::Routing(_) | ModelEvent::Other { .. } => {}
        }
        Ok(())
    }

    fn push_text(&mut self, more: &str) {
        match self.parts.last_mut() {
            Some(Part::Text { text }) => text.push_str(more),
            _ if more.is_empty() => {}
            _ => self.parts.push(Part::Text {
                text: more.to_owned(),
            }),
        }
    }

    fn push_reasoning(&mut self, more: &str) {
        let last = self.parts.len().checked_sub(1);
        match self.parts.last_mut() {
            Some(Part::Reasoning(block)) if self.reasoning == last => block.text.push_str(more),
            _ => self.start_reasoning(more),
        }
    }

    fn start_reasoning(&mut self, text: &str) {
        self.reasoning = Some(self.parts.len());
        self.parts.push(Part::Reasoning(Reasoning {
            text: text.to_owned(),
            provider_state: None,
        }));
    }

    /// Ends the block that is open. State without a block, for example of reasoning that the provider
    /// hides, makes a block without text.
    fn end_reasoning(&mut self, provider_state: Option<serde_json::Value>) {
        if self.reasoning.is_none() && provider_state.is_some() {
            self.start_reasoning("");
        }
        let open = self.reasoning.take().and_then(|i| self.parts.get_mut(i));
        if let Some(Part::Reasoning(block)) = open {
            block.provider_state = provider_state;
        }
    }

    /// Starts a call. Some servers repeat the start with every fragment, others number all calls 0: no
    /// id or the same one repeats, a new one starts another call.
    fn start_call(&mut self, index: u32, id: CallId, name: String) {
        let known = self.calls.get(&index).map(|&at| &self.parts[at]);
        if matches!(known, Some(Part::ToolCall(call)) if call.id == id || id.as_str().is_empty()) {
            return;
        }
        self.calls.insert(index, self.parts.len());
        self.parts.push(Part::ToolCall(ToolCall {
            id,
            name,
            arguments: String::new(),
        }));
    }

    fn push_arguments(&mut self, index: u32, fragment: &str) -> Result<()> {
        let at = self.calls.get(&index).copied();
        match at.and_then(|at| self.parts.get_mut(at)) {
            Some(Part::ToolCall(call)) => {
                call.arguments.push_str(fragment);
                Ok(())
            }
            _ => Err(Error::internal(format!(
                "the provider sent arguments of tool call {index} without its start"
            ))),
        }
    }

    /// The text so far.
    pub(crate) fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Whether the model has ended its answer.
    pub(crate) fn has_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// The whole answer, with call ids that are neither empty nor repeated nor `taken`.
    /// [`ErrorKind::Unavailable`](loom_types::ErrorKind::Unavailable) if the model did not end it.
    pub(crate) fn finish(mut self, taken: impl Fn(&CallId) -> bool) -> Result<Answer> {
        let Some(stop) = self.stop.take() else {
            return Err(Error::unavailable(
                "the answer was cut off: the model's stream ended without a stop",
            ));
        };
        let cut_call = self.take_cut_call(&stop);
        // Some providers refuse to take back text that is only space.
        let is_blank = |part: &Part| matches!(part, Part::Text { text } if text.trim().is_empty());
        self.parts.retain(|part| !is_blank(part));
        make_ids_unique(&mut self.parts, taken);
        let message = Message {
            role: Role::Assistant,
            parts: self.parts,
        };
        Ok(Answer {
            message,
            stop,
            cut_call,
        })
    }

    /// Removes the call in whose arguments the output limit fell: only the last part can be one.
    fn take_cut_call(&mut self, stop: &StopReason) -> Option<String> {
        let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let last = self.parts.pop_if(|part| {
            *stop == StopReason::MaxOutputTokens
                && matches!(part, Part::ToolCall(call) if !is_json(&call.arguments))
        });
        match last {
            Some(Part::ToolCall(call)) => Some(call.name),
            _ => None,
        }
    }
}

impl Answer {
    /// Whether there is neither text nor a call.
    pub(crate) fn is_empty(&self) -> bool {
        self.cut_call.is_none()
            && self.message.tool_calls().next().is_none()
            && self.message.text().trim().is_empty()
    }
}

fn make_ids_unique(parts: &mut [Part], taken: impl Fn(&CallId) -> bool) {
    let mut used: Vec<CallId> = Vec::new();
    let calls = parts.iter_mut().filter_map(|part| match part {
        Part::ToolCall(call) => Some(call),
        _ => None,
    });
    for call in calls {
        let free = |id: &CallId| !id.as_str().is_empty() && !used.contains(id) && !taken(id);
        if !free(&call.id) {
            let base = match call.id.as_str() {
                "" => "call",
                id => id,
            };
            let mut candidates = (1..).map(|n: u32| CallId::from(format!("{base}-{n}")));
            call.id = candidates
                .find(free)
                .expect("a session has fewer calls than there are numbers");
        }
        used.push(call.id.clone());
    }
}

#[cfg(test)]
mod tests;
