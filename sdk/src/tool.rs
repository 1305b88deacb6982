//! Tools: what `#[tool]` implements and `export_tools!` exports.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

pub use crate::bindings::imports::loom::plugin::types::{Blob, Content};
pub use crate::bindings::tool_world::exports::loom::plugin::tool::{
    Access, AccessMode, Context, Definition, Example, Guest, Safety,
};

/// What a call returns.
pub type Output = Result<Vec<Content>>;

/// A tool. Normally made by `#[tool]`.
pub trait Tool {
    /// What the host shows the model.
    fn definition() -> Definition;

    /// Runs the tool on arguments in JSON.
    ///
    /// # Errors
    ///
    /// Whatever the tool reports; `invalid-input` if the arguments do not fit.
    fn call(arguments: &str, context: &Context) -> Output;
}

/// A value to return as JSON instead of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// What a tool's function may return.
pub trait IntoOutput {
    /// The value as content.
    ///
    /// # Errors
    ///
    /// If the value is an error, or cannot be written as JSON.
    fn into_output(self) -> Output;
}

impl IntoOutput for String {
    fn into_output(self) -> Output {
        Ok(vec![Content::Text(self)])
    }
}

impl IntoOutput for &str {
    fn into_output(self) -> Output {
        self.to_owned().into_output()
    }
}

impl IntoOutput for () {
    fn into_output(self) -> Output {
        Ok(Vec::new())
    }
}

impl IntoOutput for Blob {
    fn into_output(self) -> Output {
        Ok(vec![Content::Blob(self)])
    }
}

impl IntoOutput for Vec<Content> {
    fn into_output(self) -> Output {
        Ok(self)
    }
}

impl<T: Serialize> IntoOutput for Json<T> {
    fn into_output(self) -> Output {
        let json = serde_json::to_string(&self.0)
            .map_err(|e| Error::internal(format!("the result is not JSON: {e}")))?;
        Ok(vec![Content::Json(json)])
    }
}

impl<T: IntoOutput, E: Into<Error>> IntoOutput for Result<T, E> {
    fn into_output(self) -> Output {
        self.map_err(Into::into).and_then(T::into_output)
    }
}

macro_rules! text_output {
    ($($type:ty),*) => {
        $(impl IntoOutput for $type {
            fn into_output(self) -> Output {
                self.to_string().into_output()
            }
        })*
    };
}
text_output!(
    bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

/// Parses a call's arguments; no text at all counts as no arguments.
///
/// # Errors
///
/// `invalid-input`, with what does not fit.
pub fn parse_arguments<T: DeserializeOwned>(arguments: &str) -> Result<T> {
    let arguments = if arguments.trim().is_empty() {
        "{}"
    } else {
        arguments
    };
    serde_json::from_str(arguments)
        .map_err(|error| Error::invalid_input(format!("the arguments do not fit: {error}")))
}

/// The JSON Schema (2020-12) of a type, with nothing but what a model needs.
pub fn input_schema<T: JsonSchema>() -> String {
    let mut settings = SchemaSettings::draft2020_12();
    settings.meta_schema = None;
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.as_value().to_string()
}

/// Exports tools: the names of functions with `#[tool]`. Once per plugin.
#[macro_export]
macro_rules! export_tools {
    ($($tool:path),+ $(,)?) => {
        #[doc(hidden)]
        pub struct LoomTools;

        impl $crate::tool::Guest for LoomTools {
            fn definitions() -> ::std::vec::Vec<$crate::tool::Definition> {
                ::std::vec![$(<$tool as $crate::tool::Tool>::definition()),+]
            }

            fn call(
                name: ::std::string::String,
                arguments: ::std::string::String,
                context: $crate::tool::Context,
            ) -> $crate::tool::Output {
                $(if name == <$tool as $crate::tool::Tool>::definition().name {
                    return <$tool as $crate::tool::Tool>::call(&arguments, &context);
                })+
                Err($crate::Error::not_found(::std::format!("this plugin has no tool {name}")))
            }
        }

        // A native build has no host to export to, and its linker refuses the contract's symbol names.
        #[cfg(target_family = "wasm")]
        $crate::__private::tool_world::export!(LoomTools with_types_in $crate::__private::tool_world);
    };
}
