//! The command's contract with people and scripts: what it prints where, and how it ends. One file
//! per topic.

mod agents;
mod chat;
mod ending;
mod events;
mod help;
mod memory;
mod permission;
mod pool;
mod run;
mod session;
mod settings;
mod steering;
mod sub_agents;
mod verbs;
