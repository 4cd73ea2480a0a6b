//! Files that are kept as they are, in a directory or in S3: the archive of the log.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::BackupError;
use crate::place::Place;
use crate::settings::Backup;

/// A place for files. S3 is reached as backups reach it.
pub struct Files(Place);

impl Files {
    /// Opens a place: a directory, or `s3://BUCKET/PREFIX`. A directory that is not there is made if it is to be.
    pub fn open(settings: &Backup, url: &str, make: bool) -> Result<Self, BackupError> {
        Place::open(&Backup { url: Some(url.to_owned()), ..settings.clone() }, make).map(Self)
    }

    /// The place as people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The paths of the files below a directory, in their order.
    pub async fn list(&self, directory: &str) -> Result<Vec<String>, BackupError> {
        let objects = self.0.objects.list(Some(&Path::from(directory)));
        let mut paths: Vec<String> = objects.map_ok(|object| object.location.to_string()).try_collect().await?;
        paths.sort();
        Ok(paths)
    }

    /// Writes a file: whole, or not at all.
    pub async fn put(&self, path: &str, bytes: Vec<u8>) -> Result<(), BackupError> {
        self.0.objects.put(&Path::from(path), PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// Reads a file.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, BackupError> {
        Ok(self.0.objects.get(&Path::from(path)).await?.bytes().await?.to_vec())
    }
}
