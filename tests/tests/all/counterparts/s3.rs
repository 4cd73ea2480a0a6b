//! S3, as PyPI's `moto` speaks it: `scripts/s3` starts it.

use std::fs;

use eventlog::settings::LogKind;
use parts::{Part, server};
use tests::{Program, empty_database, unique};

use crate::backup::{checksums, log_in};
use crate::privacy;
use crate::web::ask;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_kept_in_s3_and_restored_from_there() {
    let Some(endpoint) = server("SEI_TEST_S3", Part::S3) else { return };
    let bucket = unique("backups").replace('_', "-");
    assert_eq!(ask("PUT", &format!("{endpoint}/{bucket}"), &[], "").await.status, 200);
    let keep_there = |program: &Program| {
        let file = |name: &str, text: &str| {
            let path = program.directory().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let (passphrase, id, key) =
            (file("passphrase", "correct horse"), file("id", "testing"), file("key", "testing"));
        let settings = fs::read_to_string(program.directory().join("sei.toml")).unwrap();
        let section = format!(
            "[backup]\nurl = 's3://{bucket}/a/prefix'\npassphrase.file = '{passphrase}'\n[backup.s3]\nregion = 'us-east-1'\n\
             endpoint = '{endpoint}'\naccess_key_id.file = '{id}'\nsecret_access_key.file = '{key}'\n"
        );
        file("sei.toml", &(settings + &section));
    };

    let log = privacy::filled(LogKind::Embedded).await;
    let source = privacy::program(&log);
    keep_there(&source);
    let nothing = source.run(&["backup", "list"]);
    assert!(nothing.code == Some(1) && nothing.err.contains("holds no backups"), "{}", nothing.err);
    source.good(&["backup", "create"]);
    let second = source.json(&["backup", "create"]);
    assert!(second["totals"]["new_chunks"].as_u64() <= Some(2), "{second:#}");
    assert_eq!(source.json(&["backup", "list"]).as_array().map(Vec::len), Some(2));
    let pruned = source.json(&["backup", "prune", "--keep", "1"]);
    assert_eq!(pruned["chunks"].as_u64(), Some(2), "those of the audit log: {pruned:#}");
    assert!(source.good(&["backup", "verify"]).contains("is whole"));

    let restored = log_in(empty_database().await, &log).await;
    let target = privacy::program(&restored);
    keep_there(&target);
    assert_eq!(target.json(&["backup", "restore"])["id"], second["id"]);
    let [before, after] = [&log, &restored].map(|log| checksums(log.database.options()));
    assert_eq!(after.await, before.await);
}
