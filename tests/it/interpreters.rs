//! The code interpreters, through their real components.

mod contract;
mod limits;
mod python;
