//! A server that takes requests and never answers. It knows who still waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

/// The server; it runs until it is dropped.
pub struct SilentServer {
    port: u16,
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    seen: AtomicUsize,
    open: AtomicUsize,
}

impl SilentServer {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr();
        let port = address.expect("a bound socket has an address").port();
        let counts = Arc::<Counts>::default();
        let counting = Arc::clone(&counts);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(hold(stream, Arc::clone(&counting)));
            }
        });
        Self { port, counts, task }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Clients that wait for an answer.
    #[must_use]
    pub fn open(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    /// Requests so far.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.counts.seen.load(Ordering::SeqCst)
    }
}

impl Drop for SilentServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads a request, and then until the client goes.
async fn hold(mut stream: TcpStream, counts: Arc<Counts>) {
    let mut bytes = [0; 4096];
    let Ok(1..) = stream.read(&mut bytes).await else {
        return;
    };
    counts.seen.fetch_add(1, Ordering::SeqCst);
    counts.open.fetch_add(1, Ordering::SeqCst);
    while let Ok(1..) = stream.read(&mut bytes).await {}
    counts.open.fetch_sub(1, Ordering::SeqCst);
}
