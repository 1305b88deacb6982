//! What calls of a plugin's tools touch: what their definitions declare, seen through the grants; and
//! what of it is enforced. Which file a path leads to is [`directories`]'.

pub(crate) mod directories;

use std::sync::Arc;

use loom_types::{Access, AccessMode, Footprint, Resource, Safety, ToolDefinition, Touch};
use serde_json::Value;

use crate::grants::Writing;
use crate::guest::Shared;
use directories::Directories;

/// What a call touches.
///
/// A tool that declares nothing is judged by its grants: it touches all its directories, as far as it
/// may. A file that is left out of the arguments may be any, as may one that no granted directory
/// holds, since nobody knows what the guest makes of it. Names of the plugin's own schemes are its own:
/// other plugins' are others.
pub(crate) async fn footprint(
    definition: &ToolDefinition,
    shared: &Arc<Shared>,
    plugin: &str,
    arguments: &Value,
) -> Footprint {
    let directories = &shared.effective.directories;
    if definition.safety == Safety::Exclusive {
        return Footprint::Everything;
    }
    if definition.accesses.is_empty() {
        let mode = most(definition, AccessMode::Write);
        return Footprint::Resources(directories.all(mode).collect());
    }
    let (files, others): (Vec<_>, Vec<_>) = definition.accesses.iter().partition(is_file);
    let others = others.into_iter();
    let mut touches: Vec<_> = others
        .flat_map(|access| named(access, plugin, arguments))
        .collect();
    if !files.is_empty() && !directories.is_empty() {
        let files = files
            .into_iter()
            .map(|access| (most(definition, access.mode), access.names(arguments)));
        let files: Vec<_> = files.collect();
        let shared = Arc::clone(shared);
        // File systems block.
        let looking = tokio::task::spawn_blocking(move || {
            let directories = &shared.effective.directories;
            let touched = files
                .iter()
                .flat_map(|(mode, names)| directories.touches(*mode, names.as_deref()));
            touched.collect::<Vec<_>>()
        });
        match looking.await {
            Ok(touched) => touches.extend(touched),
            Err(_panic) => return Footprint::Everything,
        }
    }
    Footprint::Resources(touches)
}

/// What a call of a session touches besides: one call after the other has the instance.
pub(crate) fn session(plugin: &str, name: &str) -> Touch {
    Touch {
        mode: AccessMode::Write,
        resource: Resource::Session {
            plugin: plugin.to_owned(),
            name: name.to_owned(),
        },
    }
}

/// What a call may write, which is less than it is granted where its footprint says so. Looks at no
/// file: links do not lead from one granted directory into another.
pub(crate) fn writing(
    definition: &ToolDefinition,
    directories: &Directories,
    arguments: &Value,
) -> Writing {
    match definition.safety {
        Safety::Safe => return Writing::Nothing,
        Safety::Exclusive => return Writing::Granted,
        Safety::Cautious if definition.accesses.is_empty() => return Writing::Granted,
        Safety::Cautious => {}
    }
    let mut writing = Writing::Nothing;
    let written = definition.accesses.iter().filter(is_file);
    for access in written.filter(|access| access.mode == AccessMode::Write) {
        let Some(names) = access.names(arguments) else {
            return Writing::Granted;
        };
        for name in names {
            let Some(place) = directories.locate(&name) else {
                return Writing::Granted;
            };
            writing = match writing {
                Writing::Nothing => Writing::Only(place.directory),
                Writing::Only(other) if other == place.directory => writing,
                _ => return Writing::Granted,
            };
        }
    }
    writing
}

fn is_file(access: &&Access) -> bool {
    access.scheme == "file"
}

/// The mode that can be: calls of a safe tool get their directories read-only.
fn most(definition: &ToolDefinition, declared: AccessMode) -> AccessMode {
    match definition.safety {
        Safety::Safe => AccessMode::Read,
        Safety::Cautious | Safety::Exclusive => declared,
    }
}

/// What an access to anything but files names.
fn named<'a>(
    access: &'a Access,
    plugin: &'a str,
    arguments: &Value,
) -> impl Iterator<Item = Touch> + use<'a> {
    let resources = access.resources(arguments).into_iter();
    resources.map(move |resource| Touch {
        mode: access.mode,
        resource: match resource {
            Resource::Named { scheme, name } if scheme != "url" => Resource::Named {
                scheme: format!("{plugin}/{scheme}"),
                name,
            },
            resource => resource,
        },
    })
}

#[cfg(test)]
mod tests;
