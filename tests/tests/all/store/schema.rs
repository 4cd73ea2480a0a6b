//! Migrations: once each, by any number of processes, beside a later version or not at all, never after other migrations.
//! And a full disk.

use chrono::Utc;
use kernel::Tenant;
use parts::{Part, missing};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::{SchemaStatus, Store, StoreError, cursors};
use tests::{TestDatabase, database, database_server, empty_database};

#[tokio::test]
async fn migrating_again_or_at_the_same_time_changes_nothing() {
    let database = empty_database().await;
    let store = &database.store;
    let (one, other) = tokio::join!(store.migrate(), store.migrate());
    assert_eq!(one.unwrap(), other.unwrap());
    cursors::save(store, "s", &serde_json::json!(1)).await.unwrap();
    store.create_tenant(&Tenant::new("demo").unwrap(), true).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(cursors::load(store, "s").await.unwrap(), Some(serde_json::json!(1)));
    assert_eq!(store.tenants().await.unwrap().len(), 2);
}

/// A database as a later version leaves it: with a migration that this one does not know, and what programs have to know.
async fn migrated_by_later(known: i64) -> (TestDatabase, PgConnection) {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let later = "insert into main._sqlx_migrations values (9999, 'later', now(), true, '\\x00', 0)";
    connection.execute(later).await.unwrap();
    let required = format!("update sei.schema_requirement set known = {known} where migrations = 'tenant'");
    connection.execute(AssertSqlSafe(required)).await.unwrap();
    (database, connection)
}

#[tokio::test]
async fn the_schema_of_a_later_version_that_needs_more_is_left_alone() {
    let (database, _connection) = migrated_by_later(9999).await;
    for error in [database.store.migrate().await.unwrap_err(), database.store.check_schema().await.unwrap_err()] {
        assert!(matches!(error, StoreError::NewerSchema(9999)), "{error:?}");
        assert!(error.to_string().contains("later version of `sei`"), "{error}");
    }
    let status = database.store.schema_status(&[Tenant::default()]).await.unwrap();
    assert_eq!(status, SchemaStatus::TooNew { schema: "main".to_owned(), version: 9999 });
}

#[tokio::test]
async fn this_version_works_beside_a_later_one_that_took_nothing_away_and_changes_nothing_of_its_schema() {
    let (database, mut connection) = migrated_by_later(1).await;
    // views as the later version has made them
    connection.execute("comment on schema analytics_main is 'of a later version'").await.unwrap();
    let store = Store::open_migrated(&database.url, 2).await.unwrap();
    store.migrate().await.unwrap();
    cursors::save(&store, "s", &serde_json::json!(1)).await.unwrap();
    store.close().await;
    let kept = "select obj_description('analytics_main'::regnamespace, 'pg_namespace')";
    let kept: String = sqlx::query_scalar(kept).fetch_one(&mut connection).await.unwrap();
    assert_eq!(kept, "of a later version");
    // a tenant of this version would lack what the later one expects
    let error = database.store.create_tenant(&Tenant::new("late").unwrap(), false).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema(9999)), "{error:?}");
}

#[tokio::test]
async fn what_a_program_has_to_know_never_becomes_less() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let known = "select known from sei.schema_requirement where migrations = 'tenant'";
    let own: i64 = sqlx::query_scalar(known).fetch_one(&mut connection).await.unwrap();
    connection.execute("update sei.schema_requirement set known = known + 100").await.unwrap();
    database.store.migrate().await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(known).fetch_one(&mut connection).await.unwrap(), own + 100);
    connection.execute("update sei.schema_requirement set known = 1").await.unwrap();
    database.store.migrate().await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(known).fetch_one(&mut connection).await.unwrap(), own);
}

#[tokio::test]
async fn a_role_does_not_start_before_the_schema_has_what_it_needs() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let last = "delete from main._sqlx_migrations where version = (select max(version) from main._sqlx_migrations)
                returning version";
    let last: i64 = sqlx::query_scalar(last).fetch_one(&mut connection).await.unwrap();
    let error = Store::open_migrated(&database.url, 2).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::OlderSchema { schema, version } if schema == "main" && *version == last),
        "{error:?}"
    );
    assert!(error.to_string().contains("run its `sei migrate`"), "{error}");
    let empty = empty_database().await;
    let error = Store::open_migrated(&empty.url, 2).await.unwrap_err();
    assert!(matches!(&error, StoreError::OlderSchema { schema, .. } if schema == "sei"), "{error:?}");
}

