//! Lists: every row once, in a stable order, however long the pages are and whatever arrives meanwhile.

use serde_json::Value;

use super::served::{self, Served};

/// All rows of a list, page by page along the `Link` headers.
async fn walk(served: &Served, list: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut next = Some(list.to_owned());
    while let Some(path) = next {
        let reply = served.ask("GET", &path, &[], "").await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        let page = reply.json();
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        let mut links = reply.header("link").unwrap_or_default().split(", ");
        next = links.find_map(|link| link.strip_suffix(">; rel=\"next\"")).map(|link| link[1..].to_owned());
        assert_eq!(next.is_none(), page["next_cursor"].is_null(), "{path}");
        assert!(rows.len() < 100_000, "{list} has no end");
    }
    rows
}

#[tokio::test]
async fn small_pages_and_large_pages_hold_the_same_rows_in_the_same_order() {
    let served = served::filled().await;
    let services = walk(&served, "/api/v1/services").await;
    let service = services[0]["name"].as_str().unwrap();
    let team = services.iter().find_map(|row| row["team"].as_str()).unwrap();
    let from = (served::end() - chrono::TimeDelta::days(40)).format("%F").to_string();
    for list in [
        "/api/v1/deployments?window=all".to_owned(),
        format!("/api/v1/deployments?window=all&service={service}"),
        format!("/api/v1/deployments?team={team}&from={from}"),
        "/api/v1/deployments?window=all&failed=true".to_owned(),
        "/api/v1/changes?window=all".to_owned(),
        format!("/api/v1/changes?window=all&service={service}"),
        format!("/api/v1/changes?team={team}&to={from}"),
        "/api/v1/services?".to_owned(),
        "/api/v1/repositories?".to_owned(),
        "/api/v1/findings?".to_owned(),
        format!("/api/v1/findings?service={service}"),
    ] {
        let large = walk(&served, &format!("{list}&limit=200")).await;
        for limit in [1, 7] {
            // one row a page takes a request a row
            let expected = if limit == 1 { large.get(..large.len().min(40)).unwrap() } else { &large };
            let small = walk_up_to(&served, &format!("{list}&limit={limit}"), expected.len()).await;
            assert_eq!(small, expected, "{list} by {limit}");
        }
    }
}

/// The first rows of a list; all of them, where it is not cut off.
async fn walk_up_to(served: &Served, list: &str, rows: usize) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = served.get(&format!("{list}{cursor}")).await;
        seen.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) if seen.len() < rows => cursor = format!("&cursor={next}"),
            _ => return seen,
        }
    }
}

#[tokio::test]
async fn filters_give_what_they_name_and_all_of_it() {
    let served = served::filled().await;
    let all = walk(&served, "/api/v1/deployments?window=all&limit=200").await;
    assert!(all.len() > 100, "{}", all.len());
    let times: Vec<&str> = all.iter().map(|row| row["finished_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, next| instant(one) >= instant(next)), "newest first");
    let failed: Vec<&Value> = all.iter().filter(|row| row["failed"] == true).collect();
    assert!(!failed.is_empty());
    assert_eq!(walk(&served, "/api/v1/deployments?window=all&failed=true").await.iter().collect::<Vec<_>>(), failed);
    let day = served::end() - chrono::TimeDelta::days(60);
    let path = format!("/api/v1/deployments?from={}&to={}", day.format("%FT%TZ"), served::end().format("%FT%TZ"));
    let expected = all.iter().filter(|row| {
        let at = instant(row["finished_at"].as_str().unwrap());
        at >= day && at < served::end()
    });
    assert_eq!(walk(&served, &path).await.iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

fn instant(text: &str) -> chrono::DateTime<chrono::Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn rows_that_arrive_between_two_pages_neither_repeat_nor_hide_others() {
    let served = served::filled().await;
    let before = walk(&served, "/api/v1/deployments?window=all&limit=200").await;
    let first = served.get("/api/v1/deployments?window=all&limit=10").await;
    let mut connection = sqlx::ConnectOptions::connect(&served.database.options()).await.unwrap();
    sqlx::query(
        "insert into main.deployment_metric
         select (jsonb_populate_record(m, jsonb_build_object('deployment', 'new/' || m.deployment,
                                                             'finished_at', m.finished_at + interval '1 minute'))).*
           from main.deployment_metric m",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let cursor = first["next_cursor"].as_str().unwrap();
    let mut rows = first["data"].as_array().unwrap().clone();
    rows.extend(walk(&served, &format!("/api/v1/deployments?window=all&limit=200&cursor={cursor}")).await);
    rows.retain(|row| !row["id"].as_str().unwrap().starts_with("new/"));
    assert_eq!(rows, before);
}
