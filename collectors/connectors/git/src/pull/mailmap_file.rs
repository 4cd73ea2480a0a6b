//! Finding and reading `.mailmap` in a repository.

use gix::ObjectId;
use gix::objs::{Find as _, Kind, TreeRefIter};

use super::raw::RawCommit;

/// The longest file that is read: two of them fit into one message.
const MAX_BYTES: usize = 256 << 10;

/// The file in a commit's tree.
pub(super) fn find(repository: &gix::Repository, commit: ObjectId) -> Option<ObjectId> {
    let mut buffer = Vec::new();
    let object = repository.objects.try_find(&commit, &mut buffer).ok()??;
    let tree = RawCommit::parse(object.data).tree?;
    let object = repository.objects.try_find(&tree, &mut buffer).ok()??;
    if object.kind != Kind::Tree {
        return None;
    }
    let mut entries = TreeRefIter::from_bytes(object.data, repository.object_hash()).map_while(Result::ok);
    let entry = entries.find(|entry| entry.filename == ".mailmap" && entry.mode.is_blob())?;
    Some(entry.oid.to_owned())
}

/// A file's text; none if it is missing or too long to be kept by hand.
pub(super) fn read(repository: &gix::Repository, blob: ObjectId) -> Option<String> {
    let mut buffer = Vec::new();
    let blob = Some(blob).filter(|blob| blob.kind() == repository.object_hash())?;
    let object = repository.objects.try_find(&blob, &mut buffer).ok()??;
    let good = object.kind == Kind::Blob && object.data.len() <= MAX_BYTES;
    good.then(|| String::from_utf8_lossy(object.data).into_owned())
}
