//! Tests of the whole model: questions in, calls and answers out.

mod phrases;
mod scripts;
mod sessions;
mod shipped;
