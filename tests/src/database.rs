//! A database for each test, cloned from a template that is migrated once. The server is that of
//! `SEI_TEST_DATABASE_URL`, or the temporary one that `scripts/postgres up` starts.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use kernel::Fact;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::Store;
use tokio::sync::OnceCell;

/// The roles that were granted a database.
const GRANTED: &str = "select rolname::text from pg_db_role_setting
                       join pg_roles on pg_roles.oid = setrole join pg_database on pg_database.oid = setdatabase
                       where datname = $1 and not rolsuper";

/// A database of one test. It is dropped with this, and with it the roles of BI tools that were granted it.
#[derive(Debug)]
pub struct TestDatabase {
    /// The store on it, for the tenant `main`.
    pub store: Store,
    /// Its URL.
    pub url: String,
    name: String,
}

impl TestDatabase {
    /// How to connect to it, past the store.
    ///
    /// # Panics
    /// Never: the URL was used before.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "the URL was parsed when the database was made")]
    pub fn options(&self) -> PgConnectOptions {
        self.url.parse().unwrap()
    }
}

/// Writes facts in a transaction of their own.
///
/// # Panics
/// When they can't be written.
#[expect(clippy::unwrap_used, reason = "a test can't go on without them")]
pub async fn write_facts(store: &Store, facts: &[Fact]) {
    let mut tx = store.begin().await.unwrap();
    store::facts::write(&mut tx, facts).await.unwrap();
    tx.commit().await.unwrap();
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let name = self.name.clone();
        // not on the test's own runtime, which may be gone
        let dropping = std::thread::spawn(move || -> Result<()> {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
                let mut connection = PgConnection::connect(&server()?).await?;
                // roles of BI tools are of the whole server
                let roles: Vec<String> = sqlx::query_scalar(GRANTED).bind(&name).fetch_all(&mut connection).await?;
                connection.execute(AssertSqlSafe(format!("drop database if exists \"{name}\" with (force)"))).await?;
                for role in roles {
                    connection.execute(AssertSqlSafe(format!("drop role if exists \"{role}\""))).await?;
                }
                Ok(())
            })
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("the test's database is left behind: {error:#}");
        }
    }
}

/// A new, migrated database.
///
/// # Panics
/// When no server can be started or reached: a test can't go on without.
pub async fn database() -> TestDatabase {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template =
        TEMPLATE.get_or_init(|| async { template().await.unwrap_or_else(|error| panic!("{error:?}")) }).await;
    new(&format!("template \"{template}\"")).await.unwrap_or_else(|error| panic!("{error:?}"))
}

/// A new database with nothing in it, for tests of the migrations themselves.
///
/// # Panics
/// When no server can be started or reached: a test can't go on without.
pub async fn empty_database() -> TestDatabase {
    new("").await.unwrap_or_else(|error| panic!("{error:?}"))
}

/// The URL of the server's maintenance database.
///
/// # Panics
/// When no server can be started: a test can't go on without.
#[must_use]
pub fn database_server() -> String {
    server().unwrap_or_else(|error| panic!("{error:?}"))
}

fn server() -> Result<String> {
    static SERVER: std::sync::OnceLock<Result<String, String>> = std::sync::OnceLock::new();
    let url = SERVER.get_or_init(|| {
        if let Ok(url) = std::env::var("SEI_TEST_DATABASE_URL") {
            return Ok(url);
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres");
        let output = Command::new(script).arg("up").output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    });
    url.clone().map_err(anyhow::Error::msg)
}

async fn new(from: &str) -> Result<TestDatabase> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("sei_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut connection = connect().await?;
    // a process of this number may have been killed before
    connection.execute(AssertSqlSafe(format!("drop database if exists \"{name}\" with (force)"))).await?;
    connection.execute(AssertSqlSafe(format!("create database \"{name}\" {from}"))).await?;
    connection.close().await?;
    let url = url_of(&name)?;
    let store = Store::connect(url.parse()?, 8).await?;
    Ok(TestDatabase { store, url, name })
}

/// The template that holds the schema as this build has it. Made by the first process that needs it.
async fn template() -> Result<String> {
    let name = format!("sei_template_{:016x}", store::schema_digest());
    let mut connection = connect().await?;
    sqlx::query("select pg_advisory_lock(7365692)").execute(&mut connection).await?;
    let exists = sqlx::query_scalar::<_, bool>("select exists (select from pg_database where datname = $1)");
    if !exists.bind(&name).fetch_one(&mut connection).await? {
        // under another name until it is whole
        connection.execute(AssertSqlSafe(format!("drop database if exists \"{name}_new\" with (force)"))).await?;
        connection.execute(AssertSqlSafe(format!("create database \"{name}_new\""))).await?;
        let store = Store::connect(url_of(&format!("{name}_new"))?.parse()?, 1).await?;
        store.migrate().await?;
        store.close().await;
        // a database with open connections can't be copied, and workers of TimescaleDB enter each they may
        connection.execute(AssertSqlSafe(format!("alter database \"{name}_new\" allow_connections false"))).await?;
        let workers = sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1");
        workers.bind(format!("{name}_new")).execute(&mut connection).await?;
        connection.execute(AssertSqlSafe(format!("alter database \"{name}_new\" rename to \"{name}\""))).await?;
    }
    connection.close().await?;
    Ok(name)
}

async fn connect() -> Result<PgConnection> {
    let url = server()?;
    PgConnection::connect(&url).await.with_context(|| format!("connecting to {url}"))
}

/// The server's URL with another database's name.
fn url_of(database: &str) -> Result<String> {
    let server = server()?;
    let (front, query) = server.split_once('?').map_or((server.as_str(), None), |(front, query)| (front, Some(query)));
    let authority = front.find("://").map_or(0, |at| at + 3);
    let end = front.get(authority..).and_then(|rest| rest.find('/')).map_or(front.len(), |at| authority + at);
    let base = front.get(..end).unwrap_or(front);
    ensure!(!base.is_empty(), "{server} is no URL of a PostgreSQL server");
    Ok(query.map_or_else(|| format!("{base}/{database}"), |query| format!("{base}/{database}?{query}")))
}
