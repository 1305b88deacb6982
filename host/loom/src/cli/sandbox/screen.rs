//! A terminal that a program writes to without driving it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use crate::render::sanitize::Sanitizer;

/// Takes out escape sequences and control characters, also where they come in pieces. What is not
/// UTF-8 is shown as U+FFFD.
pub(super) struct Screen<W> {
    terminal: W,
    sanitizer: Sanitizer,
    /// A character that is not whole yet: at most three bytes.
    incomplete: Vec<u8>,
    /// Sanitized, and not written yet.
    pending: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> Screen<W> {
    pub(super) fn new(terminal: W) -> Self {
        Self {
            terminal,
            sanitizer: Sanitizer::default(),
            incomplete: Vec::new(),
            pending: Vec::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut input = std::mem::take(&mut self.incomplete);
        input.extend_from_slice(bytes);
        let whole = input.len() - incomplete_tail(&input);
        self.incomplete = input.split_off(whole);
        let text = String::from_utf8_lossy(&input);
        self.pending.extend(self.sanitizer.push(&text).into_bytes());
    }

    fn write_pending(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let written = Pin::new(&mut self.terminal).poll_write(context, &self.pending);
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(self.pending.drain(..written)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// How many bytes at the end are the start of a character.
fn incomplete_tail(bytes: &[u8]) -> usize {
    let last = bytes.iter().rev().take(3);
    let lead = last
        .enumerate()
        .find(|(_, byte)| **byte & 0xc0 != 0x80)
        .map(|(after, byte)| (after + 1, byte));
    let length = |byte: &u8| match byte {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 0,
    };
    match lead {
        Some((present, byte)) if present < length(byte) => present,
        _ => 0,
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Screen<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.write_pending(context))?;
        self.take(bytes);
        // What does not go now goes with the next write or flush.
        match self.write_pending(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_pending(context))?;
        Pin::new(&mut self.terminal).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        Pin::new(&mut self.terminal).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// What the terminal gets of bytes that come in two pieces.
    async fn shown(bytes: &[u8], cut: usize) -> String {
        let mut screen = Screen::new(Vec::new());
        screen.write_all(&bytes[..cut]).await.unwrap();
        screen.write_all(&bytes[cut..]).await.unwrap();
        screen.flush().await.unwrap();
        String::from_utf8(screen.terminal).unwrap()
    }

    #[tokio::test]
    async fn what_drives_the_terminal_is_taken_out_wherever_it_is_cut() {
        let bytes = "a\u{1b}[31mé\u{1b}]52;c;eA==\u{7}🎉\u{9b}2Jb\u{202e}c\rd\n".as_bytes();
        for cut in 0..=bytes.len() {
            assert_eq!(shown(bytes, cut).await, "aé🎉bcd\n", "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn what_is_no_text_is_shown_as_such() {
        let bytes = b"a\xff\xfe\x9b31mb\xc3";
        for cut in 0..=bytes.len() {
            let shown = shown(bytes, cut).await;
            assert!(
                shown.starts_with("a\u{fffd}") && shown.ends_with("31mb"),
                "{shown:?}"
            );
        }
    }
}
