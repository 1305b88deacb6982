//! Calls for the tests of rules, policies and gates.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

mod exact;
mod gate;
mod policy;
mod rule;

use loom_types::{
    AccessMode, CallId, Footprint, PermissionRequest, Resource, RunId, Safety, Touch,
};
use serde_json::{Value, json};

const BASE: &str = "/work";

fn request(tool: &str, arguments: Value, footprint: Footprint) -> PermissionRequest {
    PermissionRequest {
        run_id: RunId::from("run"),
        call_id: CallId::from("call"),
        tool: tool.to_owned(),
        arguments,
        safety: Safety::Cautious,
        footprint,
        agents: Vec::new(),
    }
}

/// A call that nobody knows anything of but its arguments.
fn opaque(tool: &str, arguments: Value) -> PermissionRequest {
    request(tool, arguments, Footprint::Everything)
}

/// A call that touches what `touched` names: `read PATH`, `write PATH`, a URL or `SCHEME:NAME`.
fn touching(tool: &str, touched: &[&str]) -> PermissionRequest {
    let touches = touched.iter().map(|text| touch(text)).collect();
    request(tool, json!({}), Footprint::Resources(touches))
}

fn touch(text: &str) -> Touch {
    let (mode, name) = match text.split_once(' ') {
        Some(("read", name)) => (AccessMode::Read, name),
        Some(("write", name)) => (AccessMode::Write, name),
        _ => panic!("{text}: say how it is touched"),
    };
    let resource = match name.split_once(':') {
        Some((_, rest)) if rest.starts_with("//") => Resource::Url(name.to_owned()),
        Some((scheme, name)) => Resource::Named {
            scheme: scheme.to_owned(),
            name: name.to_owned(),
        },
        None => Resource::File {
            path: name.into(),
            identity: None,
        },
    };
    Touch { mode, resource }
}
