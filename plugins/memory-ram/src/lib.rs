//! Loom's session store in memory.
