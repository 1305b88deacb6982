//! `loom session import`: a session from a file.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use loom_core::sessions::{Import, Origin, import};
use loom_types::{ErrorKind, Memory, SessionId};
use serde_json::json;

use super::super::session_id;
use crate::Config;
use crate::fault::Fault;
use crate::output;
use crate::render::text::plural;

/// Read a session from a file
///
/// Prints the id of the session. The file is an export of Loom in JSON lines, or has a message with
/// `role` and `content` on each line, as other tools write them. If anything in it is wrong, nothing
/// is imported.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom session export 0198c2 > talk.jsonl
  loom session import talk.jsonl
  ssh there loom session export 0198c2 | loom session import -

A session that exists is never changed: the import gets another id then.")]
pub(super) struct ImportArguments {
    /// The file; - reads stdin
    #[arg(value_name = "FILE")]
    file: String,
    /// The id of the session instead of its own, or of one that is made
    #[arg(long, value_name = "ID", value_parser = session_id)]
    id: Option<String>,
}

pub(super) async fn run(
    memory: &dyn Memory,
    arguments: &ImportArguments,
    config: &Config,
    quiet: bool,
) -> anyhow::Result<()> {
    let name = match arguments.file.as_str() {
        "-" => "stdin",
        file => file,
    };
    let bytes = read(&arguments.file).with_context(|| format!("reading {name}"))?;
    let origin = Origin {
        model: String::new(),
        metadata: json!({ "directory": config.working_directory, "imported_from": name }),
    };
    let mut parsed = Import::parse(&bytes, &origin).map_err(|error| {
        let fault = Fault::failed(format!("{name}: {}", error.message));
        fault.hint("nothing was imported; `loom session import --help` tells what can be")
    })?;
    // What a file says of its id may be no id at all.
    parsed.session = parsed.session.filter(|id| session_id(id.as_str()).is_ok());
    let (own, left_out) = (parsed.session.clone(), parsed.left_out);
    let count = parsed.entries.len() as u64;
    let id = arguments.id.as_deref().map(SessionId::from);
    let session = import(memory, parsed, id).await.map_err(|error| {
        if error.kind != ErrorKind::Conflict {
            return anyhow::Error::from(error);
        }
        let fault = Fault::failed(error.message);
        fault.hint("without --id it gets one that is free").into()
    })?;
    if left_out > 0 {
        let parts = plural(left_out as u64, "part");
        output::warning(&format!(
            "{parts} of messages left out: Loom has no place for them"
        ));
    }
    if !quiet {
        let renamed = own.filter(|own| *own != session && arguments.id.is_none());
        let why = renamed.map(|own| format!("; there is a session {own} already"));
        let entries = match count {
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        };
        output::note(&format!("imported {entries}{}", why.unwrap_or_default()));
    }
    Ok(output::print(&format!("{session}\n"))?)
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    if file == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(Path::new(file))
}
