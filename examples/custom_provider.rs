//! A model of one's own: the plugin in `custom-provider/`, dropped into a plugin directory and named
//! in the configuration. README.md shows the same for the command line.
//!
//! ```sh
//! cargo run -p loom-examples --example custom_provider -- "what to shout"
//! ```

#![expect(clippy::print_stdout, reason = "the answer is for a person")]

use std::fs;

use loom::{Config, Loom};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let plugins = tempfile::tempdir()?;
    fs::copy(env!("SHOUT_PLUGIN"), plugins.path().join("shout.wasm"))?;

    let config = Config::from_toml(&format!(
        r#"
        model = "shout/loud"
        memory.plugin = "memory-ram"
        plugin_dirs = [{:?}]

        [providers.shout]
        plugin = "shout"
        config.volume = 3
        "#,
        plugins.path()
    ))?;
    let loom = Loom::open(&config).await?;
    let agent = loom.agent().await?.build()?;
    let text = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "hello from a component".into());
    let outcome = agent.run(text).outcome().await;
    println!("{}", outcome.text());
    anyhow::ensure!(outcome.is_completed(), "{outcome:?}");
    Ok(())
}
