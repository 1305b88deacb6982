//! File operations for code. What fails comes back as an error code of node's and a message that says
//! which directories there are; the part `fs` throws it.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rquickjs::function::Func;
use rquickjs::{Ctx, IntoJs, Object, Value};

use crate::control::Control;

/// What an operation returns to JavaScript.
enum Answer {
    Nothing,
    Truth(bool),
    Text(String),
    Base64(String),
    Names(Vec<String>),
    Status(Status),
}

struct Status {
    is_file: bool,
    is_directory: bool,
    is_link: bool,
    size: f64,
    modified_ms: f64,
}

/// One argument or two, as text.
struct Asked<'a> {
    path: &'a Path,
    second: &'a str,
    flag: bool,
}

pub(crate) fn install<'js>(host: &Object<'js>, control: &Rc<Control>) -> rquickjs::Result<()> {
    let own = Rc::clone(control);
    let file = move |ctx: Ctx<'js>, operation: String, path: String, second: String, flag: bool| {
        let located = locate(&own, &path);
        let asked = Asked {
            path: &located,
            second: &second,
            flag,
        };
        let result = perform(&own, &operation, &asked);
        answer(&ctx, result.map_err(|error| explain(&own, &error)))
    };
    host.set("file", Func::from(file))?;
    let own = Rc::clone(control);
    host.set(
        "cwd",
        Func::from(move || directory(&own).display().to_string()),
    )
}

/// The working directory.
pub(crate) fn directory(control: &Control) -> PathBuf {
    let roots = control.roots.borrow();
    roots.working().unwrap_or(Path::new("/")).to_path_buf()
}

/// An absolute path without `.` and `..`.
pub(crate) fn locate(control: &Control, path: &str) -> PathBuf {
    let mut located = PathBuf::new();
    for component in directory(control).join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                located.pop();
            }
            _ => located.push(component),
        }
    }
    located
}

fn perform(control: &Control, operation: &str, asked: &Asked<'_>) -> io::Result<Answer> {
    let Asked { path, second, flag } = *asked;
    let done = |()| Answer::Nothing;
    let bytes = || STANDARD.decode(second).map_err(io::Error::other);
    match operation {
        "readText" => {
            fs::read(path).map(|bytes| Answer::Text(String::from_utf8_lossy(&bytes).into_owned()))
        }
        "readBytes" => fs::read(path).map(|bytes| Answer::Base64(STANDARD.encode(bytes))),
        "writeText" => write(control, path, second.as_bytes(), flag).map(done),
        "writeBytes" => write(control, path, &bytes()?, flag).map(done),
        "exists" => Ok(Answer::Truth(path.exists())),
        "list" => list(path, flag).map(Answer::Names),
        "makeDirectory" if flag => fs::create_dir_all(path).map(done),
        "makeDirectory" => fs::create_dir(path).map(done),
        "removeFile" => fs::remove_file(path).map(done),
        "removeDirectory" if flag => fs::remove_dir_all(path).map(done),
        "removeDirectory" => fs::remove_dir(path).map(done),
        "status" if flag => fs::symlink_metadata(path).map(status),
        "status" => fs::metadata(path).map(status),
        "rename" => {
            let target = locate(control, second);
            fs::rename(path, &target)?;
            control.written.borrow_mut().push(target);
            Ok(Answer::Nothing)
        }
        "copy" => {
            let target = locate(control, second);
            let bytes = fs::read(path)?;
            write(control, &target, &bytes, false).map(done)
        }
        "realPath" => fs::canonicalize(path).map(|path| Answer::Text(path.display().to_string())),
        _ => Err(io::Error::new(ErrorKind::Unsupported, "no such operation")),
    }
}

fn write(control: &Control, path: &Path, bytes: &[u8], append: bool) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true);
    if append {
        options.append(true);
    } else {
        options.write(true).truncate(true);
    }
    options.open(path)?.write_all(bytes)?;
    control.written.borrow_mut().push(path.to_path_buf());
    Ok(())
}

/// Names in a directory, sorted; with a mark before each if `kinds`: `d`, `l` or `f`.
fn list(path: &Path, kinds: bool) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !kinds {
            names.push(name);
            continue;
        }
        let kind = entry.file_type()?;
        let mark = match (kind.is_dir(), kind.is_symlink()) {
            (true, _) => 'd',
            (_, true) => 'l',
            _ => 'f',
        };
        names.push(format!("{mark}{name}"));
    }
    names.sort_by(|one, other| {
        one.get(usize::from(kinds)..)
            .cmp(&other.get(usize::from(kinds)..))
    });
    Ok(names)
}

fn status(metadata: fs::Metadata) -> Answer {
    let modified = metadata.modified().ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Answer::Status(Status {
        is_file: metadata.is_file(),
        is_directory: metadata.is_dir(),
        is_link: metadata.file_type().is_symlink(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "JavaScript has no other numbers"
        )]
        size: metadata.len() as f64,
        modified_ms: since.map_or(0.0, |since| since.as_secs_f64() * 1000.0),
    })
}

/// Node's code, its words, and what this host adds to them.
struct Failure {
    code: &'static str,
    message: String,
}

fn explain(control: &Control, error: &io::Error) -> Failure {
    let (code, words) = match error.kind() {
        ErrorKind::NotFound => ("ENOENT", "no such file or directory"),
        ErrorKind::PermissionDenied => ("EACCES", "permission denied"),
        ErrorKind::ReadOnlyFilesystem => ("EROFS", "read-only file system"),
        ErrorKind::AlreadyExists => ("EEXIST", "file already exists"),
        ErrorKind::IsADirectory => ("EISDIR", "illegal operation on a directory"),
        ErrorKind::NotADirectory => ("ENOTDIR", "not a directory"),
        ErrorKind::DirectoryNotEmpty => ("ENOTEMPTY", "directory not empty"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ("ENOSPC", "no space left"),
        ErrorKind::Unsupported => ("ENOSYS", "not supported here"),
        _ => {
            return Failure {
                code: "EIO",
                message: error.to_string(),
            };
        }
    };
    let where_else = matches!(code, "ENOENT" | "EACCES" | "EROFS");
    let message = if where_else {
        let names = control.roots.borrow().names();
        format!("{words} (directories that can be used: {names})")
    } else {
        words.to_owned()
    };
    Failure { code, message }
}

fn answer<'js>(ctx: &Ctx<'js>, result: Result<Answer, Failure>) -> rquickjs::Result<Value<'js>> {
    let object = Object::new(ctx.clone())?;
    match result {
        Ok(Answer::Nothing) => {}
        Ok(Answer::Truth(truth)) => object.set("value", truth)?,
        Ok(Answer::Text(text)) => object.set("value", text)?,
        Ok(Answer::Base64(text)) => object.set("base64", text)?,
        Ok(Answer::Names(names)) => object.set("value", names)?,
        Ok(Answer::Status(status)) => {
            object.set("isFile", status.is_file)?;
            object.set("isDirectory", status.is_directory)?;
            object.set("isLink", status.is_link)?;
            object.set("size", status.size)?;
            object.set("modified", status.modified_ms)?;
        }
        Err(failure) => {
            object.set("code", failure.code)?;
            object.set("message", failure.message)?;
        }
    }
    object.into_js(ctx)
}
