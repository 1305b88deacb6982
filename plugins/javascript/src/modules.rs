//! Modules: which file or part a name means, and files as modules. There are no packages.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rquickjs::function::Func;
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Exception, Module, Object};

use crate::control::Control;
use crate::{files, source};

/// Modules that are parts of the interpreter, as `require` and `import` name them.
const BUILT_IN: [&str; 22] = [
    "assert",
    "assert/strict",
    "buffer",
    "console",
    "crypto",
    "events",
    "fs",
    "fs/promises",
    "module",
    "os",
    "path",
    "path/posix",
    "perf_hooks",
    "process",
    "querystring",
    "readline",
    "readline/promises",
    "timers",
    "timers/promises",
    "url",
    "util",
    "string_decoder",
];
/// What may be left out at the end of a path.
const ENDINGS: [&str; 7] = [
    "",
    ".js",
    ".mjs",
    ".cjs",
    ".json",
    "/index.js",
    "/index.mjs",
];

/// Finds modules.
pub(crate) struct Paths {
    control: Rc<Control>,
}

impl Paths {
    pub(crate) fn new(control: &Rc<Control>) -> Self {
        Self {
            control: Rc::clone(control),
        }
    }
}

impl Resolver for Paths {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        resolve(&self.control, base, name).map_err(|message| thrown(ctx, &message))
    }
}

/// Reads modules.
pub(crate) struct Files {
    control: Rc<Control>,
}

impl Files {
    pub(crate) fn new(control: &Rc<Control>) -> Self {
        Self {
            control: Rc::clone(control),
        }
    }
}

impl Loader for Files {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if let Some(built_in) = name.strip_prefix("node:") {
            return forward(ctx, name, built_in);
        }
        let text = read(&self.control, name).map_err(|message| thrown(ctx, &message))?;
        let kind = attributes
            .map(|each| each.get_type())
            .transpose()?
            .flatten();
        if name.ends_with(".json") || kind.as_deref() == Some("json") {
            ctx.json_parse(text.clone())?;
            return Module::declare(ctx.clone(), name, format!("export default {text}"));
        }
        if !name.ends_with(".mjs") && (name.ends_with(".cjs") || is_common(&text)) {
            return forward(ctx, name, name);
        }
        let module = Module::declare(ctx.clone(), name, text)?;
        let meta = module.meta()?;
        meta.set("url", format!("file://{name}"))?;
        meta.set("filename", name)?;
        let directory = Path::new(name).parent().unwrap_or(Path::new("/"));
        meta.set("dirname", directory.display().to_string())?;
        Ok(module)
    }
}

/// A module that has what `require` gives.
fn forward<'js>(
    ctx: &Ctx<'js>,
    name: &str,
    required: &str,
) -> rquickjs::Result<Module<'js, Declared>> {
    let require: rquickjs::Function = ctx.globals().get("require")?;
    let exports: rquickjs::Value = require.call((required,))?;
    let mut text = String::from("const all = import.meta.all;\nexport default all;\n");
    let keys = exports.as_object().map(|object| {
        let keys = object.keys::<String>().filter_map(Result::ok);
        keys.filter(|key| is_identifier(key)).collect::<Vec<_>>()
    });
    for key in keys.unwrap_or_default() {
        let _ = writeln!(
            text,
            "const {key}_ = all.{key};\nexport {{ {key}_ as {key} }};"
        );
    }
    let module = Module::declare(ctx.clone(), name, text)?;
    module.meta()?.set("all", exports)?;
    Ok(module)
}

fn is_identifier(key: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    key != "default" && !key.starts_with(|c: char| c.is_ascii_digit()) && key.chars().all(is_part)
}

fn is_common(text: &str) -> bool {
    let uses = ["module.exports", "exports.", "require("];
    uses.iter().any(|use_| text.contains(use_)) && !source::is_module(text)
}

fn read(control: &Control, path: &str) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| {
        let names = control.roots.borrow().names();
        format!("Cannot load {path}: {error} (directories that can be used: {names})")
    })?;
    String::from_utf8(bytes).map_err(|_| format!("Cannot load {path}: it is not UTF-8"))
}

/// The file that a name means, seen from another one; `node:…` for a part.
fn resolve(control: &Control, base: &str, name: &str) -> Result<String, String> {
    let bare = name.strip_prefix("node:").unwrap_or(name);
    if BUILT_IN.contains(&bare) {
        return Ok(format!("node:{bare}"));
    }
    let path = name.strip_prefix("file://").unwrap_or(name);
    let is_path = path.starts_with('/')
        || path.starts_with("./")
        || path.starts_with("../")
        || matches!(path, "." | "..");
    if !is_path {
        return Err(unknown(name));
    }
    let base = Path::new(base).parent().filter(|_| base.starts_with('/'));
    let from = base.map_or_else(|| files::directory(control), Path::to_path_buf);
    let wanted = files::locate(control, &from.join(path).display().to_string());
    let candidates = ENDINGS.iter().map(|ending| {
        let mut candidate = wanted.clone().into_os_string();
        candidate.push(ending);
        PathBuf::from(candidate)
    });
    let found = candidates.into_iter().find(|candidate| candidate.is_file());
    match found {
        Some(found) => Ok(found.display().to_string()),
        None => Err(format!(
            "Cannot find module '{name}' at {}; directories that can be used: {}",
            wanted.display(),
            control.roots.borrow().names()
        )),
    }
}

fn unknown(name: &str) -> String {
    format!(
        "Cannot find package '{name}': there are no packages here. Modules are files, by path ('./name.js'), and: {}",
        BUILT_IN.join(", ")
    )
}

fn thrown(ctx: &Ctx<'_>, message: &str) -> rquickjs::Error {
    let made: rquickjs::Result<rquickjs::Function> =
        ctx.eval("(message) => Object.assign(new Error(message), { code: 'MODULE_NOT_FOUND' })");
    let made = made.and_then(|make| make.call::<_, rquickjs::Value>((message,)));
    match made {
        Ok(error) => ctx.throw(error),
        Err(_) => Exception::throw_message(ctx, message),
    }
}

pub(crate) fn install<'js>(host: &Object<'js>, control: &Rc<Control>) -> rquickjs::Result<()> {
    let own = Rc::clone(control);
    let find = move |ctx: Ctx<'js>, base: String, name: String| {
        resolve(&own, &base, &name).map_err(|message| thrown(&ctx, &message))
    };
    host.set("resolve", Func::from(find))?;
    let own = Rc::clone(control);
    let text = move |ctx: Ctx<'js>, path: String| {
        read(&own, &path).map_err(|message| thrown(&ctx, &message))
    };
    host.set("readModule", Func::from(text))?;
    host.set(
        "isModule",
        Func::from(|text: String| source::is_module(&text)),
    )?;
    let script = |ctx: Ctx<'js>, text: String, name: String| {
        let mut options = rquickjs::context::EvalOptions::default();
        options.strict = false;
        options.filename = Some(name);
        ctx.eval_with_options::<rquickjs::Value, _>(text, options)
    };
    host.set("evaluate", Func::from(script))
}
