//! Opens a repository for reading, independent of its owner, and identifies it.
//!
//! Only the repository's own configuration is read, and nothing in it is executed: no environment, no system or user
//! configuration, no filters. So a repository of another user is as safe to read as one's own, and `safe.directory` is
//! not needed. Replacement objects (`git replace`) are a private view and are ignored.

use std::path::{Path, PathBuf};

use gix::objs::{Find as _, FindHeader as _, Kind};
use gix::{ObjectId, ThreadSafeRepository};
use kernel::RepositoryId;

use super::error::GitError;
use super::inspect;
use super::location::{host_and_path, of_path};
use crate::page::PageRepository;

/// Larger objects are not read: a file of this size counts as binary.
pub(super) const OBJECT_LIMIT: usize = 32 << 20;
/// Larger commits are not read, nor what is behind them. Of a message only the ends are kept.
const COMMIT_LIMIT: usize = 256 << 20;

/// Opens the repository at a path: a working tree's top directory, or a bare repository.
pub(super) fn open(path: &Path) -> Result<ThreadSafeRepository, GitError> {
    let path = std::fs::canonicalize(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => GitError::NotFound(path.to_owned()),
        _ => GitError::Io(format!("`{}` can't be read", path.display()), error),
    })?;
    inspect::inspect(&path)?;
    open_with(&path, OBJECT_LIMIT).map_err(|error| {
        if error.is_not_found() {
            GitError::NotARepository { hint: hint(&path), path }
        } else {
            // the cause would show what is in its files
            let problem = "its configuration or object database is damaged or of an unknown form".to_owned();
            GitError::Broken { repository: path.display().to_string(), problem, cause: None }
        }
    })
}

/// Opens a repository whose files were looked at, for objects up to a size.
fn open_with(path: &Path, limit: usize) -> gix::Result<ThreadSafeRepository> {
    let options = gix::open::Options::isolated()
        .config_overrides(["core.useReplaceRefs=false".to_owned(), format!("gitoxide.objects.allocLimit={limit}")]);
    ThreadSafeRepository::open_opts(path, options)
}

/// Whether there is a commit of this id that can be read, by what its object says of itself.
pub(super) fn has_commit(repository: &gix::Repository, id: ObjectId) -> bool {
    // a remote that was recreated can have ids of another format; gix asserts that they are not mixed
    id.kind() == repository.object_hash()
        && matches!(repository.objects.try_header(&id), Ok(Some(header)) if header.kind == Kind::Commit && header.size <= COMMIT_LIMIT as u64)
}

/// The bytes of a commit; none if it is missing, damaged or too large.
pub(super) fn commit<'b>(repository: &gix::Repository, id: ObjectId, buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    if id.kind() != repository.object_hash() {
        return None;
    }
    let length = match repository.objects.try_find(&id, buffer) {
        Ok(Some(object)) => (object.kind == Kind::Commit).then_some(object.data.len()),
        // too large for an object, perhaps not for a commit
        Err(_) if has_commit(repository, id) => {
            let large = open_with(repository.git_dir(), COMMIT_LIMIT).ok()?.to_thread_local();
            let found = large.objects.try_find(&id, buffer).ok()??;
            Some(found.data.len())
        }
        Ok(None) | Err(_) => None,
    };
    buffer.get(..length?)
}

/// Where a repository is nearby: above, or one below.
fn hint(path: &Path) -> String {
    let is_repository = |directory: &Path| directory.join(".git").exists() || directory.join("HEAD").is_file();
    if let Some(above) = path.ancestors().skip(1).find(|directory| is_repository(directory)) {
        return format!("; `{}` above it is one", above.display());
    }
    let below = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut below: Vec<PathBuf> = below
        .filter(|directory| directory.file_name().is_some_and(|name| name != ".git") && is_repository(directory))
        .collect();
    below.sort();
    match below.first() {
        Some(first) => format!("; `{}` in it is one", first.display()),
        None => ": give the top directory of a clone, a bare repository, or a URL".to_owned(),
    }
}

/// Which repository it is: as configured, as its address says, else by its place on this machine.
pub(super) fn identify(repository: &gix::Repository, configured: Option<&str>, url: Option<&str>) -> PageRepository {
    let origin = repository.config_snapshot().plumbing().string("remote.origin.url").map(|url| url.to_string());
    let address = url.map(str::to_owned).or(origin);
    let address_of = address.as_deref().and_then(host_and_path);
    let configured =
        configured.map(|text| text.trim().trim_matches('/').to_lowercase()).filter(|text| !text.is_empty());
    let place = || match address.as_deref().filter(|_| url.is_some()).and_then(|url| url.strip_prefix("file://")) {
        Some(path) => path.to_owned(),
        None => place(repository).display().to_string(),
    };
    let id = configured
        .map(RepositoryId)
        .or_else(|| address_of.as_ref().and_then(|_| RepositoryId::from_url(address.as_deref()?)))
        .unwrap_or_else(|| of_path(&place()));
    let name = match (&address_of, id.as_str().split_once('/')) {
        (Some((_, path)), _) => path.clone(),
        (None, Some(("localhost", path))) => path.rsplit('/').next().unwrap_or(path).to_owned(),
        (None, Some((_, path))) => path.to_owned(),
        (None, None) => id.to_string(),
    };
    let url = address_of.map(|(host, path)| format!("https://{host}/{path}"));
    PageRepository { id, name, url, default_branch: None, default_branch_tip: None, partial: false }
}

/// The directory that is shown for it.
fn place(repository: &gix::Repository) -> PathBuf {
    let common = repository.common_dir();
    let directory = match (common.file_name(), common.parent(), repository.workdir()) {
        (Some(name), Some(parent), _) if name == ".git" => parent,
        (_, _, Some(work_tree)) => work_tree,
        _ => common,
    };
    std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned())
}
