//! Loom's session store in files.
