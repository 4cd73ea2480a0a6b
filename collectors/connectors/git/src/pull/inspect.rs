//! Checks the files of a repository before any of them is opened for its content: a repository can belong to any user,
//! and a link, a device or a pipe in the place of a file could expose another file, take all memory, or never end.
//!
//! Promises: what is read afterwards are regular files of bounded size inside of the repository, as they were when they
//! were checked; an error names a file and never shows its content.

use std::fs::Metadata;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::error::GitError;

/// A reference, or a pointer to another place.
const POINTER_LIMIT: u64 = 4 << 10;
const CONFIG_LIMIT: u64 = 1 << 20;
const SHALLOW_LIMIT: u64 = 64 << 20;
/// Three million references.
const PACKED_REFS_LIMIT: u64 = 256 << 20;
/// Files and directories of a repository that are looked at.
const ENTRIES_LIMIT: usize = 4_000_000;
/// How deep directories of references may be nested.
const DEPTH_LIMIT: usize = 64;

/// What is wrong with a repository's files, as the end of a sentence.
type Problem = String;

/// Looks at the files of the repository at a path: the top directory of a working tree, or a bare repository.
pub(super) fn inspect(path: &Path) -> Result<(), GitError> {
    let looked = match directory(path) {
        Ok(Some(git)) => Files::new(&git).and_then(|mut files| files.inspect()),
        Ok(None) => Ok(()),
        Err(problem) => Err(problem),
    };
    looked.map_err(|problem| GitError::Unsafe { repository: path.to_owned(), problem })
}

/// The directory with the history; none if there is no sign of one.
fn directory(path: &Path) -> Result<Option<PathBuf>, Problem> {
    let dot_git = path.join(".git");
    let Some(metadata) = look(&dot_git)? else {
        return Ok(look(&path.join("HEAD"))?.map(|_| path.to_owned()));
    };
    if metadata.is_dir() {
        return Ok(Some(dot_git));
    }
    let target = pointer(&dot_git, path, "gitdir: ")?;
    let back = target.join("gitdir");
    let linked = look(&back)?.is_some() && pointer(&back, &target, "")? == canonical(&dot_git)?;
    let inside = path.ancestors().skip(1).any(|above| target.starts_with(above.join(".git")));
    if linked || inside {
        return Ok(Some(target));
    }
    Err("its `.git` names a directory elsewhere, which does not name it in turn; give the path of that directory"
        .to_owned())
}

/// The place that a small file names, after a prefix.
fn pointer(file: &Path, base: &Path, prefix: &str) -> Result<PathBuf, Problem> {
    let text = small(file, POINTER_LIMIT)?;
    let text = String::from_utf8_lossy(&text);
    let target = text.strip_prefix(prefix).map(str::trim_end).filter(|target| !target.is_empty());
    let target = target.ok_or_else(|| format!("its file `{}` names no directory", name(file)))?;
    canonical(&base.join(target))
}

/// Reads a file that was not looked at before. The file is opened only if it is a regular one.
fn small(file: &Path, limit: u64) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: std::io::Error| format!("its file `{}` can't be read: {}", name(file), error.kind());
    match look(file)? {
        Some(metadata) if metadata.is_file() && metadata.len() <= limit => {}
        _ => return Err(format!("its file `{}` is no regular file of at most {limit} bytes", name(file))),
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(file).map_err(unreadable)?;
    file.take(limit).read_to_end(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// What stands at a path, without following a link; nothing if nothing does.
fn look(path: &Path) -> Result<Option<Metadata>, Problem> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(format!("its file `{}` can't be looked at: {}", name(path), error.kind())),
    }
}

fn canonical(path: &Path) -> Result<PathBuf, Problem> {
    std::fs::canonicalize(path).map_err(|error| format!("`{}` can't be looked at: {}", name(path), error.kind()))
}

/// The last part of a path.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The files of a repository.
struct Files {
    /// The directory of the working tree at hand.
    git: PathBuf,
    /// The directory that all working trees share, most often the same.
    common: PathBuf,
    entries: usize,
}

