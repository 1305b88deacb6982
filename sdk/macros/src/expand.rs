//! Writes the function and, beside it, a type of the same name that implements `Tool`. (A function
//! and a type may share a name, so that `export_tools!` can name the function.)

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::parse::{Access, Argument, Example, Options, Parameter, Tool};

pub(crate) fn expand(tool: &Tool) -> TokenStream {
    let Tool {
        function,
        parameters,
        description,
        options,
    } = tool;
    let (name, visibility) = (&function.sig.ident, &function.vis);
    let text_name = name.to_string();
    let doc = format!("The tool [`{name}()`], for `export_tools!`.");
    let arguments: Vec<&Argument> = parameters.iter().filter_map(as_argument).collect();
    let fields = arguments.iter().map(|argument| field(argument));
    let defaults = arguments
        .iter()
        .filter_map(|argument| default_function(argument));
    let names = arguments.iter().map(|argument| &argument.name);
    let values = parameters.iter().map(|parameter| match parameter {
        Parameter::Context => quote!(loom_context),
        Parameter::Argument(argument) => {
            let name = &argument.name;
            quote!(#name)
        }
    });
    let options = definition_options(options);
    quote! {
        #function

        #[doc = #doc]
        #[allow(non_camel_case_types)]
        #visibility struct #name {}

        #[allow(clippy::unused_unit, clippy::let_unit_value)]
        const _: () = {
            use ::loom_sdk::__private::{schemars, serde, IntoOutput as _};

            #(#defaults)*

            #[derive(serde::Deserialize, schemars::JsonSchema)]
            #[serde(crate = "::loom_sdk::__private::serde", deny_unknown_fields)]
            #[schemars(crate = "::loom_sdk::__private::schemars")]
            struct Arguments { #(#fields),* }

            impl ::loom_sdk::tool::Tool for #name {
                fn definition() -> ::loom_sdk::tool::Definition {
                    ::loom_sdk::tool::Definition {
                        name: #text_name.into(),
                        description: #description.into(),
                        input_schema: ::loom_sdk::tool::input_schema::<Arguments>(),
                        output_schema: ::core::option::Option::None,
                        #options
                    }
                }

                fn call(arguments: &str, loom_context: &::loom_sdk::tool::Context) -> ::loom_sdk::tool::Output {
                    let _ = loom_context;
                    let Arguments { #(#names),* } = ::loom_sdk::tool::parse_arguments(arguments)?;
                    #name(#(#values),*).into_output()
                }
            }
        };
    }
}

fn as_argument(parameter: &Parameter) -> Option<&Argument> {
    match parameter {
        Parameter::Context => None,
        Parameter::Argument(argument) => Some(argument),
    }
}

fn field(argument: &Argument) -> TokenStream {
    let Argument {
        name,
        r#type,
        docs,
        default,
    } = argument;
    let default = default.as_ref().map(|_| {
        let function = default_name(argument).to_string();
        quote!(#[serde(default = #function)])
    });
    quote!(#(#docs)* #default #name: #r#type)
}

fn default_function(argument: &Argument) -> Option<TokenStream> {
    let (r#type, function) = (&argument.r#type, default_name(argument));
    let value = argument.default.as_ref()?;
    Some(quote!(fn #function() -> #r#type { ::core::convert::Into::into(#value) }))
}

fn default_name(argument: &Argument) -> syn::Ident {
    format_ident!("default_{}", argument.name)
}

fn definition_options(options: &Options) -> TokenStream {
    let safety = options
        .safety
        .as_ref()
        .map_or_else(|| "cautious".to_owned(), ToString::to_string);
    let variant = match safety.as_str() {
        "safe" => quote!(Safe),
        "exclusive" => quote!(Exclusive),
        _ => quote!(Cautious),
    };
    let idempotent = options.idempotent || safety == "safe";
    let title = match &options.title {
        Some(title) => quote!(::core::option::Option::Some(#title.into())),
        None => quote!(::core::option::Option::None),
    };
    let accesses = options.accesses.iter().map(access);
    let examples = options.examples.iter().map(example);
    quote! {
        title: #title,
        safety: ::loom_sdk::tool::Safety::#variant,
        idempotent: #idempotent,
        accesses: ::std::vec![#(#accesses),*],
        examples: ::std::vec![#(#examples),*],
    }
}

fn access(access: &Access) -> TokenStream {
    let Access {
        write,
        scheme,
        argument,
    } = access;
    let mode = if *write { quote!(Write) } else { quote!(Read) };
    quote! {
        ::loom_sdk::tool::Access {
            mode: ::loom_sdk::tool::AccessMode::#mode,
            scheme: #scheme.into(),
            argument: #argument.into(),
        }
    }
}

fn example(example: &Example) -> TokenStream {
    let Example {
        title,
        arguments,
        output,
    } = example;
    let output = match output {
        Some(output) => quote!(::core::option::Option::Some(#output.into())),
        None => quote!(::core::option::Option::None),
    };
    quote! {
        ::loom_sdk::tool::Example {
            title: #title.into(),
            arguments: #arguments.into(),
            output: #output,
        }
    }
}
