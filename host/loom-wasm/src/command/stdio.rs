//! A command's standard streams: where its input comes from, and its output with a limit.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{AsyncStdinStream, AsyncStdoutStream, IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable as _};

/// What a command may write before it waits for its reader.
const BUFFER_BYTES: usize = 64 << 10;

/// How long the last words of a command that was stopped may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(100);

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
    budget: Arc<Budget>,
}

impl Outputs {
    pub(super) fn new(stdout: Output, stderr: Output, limit_bytes: usize) -> Self {
        let budget = Arc::new(Budget {
            left: AtomicUsize::new(limit_bytes),
            over: Notify::new(),
            closed: AtomicBool::new(false),
        });
        Self {
            stdout: Stream::new(stdout, &budget),
            stderr: Stream::new(stderr, &budget),
            budget,
        }
    }

    pub(super) fn give(&self, wasi: &mut WasiCtxBuilder) {
        wasi.stdout(self.stdout.clone()).stderr(self.stderr.clone());
    }

    /// Waits until more is written than may be, perhaps for ever.
    pub(super) async fn over(&self) {
        self.budget.over.notified().await;
    }

    /// Whether somebody who was reading has gone.
    pub(super) fn is_closed(&self) -> bool {
        self.budget.closed.load(Ordering::Relaxed)
    }

    /// Waits until what was written is where it goes: as long as it takes after an end of the
    /// command's own, otherwise not for long.
    pub(super) async fn drain(&self, by_itself: bool, cancel: &CancellationToken) {
        let draining = async {
            self.stdout.drain().await;
            self.stderr.drain().await;
        };
        let patience = async {
            match by_itself {
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

#[derive(Clone)]
struct Stream {
    stream: Arc<AsyncStdoutStream>,
    is_terminal: bool,
}

impl Stream {
    fn new(output: Output, budget: &Arc<Budget>) -> Self {
        let limited = Limited {
            writer: output.writer,
            budget: Arc::clone(budget),
        };
        Self {
            stream: Arc::new(AsyncStdoutStream::new(BUFFER_BYTES, limited)),
            is_terminal: output.is_terminal,
        }
    }

    async fn drain(&self) {
        let mut stream = self.stream.p2_stream();
        // One that failed has nothing left to wait for.
        if stream.flush().is_ok() {
            stream.ready().await;
        }
    }
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        self.is_terminal
    }
}

impl StdoutStream for Stream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        self.stream.p2_stream()
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        self.stream.async_stream()
    }
}

struct Budget {
    left: AtomicUsize,
    over: Notify,
    closed: AtomicBool,
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

/// A writer that fails once the budget is used up.
struct Limited {
    writer: Box<dyn AsyncWrite + Send + Sync + Unpin>,
    budget: Arc<Budget>,
}

impl Limited {
    fn note<T>(&self, written: &Poll<io::Result<T>>) {
        if let Poll::Ready(Err(error)) = written
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            self.budget.closed.store(true, Ordering::Relaxed);
        }
    }
}

impl AsyncWrite for Limited {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = self.budget.take(bytes.len());
        if taken == 0 && !bytes.is_empty() {
            self.budget.over.notify_one();
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let written = Pin::new(&mut self.writer).poll_write(context, &bytes[..taken]);
        let used = match written {
            Poll::Ready(Ok(used)) => used,
            _ => 0,
        };
        self.budget.left.fetch_add(taken - used, Ordering::Relaxed);
        self.note(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.writer).poll_flush(context);
        self.note(&flushed);
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(context)
    }
}
