//! Steering a run from outside the process: JSON lines from a file, a pipe or stdin.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loom_core::{Priority, Steering};
use serde::Deserialize;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::sync::mpsc;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::fault::Fault;

/// How long to wait for more at the end of a file that others still write to.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the last messages may take to learn what became of them.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// More than anybody types; a file without line breaks is no list of commands.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// Where the commands come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Stdin,
    /// Read from its beginning, then followed as it grows. A named pipe works too.
    File(PathBuf),
}

impl Source {
    /// `-` is stdin.
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "-" => Self::Stdin,
            path => Self::File(PathBuf::from(path)),
        }
    }
}

/// One line.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    Inject {
        text: String,
        #[serde(default)]
        priority: Option<u8>,
    },
    Pause,
    Resume,
    Cancel,
}

/// Commands on their way into a run.
pub(super) struct Steer {
    notices: mpsc::UnboundedReceiver<String>,
    _reader: AbortOnDropHandle<()>,
    messages: TaskTracker,
}

impl Steer {
    /// Starts to read commands.
    pub(super) async fn start(source: Source, steering: Steering) -> anyhow::Result<Self> {
        let reader: Box<dyn AsyncBufRead + Send + Unpin> = match &source {
            Source::Stdin => Box::new(BufReader::new(tokio::io::stdin())),
            Source::File(path) => {
                // Opening a pipe waits for its writer; opened for writing too, it does not.
                let file = open(path).await;
                let file = file.map_err(|error| {
                    let path = path.display();
                    Fault::usage(format!("the steering file {path} can't be read: {error}"))
                        .hint("create it first; `loom help steering` tells what to write there")
                })?;
                Box::new(BufReader::new(file))
            }
        };
        let (sender, notices) = mpsc::unbounded_channel();
        let messages = TaskTracker::new();
        let follower = Follower {
            grows: matches!(source, Source::File(_)),
            steering,
            notices: sender,
            messages: messages.clone(),
        };
        let reader = tokio::spawn(follower.follow(reader));
        Ok(Self {
            notices,
            _reader: AbortOnDropHandle::new(reader),
            messages,
        })
    }

    /// Something that the person should know of the commands.
    pub(super) async fn notice(&mut self) -> String {
        match self.notices.recv().await {
            Some(notice) => notice,
            None => std::future::pending().await,
        }
    }

    /// The last notices, once the run has ended.
    pub(super) async fn finish(mut self) -> Vec<String> {
        self.messages.close();
        // What is not known by then is lost with the process anyway.
        let _ = tokio::time::timeout(LAST_WORDS, self.messages.wait()).await;
        std::iter::from_fn(|| self.notices.try_recv().ok()).collect()
    }
}

async fn open(path: &Path) -> io::Result<tokio::fs::File> {
    let is_pipe = is_pipe(&tokio::fs::metadata(path).await?);
    tokio::fs::OpenOptions::new()
        .read(true)
        .write(is_pipe)
        .open(path)
        .await
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

struct Follower {
    grows: bool,
    steering: Steering,
    notices: mpsc::UnboundedSender<String>,
    messages: TaskTracker,
}

impl Follower {
    async fn follow(self, mut reader: Box<dyn AsyncBufRead + Send + Unpin>) {
        let mut line = Vec::new();
        loop {
            let room = MAX_LINE_BYTES.saturating_sub(line.len() as u64);
            match (&mut reader).take(room).read_until(b'\n', &mut line).await {
                Err(error) => return self.tell(format!("steering ended: {error}")),
                Ok(_) if line.len() as u64 == MAX_LINE_BYTES => {
                    return self.tell("steering ended: a line is longer than 1 MiB".to_owned());
                }
                Ok(_) if line.ends_with(b"\n") => {
                    self.obey(&line);
                    line.clear();
                }
                Ok(_) if self.grows => tokio::time::sleep(PATIENCE).await,
                Ok(_) => return self.obey(&line),
            }
        }
    }

    fn obey(&self, line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        match serde_json::from_slice(line) {
            Ok(Command::Inject { text, priority }) => self.inject(text, priority),
            Ok(Command::Pause) => self.steering.pause(),
            Ok(Command::Resume) => self.steering.resume(),
            Ok(Command::Cancel) => self.steering.cancel(),
            Err(error) => self.tell(format!(
                "not a steering command: {error}; write for example {{\"type\":\"inject\",\"text\":\"…\"}}"
            )),
        }
    }

    fn inject(&self, text: String, priority: Option<u8>) {
        let priority = priority.map_or(Some(Priority::default()), Priority::new);
        let Some(priority) = priority else {
            return self
                .tell("a priority is a number from 0 to 10; the message was not taken".to_owned());
        };
        let notices = self.notices.clone();
        // Outside of the task, so that messages keep their order.
        let taken = self.steering.inject(text, priority);
        self.messages.spawn(async move {
            if let Err(error) = taken.await {
                let _ = notices.send(format!("a message was not taken: {error}"));
            }
        });
    }

    fn tell(&self, notice: String) {
        // Nobody reads once the run has ended.
        let _ = self.notices.send(notice);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use super::*;

    #[test]
    fn commands_are_read_as_documented() {
        let read = |line: &str| serde_json::from_str::<Command>(line);
        let inject = |priority| Command::Inject {
            text: "x".to_owned(),
            priority,
        };
        assert_eq!(
            read(r#"{"type":"inject","text":"x"}"#).unwrap(),
            inject(None)
        );
        assert_eq!(
            read(r#"{"type":"inject","text":"x","priority":10}"#).unwrap(),
            inject(Some(10))
        );
        assert_eq!(read(r#"{"type":"pause"}"#).unwrap(), Command::Pause);
        assert_eq!(read(r#"{"type":"resume"}"#).unwrap(), Command::Resume);
        assert_eq!(read(r#"{"type":"cancel"}"#).unwrap(), Command::Cancel);
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = [
            "",
            "stop",
            "{}",
            r#"{"type":"inject"}"#,
            r#"{"type":"inject","text":"x","priority":-1}"#,
            r#"{"type":"inject","text":"x","urgent":true}"#,
            r#"{"type":"explode"}"#,
        ];
        for line in wrong {
            assert!(serde_json::from_str::<Command>(line).is_err(), "{line}");
        }
    }
}
