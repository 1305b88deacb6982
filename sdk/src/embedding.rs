//! Providers of text embeddings.

use crate::error::Result;

pub use crate::bindings::embedding_world::exports::loom::plugin::embedding::Guest;

/// A provider of text embeddings.
pub trait Embedder {
    /// One vector for each text, in order, all of the same length.
    ///
    /// # Errors
    ///
    /// If the model is unknown or the service fails.
    fn embed(model: &str, texts: &[String]) -> Result<Vec<Vec<f32>>>;
}

/// Exports an [`Embedder`](crate::embedding::Embedder). Once per plugin.
#[macro_export]
macro_rules! export_embedder {
    ($embedder:ty) => {
        #[doc(hidden)]
        pub struct LoomEmbedder;

        impl $crate::embedding::Guest for LoomEmbedder {
            fn embed(
                model: ::std::string::String,
                texts: ::std::vec::Vec<::std::string::String>,
            ) -> $crate::error::Result<::std::vec::Vec<::std::vec::Vec<f32>>> {
                <$embedder as $crate::embedding::Embedder>::embed(&model, &texts)
            }
        }

        // A native build has no host to export to, and its linker refuses the contract's symbol names.
        #[cfg(target_family = "wasm")]
        $crate::__private::embedding_world::export!(LoomEmbedder with_types_in $crate::__private::embedding_world);
    };
}
