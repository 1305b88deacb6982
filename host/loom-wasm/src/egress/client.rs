//! The pooled clients. Two of them, because connections are reused: one for hosts that were granted
//! by name, one that refuses every address that is not public.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use wasmtime_wasi_http::Error;

use super::address::is_public;

/// What of the network a request may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The host was granted by name: whatever its address.
    Named,
    /// The host was granted by a wildcard: public addresses only.
    Public,
}

/// Finds the addresses of names, in place of the system. What it answers is judged as the system's
/// answers are.
#[async_trait]
pub trait NameResolver: fmt::Debug + Send + Sync {
    /// The addresses of a host's name.
    ///
    /// # Errors
    ///
    /// If the name cannot be resolved.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// How long a connection may take to be made. A server that is up answers in a second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Made at the first request: loading the trusted roots costs milliseconds that most runs need not
/// pay.
#[derive(Default)]
pub(crate) struct Clients {
    resolver: Option<Arc<dyn NameResolver>>,
    named: OnceLock<Result<Client, String>>,
    public: OnceLock<Result<Client, String>>,
}

impl Clients {
    /// Clients with names of somebody else's, or of the system's.
    pub(crate) fn new(resolver: Option<Arc<dyn NameResolver>>) -> Self {
        Self {
            resolver,
            ..Self::default()
        }
    }

    pub(crate) fn client(&self, reach: Reach) -> Result<Client, Error> {
        let slot = match reach {
            Reach::Named => &self.named,
            Reach::Public => &self.public,
        };
        let client = slot.get_or_init(|| {
            let built = build(reach, self.resolver.clone());
            built.map_err(|error| error.to_string())
        });
        client.clone().map_err(|error| {
            Error::InternalError(Some(format!("the HTTP client cannot be made: {error}")))
        })
    }
}

fn build(reach: Reach, resolver: Option<Arc<dyn NameResolver>>) -> reqwest::Result<Client> {
    let builder = Client::builder()
        .user_agent(concat!("loom/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        // A redirect is a new request: the guest makes it and the allow-list judges it.
        .redirect(Policy::none())
        // A proxy from the environment would resolve names behind the guard's back.
        .no_proxy();
    if reach == Reach::Named && resolver.is_none() {
        return builder.build();
    }
    builder.dns_resolver(Guard { reach, resolver }).build()
}

/// Resolves names, for [`Reach::Public`] to public addresses only. The connection is made to what was
/// checked, so a name that changes between check and use gains nothing.
struct Guard {
    reach: Reach,
    resolver: Option<Arc<dyn NameResolver>>,
}

/// No public address stands behind a name.
#[derive(Debug, thiserror::Error)]
#[error("it resolves to no public address; grant the host by name to reach it")]
struct NotPublic;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, resolver) = (self.reach, self.resolver.clone());
        Box::pin(async move {
            let found: Vec<IpAddr> = match resolver {
                Some(resolver) => resolver.resolve(name.as_str()).await?,
                None => {
                    let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                    found.map(|address| address.ip()).collect()
                }
            };
            let allowed = found
                .into_iter()
                .filter(|address| reach == Reach::Named || is_public(*address));
            let addresses: Vec<SocketAddr> =
                allowed.map(|address| SocketAddr::new(address, 0)).collect();
            if addresses.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// What the guest is told of a failed request. What it cannot be told goes to the log.
pub(crate) fn error_of(error: &reqwest::Error) -> Error {
    let told = code_of(error);
    let host = error.url().and_then(url::Url::host_str).unwrap_or_default();
    tracing::debug!(host, cause = deepest(error), "request failed: {told:?}");
    told
}

fn code_of(error: &reqwest::Error) -> Error {
    use std::io::ErrorKind as Io;
    if causes(error).any(|cause| cause.is::<NotPublic>()) {
        return Error::DestinationIpProhibited;
    }
    let io = causes(error).find_map(|cause| cause.downcast_ref::<std::io::Error>());
    match io.map(std::io::Error::kind) {
        Some(Io::ConnectionRefused) => return Error::ConnectionRefused,
        Some(Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown) => {
            return Error::DestinationUnavailable;
        }
        Some(Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::UnexpectedEof) => {
            return Error::ConnectionTerminated;
        }
        Some(Io::InvalidData | Io::InvalidInput) if !error.is_connect() => {
            return Error::HttpResponseContentCoding(None);
        }
        _ => {}
    }
    if error.is_timeout() {
        return if error.is_connect() {
            Error::ConnectionTimeout
        } else {
            Error::HttpResponseTimeout
        };
    }
    let deepest = deepest(error);
    if error.is_connect() && deepest.contains("lookup") {
        return Error::DnsError {
            rcode: None,
            info_code: None,
        };
    }
    if deepest.starts_with("connection closed") {
        return Error::ConnectionTerminated;
    }
    // What else fails while connecting comes from the system, or from TLS on top of it.
    if error.is_connect() && io.is_some_and(|error| error.raw_os_error().is_none()) {
        return tls(&deepest);
    }
    Error::InternalError(Some(deepest))
}

/// The TLS library's own error is out of reach; its text begins with the sort of it.
fn tls(what: &str) -> Error {
    if what.contains("certificate") {
        Error::TlsCertificateError
    } else {
        Error::TlsProtocolError
    }
}

fn causes<'a>(
    error: &'a reqwest::Error,
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
}

fn deepest(error: &reqwest::Error) -> String {
    let cause = causes(error).last();
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}
