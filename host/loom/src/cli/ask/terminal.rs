//! Stdin of a terminal, read when there is a line and not before: a read that waited on a thread would
//! take the next line away from whoever reads after a question that was dropped.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, Interest, ReadBuf};

/// Several may be open, but only one of them may wait at a time.
pub(in crate::cli) struct Terminal(AsyncFd<File>);

impl Terminal {
    /// The process's stdin, which must be a terminal.
    pub(in crate::cli) fn open() -> io::Result<Self> {
        Self::over(File::from(io::stdin().as_fd().try_clone_to_owned()?))
    }

    pub(super) fn over(file: File) -> io::Result<Self> {
        Ok(Self(watched(file)?))
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
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(context))?;
            // What made it ready may have been read since, by this or by another one on the same
            // terminal; a read would block then.
            let mut looked = [PollFd::new(ready.get_inner(), PollFlags::IN)];
            if poll(&mut looked, Some(&Timespec::default()))? == 0 {
                ready.clear_ready();
                continue;
            }
            let read = ready.get_inner().read(buffer.initialize_unfilled())?;
            buffer.advance(read);
            return Poll::Ready(Ok(()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use std::io::Write as _;
    use std::os::fd::OwnedFd;

    use futures::FutureExt as _;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn what_another_one_has_read_blocks_nobody() {
        let (reader, mut writer) = io::pipe().unwrap();
        let reader = File::from(OwnedFd::from(reader));
        let mut one = Terminal::over(reader.try_clone().unwrap()).unwrap();
        let mut other = Terminal::over(reader).unwrap();
        writer.write_all(b"y\n").unwrap();
        let mut line = [0; 2];
        one.read_exact(&mut line).await.unwrap();
        assert!(other.read(&mut line).now_or_never().is_none());
        writer.write_all(b"n\n").unwrap();
        other.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"n\n");
    }
}
