//! A tool that is a part of the program: it sees the program's own state, here the stock of a tea
//! shop, and changes it. The rules below tell the offline model when to call it; a real model reads
//! the tool's description instead.
//!
//! ```sh
//! cargo run -p loom-examples --example native_tool
//! ```

#![expect(clippy::print_stdout, reason = "the answers are for a person")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use loom::{Config, Content, Error, Loom, Result, Tool, ToolContext, ToolDefinition, async_trait};
use serde_json::{Value, json};

const CONFIG: &str = r#"
model = "rules"
memory.plugin = "memory-ram"
# The program brings the tool itself, so nobody needs to be asked before it runs.
permissions.mode = "auto"

[[providers.rules.config.rules]]
name = "sell"
pattern = '^sell (?<count>[0-9]+) (?<item>\w+)$'
steps = [{ tool = "sell", arguments = { item = "{{ item }}", count = "{{ count | int }}" } }]
answer = "Sold. {{ result.text }} {{ item }} are left."
"#;

/// Takes items out of stock.
struct Sell {
    definition: Arc<ToolDefinition>,
    stock: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Sell {
    fn new(stock: Arc<Mutex<BTreeMap<String, u64>>>) -> Self {
        let input_schema = json!({
            "type": "object",
            "properties": {
                "item": { "type": "string", "description": "What is sold." },
                "count": { "type": "integer", "minimum": 1, "description": "How many of it." },
            },
            "required": ["item", "count"],
        });
        let description = "Sell items from the stock. Returns how many are left.";
        let definition = ToolDefinition::new("sell", description, input_schema);
        Self {
            definition: Arc::new(definition),
            stock,
        }
    }
}

#[async_trait]
impl Tool for Sell {
    fn definition(&self) -> &Arc<ToolDefinition> {
        &self.definition
    }

    async fn call(&self, arguments: &Value, _: &ToolContext) -> Result<Vec<Content>> {
        let item = arguments["item"].as_str().unwrap_or_default();
        let count = arguments["count"].as_u64().unwrap_or_default();
        let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(there) = stock.get_mut(item) else {
            return Err(Error::not_found(format!("the shop has no {item}")));
        };
        *there = there
            .checked_sub(count)
            .ok_or_else(|| Error::invalid_input(format!("there are only {there} {item}")))?;
        Ok(vec![there.to_string().into()])
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let stock = BTreeMap::from([("teapots".to_owned(), 7), ("cups".to_owned(), 40)]);
    let stock = Arc::new(Mutex::new(stock));
    let loom = Loom::open(&Config::from_toml(CONFIG)?).await?;
    let sell = Arc::new(Sell::new(Arc::clone(&stock)));
    let agent = loom.agent().await?.tool(sell).build()?;
    for request in ["sell 2 teapots", "sell 12 cups", "sell 9 teapots"] {
        let outcome = agent.run(request).outcome().await;
        println!("> {request}\n{}\n", outcome.text());
        anyhow::ensure!(outcome.is_completed(), "{outcome:?}");
    }
    println!("The program's own stock: {stock:?}");
    Ok(())
}
