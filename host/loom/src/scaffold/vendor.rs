//! The SDK and the contract as a project brings them along: Loom's own files, but for what the SDK
//! inherits from Loom's workspace, which is written out.

use toml::{Table, Value};

/// Names relative to the workspace, and texts.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

const NOTE: &str = "# Part of Loom's SDK, put here by `loom plugin new`. To update it, copy it from a newer one.\n\n";

/// The root manifest of Loom's workspace, from which its members inherit.
pub(super) struct Workspace(Table);

impl Workspace {
    /// As it was when this program was built.
    pub(super) fn embedded() -> Self {
        let text = include_str!("../../../../Cargo.toml");
        Self(text.parse().expect("cargo built Loom from this manifest"))
    }

    /// A key of `[workspace.package]` that is a text.
    pub(super) fn package(&self, key: &str) -> String {
        let value = self.inherited("package", key);
        value.as_str().expect("it is a text").to_owned()
    }

    /// The version of a dependency.
    pub(super) fn dependency(&self, name: &str) -> String {
        let value = self.inherited("dependencies", name);
        let version = value.as_str().or_else(|| value.get("version")?.as_str());
        version.expect("it comes from a registry").to_owned()
    }

    /// The profile that Loom's own plugins are built with, as lines of TOML.
    pub(super) fn plugin_profile(&self) -> String {
        let mut profile = self.0["profile"]["plugin"].clone();
        let keys = profile.as_table_mut().expect("a profile is a table");
        keys.remove("inherits");
        keys.to_string().trim_end().to_owned()
    }

    fn inherited(&self, table: &str, key: &str) -> &Value {
        let value = self.0["workspace"][table].get(key);
        value.expect("the workspace has what its members inherit")
    }

    /// Writes out what a member inherits, and leaves out what only Loom's own build needs. `root` is
    /// the way from the member to the workspace, such as `../../`.
    fn resolve(&self, manifest: &mut Table, root: &str) {
        manifest.remove("lints");
        if let Some(package) = manifest.get_mut("package").and_then(Value::as_table_mut) {
            for (key, value) in package {
                if inherits(value) {
                    *value = self.inherited("package", key).clone();
                }
            }
        }
        self.resolve_dependencies(manifest, root);
        if let Some(targets) = manifest.get_mut("target").and_then(Value::as_table_mut) {
            for (_, target) in targets {
                let target = target.as_table_mut().expect("a target is a table");
                self.resolve_dependencies(target, root);
            }
        }
    }

    fn resolve_dependencies(&self, of: &mut Table, root: &str) {
        of.remove("dev-dependencies");
        for kind in ["dependencies", "build-dependencies"] {
            let Some(all) = of.get_mut(kind).and_then(Value::as_table_mut) else {
                continue;
            };
            for (name, dependency) in all {
                if inherits(dependency) {
                    *dependency = self.merge(name, dependency, root);
                }
            }
        }
    }

    /// The workspace's dependency with what the member adds to it.
    fn merge(&self, name: &str, own: &Value, root: &str) -> Value {
        let mut full = match self.inherited("dependencies", name).clone() {
            Value::Table(full) => full,
            version => Table::from_iter([("version".to_owned(), version)]),
        };
        if let Some(Value::String(path)) = full.get_mut("path") {
            path.insert_str(0, root);
        }
        let own = own
            .as_table()
            .expect("a dependency that inherits is a table");
        for (key, value) in own {
            match (key.as_str(), full.get_mut(key), value) {
                ("workspace", ..) => {}
                ("features", Some(Value::Array(all)), Value::Array(more)) => {
                    all.extend(more.iter().cloned());
                }
                _ => {
                    full.insert(key.clone(), value.clone());
                }
            }
        }
        Value::Table(full)
    }
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// The files below `vendor/`, with their names in the project.
pub(super) fn files(workspace: &Workspace) -> Vec<(String, String)> {
    let vendored = |&(name, text): &(&str, &str)| {
        let text = match name.strip_suffix("Cargo.toml") {
            Some(directory) => manifest(workspace, directory, text),
            None => text.to_owned(),
        };
        (format!("vendor/{name}"), text)
    };
    FILES.iter().map(vendored).collect()
}

fn manifest(workspace: &Workspace, directory: &str, text: &str) -> String {
    let mut manifest: Table = text
        .parse()
        .expect("cargo built the SDK from this manifest");
    let root = "../".repeat(directory.matches('/').count());
    workspace.resolve(&mut manifest, &root);
    format!("{NOTE}{manifest}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use super::*;

    fn check(workspace: &str, member: &str, expected: &str) {
        let mut manifest: Table = member.parse().unwrap();
        Workspace(workspace.parse().unwrap()).resolve(&mut manifest, "../");
        assert_eq!(manifest, expected.parse::<Table>().unwrap());
    }

    #[test]
    fn what_a_package_inherits_is_written_out_and_the_rest_stays() {
        check(
            "workspace.package = { version = \"1.2.3\", publish = false }",
            "package = { name = \"a\", version.workspace = true, publish.workspace = true }\n\
             lints.workspace = true",
            "package = { name = \"a\", version = \"1.2.3\", publish = false }",
        );
    }

    #[test]
    fn a_dependency_keeps_what_the_member_adds() {
        check(
            "workspace.dependencies = { a = \"1\", b = { version = \"2\", features = [\"x\"] }, c = { path = \"c\" } }",
            "[dependencies]\n\
             a = { workspace = true, features = [\"f\"] }\n\
             b = { workspace = true, features = [\"y\"], optional = true }\n\
             c.workspace = true\n\
             d = \"4\"",
            "[dependencies]\n\
             a = { version = \"1\", features = [\"f\"] }\n\
             b = { version = \"2\", features = [\"x\", \"y\"], optional = true }\n\
             c = { path = \"../c\" }\n\
             d = \"4\"",
        );
    }

    #[test]
    fn dependencies_of_a_target_inherit_too_and_those_of_tests_go() {
        check(
            "workspace.dependencies.a = \"1\"",
            "dev-dependencies.a.workspace = true\n\
             [target.'cfg(unix)']\n\
             dependencies.a.workspace = true\n\
             dev-dependencies.b = \"2\"",
            "target.'cfg(unix)'.dependencies.a.version = \"1\"",
        );
    }
}
