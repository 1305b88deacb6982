//! A server that lets whoever asks wait until the test answers: a tool that asks it is under way for as
//! long as the test likes.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::cli::Loom;
use crate::server::response;

/// The server.
pub struct Held(TcpListener);

/// Someone who waits for an answer.
pub struct Asking(TcpStream);

impl Held {
    /// A server on a port of its own.
    ///
    /// # Panics
    ///
    /// If no port is free.
    #[must_use]
    pub fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a port is free"))
    }

    /// Its address.
    ///
    /// # Panics
    ///
    /// Never: it has one.
    #[must_use]
    pub fn url(&self) -> String {
        let address = self.0.local_addr();
        format!("http://{}", address.expect("a bound socket has one"))
    }

    /// A call that asks it.
    #[must_use]
    pub fn call(&self) -> Value {
        json!({ "name": "http_request", "arguments": { "url": self.url() } })
    }

    /// The command, allowed to ask it.
    pub fn grant(&self, loom: Loom) -> Loom {
        let grant = format!("plugins.http.grants.network=[\"{}\"]", self.url());
        let allow = "permissions.allow=[\"http_request\"]";
        loom.args(["-c", &grant, "-c", allow])
    }

    /// Waits until someone asks.
    ///
    /// # Panics
    ///
    /// If the connection breaks.
    #[must_use]
    pub fn asked(&self) -> Asking {
        let (mut stream, _) = self.0.accept().expect("the socket listens");
        let read = stream.read(&mut [0; 4096]);
        read.expect("whoever asks says what");
        Asking(stream)
    }
}

impl Default for Held {
    fn default() -> Self {
        Self::new()
    }
}

impl Asking {
    /// Answers.
    pub fn answer(mut self, body: &str) {
        let bytes = response("200 OK", &[("content-type", "text/plain")], body);
        // Whoever asked may have been stopped.
        let _ = self.0.write_all(&bytes);
    }
}
