//! The seam to the network: what an exchange needs of a response, and the host's way to get one.
//! Tests put their own in its place.

use std::time::Duration;

use loom_sdk::error::Result;
use loom_sdk::http::Request;

/// Sends one request and waits for the head of its response.
pub type Transport<'a> = &'a mut dyn FnMut(Request) -> Result<Reply>;

/// The next piece of a body; none at its end.
pub type Read = Box<dyn FnMut() -> Result<Option<Vec<u8>>>>;

/// A response whose body has not been read.
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// How long the server asks to wait before the next request.
    pub retry_after: Option<Duration>,
    pub read: Read,
}

impl Reply {
    /// A response without headers and body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            retry_after: None,
            read: Box::new(|| Ok(None)),
        }
    }

    /// The first header of a name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Sends a request through the host.
///
/// # Errors
///
/// As for [`Request::send`].
pub fn send(request: Request) -> Result<Reply> {
    let mut response = request.send()?;
    Ok(Reply {
        status: response.status,
        retry_after: response.retry_after(),
        headers: std::mem::take(&mut response.headers),
        read: Box::new(move || response.read()),
    })
}
