//! The catalog of facts is what the tables are, and what is written by it is read back.

use std::collections::BTreeMap;

use kernel::Fact;
use kernel::catalog::{Column, Holds, Kind};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};
use store::{StoreError, counts, facts, people, queries};
use tests::database;

use super::facts::parts::{as_fact, rows};

/// A column: its name, its type, and whether it can't be null.
type ColumnType = (String, String, bool);

fn declared(kind: &Kind) -> Vec<ColumnType> {
    let columns = kind.columns.iter();
    let columns = columns.map(|column| (column.name, store::declared::native(column.holds), !column.nullable));
    let version = [
        ("completeness", "smallint", true),
        ("version_at", "timestamp with time zone", true),
        ("digest", "bigint", true),
    ];
    let all = columns.chain(version);
    let mut all: Vec<ColumnType> = all.map(|(name, native, required)| (name.into(), native.into(), required)).collect();
    all.sort_unstable();
    all
}

#[tokio::test]
async fn columns_have_the_names_types_and_nullability_of_their_declaration() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    for kind in Fact::KINDS {
        let found = sqlx::query(
            "select attname::text, format_type(atttypid, atttypmod), attnotnull from pg_attribute
             where attrelid = ('main.' || $1)::regclass and attnum > 0 and not attisdropped
             order by attname collate \"C\"",
        );
        let found = found.bind(kind.name).fetch_all(&mut connection).await.unwrap();
        let found: Vec<ColumnType> = found.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        assert_eq!(found, declared(kind), "{}", kind.name);
        let key = sqlx::query_scalar::<_, Vec<String>>(
            "select array(select attname::text from unnest(i.indkey) with ordinality as k (number, nth)
                          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number order by nth)
             from pg_index i where indrelid = ('main.' || $1)::regclass and indisprimary",
        );
        let key = key.bind(kind.name).fetch_one(&mut connection).await.unwrap();
        assert_eq!(key, kind.key_columns().map(|column| column.name).collect::<Vec<_>>(), "{}", kind.name);
    }
}

#[tokio::test]
async fn the_database_takes_the_words_of_closed_lists_and_no_others() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let mut checked = BTreeMap::new();
    for kind in Fact::KINDS {
        for column in kind.columns.iter().filter(|column| !column.words.is_empty()) {
            let taken = sqlx::query_scalar::<_, Vec<String>>(
                "select array(select (regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''::text', 'g'))[1])
                 from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and c.conkey = array[a.attnum]
                 where c.contype = 'c' and c.conrelid = ('main.' || $1)::regclass and a.attname = $2",
            );
            let taken = taken.bind(kind.name).bind(column.name).fetch_optional(&mut connection).await.unwrap();
            if let Some(taken) = taken {
                assert_eq!(taken, column.words, "{}.{}", kind.name, column.name);
                *checked.entry(kind.name).or_insert(0) += 1;
            }
        }
    }
    let expected = [
        ("change", 1),
        ("deployment", 2),
        ("pipeline_run", 1),
        ("review", 1),
        ("status", 1),
        ("task_run", 1),
        ("transition", 2),
        ("work_item", 1),
    ];
    assert_eq!(checked, BTreeMap::from(expected));
}

/// A value of a column that says where it is.
fn value(kind: &Kind, column: &Column) -> Value {
    let text = format!("label:{}/{}", kind.name, column.name);
    match column.holds {
        Holds::Text => column.words.last().map_or_else(|| text.into(), |word| (*word).into()),
        Holds::Texts => json!([text]),
        Holds::Sha => "9fceb02d0ae598e95dc970b74767f19372d61af8".into(),
        Holds::Shas => json!(["1d3e2f4a5b6c7d8e9f00112233445566778899aa"]),
        Holds::Int => json!(column.name.len()),
        Holds::Float => json!(81.25),
        Holds::Bool => true.into(),
        Holds::Time => "2026-02-03T08:36:00.000001Z".into(),
    }
}

