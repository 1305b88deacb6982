//! What code writes to standard output and standard error: caught up to a cap, head and tail, with
//! the whole in files where there is a place for it. Knows nothing of results but the texts.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// How much goes on to the host as it is written: enough for the last words of a guest that the
/// host had to stop.
const WRITE_THROUGH_BYTES: usize = 64 * 1024;
/// How much of one stream goes into a file at most: scratch directories have a quota too.
const WHOLE_BYTES: u64 = 64 * 1024 * 1024;

/// Which of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

/// Catches both streams.
pub struct Capture {
    out: Caught,
    err: Caught,
    cap: usize,
    through: Through,
}

/// The texts to show, and how much was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) stdout_bytes: u64,
    pub(crate) stderr_bytes: u64,
    pub(crate) stdout_cut: bool,
    pub(crate) stderr_cut: bool,
    /// Files with the whole of what was cut.
    pub(crate) whole: Vec<PathBuf>,
}

impl Capture {
    /// Shows at most `cap` bytes of both streams together. With a `directory` the whole of a stream
    /// that is cut goes to `stdout.txt` or `stderr.txt` in it.
    pub fn new(cap: usize, directory: Option<&Path>) -> Self {
        Self::with_through(cap, directory, Box::new(std::io::stdout()))
    }

    /// As `new`; what is written through goes to `through` instead of the real standard output.
    pub fn with_through(
        cap: usize,
        directory: Option<&Path>,
        through: Box<dyn Write + Send>,
    ) -> Self {
        let file = |name: &str| directory.map(|directory| directory.join(name));
        Self {
            out: Caught::new(cap, file("stdout.txt")),
            err: Caught::new(cap, file("stderr.txt")),
            cap,
            through: Through {
                to: through,
                left: WRITE_THROUGH_BYTES,
                line: Vec::new(),
            },
        }
    }

    /// Takes what was written to a stream.
    pub fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.through.write(bytes);
        match stream {
            Stream::Out => self.out.write(bytes),
            Stream::Err => self.err.write(bytes),
        }
    }

    /// Bytes written so far to both.
    pub fn written(&self) -> u64 {
        self.out.total + self.err.total
    }

    pub(crate) fn finish(mut self) -> Texts {
        self.through.flush();
        let (out_room, err_room) = share(self.cap, self.out.total, self.err.total);
        let (stdout_bytes, stderr_bytes) = (self.out.total, self.err.total);
        let mut whole = Vec::new();
        let (stdout, stdout_cut) = self.out.finish(out_room, &mut whole);
        let (stderr, stderr_cut) = self.err.finish(err_room, &mut whole);
        Texts {
            stdout,
            stderr,
            stdout_bytes,
            stderr_bytes,
            stdout_cut,
            stderr_cut,
            whole,
        }
    }
}

/// How many bytes of each stream fit: errors get a quarter if both are long.
fn share(cap: usize, out: u64, err: u64) -> (usize, usize) {
    let bounded = |total: u64| usize::try_from(total).unwrap_or(usize::MAX).min(cap);
    let (out, err) = (bounded(out), bounded(err));
    if out + err <= cap {
        return (out, err);
    }
    let err_room = err.min((cap / 4).max(cap - out));
    (cap - err_room, err_room)
}

/// The first lines, as they come.
struct Through {
    to: Box<dyn Write + Send>,
    left: usize,
    line: Vec<u8>,
}

impl Through {
    fn write(&mut self, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(self.left)];
        self.left -= bytes.len();
        self.line.extend_from_slice(bytes);
        let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') else {
            return;
        };
        // Nobody may be there to read it, and that is no reason to fail.
        let _ = self.to.write_all(&self.line[..=end]);
        let _ = self.to.flush();
        self.line.drain(..=end);
    }

    fn flush(&mut self) {
        let _ = self.to.write_all(&self.line);
        let _ = self.to.flush();
        self.line.clear();
    }
}

