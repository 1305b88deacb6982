//! A command's standard streams: where its input comes from, and its output with a limit.

mod pipe;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{AsyncStdinStream, IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use self::pipe::Pipe;

/// How long the last words of a command that was stopped may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// The same of one that wrote too much: what was within the limit is to be seen.
const LAST_OUTPUT: Duration = Duration::from_secs(5);

/// Where a command's standard input comes from.
#[derive(Default)]
pub enum Input {
    /// It is at its end from the start.
    #[default]
    Empty,
    /// The standard input of this process, read only when the command reads it.
    Inherited,
    /// A reader.
    Reader(Box<dyn AsyncRead + Send + Sync + Unpin>),
}

impl Input {
    /// Whatever a reader gives.
    pub fn from_reader(reader: impl AsyncRead + Send + Sync + Unpin + 'static) -> Self {
        Self::Reader(Box::new(reader))
    }

    pub(super) fn give(self, wasi: &mut WasiCtxBuilder) {
        match self {
            Self::Empty => {}
            Self::Inherited => {
                wasi.stdin(wasmtime_wasi::cli::stdin());
            }
            Self::Reader(reader) => {
                wasi.stdin(AsyncStdinStream::new(reader));
            }
        }
    }
}

/// Where a command's output goes. By default it is dropped.
pub struct Output {
    writer: Box<dyn AsyncWrite + Send + Sync + Unpin>,
    is_terminal: bool,
}

impl Default for Output {
    fn default() -> Self {
        Self::to(tokio::io::sink())
    }
}

impl Output {
    /// To a writer. A command that writes faster than the writer takes it waits.
    pub fn to(writer: impl AsyncWrite + Send + Sync + Unpin + 'static) -> Self {
        Self {
            writer: Box::new(writer),
            is_terminal: false,
        }
    }

    /// Tells the command whether a terminal takes its output, which it then may want to drive. By
    /// default it is told that none does.
    #[must_use]
    pub fn terminal(mut self, is_terminal: bool) -> Self {
        self.is_terminal = is_terminal;
        self
    }
}

/// Both outputs of a command, with the budget that they share.
pub(super) struct Outputs {
    stdout: Stream,
    stderr: Stream,
}

impl Outputs {
    pub(super) fn new(stdout: Output, stderr: Output, limit_bytes: usize) -> Self {
        let budget = Arc::new(Budget {
            left: AtomicUsize::new(limit_bytes),
            is_over: AtomicBool::new(false),
        });
        let pipes = [Pipe::into(stdout.writer), Pipe::into(stderr.writer)];
        let stream = |own: usize, is_terminal| Stream {
            pipe: pipes[own].clone(),
            other: pipes[1 - own].clone(),
            budget: Arc::clone(&budget),
            is_terminal,
        };
        Self {
            stdout: stream(0, stdout.is_terminal),
            stderr: stream(1, stderr.is_terminal),
        }
    }

    pub(super) fn give(&self, wasi: &mut WasiCtxBuilder) {
        wasi.stdout(self.stdout.clone()).stderr(self.stderr.clone());
    }

    /// Whether more was to be written than may be.
    pub(super) fn is_over(&self) -> bool {
        self.stdout.budget.is_over.load(Ordering::Relaxed)
    }

    /// Whether somebody who was reading has gone.
    pub(super) fn is_closed(&self) -> bool {
        let ends = [self.stdout.pipe.failure(), self.stderr.pipe.failure()];
        ends.contains(&Some(io::ErrorKind::BrokenPipe))
    }

    /// Why something could not be written, other than that nobody was there to read it.
    pub(super) fn failure(&self) -> Option<io::ErrorKind> {
        let ends = [self.stdout.pipe.failure(), self.stderr.pipe.failure()];
        let mut ends = ends.into_iter().flatten();
        ends.find(|kind| *kind != io::ErrorKind::BrokenPipe)
    }

    /// Waits until what was written is where it goes: as long as it takes after an end of the
    /// command's own, otherwise not for long.
    pub(super) async fn drain(&self, by_itself: bool, cancel: &CancellationToken) {
        let draining = async {
            self.stdout.pipe.drained().await;
            self.stderr.pipe.drained().await;
        };
        let patience = async {
            match by_itself {
                true if self.is_over() => {
                    let _ = tokio::time::timeout(LAST_OUTPUT, cancel.cancelled()).await;
                }
                true => cancel.cancelled().await,
                false => tokio::time::sleep(LAST_WORDS).await,
            }
        };
        tokio::select! {
            () = draining => {}
            () = patience => {}
        }
    }
}

/// What both outputs together may still write.
struct Budget {
    left: AtomicUsize,
    is_over: AtomicBool,
}

impl Budget {
    /// Takes as much as is left of what is wanted.
    fn take(&self, wanted: usize) -> usize {
        let take = |left: usize| Some(left.saturating_sub(wanted));
        let before = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        before.unwrap_or_default().min(wanted)
    }
}

/// One output as the command sees it. What exceeds the budget ends the command.
#[derive(Clone)]
struct Stream {
    pipe: Pipe,
    /// What was written there before goes first: both may be one terminal.
    other: Pipe,
    budget: Arc<Budget>,
    is_terminal: bool,
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        self.is_terminal
    }
}

impl StdoutStream for Stream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// Only WASI 0.3 asks for it, and commands that import it are refused.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
}

#[async_trait::async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {
        self.other.drained().await;
        self.pipe.has_room().await;
    }
}

impl OutputStream for Stream {
    fn check_write(&mut self) -> StreamResult<usize> {
        match self.other.is_drained() {
            true => self.pipe.room(),
            false => Ok(0),
        }
    }

    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let taken = self.budget.take(bytes.len());
        self.pipe.write(&bytes[..taken])?;
        match taken == bytes.len() {
            true => Ok(()),
            false => {
                self.budget.is_over.store(true, Ordering::Relaxed);
                Err(StreamError::trap("the output limit is exceeded"))
            }
        }
    }

    /// What was written is passed on at once in any case: as with a pipe of an operating system, nobody
    /// waits until it is read.
    fn flush(&mut self) -> StreamResult<()> {
        self.pipe.room().map(drop)
    }
}
