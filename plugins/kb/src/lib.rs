//! Loom's knowledge base: documents in collections, found by words, by vectors, or by both.
//!
//! `tools` are what a model calls. `add` reads what is added (`places`, `walk`, `extract`, `chunking`,
//! `embed`); `search` finds passages; both work on a `base`, which is made of `segment`s that a `store`
//! keeps. Here are only the manifest and the export.

mod add;
mod base;
mod chunking;
mod document;
mod embed;
mod extract;
mod places;
mod search;
mod segment;
mod store;
mod tools;
mod vector;
mod walk;

loom_sdk::manifest!("../plugin.toml");

loom_sdk::export_tools!(
    tools::search::kb_search,
    tools::add::kb_add,
    tools::list::kb_list,
    tools::delete::kb_delete,
);
