//! Requests to the server and its answers as JSON. What is asked is not decided here.

use std::rc::Rc;
use std::time::Duration;

use loom_sdk::error::Result;
use loom_sdk::http::Request;
use loom_sdk::{Error, ErrorKind, host};
use serde_json::Value;

use crate::error;
use crate::settings::Settings;

/// More than the host lets through by default (16 MiB), so that its own limit decides.
const ANSWER_BYTES: usize = 64 << 20;

/// Every write: done, flushed, and in one order.
const WRITE: &str = "wait=true&ordering=strong";
/// Every read that something is decided by.
const READ: &str = "consistency=majority";

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) retry_after: Option<Duration>,
}

type Transport = dyn Fn(Request) -> Result<Answer>;

/// The server and the collection.
#[derive(Clone)]
pub(crate) struct Client {
    settings: Rc<Settings>,
    transport: Rc<Transport>,
}

impl Client {
    /// A client with the host's settings and its HTTP.
    ///
    /// # Errors
    ///
    /// If the settings cannot be used.
    pub(crate) fn from_host() -> Result<Self> {
        Ok(Self::new(Settings::load(&host::config)?, send))
    }

    pub(crate) fn new(
        settings: Settings,
        transport: impl Fn(Request) -> Result<Answer> + 'static,
    ) -> Self {
        Self {
            settings: Rc::new(settings),
            transport: Rc::new(transport),
        }
    }

    pub(crate) fn collection(&self) -> &str {
        &self.settings.collection
    }

    /// What the server says of itself.
    pub(crate) fn about(&self) -> Result<Value> {
        self.exchange("GET", "/", None)
    }

    /// The collection's description; none if it does not exist.
    pub(crate) fn describe(&self) -> Result<Option<Value>> {
        found(self.result("GET", "", "", None))
    }

    /// Asks without a doubt about what was written before; none if there is no collection.
    pub(crate) fn read(&self, path: &str, body: &Value) -> Result<Option<Value>> {
        found(self.result("POST", path, READ, Some(body)))
    }

    /// Asks what need not be the newest.
    pub(crate) fn query(&self, path: &str, body: &Value) -> Result<Option<Value>> {
        found(self.result("POST", path, "", Some(body)))
    }

    /// Changes something and waits until it is done.
    pub(crate) fn write(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let result = self.result(method, path, WRITE, Some(body))?;
        // A write that the server still works on is none that it has done.
        match result.get("status").and_then(Value::as_str) {
            Some("wait_timeout") => Err(Error::timeout(format!(
                "Qdrant at {} did not finish a write in time; try again, or look at the server's load",
                self.settings.url
            ))),
            _ => Ok(result),
        }
    }

    /// The `result` of an answer about the collection.
    fn result(&self, method: &str, path: &str, query: &str, body: Option<&Value>) -> Result<Value> {
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("/collections/{}{path}{mark}{query}", self.collection());
        let mut answer = self.exchange(method, &path, body)?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(self.not_understood(&"it has no result")),
        }
    }

    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = &self.settings.url;
        let mut request = Request::new(method, format!("{url}{path}"))
            .header("accept", "application/json")
            .timeout(self.settings.timeout);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = (self.transport)(request)?;
        if !(200..300).contains(&answer.status) {
            let Answer {
                status,
                body,
                retry_after,
            } = answer;
            return Err(error::of_status(url, status, &body, retry_after));
        }
        serde_json::from_slice(&answer.body).map_err(|why| self.not_understood(&why))
    }

    pub(crate) fn not_understood(&self, why: &dyn std::fmt::Display) -> Error {
        error::not_understood(&self.settings.url, why)
    }
}

/// None if the collection is missing.
fn found(result: Result<Value>) -> Result<Option<Value>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error::is_missing_collection(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn send(mut request: Request) -> Result<Answer> {
    match host::secret("api-key") {
        Ok(key) => request = request.header("api-key", key),
        Err(error) if matches!(error.kind, ErrorKind::Denied | ErrorKind::NotFound) => {}
        Err(error) => return Err(error.context("reading the API key")),
    }
    let mut response = request.send()?;
    let status = response.status;
    let retry_after = response.retry_after();
    let (body, is_cut) = match response.bytes(ANSWER_BYTES) {
        // The status says enough if the body breaks off.
        Err(_) if !(200..300).contains(&status) => (Vec::new(), false),
        read => read?,
    };
    if is_cut {
        return Err(Error::unavailable(format!(
            "Qdrant sent an answer of more than {ANSWER_BYTES} bytes; ask for less"
        )));
    }
    Ok(Answer {
        status,
        body,
        retry_after,
    })
}
