//! The file system that a script sees: the call's directories, and around them a tree in memory that
//! nothing can be written to. Runs nothing.

use std::path::Path;
use std::sync::Arc;

use bashkit::{Bash, FileSystem, InMemoryFs, ReadOnlyFs};
use loom_sdk::Error;
use loom_snippet::Roots;

use crate::disk::{Disk, WrittenFiles};

/// What is around the directories: writing there fails, so that nobody takes it for kept.
pub(crate) fn around(roots: &Roots) -> Arc<dyn FileSystem> {
    let memory = InMemoryFs::new();
    let granted = roots.grants.iter().map(|grant| grant.path.as_path());
    let directories = granted
        .chain([working(roots)])
        .chain(roots.temporary.as_deref());
    // Links are followed part by part, so every part must be there.
    for above in directories.flat_map(Path::ancestors) {
        memory.add_dir(above, 0o755);
    }
    Arc::new(ReadOnlyFs::new(Arc::new(memory)))
}

/// Puts the directories where scripts expect them; what the host does not give of the scratch and
/// temporary directories is in memory.
///
/// # Errors
///
/// `internal` if the shell refuses one.
pub(crate) fn mount(bash: &Bash, roots: &Roots, written: &WrittenFiles) -> Result<(), Error> {
    let disk = |path: &Path, writable| -> Arc<dyn FileSystem> {
        Arc::new(Disk::new(path.to_owned(), writable, written.clone()))
    };
    let memory = || -> Arc<dyn FileSystem> { Arc::new(InMemoryFs::new()) };
    let own = [
        (working(roots), roots.work.as_deref()),
        (Path::new("/tmp"), roots.temporary.as_deref()),
    ];
    for (place, real) in own {
        let system = real.map_or_else(memory, |real| disk(real, true));
        put(bash, real.unwrap_or(place), system)?;
    }
    for grant in &roots.grants {
        put(bash, &grant.path, disk(&grant.path, grant.writable))?;
    }
    Ok(())
}

/// Where scripts begin.
pub(crate) fn working(roots: &Roots) -> &Path {
    roots.working().unwrap_or(Path::new("/work"))
}

fn put(bash: &Bash, place: &Path, system: Arc<dyn FileSystem>) -> Result<(), Error> {
    bash.mount(place, system)
        .map_err(|error| Error::internal(format!("mounting {}: {error}", place.display())))
}
