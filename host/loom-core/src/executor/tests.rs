//! Runs from the first event to the last, by what is tested. The fakes are in `testing`.

mod answers;
mod budget;
mod calls;
mod cancel;
mod compression;
mod crash;
mod limits;
mod load;
mod output;
mod permission;
mod sessions;
mod steering;
