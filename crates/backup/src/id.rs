//! The names of backups and chunks.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How the time of a backup is written in its id.
const TIME: &str = "%Y%m%dT%H%M%S%3fZ";
/// Bytes of the hash of the manifest that are part of the id.
const HASH: usize = 8;

/// The id of a backup: its time, and the beginning of the hash of its manifest. Ids are in the order of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackupId(String);

impl BackupId {
    /// That of a manifest with this hash.
    pub(crate) fn new(created_at: DateTime<Utc>, hash: &[u8; 32]) -> Self {
        let hash = hash.first_chunk::<HASH>().map(hex::encode).unwrap_or_default();
        Self(format!("{}-{hash}", created_at.format(TIME)))
    }

    /// Whether it is that of a manifest with this hash.
    pub(crate) fn is_of(&self, hash: &[u8; 32]) -> bool {
        let own = hash.first_chunk::<HASH>().map(hex::encode);
        own.is_some() && self.0.rsplit('-').next() == own.as_deref()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the backup was made, to the millisecond.
    #[must_use]
    pub fn created_at(&self) -> Option<DateTime<Utc>> {
        let (time, _) = self.0.split_once('-')?;
        Some(NaiveDateTime::parse_from_str(time, TIME).ok()?.and_utc())
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl FromStr for BackupId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let id = Self(text.to_owned());
        let hash = text.split_once('-').map(|(_, hash)| hash).ok_or(InvalidId)?;
        let is_hash = hash.len() == 2 * HASH && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash && id.created_at().is_some() { Ok(id) } else { Err(InvalidId) }
    }
}

/// The name of a chunk: a hash of the rows in it, with the key of the backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChunkId(pub(crate) [u8; 32]);

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for ChunkId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes = hex::decode(text).map_err(|_| InvalidId)?;
        bytes.try_into().map(Self).map_err(|_| InvalidId)
    }
}

impl Serialize for ChunkId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChunkId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|InvalidId| serde::de::Error::custom("the name of a chunk has 64 hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_time_and_the_hash_of_its_manifest() {
        let at = "2026-11-30T10:52:19.7654Z".parse().unwrap();
        let id = BackupId::new(at, &[0xab; 32]);
        assert_eq!(id.as_str(), "20261130T105219765Z-abababababababab");
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert!(id.is_of(&[0xab; 32]) && !id.is_of(&[0xac; 32]));
        assert_eq!(id.created_at(), Some("2026-11-30T10:52:19.765Z".parse().unwrap()));
        for wrong in
            ["", "latest", "20261130T105219765Z", "20261130T105219765Z-ab", "20261330T105219765Z-abababababababab"]
        {
            assert_eq!(wrong.parse::<BackupId>(), Err(InvalidId), "{wrong}");
        }
    }
}
