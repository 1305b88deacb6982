//! Providers of language models.

use std::cell::RefCell;

use crate::error::Result;

pub mod wire_error;

pub use crate::bindings::imports::loom::plugin::llm_types::{
    Event, Message, Model, Part, Reasoning, Request, Role, StopReason, ToolCall, ToolCallArguments,
    ToolCallStart, ToolChoice, ToolResult, ToolSpec, Usage,
};
pub use crate::bindings::llm_world::exports::loom::plugin::llm::{
    Completion as CompletionHandle, Guest, GuestCompletion,
};

/// A provider of language models.
pub trait Provider {
    type Completion: Completion + 'static;

    /// The models that can be asked for now.
    ///
    /// # Errors
    ///
    /// If the list cannot be had.
    fn models() -> Result<Vec<Model>>;

    /// Asks a model.
    ///
    /// # Errors
    ///
    /// Whatever goes wrong before the first event.
    fn complete(request: Request) -> Result<Self::Completion>;
}

/// An answer in the making.
pub trait Completion {
    /// Waits for the next events; `None` when the answer is finished.
    ///
    /// # Errors
    ///
    /// Whatever goes wrong; the completion is over then.
    fn next(&mut self) -> Result<Option<Vec<Event>>>;
}

/// Any iterator of batches is a completion: handy for providers that know their answer at once.
impl<I: Iterator<Item = Result<Vec<Event>>>> Completion for I {
    fn next(&mut self) -> Result<Option<Vec<Event>>> {
        Iterator::next(self).transpose()
    }
}

/// For `export_provider!`: the contract hands out shared references, a completion wants its own.
#[doc(hidden)]
pub struct Shared<T>(RefCell<T>);

impl<T> Shared<T> {
    pub fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }
}

impl<T: Completion + 'static> GuestCompletion for Shared<T> {
    fn next(&self) -> Result<Option<Vec<Event>>> {
        Completion::next(&mut *self.0.borrow_mut())
    }
}

/// Exports a [`Provider`](crate::llm::Provider). Once per plugin.
#[macro_export]
macro_rules! export_provider {
    ($provider:ty) => {
        #[doc(hidden)]
        #[allow(dead_code, reason = "a native build exports nothing")]
        struct LoomProvider;

        impl $crate::llm::Guest for LoomProvider {
            type Completion = $crate::llm::Shared<<$provider as $crate::llm::Provider>::Completion>;

            fn models() -> $crate::error::Result<::std::vec::Vec<$crate::llm::Model>> {
                <$provider as $crate::llm::Provider>::models()
            }

            fn complete(request: $crate::llm::Request) -> $crate::error::Result<$crate::llm::CompletionHandle> {
                let completion = <$provider as $crate::llm::Provider>::complete(request)?;
                Ok($crate::llm::CompletionHandle::new($crate::llm::Shared::new(completion)))
            }
        }

        // A native build has no host to export to, and its linker refuses the contract's symbol names.
        #[cfg(target_family = "wasm")]
        $crate::__private::llm_world::export!(LoomProvider with_types_in $crate::__private::llm_world);
    };
}
