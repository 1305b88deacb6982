//! Loom's file tools: read, write, edit, list, glob and grep.
