//! The backups at a place: their manifests, and the chunks that they share.
//!
//! `sei-backup.json` says how they are kept, `key.age` holds their key, `backups/` the manifests and `chunks/` the chunks.

use std::collections::HashMap;
use std::sync::Arc;

use age::x25519;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use crate::BackupError;
use crate::id::{BackupId, ChunkId};
use crate::key::Key;
use crate::manifest::{Chunk, FORMAT, Manifest};
use crate::place::Place;
use crate::seal::Sealer;
use crate::settings::Backup;

const CONFIG: &str = "sei-backup.json";
const KEY: &str = "key.age";
const MANIFESTS: &str = "backups";
const CHUNKS: &str = "chunks";

/// How backups are kept.
#[derive(Debug, Serialize, Deserialize)]
struct Config {
    format: u32,
    encryption: Encryption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Encryption {
    None,
    Age,
}

/// The backups at a place. Cheap to clone.
#[derive(Clone)]
pub struct Repository {
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) sealer: Arc<Sealer>,
    name: Arc<str>,
}

/// A backup that there is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its id.
    pub id: BackupId,
    /// Bytes of its manifest as it is kept.
    pub manifest_bytes: u64,
}

impl Repository {
    /// The backups at the place of the settings, where there are any.
    pub async fn open(settings: &Backup) -> Result<Self, BackupError> {
        let place = Place::open(settings, false)?;
        match Self::found(&place, settings).await? {
            Some(repository) => Ok(repository),
            None => Err(BackupError::Nothing(place.name)),
        }
    }

    /// The same; where there are none, everything is made for the first one.
    pub async fn open_or_make(settings: &Backup) -> Result<Self, BackupError> {
        let place = Place::open(settings, true)?;
        if let Some(repository) = Self::found(&place, settings).await? {
            return Ok(repository);
        }
        let key = Key::read(settings)?;
        let (sealer, encryption) = match key {
            Key::Open => (Sealer::open_to_all(), Encryption::None),
            Key::Passphrase(_) | Key::Identity { .. } => {
                let of_backups = x25519::Identity::generate();
                let locked = unblocked(move || Ok((key.lock(&of_backups)?, of_backups))).await?;
                let (locked, of_backups) = locked;
                place.objects.put(&Path::from(KEY), PutPayload::from(locked)).await?;
                (Sealer::encrypting(of_backups), Encryption::Age)
            }
        };
        // it comes last: without it the key is no one's
        let config = serde_json::to_vec(&Config { format: FORMAT, encryption })?;
        place.objects.put(&Path::from(CONFIG), PutPayload::from(config)).await?;
        Ok(Self::new(place, sealer))
    }

    fn new(place: Place, sealer: Sealer) -> Self {
        Self { objects: place.objects, sealer: Arc::new(sealer), name: place.name.into() }
    }

    async fn found(place: &Place, settings: &Backup) -> Result<Option<Self>, BackupError> {
        let Some(config) = get(&*place.objects, &Path::from(CONFIG)).await? else { return Ok(None) };
        let config: Config = serde_json::from_slice(&config)
            .map_err(|error| BackupError::Damaged { object: CONFIG.to_owned(), why: error.to_string() })?;
        if config.format > FORMAT {
            return Err(BackupError::LaterFormat(config.format));
        }
        let own = Place { objects: Arc::clone(&place.objects), name: place.name.clone() };
        let other = |found| BackupError::OtherEncryption { place: place.name.clone(), found };
        let sealer = match (config.encryption, Key::read(settings)?) {
            (Encryption::None, Key::Open) => Sealer::open_to_all(),
            (Encryption::None, _) => return Err(other("not encrypted")),
            (Encryption::Age, Key::Open) => return Err(other("encrypted")),
            (Encryption::Age, key) => {
                let missing = || BackupError::Damaged { object: KEY.to_owned(), why: "it is not there".to_owned() };
                let locked = get(&*place.objects, &Path::from(KEY)).await?.ok_or_else(missing)?;
                let unlocked = unblocked(move || Ok(key.unlock(&locked))).await?;
                Sealer::encrypting(unlocked.ok_or_else(|| BackupError::WrongKey(place.name.clone()))?)
            }
        };
        Ok(Some(Self::new(own, sealer)))
    }

    /// The place, as people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All backups, the oldest first.
    pub async fn list(&self) -> Result<Vec<Listed>, BackupError> {
        let mut listed = Vec::new();
        let mut objects = self.objects.list(Some(&Path::from(MANIFESTS)));
        while let Some(object) = objects.try_next().await? {
            if let Some(Ok(id)) = object.location.filename().map(str::parse) {
                listed.push(Listed { id, manifest_bytes: object.size });
            }
        }
        listed.sort();
        Ok(listed)
    }