impl Files {
    fn new(git: &Path) -> Result<Self, Problem> {
        let git = canonical(git)?;
        let pointed = git.join("commondir");
        let common = if look(&pointed)?.is_some() { pointer(&pointed, &git, "")? } else { git.clone() };
        if !git.starts_with(&common) {
            return Err("its file `commondir` names a directory that it is not in".to_owned());
        }
        Ok(Self { git, common, entries: 0 })
    }

    fn inspect(&mut self) -> Result<(), Problem> {
        self.head()?;
        let (git, common) = (self.git.clone(), self.common.clone());
        self.file(&git.join("config.worktree"), CONFIG_LIMIT)?;
        self.file(&common.join("config"), CONFIG_LIMIT)?;
        self.file(&common.join("packed-refs"), PACKED_REFS_LIMIT)?;
        self.file(&common.join("shallow"), SHALLOW_LIMIT)?;
        Self::alternates(&common.join("objects"))?;
        self.tree(&common.join("objects"), None, 0)?;
        self.tree(&common.join("refs"), Some(POINTER_LIMIT), 0)?;
        if git == common { Ok(()) } else { self.tree(&git.join("refs"), Some(POINTER_LIMIT), 0) }
    }

    /// `HEAD` names a branch or a commit.
    fn head(&mut self) -> Result<(), Problem> {
        let path = self.git.join("HEAD");
        if look(&path)?.is_some_and(|metadata| metadata.is_symlink()) {
            // as very old versions of git wrote it
            return self.file(&path, POINTER_LIMIT);
        }
        let head = small(&path, POINTER_LIMIT)?;
        let head = head.trim_ascii_end();
        let is_id = matches!(head.len(), 40 | 64) && head.iter().all(u8::is_ascii_hexdigit);
        let is_name = head.strip_prefix(b"ref:").is_some_and(|name| name.trim_ascii_start().starts_with(b"refs/"));
        if is_id || is_name {
            return Ok(());
        }
        Err("its `HEAD` names neither a branch nor a commit".to_owned())
    }

