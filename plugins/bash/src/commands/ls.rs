//! `ls`, in place of the shell's own, which has neither `-r` nor `-S`. How a long line looks is in
//! `long`.

mod long;
mod options;

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use bashkit::{Command, CommandContext, CommandStatus, Metadata, async_trait, vfs_join};

use super::until_closed;
use crate::watch;
use options::{Hidden, Options, Order};

/// `ls [OPTION…] [FILE…]`, one name a line.
pub(crate) struct Ls;

/// What GNU's tells for a file that is not there, and for bad options.
const FAILED: i32 = 2;

#[async_trait]
impl Command for Ls {
    async fn execute(&self, context: CommandContext<'_>) -> bashkit::Result<CommandStatus> {
        let options = match Options::parse(context.args) {
            Ok(options) => options,
            Err(message) => {
                context.stderr.write_all(message.as_bytes()).await?;
                return Ok(CommandStatus::with_code(FAILED));
            }
        };
        let mut listing = Listing {
            context: &context,
            options: &options,
            output: String::new(),
            has_written: false,
            has_failed: false,
        };
        until_closed(listing.operands().await)
    }
}

/// A file to show, and the name to show it by.
struct Shown {
    name: String,
    path: PathBuf,
    metadata: Metadata,
}

struct Listing<'a> {
    context: &'a CommandContext<'a>,
    options: &'a Options,
    output: String,
    has_written: bool,
    has_failed: bool,
}

