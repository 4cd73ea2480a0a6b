//! Where backups are kept: a directory, or S3.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use runtime::secret;
use runtime::settings::SecretRef;

use crate::BackupError;
use crate::settings::{Backup, S3};

/// A place that can be read and written.
pub(crate) struct Place {
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// As people call it.
    pub(crate) name: String,
}

impl Place {
    /// Opens the place of the settings. A directory that is not there is made if it is to be.
    pub(crate) fn open(settings: &Backup, make: bool) -> Result<Self, BackupError> {
        let url = settings.url.as_deref().ok_or(BackupError::NoPlace)?;
        let objects = match url.strip_prefix("s3://") {
            Some(bucket) => s3(url, bucket, &settings.s3)?,
            None => directory(url, make)?,
        };
        Ok(Self { objects, name: runtime::redact(url).into_owned() })
    }
}

fn refused(place: &str, why: impl Into<String>) -> BackupError {
    BackupError::Place { place: runtime::redact(place).into_owned(), why: why.into() }
}

fn directory(path: &str, make: bool) -> Result<Arc<dyn ObjectStore>, BackupError> {
    let is_there = Path::new(path).is_dir();
    if !is_there && !make {
        return Err(BackupError::Nothing(path.to_owned()));
    }
    if !is_there {
        // no other user may read it
        let outcome = DirBuilder::new().recursive(true).mode(0o700).create(path);
        outcome.map_err(|error| refused(path, format!("the directory can't be made: {error}")))?;
    }
    let objects = LocalFileSystem::new_with_prefix(path).map_err(|error| refused(path, error.to_string()))?;
    Ok(Arc::new(objects.with_fsync(true)))
}

fn s3(url: &str, bucket: &str, settings: &S3) -> Result<Arc<dyn ObjectStore>, BackupError> {
    let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
    if bucket.is_empty() {
        return Err(refused(url, "it names no bucket; expected s3://BUCKET/PREFIX"));
    }
    // another client of the process may have been first
    let _already = rustls::crypto::CryptoProvider::install_default(rustls::crypto::ring::default_provider());
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    if let Some(region) = &settings.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some(id) = &settings.access_key_id {
        builder = builder.with_access_key_id(text("backup.s3.access_key_id", id)?);
    }
    if let Some(key) = &settings.secret_access_key {
        builder = builder.with_secret_access_key(text("backup.s3.secret_access_key", key)?);
    }
    let objects = builder.build().map_err(|error| refused(url, error.to_string()))?;
    let prefix = prefix.trim_matches('/');
    Ok(if prefix.is_empty() { Arc::new(objects) } else { Arc::new(PrefixStore::new(objects, prefix)) })
}

fn text(key: &'static str, reference: &SecretRef) -> Result<String, BackupError> {
    let secret = secret::read(reference)?;
    let invalid = BackupError::InvalidKey { key, expected: "a text in UTF-8" };
    Ok(secret.expose_str().ok_or(invalid)?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Backup {
        Backup { url: Some(url.to_owned()), ..Backup::default() }
    }

    #[test]
    fn a_directory_is_made_for_its_owner_alone_and_only_for_a_backup() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let settings = at(path.to_str().unwrap());
        assert!(matches!(Place::open(&settings, false), Err(BackupError::Nothing(_))));
        assert!(!path.exists());
        Place::open(&settings, true).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        Place::open(&settings, false).unwrap();
    }

    #[test]
    fn a_place_must_be_named() {
        assert!(matches!(Place::open(&Backup::default(), true), Err(BackupError::NoPlace)));
        assert!(matches!(Place::open(&at("s3://"), true), Err(BackupError::Place { .. })));
        let s3 = S3 { region: Some("eu-central-1".to_owned()), ..S3::default() };
        assert_eq!(Place::open(&Backup { s3, ..at("s3://bucket/a/b/") }, true).unwrap().name, "s3://bucket/a/b/");
    }
}
