//! What can be read from a component without compiling it: what it imports and exports, its manifest,
//! and its tools if it lists them.

use serde::{Deserialize, Serialize};
use wasmparser::{Encoding, Instance, Parser, Payload};

use crate::engine::Size;
use crate::error::LoadReason;
use crate::manifest::Manifest;

/// The version of the contract that this host speaks.
const CONTRACT: &str = "loom:plugin/";
const CONTRACT_VERSION: &str = "0.1.0";
/// The custom section that holds a manifest.
const MANIFEST_SECTION: &str = "loom:manifest";
/// The custom section that may list a component's tools, as JSON, so that it need not be compiled and
/// run to be asked. What it says counts as what the function `definitions` says.
const TOOLS_SECTION: &str = "loom:tools";

/// What a component says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    pub exports: Exports,
    /// The interfaces it imports, as written.
    pub imports: Vec<String>,
    pub manifest: Manifest,
    /// Whether the manifest is inside the component.
    pub has_manifest: bool,
    /// What its section lists, unread; to be taken once.
    #[serde(skip)]
    pub(crate) tools: Option<String>,
    /// Core modules that it instantiates. An interpreter with its libraries has a dozen and more.
    core_instances: u32,
}

/// Which interfaces of the contract a component exports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exports {
    pub tool: bool,
    pub llm: bool,
    pub embedding: bool,
    pub memory: bool,
    pub backups: bool,
    #[serde(default)]
    pub session: bool,
}

impl Exports {
    /// The names of the interfaces.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            (self.tool, "tool"),
            (self.llm, "llm"),
            (self.embedding, "embedding"),
            (self.memory, "memory"),
            (self.backups, "backups"),
            (self.session, "session"),
        ];
        all.into_iter()
            .filter(|(exported, _)| *exported)
            .map(|(_, name)| name)
            .collect()
    }
}

impl Metadata {
    /// Reads a plugin.
    pub(crate) fn read(wasm: &[u8]) -> Result<Self, LoadReason> {
        let (metadata, names) = Self::of_component(wasm)?;
        Ok(Self {
            exports: exports(&names)?,
            ..metadata
        })
    }

    /// Reads any component, with the names of what it exports: those of the contract are not looked
    /// for.
    pub(crate) fn of_component(wasm: &[u8]) -> Result<(Self, Vec<String>), LoadReason> {
        if !wasm.starts_with(b"\0asm") {
            return Err(LoadReason::NotWasm);
        }
        let mut names = Names::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(|error| LoadReason::Malformed(error.to_string()))?;
            match &payload {
                Payload::Version {
                    encoding: Encoding::Module,
                    ..
                } if depth == 0 => return Err(LoadReason::CoreModule),
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                _ => names.note(&payload, depth)?,
            }
        }
        let manifest = names.manifest.as_deref().map(Manifest::parse).transpose();
        let manifest = manifest.map_err(|message| LoadReason::Manifest {
            place: "inside the component".into(),
            message,
        })?;
        let metadata = Self {
            exports: Exports::default(),
            imports: names.imports,
            tools: names.tools,
            has_manifest: manifest.is_some(),
            core_instances: names.core_instances,
            manifest: manifest.unwrap_or_default(),
        };
        Ok((metadata, names.exports))
    }

    /// What it needs of an engine.
    pub(crate) fn size(&self) -> Size {
        let is_async = self
            .imports
            .iter()
            .any(|name| name.starts_with("wasi:") && name.contains("@0.3"));
        Size::of(self.core_instances, self.manifest.deep_stack, is_async)
    }
}

#[derive(Default)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
    manifest: Option<String>,
    tools: Option<String>,
    core_instances: u32,
}

impl Names {
    fn note(&mut self, payload: &Payload<'_>, depth: u32) -> Result<(), LoadReason> {
        let malformed =
            |error: wasmparser::BinaryReaderError| LoadReason::Malformed(error.to_string());
        match payload {
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section.clone() {
                    self.imports
                        .push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section.clone() {
                    self.exports
                        .push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    if let Instance::Instantiate { .. } = instance.map_err(malformed)? {
                        self.core_instances += 1;
                    }
                }
            }
            Payload::CustomSection(section) => {
                let text = || match std::str::from_utf8(section.data()) {
                    Ok(text) => Ok(Some(text.to_owned())),
                    Err(error) => Err(LoadReason::Malformed(error.to_string())),
                };
                match section.name() {
                    MANIFEST_SECTION => self.manifest = text()?,
                    TOOLS_SECTION if depth == 1 => self.tools = text()?,
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn exports(names: &[String]) -> Result<Exports, LoadReason> {
    let mut exports = Exports::default();
    let mut other = None;
    for name in names {
        let Some((interface, version)) = name
            .strip_prefix(CONTRACT)
            .and_then(|rest| rest.split_once('@'))
        else {
            continue;
        };
        if version != CONTRACT_VERSION {
            other = Some(format!("{CONTRACT}{interface}@{version}"));
            continue;
        }
        match interface {
            "tool" => exports.tool = true,
            "llm" => exports.llm = true,
            "embedding" => exports.embedding = true,
            "memory" => exports.memory = true,
            "backups" => exports.backups = true,
            "session" => exports.session = true,
            _ => {}
        }
    }
    match other {
        _ if exports != Exports::default() => Ok(exports),
        Some(found) => Err(LoadReason::OtherApiVersion { found }),
        None => Err(LoadReason::NothingExported),
    }
}
