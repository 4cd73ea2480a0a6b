//! The data directory: its owner, and the process that uses it.
//!
//! A directory that holds anything else is refused, and no other user is let into it. One `sei up` uses a directory
//! at a time; other commands may join it.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

/// Marks a directory as a data directory of `sei`, and names its format.
const MARK: &str = "sei-data";
const FORMAT: &str = "sei data directory, format 1\n";

/// The longest path that a UNIX socket can have, without the byte that ends it.
const SOCKET_PATH_BYTES: usize = 107;

/// Where a running `sei up` leaves what it found when it was asked to read its settings again.
const RELOAD_ANSWER: &str = "reload.json";

/// What a running `sei up` found when it read its settings again.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ReloadAnswer {
    /// The keys of the settings that have changed.
    pub(crate) changed: Vec<String>,
    /// Why they can't be used.
    pub(crate) error: Option<String>,
}

/// A data directory of ours.
pub(crate) struct DataDirectory(PathBuf);

impl DataDirectory {
    /// Opens a data directory, or makes it. One that holds other things is refused and left as it is.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let elsewhere = "name another directory with --data, or set data.directory";
        std::fs::create_dir_all(path)
            .with_context(|| format!("the data directory `{}` can't be created; {elsewhere}", path.display()))?;
        let path =
            path.canonicalize().with_context(|| format!("the data directory `{}` can't be read", path.display()))?;
        let mark = path.join(MARK);
        match std::fs::read_to_string(&mark) {
            Ok(format) if format == FORMAT => {
                keep_private(&path);
                return Ok(Self(path));
            }
            Ok(format) if format.starts_with("sei data directory, format ") => bail!(
                "the data directory `{}` was made by a later version of sei ({}); use that version, or {elsewhere}",
                path.display(),
                format.trim()
            ),
            Ok(_) => bail!("`{}` holds no mark of sei; {elsewhere}", mark.display()),
            Err(_) => {}
        }
        let empty = std::fs::read_dir(&path).map(|mut entries| entries.next().is_none());
        if !empty.with_context(|| format!("the data directory `{}` can't be read", path.display()))? {
            bail!(
                "`{}` holds files that are not sei's, so it is not used as its data directory; {elsewhere}",
                path.display()
            );
        }
        keep_private(&path);
        // a repository that the directory lies in does not take it up
        std::fs::write(&mark, FORMAT).and_then(|()| std::fs::write(path.join(".gitignore"), "*\n")).with_context(
            || format!("nothing can be written to the data directory `{}`; {elsewhere}", path.display()),
        )?;
        Ok(Self(path))
    }

    /// Where the private cluster lives.
    pub(crate) fn cluster(&self) -> PathBuf {
        self.0.join("postgres")
    }

    /// Where clones of remote repositories live.
    pub(crate) fn mirrors(&self) -> PathBuf {
        self.0.join("mirrors")
    }

    /// Where `sei up` makes its UNIX socket; `None` where the path would be too long for one.
    pub(crate) fn socket(&self) -> Option<PathBuf> {
        let path = self.0.join("sei.sock");
        if path.as_os_str().len() <= SOCKET_PATH_BYTES {
            return Some(path);
        }
        tracing::warn!(
            "`{}` is too long for a UNIX socket, so none is made; set server.socket to a shorter path",
            path.display()
        );
        None
    }

    /// Makes this process the one `sei up` of the directory, for as long as the answer is kept.
    pub(crate) fn only_one(&self) -> Result<File> {
        let mut lock = self.lock_file("up.lock")?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                lock.read_to_string(&mut by)?;
                let by = by.trim();
                return Err(anyhow!(
                    "`sei up` already runs on the data directory `{}`{}; stop it first, or name another directory with --data",
                    self.0.display(),
                    if by.is_empty() { String::new() } else { format!(" (process {by})") }
                ));
            }
            Err(TryLockError::Error(error)) => {
                return Err(error)
                    .with_context(|| format!("the data directory `{}` can't be locked", self.0.display()));
            }
        }
        lock.set_len(0)?;
        writeln!(lock, "{}", std::process::id())?;
        Ok(lock)
    }

    /// The process of the `sei up` that runs on the directory, if one does.
    pub(crate) fn running(&self) -> Result<Option<i32>> {
        let mut lock = self.lock_file("up.lock")?;
        match lock.try_lock() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                lock.read_to_string(&mut process)?;
                Ok(process.trim().parse().ok())
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("the data directory `{}` can't be locked", self.0.display()))
            }
        }
    }

    /// Leaves for `sei reload` which settings have changed, or why they can't be used.
    pub(crate) fn answer_reload(&self, changed: &Result<Vec<String>>) {
        let answer = match changed {
            Ok(changed) => ReloadAnswer { changed: changed.clone(), error: None },
            Err(error) => {
                ReloadAnswer { changed: Vec::new(), error: Some(runtime::redact(&format!("{error:#}")).into_owned()) }
            }
        };
        let (path, new) = (self.0.join(RELOAD_ANSWER), self.0.join("reload.json.new"));
        // a reader sees all of it
        let written = serde_json::to_string(&answer)
            .map_err(std::io::Error::from)
            .and_then(|text| std::fs::write(&new, text))
            .and_then(|()| std::fs::rename(&new, &path));
        if let Err(error) = written {
            tracing::warn!(error = &error as &dyn std::error::Error, "`{}` can't be written", path.display());
        }
    }

    /// Takes the answer to a reload, once there is one.
    pub(crate) fn take_reload_answer(&self) -> Option<ReloadAnswer> {
        let path = self.0.join(RELOAD_ANSWER);
        let answer = serde_json::from_slice(&std::fs::read(&path).ok()?).ok();
        // one that stays is overwritten by the next
        let _removed = std::fs::remove_file(&path);
        answer
    }

    fn lock_file(&self, name: &str) -> Result<File> {
        let path = self.0.join(name);
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("`{}` can't be opened", path.display()))
    }
}

