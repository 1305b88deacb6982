//! Loom's provider for OpenAI-compatible chat completions.
