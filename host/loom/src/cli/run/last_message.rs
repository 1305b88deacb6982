//! The file that gets the last message: whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::fault::Fault;

/// Where the last message goes.
#[derive(Debug)]
pub(super) struct LastMessage {
    path: PathBuf,
    /// In the same directory; takes the place of the file at the end. Absent where the target is a
    /// device or a pipe, which is written to as it is.
    temporary: Option<NamedTempFile>,
}

impl LastMessage {
    /// Makes sure that the file can be written, before a run is paid for.
    pub(super) fn prepare(path: &Path) -> anyhow::Result<Self> {
        // A link stays a link; what it names is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let wrong =
            |error: String| Fault::usage(format!("{} can't be written: {error}", path.display()));
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => return Err(wrong("it is a directory".to_owned()).into()),
            Ok(found) if !found.is_file() => {
                return Ok(Self {
                    path,
                    temporary: None,
                });
            }
            _ => {}
        }
        let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        if !directory.is_dir() {
            let error = format!("there is no directory {}", directory.display());
            return Err(wrong(error).into());
        }
        let temporary = builder()
            .tempfile_in(directory)
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            path,
            temporary: Some(temporary),
        })
    }

    pub(super) fn write(self, text: &str) -> anyhow::Result<()> {
        let Self { path, temporary } = self;
        let written = match temporary {
            None => fs::write(&path, text),
            Some(mut file) => file
                .write_all(text.as_bytes())
                .and_then(|()| file.as_file().sync_all())
                .and_then(|()| Ok(file.persist(&path).map(drop)?)),
        };
        written.with_context(|| format!("writing the last message to {}", path.display()))
    }
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".loom-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // What a file that is simply created would get; the umask takes its share.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use super::*;

    #[test]
    fn the_file_appears_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("answer.txt");
        fs::write(&path, "old").unwrap();
        drop(LastMessage::prepare(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        LastMessage::prepare(&path).unwrap().write("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_found_out_before_the_run() {
        let directory = tempfile::tempdir().unwrap();
        assert!(LastMessage::prepare(directory.path()).is_err());
        assert!(LastMessage::prepare(&directory.path().join("no/such/file")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        let link = directory.path().join("link");
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        LastMessage::prepare(&link).unwrap().write("new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        LastMessage::prepare(Path::new("/dev/null"))
            .unwrap()
            .write("x")
            .unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