impl Listing<'_> {
    async fn operands(&mut self) -> bashkit::Result<CommandStatus> {
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for name in &self.options.operands {
            let path = vfs_join(self.context.cwd, Path::new(name));
            match self.look(&path).await {
                Ok(metadata) => {
                    let lists = metadata.file_type.is_dir() && !self.options.directory;
                    let name = name.clone();
                    let into = if lists { &mut directories } else { &mut files };
                    into.push(Shown {
                        name,
                        path,
                        metadata,
                    });
                }
                Err(_) => {
                    let problem = format!("cannot access '{name}': No such file or directory");
                    self.fail(&problem).await?;
                }
            }
        }
        self.sort(&mut files);
        self.show(&files, false).await;
        self.write().await?;
        self.sort(&mut directories);
        let headed = self.options.operands.len() > 1 || self.options.recursive;
        directories.reverse();
        while let Some(directory) = directories.pop() {
            let below = self.directory(&directory, headed).await?;
            directories.extend(below.into_iter().rev());
            self.write().await?;
            // A tree may have more directories than there is time for.
            watch::look_at_the_clock();
            if watch::is_stopped() {
                break;
            }
        }
        let status = if self.has_failed { FAILED } else { 0 };
        Ok(CommandStatus::with_code(status))
    }

    /// Writes what there is to show so far.
    async fn write(&mut self) -> bashkit::Result<()> {
        self.has_written |= !self.output.is_empty();
        let output = std::mem::take(&mut self.output);
        self.context.stdout.write_all(output.as_bytes()).await
    }

    async fn fail(&mut self, problem: &str) -> bashkit::Result<()> {
        self.has_failed = true;
        let message = format!("ls: {problem}\n");
        self.context.stderr.write_all(message.as_bytes()).await
    }

    /// A link is followed, but where the link itself is shown.
    async fn look(&self, path: &Path) -> bashkit::Result<Metadata> {
        let files = &self.context.fs;
        if self.options.long || self.options.directory || self.options.classify {
            return files.lstat(path).await;
        }
        match files.stat(path).await {
            Ok(metadata) => Ok(metadata),
            Err(_) => files.lstat(path).await,
        }
    }

    /// Shows what is in a directory. Returns the directories to show after it.
    async fn directory(&mut self, directory: &Shown, headed: bool) -> bashkit::Result<Vec<Shown>> {
        if headed {
            let space = if self.has_written { "\n" } else { "" };
            self.output += &format!("{space}{}:\n", directory.name);
        }
        let entries = match self.context.fs.read_dir(&directory.path).await {
            Ok(entries) => entries,
            Err(error) => {
                let problem = format!("cannot open directory '{}': {error}", directory.name);
                self.fail(&problem).await?;
                return Ok(Vec::new());
            }
        };
        let hidden = self.options.hidden;
        let entries = entries
            .into_iter()
            .filter(|entry| hidden != Hidden::No || !entry.name.starts_with('.'));
        let mut shown: Vec<Shown> = entries
            .map(|entry| Shown {
                path: vfs_join(&directory.path, Path::new(&entry.name)),
                name: entry.name,
                metadata: entry.metadata,
            })
            .collect();
        let below = shown
            .iter()
            .filter(|entry| entry.metadata.file_type.is_dir());
        let mut below: Vec<Shown> = below
            .filter(|_| self.options.recursive)
            .map(|entry| Shown {
                name: format!("{}/{}", directory.name, entry.name),
                path: entry.path.clone(),
                metadata: entry.metadata.clone(),
            })
            .collect();
        if hidden == Hidden::All {
            shown.extend(self.itself_and_parent(directory).await);
        }
        self.sort(&mut shown);
        self.show(&shown, true).await;
        self.sort(&mut below);
        Ok(below)
    }

    /// `.` and `..`
    async fn itself_and_parent(&self, directory: &Shown) -> [Shown; 2] {
        let parent = directory.path.parent().unwrap_or(&directory.path);
        let files = &self.context.fs;
        let shown = async |name: &str, path: &Path| Shown {
            name: name.into(),
            path: path.to_owned(),
            metadata: files
                .stat(path)
                .await
                .unwrap_or_else(|_| directory.metadata.clone()),
        };
        [shown(".", &directory.path).await, shown("..", parent).await]
    }

    fn sort(&self, shown: &mut [Shown]) {
        shown.sort_by(|one, other| one.name.cmp(&other.name));
        match self.options.order {
            Order::Name => {}
            Order::Size => shown.sort_by_key(|file| Reverse(file.metadata.size)),
            Order::Time => shown.sort_by_key(|file| Reverse(file.metadata.modified)),
        }
        if self.options.reverse {
            shown.reverse();
        }
    }

    async fn show(&mut self, shown: &[Shown], with_total: bool) {
        if !self.options.long {
            for file in shown {
                self.output += &file.name;
                self.output += self.mark(&file.metadata);
                self.output.push('\n');
            }
            return;
        }
        if with_total {
            let blocks = shown.iter().map(|file| long::blocks(&file.metadata)).sum();
            self.output += &format!("total {}\n", long::total(blocks, self.options.human));
        }
        let widest = shown.iter().map(|file| self.size(file).len()).max();
        for file in shown {
            let size = self.size(file);
            let line = long::line(&file.metadata, &size, widest.unwrap_or(0));
            self.output += &format!("{line} {}", file.name);
            if file.metadata.file_type.is_symlink()
                && let Ok(target) = self.context.fs.read_link(&file.path).await
            {
                self.output += &format!(" -> {}", target.display());
            } else {
                self.output += self.mark(&file.metadata);
            }
            self.output.push('\n');
        }
    }

    fn size(&self, file: &Shown) -> String {
        if self.options.human {
            long::human(file.metadata.size)
        } else {
            file.metadata.size.to_string()
        }
    }

    /// What `-F` and `-p` put behind a name.
    fn mark(&self, metadata: &Metadata) -> &'static str {
        let kind = &metadata.file_type;
        if kind.is_dir() && (self.options.classify || self.options.slash) {
            "/"
        } else if !self.options.classify {
            ""
        } else if kind.is_symlink() {
            "@"
        } else if kind.is_file() && metadata.mode & 0o111 != 0 {
            "*"
        } else {
            ""
        }
    }
}

#[cfg(test)]
mod tests;
