//! Lists in each of their orders: every row once, however long the pages are, forward and back.

use std::collections::BTreeSet;

use serde_json::Value;

use super::formats::{LISTS, surrounded};
use super::served::{self, Reply, Served};

/// The address of a relation in the header `Link`.
fn link(reply: &Reply, relation: &str) -> Option<String> {
    let links = reply.header("link")?;
    let link = links.split(", <").find(|link| link.ends_with(&format!("rel=\"{relation}\"")))?;
    Some(link.trim_start_matches('<').split('>').next().unwrap().to_owned())
}

/// The orders that the document has for a list.
fn orders(document: &Value, path: &str) -> Vec<String> {
    let path = path.split('?').next().unwrap();
    let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
    let Some(sort) = parameters.iter().find(|parameter| parameter["name"] == "sort") else { return Vec::new() };
    let pattern = sort["schema"]["pattern"].as_str().unwrap();
    let names = pattern.strip_prefix("^-?(").unwrap().strip_suffix(")$").unwrap();
    names.split('|').flat_map(|name| [name.to_owned(), format!("-{name}")]).collect()
}

/// What a row is known by.
fn key(row: &Value, fields: &[&str]) -> String {
    fields.iter().map(|field| row[*field].to_string()).collect()
}

/// The keys of the rows along the links of a relation.
async fn walk(served: &Served, first: &str, (relation, fields): (&str, &[&str])) -> (Vec<String>, Vec<Value>, String) {
    let (mut keys, mut rows, mut path) = (Vec::new(), Vec::new(), first.to_owned());
    loop {
        let reply = served.ask("GET", &path, &[], "").await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        let page = reply.json();
        let mut of_page = page["data"].as_array().unwrap().clone();
        if relation == "prev" {
            of_page.reverse();
        }
        keys.extend(of_page.iter().map(|row| key(row, fields)));
        rows.extend(of_page);
        assert!(rows.len() < 100_000, "{first} has no end");
        match link(&reply, relation) {
            Some(next) => path = next,
            None => return (keys, rows, path),
        }
    }
}

#[tokio::test]
async fn each_order_of_each_list_has_every_row_exactly_once() {
    let served = surrounded().await;
    let document = serde_json::to_value(api::openapi()).unwrap();
    for (path, fields) in LISTS {
        let orders = orders(&document, path);
        let is_short = ["/api/v1/sources?", "/api/v1/tenants?"].contains(&path);
        assert_eq!(orders.is_empty(), is_short, "{path}");
        let (usual, ..) = walk(&served, &format!("{path}&limit=200"), ("next", fields)).await;
        let all: BTreeSet<&String> = usual.iter().collect();
        assert_eq!(all.len(), usual.len(), "{path}");
        for order in orders {
            let sorted = format!("{path}&sort={order}");
            let (keys, rows, _) = walk(&served, &format!("{sorted}&limit=173"), ("next", fields)).await;
            assert_eq!(keys.iter().collect::<BTreeSet<_>>(), all, "{sorted}");
            assert_eq!(keys.len(), usual.len(), "{sorted}: a row is there twice");
            is_sorted(&rows, &order, &sorted);
            let limit = (usual.len() / 3).clamp(1, 200);
            let (pages, _, last) = walk(&served, &format!("{sorted}&limit={limit}"), ("next", fields)).await;
            assert_eq!(pages, keys, "{sorted} by {limit}");
            let (mut back, ..) = walk(&served, &last, ("prev", fields)).await;
            back.reverse();
            assert_eq!(back, keys, "{sorted} back by {limit}");
        }
    }
}

