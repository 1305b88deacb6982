//! HTTP for plugins, over `wasi:http`. The host decides where a request may go; what it refuses
//! comes back as `denied`. In a native test there is no host and every request is refused.

mod date;

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// A request to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// Absolute, `http` or `https`.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How long to wait for a connection, for the first byte and between two bytes, each; the
    /// host's own limits hold beside it.
    pub timeout: Option<Duration>,
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
        }
    }

    /// A GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A POST request with a JSON body.
    pub fn post_json(url: impl Into<String>, body: &serde_json::Value) -> Self {
        Self::new("POST", url)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the time-out.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends the request and waits for the response's head.
    ///
    /// # Errors
    ///
    /// `invalid-input` for a bad URL, method or header; `denied` if the host does not allow it;
    /// `timeout` and `unavailable` for what happens on the way, the latter with
    /// [`Error::NETWORK`] in its details. A status of 4xx or 5xx is no error.
    pub fn send(self) -> Result<Response> {
        imp::send(self)
    }
}

/// A response whose body is read piece by piece.
pub struct Response {
    /// RFC 9110.
    pub status: u16,
    /// In order, names in lower case; values that are not UTF-8 are read lossily.
    pub headers: Vec<(String, String)>,
    body: imp::Body,
}

impl Response {
    /// The first header of a name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Waits for more of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// As for [`Request::send`] if the connection breaks or the server falls silent; `unavailable`
    /// with the response's status if what it sent cannot be read.
    pub fn read(&mut self) -> Result<Option<Vec<u8>>> {
        self.body.read().map_err(|error| {
            // What the server sent was wrong, unlike a connection that broke.
            let is_the_servers = error.kind == ErrorKind::Unavailable && error.details.is_none();
            Error {
                http_status: is_the_servers.then_some(self.status),
                ..error
            }
        })
    }

    /// The body, up to `limit` bytes, and whether there was more.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn bytes(&mut self, limit: usize) -> Result<(Vec<u8>, bool)> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.read()? {
            let room = limit - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok((bytes, true));
            }
        }
        Ok((bytes, false))
    }

    /// The body as text, up to `limit` bytes, invalid UTF-8 replaced.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn text(&mut self, limit: usize) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(limit)?.0).into_owned())
    }

    /// How long the server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date
    /// (RFC 9110, section 10.2.3). A date is compared with the response's own `date`, because a
    /// plugin need not have a clock; one that has passed means zero, one that lacks its `date`
    /// nothing.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(|name| self.header(name))
    }
}

fn retry_after<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    let number = |name| {
        let number = header(name)?.trim().parse::<f64>().ok();
        number.filter(|number| *number >= 0.0)
    };
    let milliseconds = number("retry-after-ms").map(|number| number / 1000.0);
    if let Some(seconds) = milliseconds.or_else(|| number("retry-after")) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let then = date::seconds(header("retry-after")?)?;
    let now = date::seconds(header("date")?)?;
    Some(Duration::from_secs(then.saturating_sub(now)))
}

#[cfg(not(target_family = "wasm"))]
mod imp {
    use super::{Error, Request, Response, Result};

    pub(super) enum Body {}

    impl Body {
        pub(super) fn read(&mut self) -> Result<Option<Vec<u8>>> {
            match *self {}
        }
    }

    pub(super) fn send(request: Request) -> Result<Response> {
        Err(Error::denied(format!(
            "there is no host to send a request to {}",
            request.url
        )))
    }
}

#[cfg(target_family = "wasm")]
mod imp {
    use std::time::Duration;

    use wasip2::http::outgoing_handler;
    use wasip2::http::types::{
        ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
        RequestOptions, Scheme,
    };
    use wasip2::io::streams::{InputStream, StreamError};

    use super::{Error, ErrorKind, Request, Response, Result};

    /// What one read asks for. Large enough for few calls, small enough for a guest's memory.
    const CHUNK_BYTES: u64 = 64 * 1024;
    /// What `blocking-write-and-flush` takes at most (wasi:io 0.2).
    const WRITE_BYTES: usize = 4096;

    /// The stream must go before the body it came from: fields drop in order.
    pub(super) struct Body {
        stream: InputStream,
        _body: IncomingBody,
        _response: IncomingResponse,
    }

