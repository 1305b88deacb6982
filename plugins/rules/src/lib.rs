//! Loom's offline provider: rules from patterns to tool calls and answers.
