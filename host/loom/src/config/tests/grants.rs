//! What plugins are granted.

use super::super::{FileAccess, FileGrant, ToolFilter};
use super::*;

fn files(config: &Config, plugin: &str) -> Vec<(PathBuf, FileAccess)> {
    let grants = &config.plugins[plugin].grants;
    let pair = |grant: &FileGrant| (grant.path.clone(), grant.access);
    grants.files.iter().map(pair).collect()
}

#[test]
fn by_default_only_the_workspace_and_the_sessions_are_granted() {
    let fixture = Fixture::new();
    let config = fixture.config();
    let places = fixture.places();
    let write = FileAccess::ReadWrite;
    assert_eq!(files(&config, "fs"), [(places.workspace, write)]);
    assert_eq!(
        files(&config, "memory-file"),
        [(places.data.join("loom/sessions"), write)]
    );
    let workspace = fixture.places().workspace;
    assert_eq!(
        files(&config, "kb"),
        [
            (fixture.places().data.join("loom/kb"), write),
            (workspace, FileAccess::ReadOnly)
        ]
    );
    for plugin in ["calculator", "http", "time", "memory-ram", "memory-qdrant"] {
        let grants = &config.plugins[plugin].grants;
        assert!(grants.files.is_empty(), "{plugin}");
        assert!(grants.network.is_empty(), "{plugin}");
    }
}

#[test]
fn additional_directories_come_with_the_workspace() {
    let mut fixture = Fixture::new().user(
        "plugins.fs.grants.files = [{ path = \"$workspace\", access = \"read-only\" }]\n\
         plugins.x.grants.files = [{ path = \"$workspace/sub\", access = \"read-only\" }]",
    );
    let more = fixture.root.path().join("more");
    fs::create_dir(&more).unwrap();
    fixture.overrides.additional_directories = vec![more.clone()];
    let config = fixture.config();
    let read = FileAccess::ReadOnly;
    let workspace = fixture.workspace();
    assert_eq!(
        files(&config, "fs"),
        [(workspace.clone(), read), (more, read)]
    );
    assert_eq!(files(&config, "x"), [(workspace.join("sub"), read)]);
}

#[test]
fn paths_are_relative_to_the_file_that_says_them() {
    let fixture = Fixture::new().user(
        "plugins.a.grants.files = [{ path = \"x/../notes/./n\", access = \"read-only\" }]\n\
         plugins.b.grants.files = [{ path = \"~/notes\", access = \"read-only\" }]\n\
         plugins.c.grants.files = [{ path = \"$cache/c\", access = \"read-only\" }]",
    );
    let config = fixture.config();
    let places = fixture.places();
    let path = |plugin: &str| files(&config, plugin)[0].0.clone();
    assert_eq!(path("a"), places.config.join("notes/n"));
    assert_eq!(path("b"), places.home.join("notes"));
    assert_eq!(path("c"), places.cache.join("c"));
}

#[test]
fn a_key_goes_to_its_own_provider_only() {
    let config = Fixture::new().config();
    let secret = &config.providers["anthropic"].grants.secrets["api-key"];
    assert_eq!(secret.env, "ANTHROPIC_API_KEY");
    assert_eq!(secret.hosts, ["https://api.anthropic.com"]);
    assert!(config.providers["ollama"].grants.secrets.is_empty());
}

#[test]
fn tools_are_filtered_by_patterns() {
    let check = |allowed: &[&str], disallowed: &[&str], tool: &str, expected: bool| {
        let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let filter = ToolFilter {
            allowed: own(allowed),
            disallowed: own(disallowed),
            at_once: std::collections::BTreeMap::new(),
            todo: true,
        };
        assert_eq!(filter.allows(tool), expected, "{filter:?} {tool}");
    };
    check(&["*"], &[], "read_file", true);
    check(&["read_*"], &[], "read_file", true);
    check(&["read_*"], &[], "spread_file", false);
    check(&["*_file"], &["write_*"], "write_file", false);
    check(&["*a*b*"], &[], "xaxxbx", true);
    check(&["*a*b*"], &[], "xbxxax", false);
    check(&["a*a"], &[], "a", false);
    check(&["a**a"], &[], "aa", true);
    check(&[], &[], "read_file", false);
    check(&["read"], &[], "read_file", false);
}

#[test]
fn scratch_space_is_granted_by_size_or_as_usual() {
    let fixture = Fixture::new().user(
        "plugins.a.grants.scratch = true\n\
         plugins.b.grants.scratch = \"1GiB\"\n\
         plugins.c.grants.scratch = false\n\
         plugins.d.enabled = true",
    );
    let config = fixture.config();
    let scratch = |plugin: &str| config.plugins[plugin].grants.scratch_bytes;
    assert_eq!(scratch("a"), Some(256 << 20));
    assert_eq!(scratch("b"), Some(1 << 30));
    assert_eq!(scratch("c"), None);
    assert_eq!(scratch("d"), None);
    assert_eq!(scratch("python"), Some(256 << 20));
    assert_eq!(scratch("fs"), None);
}
