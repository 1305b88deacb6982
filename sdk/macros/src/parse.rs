//! Reads the attribute's options and the function. Writes nothing.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, Ident, ItemFn, Lit, LitStr, Meta, Pat, Result, Type,
};

/// The options inside `#[tool(…)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) safety: Option<Ident>,
    pub(crate) idempotent: bool,
    pub(crate) title: Option<LitStr>,
    pub(crate) accesses: Vec<Access>,
    pub(crate) examples: Vec<Example>,
}

pub(crate) struct Access {
    pub(crate) write: bool,
    pub(crate) scheme: String,
    pub(crate) argument: String,
}

pub(crate) struct Example {
    pub(crate) title: LitStr,
    pub(crate) arguments: LitStr,
    pub(crate) output: Option<LitStr>,
}

/// A function that is to become a tool.
pub(crate) struct Tool {
    pub(crate) options: Options,
    pub(crate) description: String,
    /// The function as it stays: without the attributes that are ours.
    pub(crate) function: ItemFn,
    pub(crate) parameters: Vec<Parameter>,
}

pub(crate) enum Parameter {
    Context,
    Argument(Box<Argument>),
}

pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) r#type: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) default: Option<Expr>,
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        let mut options = Self::default();
        syn::meta::parser(|meta| options.option(&meta)).parse2(tokens)?;
        Ok(options)
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let Some(name) = meta.path.get_ident() else {
            return Err(meta.error("expected an option of `tool`"));
        };
        match name.to_string().as_str() {
            "safe" | "cautious" | "exclusive" => self.safety = Some(name.clone()),
            "idempotent" => self.idempotent = true,
            "title" => self.title = Some(meta.value()?.parse()?),
            "reads" => self.accesses(meta, false)?,
            "writes" => self.accesses(meta, true)?,
            "example" => self.examples.push(example(meta)?),
            _ => {
                return Err(meta.error(
                    "unknown option; `tool` knows safe, cautious, exclusive, idempotent, title, reads, writes and example",
                ));
            }
        }
        Ok(())
    }

    fn accesses(&mut self, meta: &ParseNestedMeta<'_>, write: bool) -> Result<()> {
        meta.parse_nested_meta(|access| {
            let scheme = access.path.require_ident()?.to_string();
            let argument: LitStr = access.value()?.parse()?;
            let argument = format!("/{}", argument.value().trim_start_matches('/'));
            self.accesses.push(Access {
                write,
                scheme,
                argument,
            });
            Ok(())
        })
    }
}

fn example(meta: &ParseNestedMeta<'_>) -> Result<Example> {
    let (mut title, mut arguments, mut output) = (None, None, None);
    meta.parse_nested_meta(|field| {
        let slot = match field.path.require_ident()?.to_string().as_str() {
            "title" => &mut title,
            "arguments" => &mut arguments,
            "output" => &mut output,
            _ => return Err(field.error("an example has title, arguments and output")),
        };
        *slot = Some(field.value()?.parse()?);
        Ok(())
    })?;
    let missing = |name| meta.error(format!("the example lacks `{name}`"));
    Ok(Example {
        title: title.ok_or_else(|| missing("title"))?,
        arguments: arguments.ok_or_else(|| missing("arguments"))?,
        output,
    })
}

impl Tool {
    pub(crate) fn parse(options: Options, mut function: ItemFn) -> Result<Self> {
        if let Some(asyncness) = function.sig.asyncness {
            return Err(Error::new_spanned(
                asyncness,
                "a tool is a plain function; the host runs it beside others by itself",
            ));
        }
        let description = doc_text(&function.attrs);
        if description.is_empty() {
            return Err(Error::new_spanned(
                &function.sig.ident,
                "a tool needs a doc comment: it is what the model reads to decide when to call it",
            ));
        }
        let parameters = function
            .sig
            .inputs
            .iter_mut()
            .map(parameter)
            .collect::<Result<_>>()?;
        Ok(Self {
            options,
            description,
            function,
            parameters,
        })
    }
}

fn parameter(input: &mut FnArg) -> Result<Parameter> {
    let FnArg::Typed(input) = input else {
        return Err(Error::new_spanned(
            input,
            "a tool is a free function, without `self`",
        ));
    };
    if is_context(&input.ty) {
        return Ok(Parameter::Context);
    }
    let Pat::Ident(pattern) = &*input.pat else {
        return Err(Error::new_spanned(
            &input.pat,
            "an argument needs a plain name",
        ));
    };
    let name = pattern.ident.clone();
    let (ours, theirs) = std::mem::take(&mut input.attrs)
        .into_iter()
        .partition(|a: &Attribute| a.path().is_ident("doc") || a.path().is_ident("arg"));
    input.attrs = theirs;
    let (docs, arg): (Vec<Attribute>, Vec<Attribute>) =
        Vec::into_iter(ours).partition(|a| a.path().is_ident("doc"));
    let mut default = None;
    for attribute in arg {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("default") {
                return Err(meta.error("unknown option; `arg` knows default"));
            }
            default = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    let r#type = (*input.ty).clone();
    Ok(Parameter::Argument(Box::new(Argument {
        name,
        r#type,
        docs,
        default,
    })))
}

fn is_context(r#type: &Type) -> bool {
    let Type::Reference(reference) = r#type else {
        return false;
    };
    let Type::Path(path) = &*reference.elem else {
        return false;
    };
    path.path
        .segments
        .last()
        .is_some_and(|segment| segment.ident == "Context")
}

/// The text of doc comments, one leading space cut from each line.
fn doc_text(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
    let text: Vec<String> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned())
        .collect();
    text.join("\n").trim().to_owned()
}
