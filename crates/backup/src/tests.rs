//! What is kept, without a database: tables of made-up rows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use age::x25519;
use chrono::{DateTime, TimeDelta, Utc};
use runtime::settings::SecretRef;
use store::backup::TableShape;
use tempfile::TempDir;

use crate::cut::Cutter;
use crate::manifest::{FORMAT, TableEntry};
use crate::prune::delete;
use crate::settings::Backup;
use crate::tables::Checksum;
use crate::upload::Upload;
use crate::{BackupError, BackupId, Manifest, Repository, Totals, verify};

/// A place with the settings for it.
struct Kept {
    directory: TempDir,
    settings: Backup,
}

impl Kept {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let identity = Some(key_file(&directory.path().join("key")));
        let url = Some(directory.path().join("kept").to_str().unwrap().to_owned());
        Self { settings: Backup { identity, url, ..Backup::default() }, directory }
    }

    async fn repository(&self) -> Repository {
        Repository::open_or_make(&self.settings).await.unwrap()
    }

    /// All files below a directory of the place.
    fn files(&self, below: &str) -> BTreeSet<PathBuf> {
        fn add(directory: &Path, into: &mut BTreeSet<PathBuf>) {
            for entry in std::fs::read_dir(directory).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { add(&path, into) } else { into.extend([path]) }
            }
        }
        let mut files = BTreeSet::new();
        add(&self.directory.path().join("kept").join(below), &mut files);
        files
    }
}

fn key_file(path: &Path) -> SecretRef {
    let identity = x25519::Identity::generate();
    std::fs::write(path, identity.to_string().expose_secret()).unwrap();
    SecretRef::File(path.to_owned())
}

/// A row: its key, and itself.
fn row(number: u32, version: u32) -> (Vec<u8>, Vec<u8>) {
    let key = format!("github.com/o/r/{number:08}").into_bytes();
    let rest: Vec<u8> = (0..50_u32).flat_map(|nth| (number * 1_000 + nth + version * 7_919).to_le_bytes()).collect();
    let row = [key.as_slice(), &rest].concat();
    (key, row)
}

/// Makes a backup of a table with these rows.
async fn backup(
    repository: &Repository,
    at: DateTime<Utc>,
    rows: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
) -> (BackupId, Totals) {
    let shape =
        TableShape { schema: "main".to_owned(), name: "change".to_owned(), columns: vec!["id".to_owned()], keys: 1 };
    let mut upload = Upload::new(repository).await.unwrap();
    let (mut cutter, mut checksum) = (Cutter::new(repository.sealer.seed()), Checksum::default());
    for (key, row) in rows {
        checksum.add(&row, 1);
        if let Some(chunk) = cutter.push(&key, &row) {
            upload.add(chunk).await.unwrap();
        }
    }
    if let Some(last) = cutter.rest() {
        upload.add(last).await.unwrap();
    }
    let chunks = upload.end_table().await.unwrap();
    let (rows, sha256) = checksum.end();
    let manifest = Manifest {
        format: FORMAT,
        created_at: at,
        sei_version: "0".to_owned(),
        log: "embedded".to_owned(),
        parent: None,
        schemas: Vec::new(),
        tables: vec![TableEntry { shape, rows, sha256, chunks }],
        settings: None,
        totals: upload.totals,
    };
    (repository.put_manifest(&manifest).await.unwrap(), upload.totals)
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

async fn is_whole(repository: &Repository, id: &BackupId) -> bool {
    let manifest = repository.manifest(id).await.unwrap();
    verify(repository, &manifest, &|_| {}).await.unwrap().damages.is_empty()
}

#[tokio::test]
async fn an_increment_writes_only_what_has_changed() {
    let kept = Kept::new();
    let repository = kept.repository().await;
    let (first, whole) = backup(&repository, at(0), (0..30_000).map(|number| row(number, 0))).await;
    assert!(whole.chunks > 1 && whole.new_chunks == whole.chunks, "{whole:?}");
    let (second, same) = backup(&repository, at(1), (0..30_000).map(|number| row(number, 0))).await;
    assert_eq!((same.new_chunks, same.new_bytes, same.bytes), (0, 0, whole.bytes));
    // opened again it has the same key
    let repository = kept.repository().await;
    let changed = (0..30_000).map(|number| row(number, u32::from(number == 9_000)));
    let (third, changed) = backup(&repository, at(2), changed).await;
    assert_eq!((changed.new_chunks, changed.chunks), (1, whole.chunks));
    assert_eq!(kept.files("chunks").len() as u64, whole.chunks + 1);
    let listed: Vec<BackupId> = repository.list().await.unwrap().into_iter().map(|listed| listed.id).collect();
    assert_eq!(listed, [first.clone(), second, third.clone()]);
    for id in &listed {
        assert!(is_whole(&repository, id).await);
    }
    assert_eq!(repository.find(None).await.unwrap(), third);
    assert_eq!(repository.find(Some(&first.as_str()[..15])).await.unwrap(), first);
    assert!(matches!(repository.find(Some("1970")).await, Err(BackupError::Ambiguous { found: 3, .. })));
    assert!(matches!(repository.find(Some("2026")).await, Err(BackupError::Ambiguous { found: 0, .. })));
}

#[tokio::test]
async fn what_a_backup_that_was_given_up_has_written_is_not_written_again() {
    let kept = Kept::new();
    let repository = kept.repository().await;
    let mut upload = Upload::new(&repository).await.unwrap();
    upload.add(vec![1; 1_000]).await.unwrap();
    upload.end_table().await.unwrap();
    drop(upload);
    assert!(repository.list().await.unwrap().is_empty(), "without a manifest there is no backup");
    let mut upload = Upload::new(&repository).await.unwrap();
    upload.add(vec![1; 1_000]).await.unwrap();
    upload.add(vec![2; 1_000]).await.unwrap();
    upload.end_table().await.unwrap();
    assert_eq!((upload.totals.chunks, upload.totals.new_chunks), (2, 1));
}

#[tokio::test]
async fn a_chunk_that_was_changed_cut_off_or_lost_is_found() {
    let kept = Kept::new();
    let repository = kept.repository().await;
    let (id, _) = backup(&repository, at(0), (0..30_000).map(|number| row(number, 0))).await;
    let manifest = repository.manifest(&id).await.unwrap();
    let file = kept.files("chunks").pop_first().unwrap();
    let whole = std::fs::read(&file).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    let another = std::fs::read(kept.files("chunks").pop_last().unwrap()).unwrap();
    for other in [changed, whole[..whole.len() - 10].to_vec(), another] {
        std::fs::write(&file, other).unwrap();
        let verified = verify(&repository, &manifest, &|_| {}).await.unwrap();
        assert_eq!(verified.damages.len(), 1, "{:?}", verified.damages);
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(verified.damages[0].table == "main.change" && verified.damages[0].what.contains(name));
    }
    std::fs::remove_file(&file).unwrap();
    assert!(!is_whole(&repository, &id).await);
    std::fs::write(&file, whole).unwrap();
    assert!(is_whole(&repository, &id).await);
}

#[tokio::test]
async fn a_manifest_that_was_changed_cut_off_or_renamed_is_refused() {
    let kept = Kept::new();
    for encrypt in [true, false] {
        let place = kept.directory.path().join(encrypt.to_string()).to_str().unwrap().to_owned();
        let settings = Backup { encrypt, url: Some(place.clone()), ..kept.settings.clone() };
        let repository = Repository::open_or_make(&settings).await.unwrap();
        let (id, _) = backup(&repository, at(0), (0..10).map(|number| row(number, 0))).await;
        let file = Path::new(&place).join("backups").join(id.as_str());
        let whole = std::fs::read(&file).unwrap();
        for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&file, &whole[..cut]).unwrap();
            assert!(matches!(repository.manifest(&id).await, Err(BackupError::Damaged { .. })), "{encrypt} {cut}");
        }
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        std::fs::write(&file, changed).unwrap();
        assert!(matches!(repository.manifest(&id).await, Err(BackupError::Damaged { .. })), "{encrypt}");
        let other: BackupId = "20261130T105219765Z-abababababababab".parse().unwrap();
        std::fs::write(file.with_file_name(other.as_str()), &whole).unwrap();
        assert!(matches!(repository.manifest(&other).await, Err(BackupError::Damaged { .. })), "{encrypt}");
        std::fs::write(&file, whole).unwrap();
        assert!(is_whole(&repository, &id).await);
    }
}

