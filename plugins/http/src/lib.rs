//! Loom's HTTP request tool.
