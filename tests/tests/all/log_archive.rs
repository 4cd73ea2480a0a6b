//! `sei log archive` and `sei log restore`: events leave the log into files once, and come back whole.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Envelope, Tenant};
use store::{positions, segments};
use tests::Program;

const TOPIC: &str = "sei.events";

fn event(number: i64) -> Envelope {
    Envelope {
        id: number.to_string(),
        source: "test/a".to_owned(),
        kind: "test.event".to_owned(),
        subject: (number % 2 == 0).then(|| "even".to_owned()),
        time: DateTime::from_timestamp(1_700_000_000 + number, 0).unwrap(),
        tenant: Tenant::default(),
        key: "k".to_owned(),
        content_type: "application/octet-stream".to_owned(),
        data: vec![0, 255, u8::try_from(number).unwrap()].into(),
        traceparent: None,
    }
}

#[tokio::test]
async fn what_was_processed_is_archived_once_and_comes_back_as_it_was() {
    let (database, program) = (tests::database().await, Program::new());
    let store = &database.store;
    std::fs::write(program.directory().join("url"), &database.url).unwrap();
    std::fs::write(program.directory().join("sei.toml"), "database.url = { file = 'url' }\nlog.partitions = 1\n")
        .unwrap();
    for number in 0..5 {
        segments::append(store, TOPIC, 1, vec![event(number)]).await.unwrap();
    }
    let mut tx = store.begin().await.unwrap();
    positions::advance(&mut tx, "processor", TOPIC, 0, 0, 4).await.unwrap();
    tx.commit().await.unwrap();
    let archive = ["log", "archive", "--to", "archive", "--older-than-days", "0"];
    let first = program.json(&archive);
    assert_eq!((&first["files"], &first["events"], &first["missed"]), (&1.into(), &4.into(), &0.into()), "{first}");
    assert_eq!(program.json(&archive)["events"], 0, "the last event was not processed");
    let young = program.json(&["log", "archive", "--to", "elsewhere", "--older-than-days", "1"]);
    assert_eq!(young["events"], 0);
    // they leave the log, and one goes before it is archived
    let mut tx = store.begin().await.unwrap();
    positions::advance(&mut tx, "processor", TOPIC, 0, 4, 5).await.unwrap();
    tx.commit().await.unwrap();
    segments::trim_before(store, TOPIC, Utc::now() + TimeDelta::days(1)).await.unwrap();
    segments::append(store, TOPIC, 1, vec![event(5)]).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    positions::advance(&mut tx, "processor", TOPIC, 0, 5, 6).await.unwrap();
    tx.commit().await.unwrap();
    let second = program.json(&archive);
    assert_eq!((&second["events"], &second["missed"]), (&1.into(), &1.into()), "{second}");
    let restored = program.json(&["log", "restore", "--from", "archive"]);
    assert_eq!((&restored["files"], &restored["events"]), (&2.into(), &5.into()));
    let read: Vec<Envelope> = segments::read(store, TOPIC, 0, 6, 100, usize::MAX)
        .await
        .unwrap()
        .into_iter()
        .map(|(_, event)| event)
        .collect();
    assert_eq!(read, [0, 1, 2, 3, 5].map(event));
    let late = program.json(&["log", "restore", "--from", "archive", "--since", "2990-01-01"]);
    assert_eq!(late["events"], 0);
}
