//! The code interpreters, through their real components.

mod limits;
