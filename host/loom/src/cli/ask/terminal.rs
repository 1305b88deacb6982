//! Stdin of a terminal, read when there is a line and not before: a read that waited on a thread would
//! take the next line away from whoever reads after a question that was dropped.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, Interest, ReadBuf};

/// It must be read by nobody else meanwhile.
pub(in crate::cli) struct Terminal {
    /// None once it failed.
    file: Option<AsyncFd<File>>,
}

impl Terminal {
    /// The process's stdin, which must be a terminal.
    pub(in crate::cli) fn open() -> io::Result<Self> {
        Self::over(File::from(io::stdin().as_fd().try_clone_to_owned()?))
    }

    pub(super) fn over(file: File) -> io::Result<Self> {
        let file = Some(watched(file)?);
        Ok(Self { file })
    }

    fn file(&self) -> io::Result<&AsyncFd<File>> {
        self.file
            .as_ref()
            .ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

#[expect(
    deprecated,
    reason = "its successor is unsafe where the file is replaced; this one is owned and is not"
)]
fn watched(file: File) -> io::Result<AsyncFd<File>> {
    AsyncFd::with_interest(file, Interest::READABLE)
}

impl AsyncRead for Terminal {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let ready = ready!(self.file()?.poll_read_ready(context))?;
        let read = ready.get_inner().read(buffer.initialize_unfilled())?;
        buffer.advance(read);
        // A read would block now if that was all, and whether it was shows only to who starts
        // watching anew.
        if let Some(file) = self.file.take() {
            self.file = Some(watched(file.into_inner())?);
        }
        Poll::Ready(Ok(()))
    }
}