    /// Objects of another repository are that repository's.
    fn alternates(objects: &Path) -> Result<(), Problem> {
        let path = objects.join("info/alternates");
        if look(&path)?.is_none() {
            return Ok(());
        }
        for line in small(&path, CONFIG_LIMIT)?.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            let place = String::from_utf8_lossy(line);
            let own = || canonical(&objects.join(&*place)).is_ok_and(|place| place.starts_with(objects));
            if !line.is_empty() && !line.starts_with(b"#") && !own() {
                return Err("its file `objects/info/alternates` names objects outside of it; give its address as \
                            a file:// URL, which git clones, or make it whole by `git repack -a -d` and remove \
                            that file"
                    .to_owned());
            }
        }
        Ok(())
    }

    /// A file that may be missing: a regular one, or a link to one inside of the repository.
    fn file(&self, path: &Path, limit: u64) -> Result<(), Problem> {
        let Some(mut metadata) = look(path)? else { return Ok(()) };
        let shown = || path.strip_prefix(&self.common).unwrap_or(path).display().to_string();
        if metadata.is_symlink() {
            let target = std::fs::canonicalize(path).ok().filter(|target| target.starts_with(&self.common));
            metadata = target
                .and_then(|target| std::fs::metadata(target).ok())
                .ok_or_else(|| format!("its file `{}` is a link that leads out of it, or to nothing", shown()))?;
        }
        if !metadata.is_file() {
            return Err(format!("`{}` in it is no regular file", shown()));
        }
        if metadata.len() > limit {
            return Err(format!("its file `{}` has {} bytes, more than {limit}", shown(), metadata.len()));
        }
        Ok(())
    }

    /// All files below a directory that may be missing. Those of bounded size are looked at one by one; of
    /// others the kind is enough, which the directory has.
    fn tree(&mut self, directory: &Path, limit: Option<u64>, depth: usize) -> Result<(), Problem> {
        let shown = directory.strip_prefix(&self.common).unwrap_or(directory).display().to_string();
        match look(directory)? {
            None => return Ok(()),
            Some(metadata) if metadata.is_dir() && depth < DEPTH_LIMIT => {}
            Some(_) => return Err(format!("`{shown}` in it is no directory, or nested more than {DEPTH_LIMIT} deep")),
        }
        let unreadable = |error: std::io::Error| format!("its directory `{shown}` can't be read: {}", error.kind());
        let entries = match std::fs::read_dir(directory) {
            // `git gc` removes directories that are empty
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(unreadable)?,
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            self.entries += 1;
            if self.entries > ENTRIES_LIMIT {
                return Err(format!("it has more than {ENTRIES_LIMIT} files; `git gc` packs them"));
            }
            let kind = entry.file_type().map_err(unreadable)?;
            match limit {
                _ if kind.is_dir() => self.tree(&entry.path(), limit, depth + 1)?,
                None if kind.is_file() => {}
                limit => self.file(&entry.path(), limit.unwrap_or(u64::MAX))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A bare repository without anything in it.
    fn bare() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in ["objects/info", "objects/pack", "refs/heads"] {
            std::fs::create_dir_all(directory.path().join(name)).unwrap();
        }
        std::fs::write(directory.path().join("HEAD"), "ref: refs/heads/main\n").unwrap();
        std::fs::write(directory.path().join("config"), "[core]\n").unwrap();
        directory
    }

    fn problem(path: &Path) -> String {
        inspect(path).unwrap_err().to_string()
    }

    #[test]
    fn a_repository_of_regular_files_is_read_and_what_is_none_is_left_to_others() {
        inspect(bare().path()).unwrap();
        inspect(tempfile::tempdir().unwrap().path()).unwrap();
    }

    #[test]
    fn a_link_out_of_the_repository_is_refused_and_its_content_not_shown() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "root:x:0:0").unwrap();
        for name in ["HEAD", "config", "packed-refs", "shallow", "refs/tags-x", "refs/heads/x", "objects/pack/x.pack"] {
            let directory = bare();
            let place = directory.path().join(name);
            let _absent = std::fs::remove_file(&place);
            symlink(secret.path(), &place).unwrap();
            let message = problem(directory.path());
            assert!(message.contains(name) && message.contains("leads out of it"), "{message}");
            assert!(!message.contains("root:"), "{message}");
        }
        let directory = bare();
        std::fs::write(directory.path().join("HEAD"), "root:x:0:0").unwrap();
        assert!(problem(directory.path()).contains("its `HEAD` names neither a branch nor a commit"));
    }

    #[test]
    fn what_is_no_file_or_too_large_is_refused_before_it_is_opened() {
        let directory = bare();
        std::fs::File::create(directory.path().join("packed-refs")).unwrap().set_len(PACKED_REFS_LIMIT + 1).unwrap();
        assert!(problem(directory.path()).contains("more than 268435456"), "{}", problem(directory.path()));
        for name in ["HEAD", "objects/pack/x.idx", "refs/heads/x"] {
            let directory = bare();
            let place = directory.path().join(name);
            let _absent = std::fs::remove_file(&place);
            let made = std::process::Command::new("mkfifo").arg(&place).status().unwrap();
            assert!(made.success());
            assert!(problem(directory.path()).contains("no regular file"), "{}", problem(directory.path()));
        }
    }

    #[test]
    fn objects_and_directories_of_another_repository_are_not_followed() {
        let (other, directory) = (bare(), bare());
        let objects = other.path().join("objects").display().to_string();
        std::fs::write(directory.path().join("objects/info/alternates"), format!("# none\n{objects}\n")).unwrap();
        assert!(problem(directory.path()).contains("names objects outside of it; give its address as a file:// URL"));
        let tree = tempfile::tempdir().unwrap();
        std::fs::write(tree.path().join(".git"), format!("gitdir: {}\n", other.path().display())).unwrap();
        assert!(problem(tree.path()).contains("does not name it in turn"), "{}", problem(tree.path()));
        // a linked working tree, which its repository knows
        let linked = other.path().join("worktrees/x");
        std::fs::create_dir_all(&linked).unwrap();
        std::fs::write(linked.join("gitdir"), tree.path().join(".git").display().to_string()).unwrap();
        std::fs::write(linked.join("commondir"), "../..\n").unwrap();
        std::fs::write(linked.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        std::fs::write(tree.path().join(".git"), format!("gitdir: {}\n", linked.display())).unwrap();
        inspect(tree.path()).unwrap();
    }
}
