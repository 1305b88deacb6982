//! Loom's time tool.
