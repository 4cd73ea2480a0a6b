//! `sei data status`: sizes by kind of data, over a real database.

use kernel::{Fact, Tenant};
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use store::sizes::{DataKind, sizes};
use tests::Program;

#[tokio::test]
async fn sizes_are_those_of_the_tables_by_kind_of_data_and_tenant() {
    let database = tests::database().await;
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let letters = "insert into main.dead_letter (source, event_id, kind, key, reason, detail, received_at, rejected_at,
                                                 topic, partition, position, content_type, payload)
                   select 's', n::text, 'k', 'k', 'malformed', '', now(), now() - n * interval '1 day',
                          't', 0, n, 'application/json', 'x'
                   from generate_series(1, 100) n";
    connection.execute(letters).await.unwrap();
    connection.execute("analyze main.dead_letter").await.unwrap();
    let found = sizes(&database.store, &[Tenant::default()]).await.unwrap();
    let table = found.tables.iter().find(|table| table.table == "dead_letter").unwrap();
    assert_eq!((table.kind, table.rows, table.tenant.as_ref()), (DataKind::DeadLetters, 100, Some(&Tenant::default())));
    assert_eq!((table.newest.unwrap() - table.oldest.unwrap()).num_days(), 99);
    assert!(table.bytes > table.index_bytes && found.database_bytes > table.bytes);
    let audit = found.tables.iter().find(|table| table.table == "audit").unwrap();
    assert_eq!((audit.kind, audit.tenant.as_ref()), (DataKind::Audit, None));
}

#[tokio::test]
async fn every_table_of_facts_and_metrics_is_there_and_the_command_says_how_long_each_kind_is_kept() {
    let (database, program) = (tests::database().await, Program::new());
    std::fs::write(program.directory().join("url"), &database.url).unwrap();
    let settings = "database.url = { file = 'url' }\nlog.rejected_retention = '30d'\n";
    std::fs::write(program.directory().join("sei.toml"), settings).unwrap();
    let status = program.json(&["data", "status"]);
    let parts = status["parts"].as_array().unwrap();
    let find = |kind: &str, fact: Option<&str>| -> &Value {
        let found = parts.iter().find(|part| part["kind"] == kind && part["fact"].as_str() == fact);
        found.unwrap_or_else(|| panic!("{kind} {fact:?}: {status:#}"))
    };
    for kind in Fact::KINDS {
        let is_detail = store::details::kinds().any(|name| name == kind.name);
        assert_eq!(find(if is_detail { "details" } else { "facts" }, Some(kind.name))["tenant"], "main");
    }
    assert!(find("dead_letters", None)["retention"].as_str().unwrap().starts_with("30d"));
    assert_eq!(find("audit", None)["tenant"], Value::Null);
    assert_eq!(status["free_bytes"], Value::Null, "the disk of a server elsewhere is not known");
    let text = program.good(&["data", "status", "--free-bytes", "5000000000"]);
    assert!(text.contains("5.0 GB free"), "{text}");
    assert_eq!(program.run(&["data", "status", "--tenant", "nope"]).code, Some(1));
}