#[tokio::test]
async fn a_database_with_replaced_migrations_is_refused_with_what_to_do() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    for schema in ["main", "sei"] {
        // a development version may have had more of them, too
        for statement in [
            format!("update {schema}._sqlx_migrations set checksum = '\\x00' where version = 1"),
            format!("insert into {schema}._sqlx_migrations values (9999, 'more', now(), true, '\\x00', 0)"),
        ] {
            connection.execute(AssertSqlSafe(statement)).await.unwrap();
        }
        let error = database.store.migrate().await.unwrap_err();
        assert!(matches!(&error, StoreError::ReplacedMigration { version: 1, .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&format!("migration 1 in `{schema}` differs")), "{text}");
        assert!(text.contains("use an empty database"), "{text}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_fatal_and_a_server_that_is_not_is_transient() {
    let options = database_server().parse::<store::PgConnectOptions>().unwrap();
    let error = Store::connect(options.clone().database("sei_no_such_database"), 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Fatal(_)), "{error:?}");
    let error = Store::connect(options.host("127.0.0.1").port(1), 1).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
}

/// A disk of its own, where we may mount one and the server can see it.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts one of two megabytes, or says why that is not possible.
    fn mount() -> Result<Self, String> {
        let directory =
            tempfile::Builder::new().prefix("sei-small-disk").tempdir().map_err(|error| error.to_string())?;
        let run = |program: &str, arguments: &[&str]| {
            let output = std::process::Command::new(program).args(arguments).arg(directory.path()).output();
            let output = output.map_err(|error| error.to_string())?;
            let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            if output.status.success() { Ok(()) } else { Err(format!("{program}: {message}")) }
        };
        run("mount", &["-t", "tmpfs", "-o", "size=2m,mode=777", "tmpfs"])?;
        let disk = Self { directory };
        std::process::Command::new("chown")
            .arg("postgres:")
            .arg(disk.directory.path())
            .status()
            .map_err(|error| error.to_string())?;
        Ok(disk)
    }

    fn grow(&self) {
        let mut mount = std::process::Command::new("mount");
        assert!(mount.args(["-o", "remount,size=32m"]).arg(self.directory.path()).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = std::process::Command::new("umount").arg(self.directory.path()).status() {
            eprintln!("the small disk stays mounted: {error}");
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_a_clear_error_and_nothing_else_is_disturbed() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(why) => return missing(Part::Mount, &format!("a small disk can't be mounted ({why})")),
    };
    let database = database().await;
    let store = &database.store;
    let mut server = PgConnection::connect(&database_server()).await.unwrap();
    let space = format!("sei_small_{}", std::process::id());
    let directory = disk.directory.path().display();
    server.execute(AssertSqlSafe(format!("create tablespace {space} location '{directory}'"))).await.unwrap();
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    connection.execute(AssertSqlSafe(format!("alter table sei.log_segment set tablespace {space}"))).await.unwrap();

    let event = |bytes: usize| {
        let mut state = u64::try_from(bytes).unwrap();
        let noise = std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        });
        vec![kernel::Envelope {
            id: bytes.to_string(),
            source: "test/a".to_owned(),
            kind: "test.event".to_owned(),
            subject: None,
            time: Utc::now(),
            tenant: Tenant::default(),
            key: "k".to_owned(),
            content_type: "application/octet-stream".to_owned(),
            data: noise.take(bytes).collect::<Vec<u8>>().into(),
            traceparent: None,
        }]
    };
    store::segments::append(store, "t", 1, event(1000)).await.unwrap();
    let error = store::segments::append(store, "t", 1, event(8 << 20)).await.unwrap_err();
    assert!(matches!(error, StoreError::DiskFull(_)), "{error:?}");
    assert!(error.is_transient() && error.to_string().contains("disk is full"), "{error}");
    // room is made: nothing was written before, and the next goes on without a gap
    disk.grow();
    store::segments::append(store, "t", 1, event(2000)).await.unwrap();
    let read = store::segments::read(store, "t", 0, 0, 10, usize::MAX).await.unwrap();
    assert_eq!(
        read.iter().map(|(position, event)| (*position, event.data.len())).collect::<Vec<_>>(),
        [(0, 1000), (1, 2000)]
    );

    connection.execute("alter table sei.log_segment set tablespace pg_default").await.unwrap();
    server.execute(AssertSqlSafe(format!("drop tablespace {space}"))).await.unwrap();
}

#[tokio::test]
async fn every_fact_that_metrics_can_be_made_of_marks_what_is_held_of_it() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let triggers = "select tgname::text from pg_trigger
                    where tgrelid = ('main.' || $1)::regclass and tgname like 'mark_chunks%' order by 1";
    for kind in dora::custom::measurable() {
        let found: Vec<String> = sqlx::query_scalar(triggers).bind(kind.name).fetch_all(&mut connection).await.unwrap();
        assert_eq!(found, ["mark_chunks_delete", "mark_chunks_insert", "mark_chunks_update"], "{}", kind.name);
    }
}
