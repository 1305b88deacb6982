//! The keys that exist, and what a layer says about them. Every layer is read with this on its own,
//! so that a wrong value is found even where another layer hides it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::address::check_pattern;
use super::problem::Problems;
use super::section::{Located, Section};
use super::tree::{Node, Origin};
use super::{FileAccess, SecretGrant, Settings};

/// What a layer, or all of them together, say.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) model: Option<Located<String>>,
    pub(super) instructions: Option<String>,
    pub(super) plugin_dirs: Vec<Located<String>>,
    pub(super) limits: RawLimits,
    pub(super) allowed: Option<Vec<String>>,
    pub(super) disallowed: Option<Vec<String>>,
    pub(super) additional_directories: Vec<Located<String>>,
    pub(super) providers: BTreeMap<String, RawProvider>,
    pub(super) plugins: BTreeMap<String, RawPlugin>,
    pub(super) memory_plugin: Option<String>,
    pub(super) memory_directory: Option<Located<String>>,
}

#[derive(Debug, Default)]
pub(super) struct RawLimits {
    pub(super) turns: Option<u32>,
    pub(super) wall_time: Option<Duration>,
    pub(super) output_tokens: Option<u64>,
    pub(super) tools_at_once: Option<u32>,
    pub(super) tool_timeout: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct RawProvider {
    pub(super) origin: Option<Origin>,
    pub(super) plugin: Option<String>,
    pub(super) base_url: Option<Located<String>>,
    pub(super) base_url_env: Option<String>,
    pub(super) model: Option<String>,
    pub(super) model_env: Option<String>,
    pub(super) api_key_env: Option<String>,
    pub(super) config: Settings,
    pub(super) grants: RawGrants,
    pub(super) limits: RawPluginLimits,
}

#[derive(Debug, Default)]
pub(super) struct RawPlugin {
    pub(super) enabled: Option<bool>,
    pub(super) config: Settings,
    pub(super) grants: RawGrants,
    pub(super) limits: RawPluginLimits,
}

#[derive(Debug, Default)]
pub(super) struct RawGrants {
    pub(super) files: Vec<RawFileGrant>,
    pub(super) network: Vec<String>,
    pub(super) secrets: BTreeMap<String, SecretGrant>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) clock: bool,
}

#[derive(Debug)]
pub(super) struct RawFileGrant {
    pub(super) path: Located<String>,
    pub(super) access: FileAccess,
}

#[derive(Debug, Default)]
pub(super) struct RawPluginLimits {
    pub(super) memory: Option<u64>,
    pub(super) time: Option<Duration>,
    pub(super) output: Option<u64>,
    pub(super) host_calls: Option<u64>,
    pub(super) http_response: Option<u64>,
}

/// Reads a tree. Problems are added; what is wrong is left out of the result.
pub(super) fn read(tree: &Node, problems: &Problems) -> Raw {
    let Some(mut root) = Section::root(tree, "", problems) else {
        return Raw::default();
    };
    let raw = read_keys(&mut root);
    for (_, mut profile) in root.sections("profiles") {
        read_keys(&mut profile);
        profile.finish();
    }
    root.finish();
    raw
}

/// The keys of the root, which are those of a profile too.
fn read_keys(root: &mut Section<'_>) -> Raw {
    let mut raw = Raw {
        model: root.located_string("model"),
        instructions: root.string("instructions"),
        plugin_dirs: root.strings("plugin_dirs", any).unwrap_or_default(),
        ..Raw::default()
    };
    if let Some(section) = root.section("limits") {
        raw.limits = read_limits(section);
    }
    if let Some(mut section) = root.section("tools") {
        raw.allowed = texts(section.strings("allowed", check_tool_pattern));
        raw.disallowed = texts(section.strings("disallowed", check_tool_pattern));
        section.finish();
    }
    if let Some(mut section) = root.section("workspace") {
        let directories = section.strings("additional_directories", any);
        raw.additional_directories = directories.unwrap_or_default();
        section.finish();
    }
    if let Some(mut section) = root.section("memory") {
        raw.memory_plugin = section.string("plugin");
        raw.memory_directory = section.located_string("directory");
        section.finish();
    }
    for (name, section) in root.sections("providers") {
        raw.providers
            .insert(name.to_owned(), read_provider(section));
    }
    for (name, section) in root.sections("plugins") {
        raw.plugins.insert(name.to_owned(), read_plugin(section));
    }
    raw
}

fn read_limits(mut section: Section<'_>) -> RawLimits {
    let limits = RawLimits {
        turns: section.count("turns"),
        wall_time: section.duration("wall_time"),
        output_tokens: section.count("output_tokens"),
        tools_at_once: section.count("tools_at_once"),
        tool_timeout: section.duration("tool_timeout"),
    };
    section.finish();
    limits
}

fn read_provider(mut section: Section<'_>) -> RawProvider {
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

fn read_plugin(mut section: Section<'_>) -> RawPlugin {
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
        network: texts(section.strings("network", check_pattern)).unwrap_or_default(),
        environment: section.string_table("environment").into_iter().collect(),
        clock: section.boolean("clock").unwrap_or_default(),
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

fn check_secret_host(pattern: &str) -> Result<(), String> {
    if pattern == "*" {
        return Err("a secret is bound to hosts by name, `*` would send it anywhere".to_owned());
    }
    check_pattern(pattern)
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

/// Tool names are ASCII; anything else would match nothing.
fn check_tool_pattern(pattern: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*');
    if !pattern.is_empty() && pattern.chars().all(allowed) {
        return Ok(());
    }
    Err(format!(
        "`{pattern}` can't match a tool; write a name such as \"read_file\" or a pattern such as \"read_*\""
    ))
}

fn any(_: &str) -> Result<(), String> {
    Ok(())
}

fn texts(located: Option<Vec<Located<String>>>) -> Option<Vec<String>> {
    let items = located?.into_iter();
    Some(items.map(|item| item.value).collect())
}
