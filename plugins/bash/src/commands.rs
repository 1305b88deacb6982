//! Commands of ours, in place of the shell's own or beside them. What they do is in the modules below.

mod date;
mod ls;
mod seq;
mod yes;
mod zcat;

use std::sync::Arc;

use bashkit::{BashBuilder, Builtin};

/// The shell with commands of ours in place of its own.
pub(crate) fn put_into(builder: BashBuilder) -> BashBuilder {
    builder
        .command("date", date::Date)
        .command("ls", ls::Ls)
        .command("seq", seq::Seq)
        .command("yes", yes::Yes)
}

/// Commands that the shell has not.
pub(crate) fn find(name: &str) -> Option<Arc<dyn Builtin>> {
    (name == "zcat").then(|| Arc::new(zcat::Zcat) as Arc<dyn Builtin>)
}
