//! `loom sandbox`: any WASI command under a policy, as people run a container.

mod policy;
mod screen;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use loom_types::ErrorKind;
use loom_wasm::{Command, EngineConfig, Input, Invocation, Output};
use tokio::io::AsyncWrite;
use tokio_util::sync::CancellationToken;

use self::policy::{Directory, LimitOption, Variable};
use self::screen::Screen;
use super::{Global, drive};
use crate::config;
use crate::fault::{Exit, Fault};
use crate::host;

/// Run a WebAssembly program that may do nothing but what is said here
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  loom sandbox hello.wasm
  loom sandbox --dir .::/work:ro grep.wasm -rn TODO /work
  loom sandbox --dir src --dir out::/out convert.wasm src/a.md /out/a.html
  loom sandbox --net https://api.example.com --env TOKEN fetch.wasm
  cat data.csv | loom sandbox --limit memory=64MiB --limit time=10s,output=1MiB sum.wasm

FILE is a component that exports wasi:cli/run of WASI 0.2, as `cargo build --target wasm32-wasip2`
makes one. Nothing is granted by default: no file, no host, no variable of the environment. It sees
the clock. Its only network is HTTP; raw sockets are always refused. Input and output are this
command's own. On a terminal, what would drive it is taken out; --tty lets it through.

Exit codes: the program's own, and
  124  its time was over                 137  another limit was exceeded
  126  it cannot be run                  130  interrupted
  127  there is no such file             134  it crashed
    2  wrong usage of this command")]
pub(super) struct SandboxArguments {
    /// Grant a directory and all below it: HOST::GUEST, or HOST alone for the same path inside; for
    /// reading and writing, or with :ro at its end only for reading (may be repeated)
    #[arg(long = "dir", value_name = "HOST::GUEST[:ro]", value_parser = Directory::parse)]
    directories: Vec<Directory>,
    /// Grant HTTP to a host: https://example.com, https://*.example.com, http://localhost:8080, * for
    /// every public host, or a name for both http and https (may be repeated)
    #[arg(long = "net", value_name = "HOST", value_parser = policy::hosts)]
    network: Vec<policy::Hosts>,
    /// Set a variable; without =VALUE it is the one of this environment (may be repeated)
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = Variable::parse)]
    environment: Vec<Variable>,
    /// What it may use up: memory=256MiB (the default), time=30s, output=1MiB, host_calls=1000000,
    /// http_requests=100, http_response=16MiB (the default); others are unlimited unless said
    #[arg(long = "limit", value_name = "NAME=VALUE", value_delimiter = ',', value_parser = LimitOption::parse)]
    limits: Vec<LimitOption>,
    /// Let it drive the terminal: colors, cursor, titles, clipboard
    #[arg(long)]
    tty: bool,
    /// The program
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its arguments, as they are
    #[arg(
        value_name = "ARGS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,
}

pub(super) async fn run(arguments: SandboxArguments, global: Global) -> anyhow::Result<Exit> {
    if let Some(directory) = &global.directory {
        let entered = std::env::set_current_dir(directory);
        entered.with_context(|| format!("going to {}", directory.display()))?;
    }
    let command = load(&arguments.file).await?;
    let invocation = invocation(arguments)?;
    let cancel = CancellationToken::new();
    let running = command.run(invocation, &cancel);
    let stopping = async {
        let signal = drive::interrupted().await;
        cancel.cancel();
        match signal {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    let status = tokio::select! {
        // Signals are listened for before anything runs.
        biased;
        error = stopping => return Err(error),
        status = running => status,
    };
    match status {
        Ok(status) => Ok(Exit::Program(u8::try_from(status).unwrap_or(u8::MAX))),
        Err(error) if error.kind == ErrorKind::Cancelled => Ok(Exit::Cancelled),
        Err(error) => Err(failed(&error).into()),
    }
}

/// The program, compiled.
async fn load(file: &Path) -> anyhow::Result<Command> {
    if !file.exists() {
        let message = format!("there is no file {}", file.display());
        return Err(Fault::new(Exit::Program(127), message).into());
    }
    let engine = host::cached_engine(&config::cache_dir(), EngineConfig::default())?;
    let loaded = match Command::load(&engine, file).await {
        Ok(command) => command.prepare().await.map(|()| command),
        Err(error) => Err(error),
    };
    loaded.map_err(|error| Fault::new(Exit::Program(126), error.to_string()).into())
}

fn invocation(arguments: SandboxArguments) -> anyhow::Result<Invocation> {
    let name = arguments.file.file_name().unwrap_or_default();
    let mut all = vec![name.to_string_lossy().into_owned()];
    all.extend(arguments.arguments);
    let mut invocation = Invocation::new(all);
    let grants = &mut invocation.grants;
    grants.clock = true;
    grants.directories = arguments.directories.iter().map(Directory::grant).collect();
    grants.network = arguments.network.into_iter().flat_map(|it| it.0).collect();
    for variable in arguments.environment {
        let (name, value) = variable.resolve()?;
        grants.environment.insert(name, value);
    }
    for limit in &arguments.limits {
        limit.set(&mut invocation.limits);
    }
    invocation.stdin = Input::Inherited;
    invocation.stdout = output(io::stdout(), tokio::io::stdout(), arguments.tty);
    invocation.stderr = output(io::stderr(), tokio::io::stderr(), arguments.tty);
    Ok(invocation)
}

/// As it is into a file or a pipe; to a terminal without what drives it, unless that is allowed.
fn output(
    stream: impl IsTerminal,
    writer: impl AsyncWrite + Send + Sync + Unpin + 'static,
    tty: bool,
) -> Output {
    match stream.is_terminal() {
        true if !tty => Output::to(Screen::new(writer)),
        is_terminal => Output::to(writer).terminal(is_terminal),
    }
}

fn failed(error: &loom_types::Error) -> Fault {
    let (code, hint) = match error.kind {
        ErrorKind::Timeout => (124, "`--limit time=…` gives it longer"),
        ErrorKind::ResourceExhausted => (137, "`--limit NAME=VALUE` raises a limit"),
        ErrorKind::NotFound => (126, "`--dir HOST::GUEST` names a directory that is there"),
        _ => (134, "what it wrote before is all it said"),
    };
    Fault::new(Exit::Program(code), error.to_string()).hint(hint)
}
