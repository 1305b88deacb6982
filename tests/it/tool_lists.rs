//! The lists of tools that built-in plugins carry, so that the host need not compile them to know what
//! they offer, are what the plugins say when they run.
//!
//! After a change of a tool: `LOOM_RENEW_TOOL_LISTS=1 cargo test --workspace --test it -- tool_lists`
//! writes the lists anew.

use std::fs;
use std::path::Path;

use loom_tests::sandbox::engine;
use loom_wasm::{Plugin, PluginSource};

#[tokio::test]
async fn built_in_plugins_list_the_tools_that_they_have() {
    let renew = std::env::var_os("LOOM_RENEW_TOOL_LISTS").is_some();
    let engine = engine();
    let mut wrong = Vec::new();
    for builtin in loom_builtins::ALL {
        let source = PluginSource::Embedded {
            name: builtin.name,
            wasm: builtin.wasm,
            digest: builtin.digest,
        };
        let plugin = Plugin::load(&engine, source).await.unwrap();
        if !plugin.exports().tool {
            continue;
        }
        let definitions = plugin.ask_definitions().await.unwrap();
        let list = serde_json::to_string_pretty(&definitions).unwrap() + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
        let path = path.join(builtin.name).join("tools.json");
        if fs::read_to_string(&path).unwrap_or_default() == list {
            assert_eq!(plugin.definitions(), definitions, "{}", builtin.name);
            continue;
        }
        wrong.push(builtin.name);
        if renew {
            fs::write(path, list).unwrap();
        }
    }
    assert!(
        renew || wrong.is_empty(),
        "tools.json of {wrong:?} is not what the plugin says; see the top of this file"
    );
}