#[tokio::test]
async fn another_key_or_none_opens_nothing() {
    let kept = Kept::new();
    backup(&kept.repository().await, at(0), (0..10).map(|number| row(number, 0))).await;
    let other = Some(key_file(&kept.directory.path().join("other")));
    let other = Backup { identity: other, ..kept.settings.clone() };
    assert!(matches!(Repository::open(&other).await.err(), Some(BackupError::WrongKey(_))));
    assert!(matches!(Repository::open_or_make(&other).await.err(), Some(BackupError::WrongKey(_))));
    let none = Backup { identity: None, ..kept.settings.clone() };
    assert!(matches!(Repository::open(&none).await.err(), Some(BackupError::NoKey(_))));
    let open = Backup { encrypt: false, ..kept.settings.clone() };
    assert!(matches!(Repository::open(&open).await.err(), Some(BackupError::OtherEncryption { .. })));
    let elsewhere = kept.directory.path().join("nothing").to_str().unwrap().to_owned();
    let nothing = Backup { url: Some(elsewhere), ..kept.settings };
    assert!(matches!(Repository::open(&nothing).await.err(), Some(BackupError::Nothing(_))));
}

#[tokio::test]
async fn old_backups_go_with_the_chunks_that_no_other_one_needs() {
    let kept = Kept::new();
    let repository = kept.repository().await;
    for version in 0..3 {
        let changed = (0..30_000).map(|number| row(number, if number == 9_000 { version } else { 0 }));
        backup(&repository, at(version.into()), changed).await;
    }
    std::fs::create_dir_all(kept.directory.path().join("kept/chunks/ff")).unwrap();
    let of_none = format!("kept/chunks/ff/{}", "ff".repeat(32));
    std::fs::write(kept.directory.path().join(of_none), "given up halfway").unwrap();
    let before = kept.files("chunks").len();
    let pruned = delete(&repository, 2).await.unwrap();
    assert_eq!((pruned.backups.len(), pruned.kept, pruned.chunks), (1, 2, 2));
    assert_eq!(kept.files("chunks").len(), before - 2);
    for listed in repository.list().await.unwrap() {
        assert!(is_whole(&repository, &listed.id).await);
    }
    // the last one is never deleted
    assert_eq!(delete(&repository, 0).await.unwrap().kept, 1);
    // what can't be read may need any chunk
    let file = kept.files("backups").pop_first().unwrap();
    std::fs::write(file, "").unwrap();
    assert!(delete(&repository, 1).await.is_err());
    assert!(!kept.files("chunks").is_empty());
}