/// Lets no other user in. A directory that we may not close stays as it is: its owner was chosen.
fn keep_private(path: &Path) {
    if let Err(error) = store::keep_private(path) {
        let (directory, error) = (path.display(), &error as &dyn std::error::Error);
        tracing::warn!(%directory, error, "other users of this machine may be able to read the data directory");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(directory: Result<DataDirectory>) -> String {
        directory.map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_directory_is_created_recognized_and_a_foreign_one_is_left_alone() -> Result<()> {
        let parent = std::env::temp_dir().join(format!("sei-directory-{}", std::process::id()));
        let own = parent.join("own");
        DataDirectory::open(&own)?;
        DataDirectory::open(&own)?;
        assert_eq!(std::fs::read_to_string(own.join(".gitignore"))?, "*\n", "git leaves it alone");
        let foreign = parent.join("foreign");
        std::fs::create_dir_all(&foreign)?;
        std::fs::write(foreign.join("letter.txt"), "dear")?;
        assert!(message(DataDirectory::open(&foreign)).contains("not sei's"));
        assert_eq!(std::fs::read_dir(&foreign)?.count(), 1);
        std::fs::write(own.join(MARK), "sei data directory, format 2\n")?;
        assert!(message(DataDirectory::open(&own)).contains("later version"));
        std::fs::remove_dir_all(parent)?;
        Ok(())
    }

    #[test]
    fn no_other_user_is_let_in_also_not_into_a_directory_that_was_open() -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("sei-private-{}", std::process::id()));
        for _ in 0..2 {
            let directory = DataDirectory::open(&path)?;
            let allowed = std::fs::metadata(&directory.0)?.permissions().mode() & 0o777;
            // root lets the database's user through
            assert!(matches!(allowed, 0o700 | 0o710), "{allowed:o}");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        }
        std::fs::remove_dir_all(path)?;
        Ok(())
    }

    #[test]
    fn one_up_at_a_time() -> Result<()> {
        let path = std::env::temp_dir().join(format!("sei-users-{}", std::process::id()));
        let directory = DataDirectory::open(&path)?;
        let up = directory.only_one()?;
        let second = directory.only_one().map(|_| ()).unwrap_err().to_string();
        assert!(second.contains(&format!("process {}", std::process::id())), "{second}");
        drop(up);
        directory.only_one()?;
        std::fs::remove_dir_all(path)?;
        Ok(())
    }
}
