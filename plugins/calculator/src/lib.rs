//! Loom's calculator tool.