/// A fact of a kind with every field.
fn whole(kind: &Kind) -> Fact {
    let fields = kind.columns.iter().take(kind.fields);
    let fields = fields.map(|column| (column.name.to_owned(), value(kind, column)));
    let version = json!({ "completeness": "measured", "at": "2026-02-03T08:40:00Z" });
    let other = [("fact".to_owned(), json!(kind.name)), ("version".to_owned(), version)];
    let mut fact: Fact = serde_json::from_value(fields.chain(other).collect()).unwrap();
    if let Fact::Incident(incident) = &mut fact {
        // what is stored is what it meets
        incident.selectors = incident.all_selectors();
    }
    fact
}

#[tokio::test]
async fn every_field_of_every_kind_is_stored_as_it_came() {
    let database = database().await;
    for kind in Fact::KINDS {
        let fact = whole(kind);
        let mut tx = database.store.begin().await.unwrap();
        let written = facts::write(&mut tx, std::slice::from_ref(&fact)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(written, facts::Written { changed: 1, unchanged: 0 }, "{}", kind.name);
        let rows = rows(&database, kind.name).await;
        let read: Fact = serde_json::from_value(as_fact(kind.name, &rows[0])).unwrap();
        assert_eq!(read, fact);
    }
    let (accounts, persons) = people::all(&database.store).await.unwrap();
    let found: Vec<Fact> =
        accounts.into_iter().map(Fact::Account).chain(persons.into_iter().map(Fact::Person)).collect();
    let kinds = Fact::KINDS.iter().filter(|kind| ["account", "person"].contains(&kind.name));
    assert_eq!(found, kinds.map(|kind| whole(kind)).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_a_later_version_wrote_is_an_error_that_says_what_was_found_and_expected() {
    let database = database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let insert = "insert into main.account (id, name, bot, completeness, version_at, digest)
                  values ('a', '', false, 7, now(), 0)";
    sqlx::query(insert).execute(&mut connection).await.unwrap();
    let error = people::all(&database.store).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable(_)), "{error:?}");
    assert!(
        error.to_string().ends_with("completeness: 7 is no completeness of a version; expected 0, 1 or 2"),
        "{error}"
    );

    let insert =
        "insert into main.service (name, repositories, deployments_from, deleted, completeness, version_at, digest)
                  values ('shop', '{}', 'telepathy', false, 1, now(), 0)";
    sqlx::query(insert).execute(&mut connection).await.unwrap();
    let mut tx = database.store.begin().await.unwrap();
    let error = store::history::services(&mut tx).await.unwrap_err().to_string();
    let expected = "service.deployments_from: `telepathy` is no source of deployments; expected one of deployment, branch, \
                    pipeline, cdevents, release, tag";
    assert!(error.ends_with(expected), "{error}");
    drop(tx);

    for statement in [
        "insert into main.computation (service, source, computed_at, deployments, changes, commits, partial, options)
         values ('shop', 'telepathy', now(), 0, 0, 0, false, 0)",
        "insert into main.finding (service, kind, subject, detail) values ('shop', 'haunted', 'x', 'It is.')",
        "alter table main.event_count drop constraint event_count_outcome_check",
        "insert into main.event_count (source, kind, outcome, reason, events) values ('a/b', 'a.b', 'eaten', '', 1)",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    let unreadable = |error: StoreError| error.to_string().split_once(": ").unwrap().1.to_owned();
    let services = unreadable(queries::services(&database.store, None, 1).await.unwrap_err());
    assert!(services.starts_with("computation.source: `telepathy` is no source of deployments"), "{services}");
    let findings = unreadable(queries::findings(&database.store, None, None, 1).await.unwrap_err());
    assert!(findings.starts_with("finding.kind: `haunted` is no kind of finding"), "{findings}");
    let counts = unreadable(counts::all(&database.store).await.unwrap_err());
    let expected = "event_count.outcome: `eaten` is no outcome of an event; expected one of stored, ignored, rejected";
    assert_eq!(counts, expected);
}
