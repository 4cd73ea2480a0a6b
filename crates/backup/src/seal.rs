//! Chunks and manifests as they are kept: compressed, encrypted, and named by what is in them.

use std::io::Read;

use age::secrecy::ExposeSecret;
use age::x25519;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::BackupError;
use crate::id::ChunkId;

/// zstd's usual level.
const LEVEL: i32 = 3;
/// The most bytes of a manifest: of several terabytes.
const MAX_MANIFEST: u64 = 4 << 30;

/// Seals and opens what is kept.
pub(crate) struct Sealer {
    /// Of the hashes that name what is kept.
    names: Hmac<Sha256>,
    /// Decides where chunks are cut.
    seed: u64,
    encryption: Option<(x25519::Identity, x25519::Recipient)>,
}

impl Sealer {
    /// For backups that are not encrypted: names are hashes that everyone can compute.
    pub(crate) fn open_to_all() -> Self {
        Self::new(b"sei backup", None)
    }

    /// For backups that are encrypted with this key: names show nothing without it.
    pub(crate) fn encrypting(key: x25519::Identity) -> Self {
        let recipient = key.to_public();
        let text = key.to_string();
        Self::new(text.expose_secret().as_bytes(), Some((key, recipient)))
    }

    fn new(secret: &[u8], encryption: Option<(x25519::Identity, x25519::Recipient)>) -> Self {
        let mut block = [0; 64];
        let digest: [u8; 32] = Sha256::digest(secret).into();
        for (byte, of_digest) in block.iter_mut().zip(digest) {
            *byte = of_digest;
        }
        let names = Hmac::<Sha256>::new(&block.into());
        let mut sealer = Self { names, seed: 0, encryption };
        let seed = sealer.hash(b"where chunks are cut");
        sealer.seed = seed.first_chunk().copied().map(u64::from_le_bytes).unwrap_or_default();
        sealer
    }

    /// Decides where chunks are cut.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// A hash that shows nothing without the key.
    pub(crate) fn hash(&self, bytes: &[u8]) -> [u8; 32] {
        let mut mac = self.names.clone();
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    /// What a chunk is called.
    pub(crate) fn name(&self, rows: &[u8]) -> ChunkId {
        ChunkId(self.hash(rows))
    }

    /// As it is kept.
    pub(crate) fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, BackupError> {
        let compressed = zstd::bulk::compress(bytes, LEVEL).map_err(BackupError::Seal)?;
        match &self.encryption {
            None => Ok(compressed),
            Some((_, recipient)) => age::encrypt(recipient, &compressed)
                .map_err(|error| BackupError::Seal(std::io::Error::other(error.to_string()))),
        }
    }

    /// The rows of a chunk of a name and length, or what is wrong with it.
    pub(crate) fn open_chunk(&self, packed: &[u8], id: ChunkId, bytes: u64) -> Result<Vec<u8>, String> {
        let rows = self.open(packed, bytes)?;
        if self.name(&rows) == id { Ok(rows) } else { Err("it does not hold what it is named after".to_owned()) }
    }

    /// The text of a manifest.
    pub(crate) fn open_manifest(&self, packed: &[u8]) -> Result<Vec<u8>, String> {
        self.open(packed, MAX_MANIFEST)
    }

    fn open(&self, packed: &[u8], max_bytes: u64) -> Result<Vec<u8>, String> {
        let decrypted = match &self.encryption {
            None => None,
            Some((key, _)) => {
                Some(age::decrypt(key, packed).map_err(|error| format!("it can't be decrypted: {error}"))?)
            }
        };
        let unreadable = |error: std::io::Error| format!("it can't be decompressed: {error}");
        let compressed = decrypted.as_deref().unwrap_or(packed);
        let mut bytes = Vec::new();
        let decoder = zstd::stream::read::Decoder::new(compressed).map_err(unreadable)?;
        decoder.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
        if u64::try_from(bytes.len()).is_ok_and(|found| found <= max_bytes) {
            Ok(bytes)
        } else {
            Err(format!("it holds more than {max_bytes} bytes"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealers() -> [Sealer; 2] {
        [Sealer::open_to_all(), Sealer::encrypting(x25519::Identity::generate())]
    }

    #[test]
    fn a_chunk_comes_back_as_it_was_and_no_other_one_does() {
        for sealer in sealers() {
            for rows in [&b"a row"[..], &vec![7; 100_000][..]] {
                let (id, bytes) = (sealer.name(rows), rows.len() as u64);
                let packed = sealer.seal(rows).unwrap();
                assert_eq!(sealer.open_chunk(&packed, id, bytes).unwrap(), rows);
                let other = sealer.seal(b"another row").unwrap();
                assert!(sealer.open_chunk(&other, id, 1_000).is_err());
                for cut in [0, packed.len() / 2, packed.len() - 1] {
                    assert!(sealer.open_chunk(&packed[..cut], id, bytes).is_err(), "{cut}");
                }
            }
        }
    }

    #[test]
    fn no_changed_byte_of_an_encrypted_chunk_is_taken() {
        let sealer = Sealer::encrypting(x25519::Identity::generate());
        let packed = sealer.seal(b"a row").unwrap();
        for at in 0..packed.len() {
            let mut changed = packed.clone();
            changed[at] ^= 1;
            assert!(sealer.open_chunk(&changed, sealer.name(b"a row"), 5).is_err(), "{at}");
        }
    }

    #[test]
    fn a_chunk_never_takes_more_room_than_is_stated() {
        let sealer = Sealer::open_to_all();
        let packed = sealer.seal(&vec![0; 10 << 20]).unwrap();
        assert!(packed.len() < 10_000);
        assert!(sealer.open_chunk(&packed, sealer.name(b""), 1_000).unwrap_err().contains("more than 1000 bytes"));
    }

    #[test]
    fn names_and_contents_show_nothing_without_the_key() {
        let [open, encrypting] = sealers();
        let other = Sealer::encrypting(x25519::Identity::generate());
        let rows = b"ann@example.org".repeat(100);
        assert_eq!(open.name(&rows), Sealer::open_to_all().name(&rows));
        assert!(encrypting.name(&rows) != open.name(&rows) && encrypting.name(&rows) != other.name(&rows));
        assert!(encrypting.seed() != open.seed() && encrypting.seed() != other.seed());
        let packed = encrypting.seal(&rows).unwrap();
        assert!(!packed.windows(3).any(|part| part == b"ann"));
        assert!(other.open_chunk(&packed, encrypting.name(&rows), 10_000).is_err());
    }
}