    impl Body {
        pub(super) fn read(&mut self) -> Result<Option<Vec<u8>>> {
            loop {
                match self.stream.blocking_read(CHUNK_BYTES) {
                    Ok(chunk) if chunk.is_empty() => {}
                    Ok(chunk) => return Ok(Some(chunk)),
                    Err(StreamError::Closed) => return Ok(None),
                    Err(StreamError::LastOperationFailed(error)) => {
                        return Err(stream_error(&error));
                    }
                }
            }
        }
    }

    pub(super) fn send(request: Request) -> Result<Response> {
        let outgoing = head(&request)?;
        let options = request.timeout.map(options);
        let body = outgoing
            .body()
            .map_err(|()| Error::internal("the request has no body"))?;
        let pending = outgoing_handler::handle(outgoing, options)
            .map_err(|code| http_error(&code, &request.url))?;
        write_body(body, &request.body)?;
        pending.subscribe().block();
        let response = pending
            .get()
            .ok_or_else(|| Error::internal("the response is not there although it was announced"))?
            .map_err(|()| Error::internal("the response was taken already"))?
            .map_err(|code| http_error(&code, &request.url))?;
        incoming(response)
    }

    fn head(request: &Request) -> Result<OutgoingRequest> {
        let (scheme, rest) = request.url.split_once("://").ok_or_else(|| {
            Error::invalid_input(format!("{} is not an absolute URL", request.url))
        })?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => {
                return Err(Error::invalid_input(format!(
                    "{other} is not http or https"
                )));
            }
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let cut = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(cut);
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        let headers = Fields::new();
        for (name, value) in &request.headers {
            headers.append(name, value.as_bytes()).map_err(|error| {
                Error::invalid_input(format!("the header {name} cannot be sent: {error:?}"))
            })?;
        }
        if !request.body.is_empty() {
            let length = request.body.len().to_string();
            headers
                .set("content-length", &[length.into_bytes()])
                .map_err(|error| Error::internal(format!("setting content-length: {error:?}")))?;
        }
        let outgoing = OutgoingRequest::new(headers);
        let bad = |what: &str| {
            Error::invalid_input(format!(
                "{what} of the request to {} is not valid",
                request.url
            ))
        };
        outgoing
            .set_method(&method(&request.method))
            .map_err(|()| bad("the method"))?;
        outgoing
            .set_scheme(Some(&scheme))
            .map_err(|()| bad("the scheme"))?;
        outgoing
            .set_authority(Some(authority))
            .map_err(|()| bad("the host"))?;
        outgoing
            .set_path_with_query(Some(&path))
            .map_err(|()| bad("the path"))?;
        Ok(outgoing)
    }

    fn method(name: &str) -> Method {
        match name.to_ascii_uppercase().as_str() {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            "PATCH" => Method::Patch,
            other => Method::Other(other.to_owned()),
        }
    }

