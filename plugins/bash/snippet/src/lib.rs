//! What Loom's code interpreters in Rust share: the arguments of a call, files in and out, captured
//! output, the result, and what a kept session leaves for the next instance. An interpreter is an
//! [`Engine`]; [`Session::call`] runs a call on it. Nothing here knows a language.

mod arguments;
mod capture;
mod definition;
mod files;
mod media;
mod result;
mod roots;
mod scan;
mod session;
mod settings;
mod tree;

pub use arguments::{Arguments, Files, Input, Reset};
pub use capture::{Capture, Stream};
pub use definition::definition;
pub use result::{Ending, Exception, Note};
pub use roots::{Grant, Roots};
pub use session::{Engine, Run, Session};
pub use settings::Settings;
pub use tree::symlink;
