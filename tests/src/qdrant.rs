//! A Qdrant server on loopback, and the store that uses it as a component. Nothing here is a test.

use std::sync::Arc;

use loom_qdrant_loopback::{Qdrant, Request};
use loom_types::Memory;
use loom_wasm::{Grants, Secret, SecretGrant};

use crate::sandbox;
use crate::server::{Server, response};

/// A server in memory that others can reach as long as this lives.
pub struct Loopback {
    pub qdrant: Arc<Qdrant>,
    pub server: Server,
}

impl Loopback {
    /// An empty server.
    pub async fn start(qdrant: Qdrant) -> Self {
        Self::meddled(qdrant, |_| None).await
    }

    /// A server whose requests pass a function first, which may give the whole response itself.
    pub async fn meddled(
        qdrant: Qdrant,
        meddle: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let qdrant = Arc::new(qdrant);
        let answers = Arc::clone(&qdrant);
        let server = Server::start(move |request| {
            meddle(request).unwrap_or_else(|| answer(&answers, request))
        });
        Self {
            qdrant,
            server: server.await,
        }
    }

    /// The built-in store over this server, with a key if one is given.
    pub async fn store(&self, key: Option<&str>, settings: &[(&str, &str)]) -> Arc<dyn Memory> {
        store(&self.server.url(), key, settings).await
    }
}

/// The built-in store over a server, with a key if one is given.
///
/// # Panics
///
/// If it cannot be loaded.
pub async fn store(url: &str, key: Option<&str>, settings: &[(&str, &str)]) -> Arc<dyn Memory> {
    let hosts = vec![url.parse().expect("the address is a pattern")];
    let mut grants = Grants {
        network: hosts.clone(),
        ..Grants::default()
    };
    if let Some(key) = key {
        let secret = SecretGrant {
            value: Some(Secret::new(key)),
            hosts,
            hint: String::new(),
        };
        grants.secrets.insert("api-key".to_owned(), secret);
    }
    let mut all = vec![("url", url)];
    all.extend(settings);
    let engine = sandbox::engine();
    let plugin = sandbox::builtin(&engine, "memory-qdrant", grants, &all).await;
    plugin.memory()
}

/// What Qdrant answers to a request as text.
#[must_use]
pub fn answer(qdrant: &Qdrant, request: &str) -> Vec<u8> {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let api_key = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("api-key").then_some(value.trim())
    });
    let (status, body) = qdrant.answer(Request {
        method,
        target,
        api_key,
        body,
    });
    let json = [("content-type", "application/json")];
    response(&format!("{status} Whatever"), &json, &body)
}
