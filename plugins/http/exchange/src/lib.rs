//! What the plugins `http`, `web-fetch` and `web-search` share: the seam to the network, bodies within
//! limits, redirects, refusals, and what a body is. No tool lives here, and nothing that only one of
//! them needs.

pub mod body;
pub mod media;
pub mod redirect;
pub mod refusal;
pub mod transport;