    /// The backup whose id begins with a text, or the newest one.
    pub async fn find(&self, asked: Option<&str>) -> Result<BackupId, BackupError> {
        let mut all = self.list().await?;
        let Some(asked) = asked else {
            return Ok(all.pop().ok_or_else(|| BackupError::Nothing(self.name.to_string()))?.id);
        };
        all.retain(|listed| listed.id.as_str().starts_with(asked));
        match (all.pop(), all.len()) {
            (Some(only), 0) => Ok(only.id),
            (found, others) => {
                let found = others + usize::from(found.is_some());
                Err(BackupError::Ambiguous { asked: asked.to_owned(), found })
            }
        }
    }

    /// Reads a manifest. One that is not what was written is refused.
    pub async fn manifest(&self, id: &BackupId) -> Result<Manifest, BackupError> {
        let path = manifest_path(id);
        let damaged = |why: String| BackupError::Damaged { object: path.to_string(), why };
        let packed = get(&*self.objects, &path).await?.ok_or_else(|| damaged("it is not there".to_owned()))?;
        let sealer = Arc::clone(&self.sealer);
        let opened = unblocked(move || {
            let text = sealer.open_manifest(&packed);
            Ok(text.map(|text| (sealer.hash(&text), text)))
        });
        let (hash, text) = opened.await?.map_err(damaged)?;
        if !id.is_of(&hash) {
            return Err(damaged("it is another one, or was changed".to_owned()));
        }
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if manifest.format > FORMAT {
            return Err(BackupError::LaterFormat(manifest.format));
        }
        Ok(manifest)
    }

    /// Writes a manifest: with that the backup is there.
    pub(crate) async fn put_manifest(&self, manifest: &Manifest) -> Result<BackupId, BackupError> {
        let text = serde_json::to_vec(manifest)?;
        let sealer = Arc::clone(&self.sealer);
        let (hash, packed) = unblocked(move || Ok((sealer.hash(&text), sealer.seal(&text)?))).await?;
        let id = manifest.id(&hash);
        self.objects.put(&manifest_path(&id), PutPayload::from(packed)).await?;
        Ok(id)
    }

    /// Deletes a manifest.
    pub(crate) async fn delete_manifest(&self, id: &BackupId) -> Result<(), BackupError> {
        match self.objects.delete(&manifest_path(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// All chunks that are kept, and how many bytes each has.
    pub(crate) async fn chunks(&self) -> Result<HashMap<ChunkId, u64>, BackupError> {
        let mut chunks = HashMap::new();
        let mut objects = self.objects.list(Some(&Path::from(CHUNKS)));
        while let Some(object) = objects.try_next().await? {
            if let Some(Ok(id)) = object.location.filename().map(str::parse) {
                chunks.insert(id, object.size);
            }
        }
        Ok(chunks)
    }

    /// Writes a chunk that is packed.
    pub(crate) async fn put_chunk(&self, id: ChunkId, packed: Vec<u8>) -> Result<(), BackupError> {
        self.objects.put(&chunk_path(id), PutPayload::from(packed)).await?;
        Ok(())
    }

    /// The rows of a chunk. One that is not what was written is refused.
    pub(crate) async fn chunk(&self, chunk: Chunk) -> Result<Vec<u8>, BackupError> {
        let path = chunk_path(chunk.id);
        let damaged = |why: String| BackupError::Damaged { object: path.to_string(), why };
        let packed = get(&*self.objects, &path).await?.ok_or_else(|| damaged("it is not there".to_owned()))?;
        let sealer = Arc::clone(&self.sealer);
        unblocked(move || Ok(sealer.open_chunk(&packed, chunk.id, chunk.bytes))).await?.map_err(damaged)
    }
}

/// Runs what takes processor time where it holds up nothing else.
pub(crate) async fn unblocked<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    spawn_blocking(work).await.map_err(BackupError::Task)?
}

fn manifest_path(id: &BackupId) -> Path {
    Path::from(format!("{MANIFESTS}/{id}"))
}

/// Where a chunk is kept: in one of 256 directories.
pub(crate) fn chunk_path(id: ChunkId) -> Path {
    let name = id.to_string();
    Path::from(format!("{CHUNKS}/{}/{name}", name.get(..2).unwrap_or_default()))
}

/// Reads an object; `None` if it is not there.
async fn get(objects: &dyn ObjectStore, path: &Path) -> Result<Option<Vec<u8>>, BackupError> {
    match objects.get(path).await {
        Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
