//! Loom's HTTP request tool: the tool itself. A call becomes an `order`, `exchange` carries it out
//! through a `transport`, `output` writes down what came back.

pub mod order;

mod exchange;
mod output;
mod redirect;
mod secret;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use loom_sdk::host;
use loom_sdk::prelude::*;

use loom_http_exchange::body::Limits;
use loom_http_exchange::transport;
use order::{Body, Order};

loom_sdk::manifest!("../plugin.toml");
loom_sdk::export_tools!(http_request);

/// What `max_bytes` may be at most. Below what a host lets a tool return by default (1 MiB).
const MAX_BYTES: usize = 1_000_000;
/// Time to write the answer down before the host ends the call.
const SPARE: Duration = Duration::from_millis(500);

/// Send an HTTP request and return the response: status line, useful headers, body (text as it is,
/// images as images). Status 4xx and 5xx are results too. GET and HEAD follow redirects. Only hosts
/// that the configuration grants can be reached.
#[tool(
    cautious,
    title = "HTTP request",
    writes(url = "url"),
    example(
        title = "Post JSON with a secret token",
        arguments = r#"{"method": "POST", "url": "https://api.example.com/items", "headers": {"authorization": "Bearer {{secret:example-token}}"}, "body": {"name": "loom"}}"#
    )
)]
pub fn http_request(
    /// GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.
    #[arg(default = "GET")]
    method: String,
    /// Absolute http or https URL.
    url: String,
    /// Names and values. `{{secret:NAME}}` in a value sends the secret NAME, which nobody shows you.
    headers: Option<BTreeMap<String, String>>,
    /// Text, sent as it is, or an object or array, sent as JSON.
    body: Option<Body>,
    /// How long to wait in all.
    #[arg(default = 30_000_u32)]
    timeout_ms: u32,
    /// Where to cut the body; at most 1000000.
    #[arg(default = 262_144_u32)]
    max_bytes: u32,
    context: &Context,
) -> Result<Vec<Content>, Error> {
    let order = Order::new(
        &method,
        &url,
        headers.unwrap_or_default(),
        body,
        host::secret,
    )?;
    let remaining = Duration::from_millis(context.deadline_ms).saturating_sub(SPARE);
    let limits = Limits {
        deadline: Instant::now() + remaining.min(Duration::from_millis(timeout_ms.into())),
        max_bytes: (max_bytes as usize).min(MAX_BYTES),
    };
    let answer = exchange::run(order, &limits, &mut transport::send)?;
    Ok(output::content(answer))
}

#[cfg(test)]
mod tests;
