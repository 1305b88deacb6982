//! The only way out: `wasi:http` requests of guests, through one pooled client, under the plugin's
//! allow-list, with guarded addresses, secrets put in on the way out and scrubbed on the way back.

pub(crate) mod address;
pub(crate) mod client;
pub(crate) mod failure;
pub(crate) mod pattern;
pub(crate) mod secret;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, Limited, StreamBody};
use loom_types::Trace;
use url::{Host, Url};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use self::client::{Clients, Reach, error_of};
use self::secret::Scrubber;
use crate::grants::SecretGrant;
use crate::limits::Limits;

/// What a plugin may reach, and with which secrets. Made once per configured plugin.
pub(crate) struct Policy {
    /// Name and version, for the log.
    pub(crate) label: String,
    pub(crate) network: Vec<pattern::HostPattern>,
    /// By placeholder.
    pub(crate) secrets: BTreeMap<String, SecretGrant>,
    pub(crate) limits: Limits,
    pub(crate) clients: Arc<Clients>,
}

/// The egress of one store.
pub(crate) struct Egress {
    policy: Arc<Policy>,
    trace: Option<Trace>,
    requests_left: u32,
}

/// The headers of W3C Trace Context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

type Sent = Result<
    (
        Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

impl Egress {
    pub(crate) fn new(policy: Arc<Policy>, trace: Option<Trace>) -> Self {
        let requests_left = policy.limits.http_requests;
        Self {
            policy,
            trace,
            requests_left,
        }
    }

    /// Decides on a request before anything of it leaves.
    fn admit(&mut self, request: &mut Request<WasiBody>) -> Result<(Url, Reach), Error> {
        let policy = &self.policy;
        let url =
            Url::parse(&request.uri().to_string()).map_err(|_| Error::HttpRequestUriInvalid)?;
        let Some(reach) = policy.reach(&url) else {
            let host = url.host_str().unwrap_or_default();
            tracing::warn!(
                plugin = policy.label,
                host,
                "request denied: the host is not granted"
            );
            return Err(Error::HttpRequestDenied);
        };
        let Some(left) = self.requests_left.checked_sub(1) else {
            tracing::warn!(
                plugin = policy.label,
                limit = policy.limits.http_requests,
                "request denied: too many in one call"
            );
            return Err(Error::ConnectionLimitReached);
        };
        self.requests_left = left;
        policy.insert_secrets(&url, request.headers_mut())?;
        set_trace(self.trace, request.headers_mut());
        Ok((url, reach))
    }
}

impl Policy {
    fn reach(&self, url: &Url) -> Option<Reach> {
        let mut matching = self
            .network
            .iter()
            .filter(|pattern| pattern.matches(url))
            .peekable();
        matching.peek()?;
        if matching.any(pattern::HostPattern::is_named) {
            return Some(Reach::Named);
        }
        // A name is judged when it is resolved; an address in the URL is never resolved.
        let literal = match url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        literal
            .is_none_or(address::is_public)
            .then_some(Reach::Public)
    }

    /// Replaces placeholders in header values, if the secret may go to this URL.
    fn insert_secrets(&self, url: &Url, headers: &mut HeaderMap) -> Result<(), Error> {
        for value in headers.values_mut() {
            for (placeholder, grant) in &self.secrets {
                if !contains(value.as_bytes(), placeholder.as_bytes()) {
                    continue;
                }
                let Some(secret) = grant
                    .value
                    .as_ref()
                    .filter(|_| grant.hosts.iter().any(|host| host.matches(url)))
                else {
                    let host = url.host_str().unwrap_or_default();
                    tracing::warn!(
                        plugin = self.label,
                        host,
                        "request denied: its secret is not bound to this host"
                    );
                    return Err(Error::HttpRequestDenied);
                };
                let text = value
                    .to_str()
                    .map_err(|_| Error::HttpRequestDenied)?
                    .replace(placeholder, secret.expose());
                *value = HeaderValue::from_str(&text).map_err(|_| {
                    tracing::warn!(
                        plugin = self.label,
                        "a secret holds characters that no header may carry"
                    );
                    Error::ConfigurationError
                })?;
                value.set_sensitive(true);
            }
        }
        Ok(())
    }

    fn scrubber(&self) -> Scrubber {
        let pairs = self
            .secrets
            .iter()
            .filter_map(|(placeholder, grant)| Some((grant.value.clone()?, placeholder.clone())));
        Scrubber::new(pairs)
    }

    async fn send(
        &self,
        url: Url,
        reach: Reach,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Sent {
        let (mut head, body) = request.into_parts();
        let body = Limited::new(body, self.limits.http_request_bytes)
            .collect()
            .await;
        let body = body
            .map_err(|_| Error::HttpRequestBodySize(Some(self.limits.http_request_bytes as u64)))?
            .to_bytes();
        // The client writes its own from the URL.
        head.headers.remove(header::HOST);
        let client = self.clients.client(reach)?;
        let sending = client
            .request(head.method, url)
            .headers(head.headers)
            .body(body)
            .send();
        let wait = options
            .first_byte_timeout
            .unwrap_or(self.limits.http_timeout)
            .min(self.limits.http_timeout);
        let response = tokio::time::timeout(wait, sending)
            .await
            .map_err(|_| Error::HttpResponseTimeout)?;
        let response = response.map_err(|error| error_of(&error))?;
        Ok((self.receive(response, options), Box::new(async { Ok(()) })))
    }

    fn receive(&self, response: reqwest::Response, options: RequestOptions) -> Response<WasiBody> {
        let scrubber = self.scrubber();
        let mut head = Response::new(());
        *head.status_mut() = response.status();
        for (name, value) in response.headers() {
            // What follows may be shorter or longer than the server said.
            if name != header::CONTENT_LENGTH
                && let Ok(value) = HeaderValue::from_bytes(&scrubber.text(value.as_bytes()))
            {
                head.headers_mut().append(name, value);
            }
        }
        let wait = options
            .between_bytes_timeout
            .unwrap_or(self.limits.http_timeout)
            .min(self.limits.http_timeout);
        head.map(|()| body(response, scrubber, self.limits.http_response_bytes, wait))
    }
}

/// The response's body: bounded in size and in silence, scrubbed.
fn body(response: reqwest::Response, scrubber: Scrubber, limit: usize, wait: Duration) -> WasiBody {
    struct State {
        chunks: Pin<Box<dyn futures::Stream<Item = reqwest::Result<Bytes>> + Send>>,
        scrubber: Scrubber,
        left: usize,
        ended: bool,
    }
    let state = State {
        chunks: Box::pin(response.bytes_stream()),
        scrubber,
        left: limit,
        ended: false,
    };
    let frames = stream::unfold(state, move |mut state| async move {
        if state.ended {
            return None;
        }
        let chunk = match tokio::time::timeout(wait, state.chunks.next()).await {
            Err(_) => Err(Error::ConnectionReadTimeout),
            Ok(Some(Err(error))) => Err(error_of(&error)),
            Ok(Some(Ok(chunk))) if chunk.len() > state.left => {
                Err(Error::HttpResponseBodySize(Some(limit as u64)))
            }
            Ok(Some(Ok(chunk))) => {
                state.left -= chunk.len();
                Ok(state.scrubber.push(chunk))
            }
            Ok(None) => {
                state.ended = true;
                Ok(state.scrubber.finish())
            }
        };
        state.ended |= chunk.is_err();
        Some((chunk.map(Frame::data), state))
    });
    StreamBody::new(frames).boxed_unsync()
}

impl WasiHttpHooks for Egress {
    fn send_request(
        &mut self,
        mut request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _written: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let admitted = self.admit(&mut request);
        let policy = Arc::clone(&self.policy);
        Box::new(async move {
            let (url, reach) = admitted?;
            policy
                .send(url, reach, request, options.unwrap_or_default())
                .await
        })
    }
}

/// Says what a request is made for. What the guest says of that is not believed.
fn set_trace(trace: Option<Trace>, headers: &mut HeaderMap) {
    headers.remove(TRACEPARENT);
    headers.remove(TRACESTATE);
    if let Some(trace) = trace {
        let value = HeaderValue::from_str(&trace.traceparent());
        headers.insert(
            TRACEPARENT,
            value.expect("it is hexadecimal digits and dashes"),
        );
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
