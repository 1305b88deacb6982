//! The seam to the network: what an exchange needs of a response, and the host's way to get one.
//! Tests put their own in its place.

use loom_sdk::error::Result;
use loom_sdk::http::Request;

/// Sends one request and waits for the head of its response.
pub(crate) type Transport<'a> = &'a mut dyn FnMut(Request) -> Result<Reply>;

/// A response whose body has not been read.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The next piece of the body; none at its end.
    pub(crate) read: Box<dyn FnMut() -> Result<Option<Vec<u8>>>>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Sends a request through the host.
pub(crate) fn send(request: Request) -> Result<Reply> {
    let mut response = request.send()?;
    Ok(Reply {
        status: response.status,
        headers: std::mem::take(&mut response.headers),
        read: Box::new(move || response.read()),
    })
}
