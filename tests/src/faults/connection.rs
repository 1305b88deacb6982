//! One connection: requests in, answers and faults out, on the bare socket.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::server::Shared;
use super::wire::Dialect;
use super::{Asked, Fault};

/// Long enough for what was sent to arrive before what follows.
const MOMENT: Duration = Duration::from_millis(5);

const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// The end of a chunked body (RFC 9112, section 7.1).
const LAST_CHUNK: &str = "0\r\n\r\n";

const MODELS: &str = r#"{"object":"list","data":[{"id":"m","type":"model"}]}"#;

/// What becomes of a connection after an answer.
#[derive(PartialEq)]
enum Next {
    Request,
    Close,
    Hold,
    Reset,
}

/// Serves requests until one ends the connection.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut connection = Connection {
        stream,
        unread: Vec::new(),
    };
    // A client that has gone needs no answer.
    let _ = connection.serve(&shared).await;
}

struct Connection {
    stream: TcpStream,
    /// What has come of the next request.
    unread: Vec<u8>,
}

impl Connection {
    async fn serve(&mut self, shared: &Shared) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        while let Some((head, body)) = self.request().await? {
            if head.starts_with("GET ") {
                self.document("application/json", MODELS).await?;
                continue;
            }
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let (asked, fault) = shared.take(head, body);
            let dialect = Dialect::of(&asked.head);
            let events = dialect.events(&asked, &(shared.answers)(&asked));
            let next = match fault {
                None => self.whole(&events).await?,
                Some(fault) => self.fail(fault, dialect, &events, &asked).await?,
            };
            match next {
                Next::Request => {}
                Next::Close => return self.stream.shutdown().await,
                Next::Hold => return self.hold(shared).await,
                Next::Reset => return self.stream.set_zero_linger(),
            }
        }
        Ok(())
    }

    /// The head and the body of the next request; none if the client has gone.
    async fn request(&mut self) -> io::Result<Option<(String, Vec<u8>)>> {
        loop {
            let end = self.unread.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = String::from_utf8_lossy(&self.unread[..end]).into_owned();
                let (start, length) = (end + 4, content_length(&head));
                if self.unread.len() >= start + length {
                    let rest = self.unread.split_off(start + length);
                    let request = std::mem::replace(&mut self.unread, rest);
                    return Ok(Some((head, request[start..].to_vec())));
                }
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn fail(
        &mut self,
        fault: Fault,
        dialect: Dialect,
        events: &[String],
        asked: &Asked,
    ) -> io::Result<Next> {
        if let Some(refusal) = dialect.refusal(fault) {
            self.stream.write_all(&refusal).await?;
            return Ok(Next::Request);
        }
        let half = &events[..events.len() / 2];
        match fault {
            Fault::StallBeforeHead => Ok(Next::Hold),
            Fault::StallBeforeEvents => self.begin(&[], Next::Hold).await,
            Fault::StallInStream => self.begin(half, Next::Hold).await,
            Fault::ResetBeforeHead => Ok(Next::Reset),
            Fault::ResetInStream => self.begin(half, Next::Reset).await,
            Fault::NotHttp => self.raw(&noise(asked.number)).await,
            Fault::Garbage => self.unpacked("", &noise(asked.number)).await,
            Fault::GzipGarbage => {
                let packed = "content-encoding: gzip\r\n";
                self.unpacked(packed, &noise(asked.number)).await
            }
            Fault::InvalidJson => self.spoilt(half, "data: {\"choices\": [}\n\n").await,
            Fault::ErrorEvent => self.spoilt(half, &dialect.error_event()).await,
            Fault::HalfChunk => {
                self.begin(half, Next::Close).await?;
                self.raw(b"ff\r\ndata: {\"cho").await
            }
            Fault::SlowDrip => self.drip(events).await,
            Fault::WebPage => {
                let page = "<!doctype html><title>Welcome</title>";
                self.document("text/html", page).await
            }
            Fault::Empty => self.document("text/event-stream", "").await,
            Fault::NoEnd => self.whole(&events[..events.len() - 2]).await,
            Fault::Endless => self.endless(events).await,
            _ => unreachable!("{fault:?} is a refusal"),
        }
    }

    async fn whole(&mut self, events: &[String]) -> io::Result<Next> {
        let body: String = events.iter().map(|event| chunk(event)).collect();
        let answer = format!("{STREAM_HEAD}{body}{LAST_CHUNK}");
        self.stream.write_all(answer.as_bytes()).await?;
        Ok(Next::Request)
    }

    /// The head and these events, without an end.
    async fn begin(&mut self, events: &[String], next: Next) -> io::Result<Next> {
        let body: String = events.iter().map(|event| chunk(event)).collect();
        let answer = format!("{STREAM_HEAD}{body}");
        self.stream.write_all(answer.as_bytes()).await?;
        if next == Next::Reset {
            // A reset overtakes what the client has not read yet.
            tokio::time::sleep(MOMENT).await;
        }
        Ok(next)
    }

    async fn spoilt(&mut self, events: &[String], event: &str) -> io::Result<Next> {
        let spoilt: Vec<_> = events.iter().cloned().chain([event.to_owned()]).collect();
        self.whole(&spoilt).await
    }

    async fn raw(&mut self, bytes: &[u8]) -> io::Result<Next> {
        self.stream.write_all(bytes).await?;
        Ok(Next::Close)
    }

    async fn unpacked(&mut self, header: &str, bytes: &[u8]) -> io::Result<Next> {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{header}content-length: {}\r\n\r\n",
            bytes.len()
        );
        self.stream.write_all(head.as_bytes()).await?;
        self.stream.write_all(bytes).await?;
        Ok(Next::Request)
    }

    async fn document(&mut self, media_type: &str, body: &str) -> io::Result<Next> {
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(answer.as_bytes()).await?;
        Ok(Next::Request)
    }

    /// Each byte in a packet of its own, with pauses that are as short as the clock allows.
    async fn drip(&mut self, events: &[String]) -> io::Result<Next> {
        self.stream.write_all(STREAM_HEAD.as_bytes()).await?;
        for (number, byte) in events.concat().bytes().enumerate() {
            let chunk = [b'1', b'\r', b'\n', byte, b'\r', b'\n'];
            self.stream.write_all(&chunk).await?;
            if number % 16 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        self.stream.write_all(LAST_CHUNK.as_bytes()).await?;
        Ok(Next::Request)
    }

    /// The beginning of an answer, and then the same comment until the client has enough.
    async fn endless(&mut self, events: &[String]) -> io::Result<Next> {
        self.begin(&events[..1], Next::Hold).await?;
        let comment = chunk(&format!(": {}\n\n", "x".repeat(8 << 10)));
        loop {
            self.stream.write_all(comment.as_bytes()).await?;
        }
    }

    /// Says nothing until the client goes.
    async fn hold(&mut self, shared: &Shared) -> io::Result<()> {
        let mut ignored = [0; 1024];
        shared.holding.fetch_add(1, Ordering::SeqCst);
        while let Ok(1..) = self.stream.read(&mut ignored).await {}
        shared.holding.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

fn content_length(head: &str) -> usize {
    let mut lengths = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().ok())?
    });
    lengths.next().unwrap_or(0)
}

/// One chunk of a chunked body.
fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Bytes without sense, none of which ends a line or begins a document.
fn noise(number: usize) -> Vec<u8> {
    let byte = |at: usize| (at.wrapping_mul(31).wrapping_add(number * 7) % 128 + 128) as u8;
    (0..512).map(byte).collect()
}
