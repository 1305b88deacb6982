//! An agent that analyses data with code of its own: a CSV file goes in, numbers and a chart come out.
//! The code runs in a sandboxed Python that has the one directory it was granted, and no network. The
//! rule below stands in for a model: `analysis.py` is what a model would write.
//!
//! ```sh
//! cargo run -p loom-examples --example data_analysis -- DIRECTORY
//! ```
//!
//! Without a directory it works on a copy of `data_analysis/sales.csv` in a temporary one.

#![expect(clippy::print_stdout, reason = "what happens is for a person")]

use std::fs;
use std::path::PathBuf;

use loom::{Config, Loom};

const DATA: &str = include_str!("data_analysis/sales.csv");
const CODE: &str = include_str!("data_analysis/analysis.py");

const CONFIG: &str = r#"
model = "rules"
memory.plugin = "memory-ram"
# For writing, so that the chart can be put beside the data. There is nobody to ask: the answer is here.
plugins.python.grants.files = [{ path = "$workspace", access = "read-write" }]
permissions.allow = ["run_python"]

[[providers.rules.config.rules]]
name = "sales"
pattern = '^how do the sales go\?$'
steps = [{ tool = "run_python", arguments = { code = '''CODE''' } }]
answer = "{{ result.json.stdout or result.text }}"
"#;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = match std::env::args_os().nth(1) {
        Some(directory) => PathBuf::from(directory),
        None => std::env::temp_dir().join("loom-data-analysis"),
    };
    fs::create_dir_all(&directory)?;
    let directory = directory.canonicalize()?;
    let source = directory.join("sales.csv");
    if !source.exists() {
        fs::write(&source, DATA)?;
    }

    let code = CODE.replace("SOURCE", &source.to_string_lossy());
    let config = Config::in_directory(&directory, &CONFIG.replace("CODE", &code))?;
    let loom = Loom::open(&config).await?;
    let agent = loom.agent().await?.build()?;
    let outcome = agent.run("How do the sales go?").outcome().await;
    loom.shutdown().await;
    println!("{}", outcome.text());
    anyhow::ensure!(outcome.is_completed(), "{outcome:?}");
    println!("chart: {}", directory.join("revenue.svg").display());
    Ok(())
}
