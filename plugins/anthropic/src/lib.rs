//! Loom's provider for the Anthropic messages API.
