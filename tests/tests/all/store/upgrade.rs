//! Databases of earlier versions, `tests/fixtures/schemas`, are migrated to the schema of today, with their rows.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use kernel::Tenant;
use sqlx::{Connection, PgConnection};
use store::{SchemaStatus, Store};
use tests::{TestDatabase, database, empty_database};

/// What a schema has, one line each: columns, indexes, constraints, triggers and functions, without its name.
const PARTS: &str = "
    with named as (select n.oid, n.nspname::text as name from pg_namespace n where n.nspname = $1),
    relation as (select c.* from pg_class c join named on named.oid = c.relnamespace),
    part as (
        select format('column %s.%s %s%s default %s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                      case when a.attnotnull then ' not null' else '' end, pg_get_expr(d.adbin, d.adrelid),
                      a.attidentity, a.attgenerated) as what
        from relation c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relkind in ('r', 'p', 'v')
        union all
        select pg_get_indexdef(i.indexrelid) from pg_index i join relation c on c.oid = i.indrelid
        union all
        select format('constraint %s.%s %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
        from pg_constraint k join relation c on c.oid = k.conrelid
        union all
        select pg_get_triggerdef(t.oid) from pg_trigger t join relation c on c.oid = t.tgrelid where not t.tgisinternal
        union all
        select format('function %s %s', p.proname, p.prosrc) from pg_proc p join named on named.oid = p.pronamespace
    )
    select replace(replace(what, name || '.', ''), quote_literal(name), '''tenant''') from part, named order by 1";

fn fixtures() -> Vec<PathBuf> {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/schemas"));
    let mut found: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "zst"));
    found.sort();
    found
}

/// A database as an earlier version left it.
async fn restored(fixture: &PathBuf) -> TestDatabase {
    let database = empty_database().await;
    let sql = zstd::decode_all(std::fs::File::open(fixture).unwrap()).unwrap();
    let mut psql = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", &database.url])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("psql, of the package postgresql-client");
    psql.stdin.take().unwrap().write_all(&sql).unwrap();
    assert!(psql.wait().unwrap().success(), "{}", fixture.display());
    database
}

async fn parts(connection: &mut PgConnection, schema: &str) -> Vec<String> {
    sqlx::query_scalar(PARTS).bind(schema).fetch_all(connection).await.unwrap()
}

#[tokio::test]
async fn a_database_of_each_earlier_version_becomes_that_of_today_and_keeps_its_rows() {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty(), "scripts/schema-fixture writes them");
    let today = database().await;
    let mut fresh = PgConnection::connect_with(&today.options()).await.unwrap();
    let (shared, tenant) = (parts(&mut fresh, "sei").await, parts(&mut fresh, "main").await);
    assert!(shared.len() > 50 && tenant.len() > 500, "{} {}", shared.len(), tenant.len());
    for fixture in &fixtures {
        let earlier = restored(fixture).await;
        let mut connection = PgConnection::connect_with(&earlier.options()).await.unwrap();
        let rows = "select count(*) from demo.change";
        let before: i64 = sqlx::query_scalar(rows).fetch_one(&mut connection).await.unwrap();
        let demo = Tenant::new("demo").unwrap();
        let status = earlier.store.schema_status(std::slice::from_ref(&demo)).await.unwrap();
        assert!(matches!(status, SchemaStatus::Older { .. } | SchemaStatus::Current), "{status:?}");
        earlier.store.migrate().await.unwrap();
        for (schema, expected) in [("sei", &shared), ("main", &tenant), ("demo", &tenant)] {
            let found = parts(&mut connection, schema).await;
            let lacks: Vec<&String> = expected.iter().filter(|part| !found.contains(part)).collect();
            let more: Vec<&String> = found.iter().filter(|part| !expected.contains(part)).collect();
            assert!(lacks.is_empty() && more.is_empty(), "{} {schema}: {lacks:#?} {more:#?}", fixture.display());
        }
        let after: i64 = sqlx::query_scalar(rows).fetch_one(&mut connection).await.unwrap();
        assert!(before > 0 && after == before, "{}: {before} {after}", fixture.display());
        // a role of today starts on it, and reads what was computed before
        let store = Store::open_migrated(&earlier.url, 3).await.unwrap().for_tenant(&demo);
        assert_eq!(store::queries::services(&store, None, 10).await.unwrap().len(), 3, "{}", fixture.display());
        store.close().await;
    }
}
