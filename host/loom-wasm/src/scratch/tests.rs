//! Tests of scratch directories: what is measured, what is removed, and who has them.