/// Fails unless the known values of the field rise, or fall, and the missing ones come last.
fn is_sorted(rows: &[Value], order: &str, path: &str) {
    let (name, is_descending) = order.strip_prefix('-').map_or((order, false), |name| (name, true));
    if rows.first().is_none_or(|row| row.get(name).is_none()) || name == "severity" {
        return;
    }
    let values: Vec<&Value> = rows.iter().map(|row| &row[name]).collect();
    let known: Vec<&Value> = values.iter().copied().filter(|value| !value.is_null()).collect();
    assert_eq!(values.iter().take(known.len()).copied().collect::<Vec<_>>(), known, "{path}: missing values come last");
    if let Some(numbers) = known.iter().map(|value| value.as_f64()).collect::<Option<Vec<f64>>>() {
        assert!(numbers.is_sorted_by(|one, next| if is_descending { one >= next } else { one <= next }), "{path}");
    } else if name.ends_with("_at") {
        let times = known.iter().map(|value| value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        assert!(times.is_sorted_by(|one, next| if is_descending { one >= next } else { one <= next }), "{path}");
    }
}

#[tokio::test]
async fn an_order_that_is_not_there_or_a_cursor_of_another_order_is_refused() {
    let served = served::filled().await;
    let reply = served.ask("GET", "/api/v1/deployments?sort=sha", &[], "").await;
    let problem = reply.json();
    assert_eq!((reply.status, problem["parameter"].as_str()), (400, Some("sort")), "{problem}");
    assert!(problem["expected"].as_str().unwrap().starts_with("one of finished_at, "), "{problem}");
    let page = served.get("/api/v1/deployments?window=all&sort=-commits&limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    for (path, parameter) in [
        (format!("/api/v1/deployments?window=all&cursor={cursor}"), "cursor"),
        (format!("/api/v1/deployments?window=all&sort=commits&cursor={cursor}"), "cursor"),
        (format!("/api/v1/changes?window=all&before={cursor}"), "before"),
        (format!("/api/v1/changes?window=all&sort=-commits&cursor={cursor}"), "cursor"),
        (format!("/api/v1/deployments?window=all&sort=-commits&cursor={cursor}&before={cursor}"), "before"),
    ] {
        let reply = served.ask("GET", &path, &[], "").await;
        assert_eq!((reply.status, &reply.json()["parameter"]), (422, &Value::from(parameter)), "{path}");
    }
}

#[tokio::test]
async fn filters_leave_the_rows_that_they_name() {
    let served = surrounded().await;
    for (list, field, parameter) in [
        ("/api/v1/incidents?", "state", "state"),
        ("/api/v1/incidents?", "severity", "severity"),
        ("/api/v1/work-items?", "state", "state"),
        ("/api/v1/work-items?", "project", "project"),
        ("/api/v1/pipeline-runs?", "outcome", "outcome"),
        ("/api/v1/pipeline-runs?", "name", "pipeline"),
        ("/api/v1/vulnerabilities?", "state", "state"),
        ("/api/v1/vulnerabilities?", "severity", "severity"),
        ("/api/v1/reviews?", "state", "state"),
        ("/api/v1/deployments?window=all", "kind", "kind"),
        ("/api/v1/deployments?window=all", "rework", "rework"),
        ("/api/v1/changes?window=all", "repository", "repository"),
        ("/api/v1/open-changes?", "repository", "repository"),
    ] {
        let (_, rows, _) = walk(&served, &format!("{list}&limit=200"), ("next", &["id"])).await;
        let Some(value) = rows.iter().map(|row| &row[field]).find(|value| !value.is_null()) else {
            panic!("no row of {list} has a {field}");
        };
        let text = value.as_str().map_or_else(|| value.to_string(), |text| text.replace(' ', "%20"));
        let expected: Vec<&Value> = rows.iter().filter(|row| row[field] == *value).map(|row| &row["id"]).collect();
        let (_, found, _) = walk(&served, &format!("{list}&limit=200&{parameter}={text}"), ("next", &["id"])).await;
        let found: Vec<&Value> = found.iter().map(|row| &row["id"]).collect();
        assert_eq!(found, expected, "{list} {parameter}={text}");
    }
    let (_, rows, _) = walk(&served, "/api/v1/changes?window=all&limit=200", ("next", &["id"])).await;
    let word = rows[0]["title"].as_str().unwrap().split(' ').next().unwrap().to_uppercase();
    let expected = rows.iter().filter(|row| {
        [&row["title"], &row["id"]].iter().any(|text| text.as_str().unwrap().to_uppercase().contains(&word))
    });
    let searched = format!("/api/v1/changes?window=all&limit=200&search={word}");
    let (_, found, _) = walk(&served, &searched, ("next", &["id"])).await;
    assert_eq!(found.iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{searched}");
}
