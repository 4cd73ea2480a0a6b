//! A PostgreSQL of one's own goes back to a point in time, by a base backup and archived WAL as docs/backup.md has it:
//! with the database everything of `sei` is as it was.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::Fact;
use sqlx::{Connection, Executor, PgConnection};
use store::Store;
use tempfile::TempDir;
use tests::{Program, eventually};

use crate::api::served;
use crate::architecture::root;
use crate::backup::checksums;

const DEADLINE: Duration = Duration::from_mins(1);

/// A server of its own, by `scripts/postgres`.
struct Server(TempDir);

impl Server {
    fn new() -> Self {
        // as root the server runs as another user, who gets into it
        let readable = std::fs::Permissions::from_mode(0o755);
        Self(tempfile::Builder::new().prefix("sei-test-").permissions(readable).tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the script prints.
    fn run(&self, words: &[&str], options: &str) -> String {
        let mut command = Command::new(root().join("scripts/postgres"));
        command.args(words).env("SEI_POSTGRES_STATE", self.path("state")).env("SEI_POSTGRES_OPTIONS", options);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = Command::new(root().join("scripts/postgres"));
        let _ended = command.arg("down").env("SEI_POSTGRES_STATE", self.path("state")).status();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_goes_back_to_before_an_accident_by_a_base_backup_and_its_archive() {
    let (server, program) = (Server::new(), Program::new());
    let [archive, base] = ["archive", "base"].map(|name| server.path(name));
    std::fs::create_dir(&archive).unwrap();
    std::fs::set_permissions(&archive, std::fs::Permissions::from_mode(0o777)).unwrap();
    let archived = format!("-c archive_mode=on -c archive_command='cp %p {}/%f'", archive.display());
    let url = server.run(&["up"], &archived);
    std::fs::write(program.directory().join("url"), &url).unwrap();
    std::fs::write(program.directory().join("sei.toml"), "database.url = { file = 'url' }\n").unwrap();
    program.good(&["migrate"]);

    let store = Store::open_migrated(&url, 4).await.unwrap();
    let facts: Vec<Fact> = served::organization().facts().collect();
    let (first, others) = facts.split_at(facts.len() / 2);
    served::fill(&store, first.iter().cloned()).await;
    server.run(&["backup", text(&base)], "");
    served::fill(&store, others.iter().cloned()).await;
    store.close().await;
    let before = checksums(url.parse().unwrap()).await;
    assert!(before["main.change"].0 > 400 && before["main.change_metric"].0 > 100, "{before:?}");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let time: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()").fetch_one(&mut connection).await.unwrap();

    connection.execute("drop schema main cascade").await.unwrap();
    let last: String =
        sqlx::query_scalar("select pg_walfile_name(pg_switch_wal())").fetch_one(&mut connection).await.unwrap();
    let archived = "select coalesce(last_archived_wal >= $1, false) from pg_stat_archiver";
    eventually(DEADLINE, async || sqlx::query_scalar(archived).bind(&last).fetch_one(&mut connection).await.unwrap())
        .await;
    // the server is lost
    server.run(&["down"], "");

    let url = server.run(&["restore", text(&base), text(&archive), &time.to_rfc3339()], "");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    eventually(DEADLINE, async || {
        sqlx::query_scalar("select not pg_is_in_recovery()").fetch_one(&mut connection).await.unwrap()
    })
    .await;
    assert_eq!(checksums(url.parse().unwrap()).await, before);
    std::fs::write(program.directory().join("url"), &url).unwrap();
    program.good(&["audit", "verify"]);
}
