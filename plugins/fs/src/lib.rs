//! Loom's file tools: read, write, edit, list, glob and grep. Each tool has a module of its name;
//! the others hold what they share. Here are only the manifest and the export.

mod budget;
mod directory;
pub mod edit;
mod excerpt;
mod file_type;
pub mod glob;
mod grants;
pub mod grep;
pub mod list;
mod page;
mod path;
pub mod read;
mod replace;
mod text;
mod walk;
pub mod write;

loom_sdk::manifest!("../plugin.toml");

loom_sdk::export_tools!(
    read::read_file,
    write::write_file,
    edit::edit_file,
    list::list_dir,
    glob::glob,
    grep::grep,
);
