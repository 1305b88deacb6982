//! The keys of `[plugins]` and `[providers]`: what a plugin is granted, and what it may use up.

use std::collections::BTreeMap;
use std::time::Duration;

use loom_wasm::{HostPattern, PatternError};

use super::texts;
use crate::config::defaults::DEFAULT_SCRATCH_BYTES;
use crate::config::section::{Located, Section};
use crate::config::tree::Origin;
use crate::config::{FileAccess, SecretGrant, Settings};

#[derive(Debug, Default)]
pub(in crate::config) struct RawProvider {
    pub(in crate::config) origin: Option<Origin>,
    pub(in crate::config) plugin: Option<String>,
    pub(in crate::config) base_url: Option<Located<String>>,
    pub(in crate::config) base_url_env: Option<String>,
    pub(in crate::config) model: Option<String>,
    pub(in crate::config) model_env: Option<String>,
    pub(in crate::config) api_key_env: Option<String>,
    pub(in crate::config) config: Settings,
    pub(in crate::config) grants: RawGrants,
    pub(in crate::config) limits: RawPluginLimits,
}

#[derive(Debug, Default)]
pub(in crate::config) struct RawPlugin {
    pub(in crate::config) enabled: Option<bool>,
    pub(in crate::config) config: Settings,
    pub(in crate::config) grants: RawGrants,
    pub(in crate::config) limits: RawPluginLimits,
}

#[derive(Debug, Default)]
pub(in crate::config) struct RawGrants {
    pub(in crate::config) files: Vec<RawFileGrant>,
    pub(in crate::config) network: Vec<String>,
    pub(in crate::config) secrets: BTreeMap<String, SecretGrant>,
    pub(in crate::config) environment: BTreeMap<String, String>,
    pub(in crate::config) clock: bool,
    pub(in crate::config) embeddings: bool,
    pub(in crate::config) scratch: Option<u64>,
}

#[derive(Debug)]
pub(in crate::config) struct RawFileGrant {
    pub(in crate::config) path: Located<String>,
    pub(in crate::config) access: FileAccess,
}

#[derive(Debug, Default)]
pub(in crate::config) struct RawSandbox {
    pub(in crate::config) directory: Option<Located<String>>,
    pub(in crate::config) kept: Option<u32>,
    pub(in crate::config) idle: Option<Duration>,
}

#[derive(Debug, Default)]
pub(in crate::config) struct RawPluginLimits {
    pub(in crate::config) memory: Option<u64>,
    pub(in crate::config) time: Option<Duration>,
    pub(in crate::config) output: Option<u64>,
    pub(in crate::config) host_calls: Option<u64>,
    pub(in crate::config) http_response: Option<u64>,
}

pub(super) fn read_provider(mut section: Section<'_>) -> RawProvider {
    let provider = RawProvider {
        origin: Some(section.origin().clone()),
        plugin: section.string("plugin"),
        base_url: section.located_string("base_url"),
        base_url_env: section.string("base_url_env"),
        model: section.string("model"),
        model_env: section.string("model_env"),
        api_key_env: section.string("api_key_env"),
        config: section.settings("config"),
        grants: read_grants(&mut section),
        limits: read_plugin_limits(&mut section),
    };
    section.finish();
    provider
}

pub(super) fn read_plugin(mut section: Section<'_>) -> RawPlugin {
    let plugin = RawPlugin {
        enabled: section.boolean("enabled"),
        config: section.settings("config"),
        grants: read_grants(&mut section),
        limits: read_plugin_limits(&mut section),
    };
    section.finish();
    plugin
}

fn read_grants(parent: &mut Section<'_>) -> RawGrants {
    let Some(mut section) = parent.section("grants") else {
        return RawGrants::default();
    };
    let mut grants = RawGrants {
        network: texts(section.strings("network", |text| check_pattern(text).map(drop)))
            .unwrap_or_default(),
        environment: section.string_table("environment").into_iter().collect(),
        clock: section.boolean("clock").unwrap_or_default(),
        embeddings: section.boolean("embeddings").unwrap_or_default(),
        scratch: read_scratch(&mut section),
        ..RawGrants::default()
    };
    for file in section.list("files").unwrap_or_default() {
        grants.files.extend(read_file_grant(file));
    }
    for (name, secret) in section.sections("secrets") {
        let secret = read_secret(secret);
        grants
            .secrets
            .extend(secret.map(|it| (name.to_owned(), it)));
    }
    section.finish();
    grants
}

/// A size; `true` stands for the usual one, `false` for none.
fn read_scratch(section: &mut Section<'_>) -> Option<u64> {
    match section.flag("scratch") {
        Some(granted) => granted.then_some(DEFAULT_SCRATCH_BYTES),
        None => section.bytes("scratch").filter(|bytes| *bytes > 0),
    }
}

pub(super) fn read_sandbox(mut section: Section<'_>) -> RawSandbox {
    let sandbox = RawSandbox {
        directory: section.located_string("directory"),
        kept: section.count("kept"),
        idle: section.duration("idle"),
    };
    section.finish();
    sandbox
}

fn read_file_grant(mut section: Section<'_>) -> Option<RawFileGrant> {
    let path = section.located_string("path");
    let access = section.parsed("access", "\"read-only\" or \"read-write\"", parse_access);
    section.require("path");
    section.require("access");
    section.finish();
    Some(RawFileGrant {
        path: path?,
        access: access?,
    })
}

fn read_secret(mut section: Section<'_>) -> Option<SecretGrant> {
    let env = section.string("env");
    let hosts = texts(section.strings("hosts", check_secret_host));
    section.require("env");
    section.require("hosts");
    section.finish();
    Some(SecretGrant {
        env: env?,
        hosts: hosts?,
    })
}

fn read_plugin_limits(parent: &mut Section<'_>) -> RawPluginLimits {
    let Some(mut section) = parent.section("limits") else {
        return RawPluginLimits::default();
    };
    let limits = RawPluginLimits {
        memory: section.bytes("memory"),
        time: section.duration("time"),
        output: section.bytes("output"),
        host_calls: section.count("host_calls"),
        http_response: section.bytes("http_response"),
    };
    section.finish();
    limits
}

fn check_pattern(pattern: &str) -> Result<HostPattern, String> {
    pattern
        .parse()
        .map_err(|error: PatternError| error.to_string())
}

fn check_secret_host(pattern: &str) -> Result<(), String> {
    match check_pattern(pattern)?.is_any_host() {
        true => Err(format!(
            "a secret is bound to hosts by name, `{pattern}` would send it anywhere"
        )),
        false => Ok(()),
    }
}

fn parse_access(text: &str) -> Result<FileAccess, String> {
    match text {
        "read-only" => Ok(FileAccess::ReadOnly),
        "read-write" => Ok(FileAccess::ReadWrite),
        _ => Err(format!(
            "`{text}` is no kind of access; write \"read-only\" or \"read-write\""
        )),
    }
}