/// One stream: the first half of the cap, the last bytes up to the cap, and a file if it gets longer.
struct Caught {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    cap: usize,
    total: u64,
    path: Option<PathBuf>,
    file: Option<BufWriter<File>>,
}

impl Caught {
    fn new(cap: usize, path: Option<PathBuf>) -> Self {
        Self {
            head: Vec::new(),
            tail: VecDeque::new(),
            cap,
            total: 0,
            path,
            file: None,
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.spill(bytes);
        self.total += bytes.len() as u64;
        let room = (self.cap / 2).saturating_sub(self.head.len());
        let (head, rest) = bytes.split_at(bytes.len().min(room));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(self.cap)..];
        let excess = (self.tail.len() + rest.len()).saturating_sub(self.cap);
        self.tail.drain(..excess);
        self.tail.extend(rest);
    }

    /// Opens the file as soon as memory can't hold all.
    fn spill(&mut self, bytes: &[u8]) {
        let held = self.head.len() + self.tail.len();
        if self.file.is_none() && self.path.is_some() && held + bytes.len() > self.cap {
            self.open();
        }
        let room = usize::try_from(WHOLE_BYTES.saturating_sub(self.total)).unwrap_or(usize::MAX);
        let Some(file) = &mut self.file else {
            return;
        };
        if file.write_all(&bytes[..bytes.len().min(room)]).is_err() {
            self.give_up();
        }
    }

    fn open(&mut self) {
        let Some(path) = &self.path else { return };
        let parent = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let opened = parent.and_then(|()| File::create(path)).and_then(|file| {
            let mut file = BufWriter::new(file);
            file.write_all(&self.head)?;
            let (first, second) = self.tail.as_slices();
            file.write_all(first)?;
            file.write_all(second)?;
            Ok(file)
        });
        match opened {
            Ok(file) => self.file = Some(file),
            Err(_) => self.give_up(),
        }
    }

    /// A full disk must not stop the code: the result then says nothing of a file.
    fn give_up(&mut self) {
        self.file = None;
        self.path = None;
    }

    fn finish(mut self, room: usize, whole: &mut Vec<PathBuf>) -> (String, bool) {
        if self.total <= room as u64 {
            self.head.extend(self.tail);
            return (String::from_utf8_lossy(&self.head).into_owned(), false);
        }
        if self.file.is_none() {
            self.open();
        }
        if let (Some(mut file), Some(path)) = (self.file.take(), self.path.take())
            && file.flush().is_ok()
        {
            whole.push(path);
        }
        let mut all = self.head;
        let lost_before_tail = self.total - (all.len() + self.tail.len()) as u64;
        let head_room = (room / 2).min(all.len());
        let tail: Vec<u8> = self.tail.into();
        let joined = lost_before_tail == 0;
        let tail = if joined {
            all.extend_from_slice(&tail);
            all[head_room..].to_vec()
        } else {
            tail
        };
        let head = &all[..head_end(&all, head_room)];
        let start = tail_start(&tail, tail.len().saturating_sub(room - head_room));
        let left_out = self.total - (head.len() + tail.len() - start) as u64;
        let text = format!(
            "{}\n[… {left_out} bytes left out …]\n{}",
            String::from_utf8_lossy(head),
            String::from_utf8_lossy(&tail[start..])
        );
        (text, true)
    }
}

/// The last place at or before `at` where no character is cut.
fn head_end(bytes: &[u8], at: usize) -> usize {
    let at = at.min(bytes.len());
    let back = (0..4).find(|back| {
        at.checked_sub(*back)
            .is_some_and(|end| bytes.get(end).is_none_or(|byte| byte & 0xC0 != 0x80))
    });
    at - back.unwrap_or(0)
}

/// The first place at or after `at` where a character begins.
fn tail_start(bytes: &[u8], at: usize) -> usize {
    let forward = (0..4).find(|forward| {
        bytes
            .get(at + forward)
            .is_none_or(|byte| byte & 0xC0 != 0x80)
    });
    (at + forward.unwrap_or(0)).min(bytes.len())
}
