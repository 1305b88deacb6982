//! The `#[tool]` attribute of `loom-sdk`: what it reads lives in `parse`, what it writes in
//! `expand`. Nothing of the contract itself is here.

mod expand;
mod parse;

use proc_macro::TokenStream;

/// Makes a tool of a documented function with typed arguments.
///
/// The function stays as it is, to be called and tested. Its doc comment becomes the tool's
/// description, each parameter's doc comment that argument's description, and the parameters' types
/// the JSON Schema (`schemars::JsonSchema`). `Option` makes an argument optional. A parameter of
/// type `&Context` gets the call's context. The function returns anything that implements
/// `IntoOutput`: text, `Json`, content, or a `Result` of one of these.
///
/// Options, all in one attribute:
///
/// | option | meaning |
/// | --- | --- |
/// | `safe`, `cautious`, `exclusive` | how calls run beside others; `cautious` if none is given |
/// | `idempotent` | a second identical call changes nothing more; implied by `safe` |
/// | `title = "…"` | a name for people |
/// | `reads(scheme = "argument")`, `writes(…)` | the resource that an argument names |
/// | `example(title = "…", arguments = "…", output = "…")` | arguments that work, as JSON |
///
/// A parameter may carry `#[arg(default = EXPRESSION)]`.
#[proc_macro_attribute]
pub fn tool(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let function = syn::parse_macro_input!(item as syn::ItemFn);
    let result = parse::Options::parse(attribute.into())
        .and_then(|options| parse::Tool::parse(options, function))
        .map(|tool| expand::expand(&tool));
    result
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
