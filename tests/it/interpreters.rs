//! The code interpreters, through their real components.

mod contract;
mod javascript;
mod limits;
mod python;
