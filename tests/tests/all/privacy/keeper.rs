//! What is done about people once a day.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use eventlog::settings::LogKind;
use kernel::Fact;
use processors::PeopleKeeper;
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use store::audit::{self, Action, AuditFilter, Order};
use tests::TestLog;

use super::{events, filled, naming_events, naming_tables, program, rows};
use crate::api::served;

const DAY: Duration = Duration::from_hours(24);

/// Makes what was done about people a day older.
async fn a_day_passes(log: &TestLog) {
    let mut connection = log.database.options().connect().await.unwrap();
    let earlier = "update main.pseudonym_key set reapplied_at = reapplied_at - interval '25 hours'";
    sqlx::raw_sql(earlier).execute(&mut connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_events_that_name_an_erased_person_are_replaced_once_a_day() {
    let log = filled(LogKind::Embedded).await;
    program(&log).good(&["person", "erase", "ann@lakeside.example", "--yes"]);
    let keeper = PeopleKeeper::new(&log.database.store, &log.settings, None);
    for _ in 0..2 {
        log.log.append(events()).await.unwrap();
        assert!(!naming_events(&log).await.is_empty());
        keeper.look().await.unwrap();
        assert_eq!(naming_events(&log).await, Vec::<String>::new());
        log.log.append(events()).await.unwrap();
        keeper.look().await.unwrap();
        assert!(!naming_events(&log).await.is_empty(), "it was done less than a day ago");
        a_day_passes(&log).await;
    }
    assert_eq!(naming_tables(&log).await, Vec::<String>::new());
}

/// An account with a name, and a change that it opened some days ago.
fn person(login: &str, name: &str, days: i64) -> Vec<Value> {
    let (account, at) = (format!("git.example/{login}"), (Utc::now() - TimeDelta::days(days)).to_rfc3339());
    vec![
        json!({ "fact": "account", "id": account, "name": name, "email": format!("{login}@example.org") }),
        json!({ "fact": "account", "id": format!("tracker/{login}"), "name": name, "email": format!("{login}@example.org") }),
        json!({ "fact": "change", "id": format!("git.example/shop#{days}"), "repository": "git.example/shop",
                "number": days, "title": "Add", "state": "open", "author": account, "opened_at": at }),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_did_nothing_for_as_long_as_the_settings_say_are_pseudonymized() {
    let log = TestLog::new(LogKind::Embedded).await;
    let store = &log.database.store;
    let team = json!({ "fact": "team", "name": "web", "members": ["git.example/cy"] });
    let stated =
        json!({ "fact": "person", "origin": "configuration", "name": "Di Wu", "accounts": ["git.example/di"] });
    let people = [
        ("ann", "Ann Smith", 400),
        ("bo", "Bo Li", 3),
        ("cy", "Cy Long", 500),
        ("di", "Di Wu", 600),
        ("ann2", "Ann Smith", 1),
    ];
    let all = people.into_iter().flat_map(|(login, name, days)| person(login, name, days)).chain([team, stated]);
    let facts = all.map(|mut fact| {
        fact["version"] = json!({ "completeness": "reported", "at": (Utc::now() - TimeDelta::days(900)).to_rfc3339() });
        serde_json::from_value::<Fact>(fact).unwrap()
    });
    served::fill(store, facts).await;
    let names = async || {
        let accounts = rows(&log, "select to_jsonb(id || ' ' || name) from main.account order by id").await;
        accounts.iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = names().await;
    PeopleKeeper::new(store, &log.settings, None).look().await.unwrap();
    assert_eq!(names().await, before, "without the setting all are kept");
    a_day_passes(&log).await;
    PeopleKeeper::new(store, &log.settings, Some(365 * DAY)).look().await.unwrap();
    let after = names().await;
    let of = |login: &str| after.iter().filter(|text| text.contains(&format!("/{login} "))).count();
    assert_eq!(["ann", "bo", "cy", "di", "ann2"].map(of), [0, 2, 2, 2, 2], "{after:?}");
    assert_eq!(after.iter().filter(|text| text.contains("/person-")).count(), 2, "{after:?}");
    assert!(after.contains(&"git.example/ann2 Ann Smith".to_owned()), "a namesake keeps the name: {after:?}");
    let joined =
        kernel::people::join(&store::people::all(store).await.unwrap().0, &store::people::all(store).await.unwrap().1);
    assert_eq!(joined.len(), 5, "each is still one person: {joined:?}");
    let filter = AuditFilter { action: Some(Action::PersonPseudonymized), ..AuditFilter::default() };
    let entries = audit::list(store, &filter, Order::Oldest, None, 10).await.unwrap();
    assert_eq!((entries.len(), &entries[0].detail["by"]), (1, &json!("retention.people")));
    // they are not found again
    a_day_passes(&log).await;
    PeopleKeeper::new(store, &log.settings, Some(365 * DAY)).look().await.unwrap();
    assert_eq!(names().await, after);
}