    fn options(timeout: Duration) -> RequestOptions {
        let nanoseconds = Some(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
        let options = RequestOptions::new();
        // A host may not know a time-out; its own limits hold then.
        let _ = options.set_connect_timeout(nanoseconds);
        let _ = options.set_first_byte_timeout(nanoseconds);
        let _ = options.set_between_bytes_timeout(nanoseconds);
        options
    }

    fn write_body(body: OutgoingBody, bytes: &[u8]) -> Result<()> {
        if !bytes.is_empty() {
            let stream = body
                .write()
                .map_err(|()| Error::internal("the request body was taken already"))?;
            for chunk in bytes.chunks(WRITE_BYTES) {
                match stream.blocking_write_and_flush(chunk) {
                    Ok(()) => {}
                    // The server answered before it had read everything: its answer says why.
                    Err(StreamError::Closed) => break,
                    Err(StreamError::LastOperationFailed(error)) => {
                        return Err(stream_error(&error));
                    }
                }
            }
        }
        // A body cut short shows in the response; nothing more can be said here.
        let _ = OutgoingBody::finish(body, None);
        Ok(())
    }

    fn incoming(response: IncomingResponse) -> Result<Response> {
        let headers = response.headers().entries();
        let headers = headers.into_iter().map(|(name, value)| {
            (
                name.to_lowercase(),
                String::from_utf8_lossy(&value).into_owned(),
            )
        });
        let (status, headers) = (response.status(), headers.collect());
        let body = response
            .consume()
            .map_err(|()| Error::internal("the response body was taken already"))?;
        let stream = body
            .stream()
            .map_err(|()| Error::internal("the response body was taken already"))?;
        Ok(Response {
            status,
            headers,
            body: Body {
                stream,
                _body: body,
                _response: response,
            },
        })
    }

    fn stream_error(error: &wasip2::io::error::Error) -> Error {
        match wasip2::http::types::http_error_code(error) {
            Some(code) => http_error(&code, "the server"),
            None => {
                let what = format!("the connection broke: {}", error.to_debug_string());
                network("closed", what)
            }
        }
    }

    fn network(what: &str, message: String) -> Error {
        Error {
            details: Some(serde_json::json!({ Error::NETWORK: what }).to_string()),
            ..Error::unavailable(message)
        }
    }

    fn http_error(code: &ErrorCode, whom: &str) -> Error {
        if let Some((word, what)) = of_the_way(code) {
            return network(word, format!("{whom}: {what}"));
        }
        let (kind, what) = match of_the_request(code).or_else(|| of_the_answer(code)) {
            Some((kind, what)) => (kind, what.to_owned()),
            None => (
                ErrorKind::Unavailable,
                format!("the request failed ({code:?})"),
            ),
        };
        Error::new(kind, format!("{whom}: {what}"))
    }

    /// What the host refused to send.
    fn of_the_request(code: &ErrorCode) -> Option<(ErrorKind, &'static str)> {
        Some(match code {
            ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => {
                (ErrorKind::Denied, "the host does not allow requests to it")
            }
            ErrorCode::ConnectionLimitReached => (
                ErrorKind::Denied,
                "the host allows no more requests in one call; ask for less at once",
            ),
            ErrorCode::ConfigurationError => (
                ErrorKind::Unauthenticated,
                "the secret cannot be sent, it holds characters that no header may carry; set it anew",
            ),
            ErrorCode::HttpRequestUriInvalid
            | ErrorCode::HttpRequestMethodInvalid
            | ErrorCode::HttpRequestUriTooLong
            | ErrorCode::HttpRequestHeaderSectionSize(_) => {
                (ErrorKind::InvalidInput, "the request is not valid")
            }
            ErrorCode::HttpRequestBodySize(_) => (
                ErrorKind::InvalidInput,
                "the request is larger than the host allows; send less at once",
            ),
            _ => return None,
        })
    }

    /// What was wrong with the answer, or with how long it took.
    fn of_the_answer(code: &ErrorCode) -> Option<(ErrorKind, &'static str)> {
        Some(match code {
            ErrorCode::DnsTimeout
            | ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout
            | ErrorCode::HttpResponseTimeout => (ErrorKind::Timeout, "it did not answer in time"),
            ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpResponseHeaderSectionSize(_) => (
                ErrorKind::Unavailable,
                "its answer is larger than the host allows; ask for less, or raise http_response",
            ),
            ErrorCode::HttpResponseContentCoding(_) | ErrorCode::HttpResponseTransferCoding(_) => (
                ErrorKind::Unavailable,
                "its answer is packed in a way that cannot be read",
            ),
            _ => return None,
        })
    }

    /// What failed before a whole answer was there, in a word for programs and in some for people.
    fn of_the_way(code: &ErrorCode) -> Option<(&'static str, String)> {
        let (word, what) = match code {
            ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
                ("dns", "its name cannot be resolved")
            }
            ErrorCode::ConnectionRefused => ("refused", "it refused the connection"),
            ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
                ("refused", "it cannot be reached")
            }
            ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => {
                ("closed", "it closed the connection")
            }
            ErrorCode::TlsCertificateError => (
                "tls",
                "its certificate is not trusted: it may have expired, or belong to another name",
            ),
            ErrorCode::TlsProtocolError => (
                "tls",
                "no TLS connection could be made; check whether the address begins with http:// or https://",
            ),
            ErrorCode::TlsAlertReceived(_) => ("tls", "it refused the TLS connection"),
            ErrorCode::HttpProtocolError => ("http", "what it sent is not HTTP"),
            ErrorCode::InternalError(Some(message)) => return Some(("http", message.clone())),
            _ => return None,
        };
        Some((word, what.to_owned()))
    }
}

#[cfg(test)]
mod tests;
