mod unfinished;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::Query;
use axum::response::IntoResponse;
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Memory, client};
use crate::{Ask, Client, Page, Row, Stream};

/// A source with numbered rows, ten a page. `shift` puts new rows in front while it is asked.
#[derive(Default)]
struct Numbers {
    rows: i64,
    shift: bool,
    asked: Mutex<Vec<Option<DateTime<Utc>>>>,
    refuses: Option<&'static str>,
}

fn second(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000 + at, 0).unwrap()
}

#[async_trait]
impl Puller for Numbers {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        Ok(vec![Stream::new("numbers", "a"), Stream::new("alerts", "a").optional()])
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        if Some(ask.stream.name) == self.refuses {
            return Err(PullError::Denied { what: "alerts".into(), missing: Some("security_events".into()) });
        }
        let from = ask.cursor.and_then(Value::as_i64).unwrap_or(0);
        self.asked.lock().unwrap().push(ask.since);
        // oldest first; a page that shifted repeats the last row of the page before
        let start = if self.shift && from > 0 { from - 1 } else { from };
        let all = (start..self.rows).filter(|row| ask.since.is_none_or(|since| second(*row) >= since));
        let rows: Vec<i64> = all.take(10).collect();
        let last = rows.last().copied();
        Ok(Page {
            rows: rows
                .iter()
                .map(|row| Row {
                    kind: "mock.number",
                    subject: None,
                    key: "a".into(),
                    data: json!({"stream": ask.stream.name, "row": row}).to_string().into(),
                })
                .collect(),
            next: last.filter(|last| last + 1 < self.rows).map(|last| json!(last + 1)),
            newest: last.map(second),
            total: u64::try_from(self.rows).ok(),
            ..Page::default()
        })
    }
}

fn ids(memory: &Memory) -> BTreeSet<String> {
    memory.events().into_iter().map(|event| event.id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_was_cut_off_at_any_page_goes_on_there_and_reports_what_a_calm_one_does() {
    let calm = Memory::default();
    let source = Numbers { rows: 45, ..Numbers::default() };
    assert_eq!(calm.pull(&source, PullFrom::Cursor).await.rows, 90);
    for pages in 0..10 {
        let memory = Memory::default();
        *memory.log.dies_after.lock().unwrap() = Some(pages);
        let source = Numbers { rows: 45, ..Numbers::default() };
        let killed = tokio::time::timeout(std::time::Duration::from_secs(1), memory.pull(&source, PullFrom::Start));
        assert!(killed.await.is_err());
        *memory.log.dies_after.lock().unwrap() = None;
        let asked_again = if pages % 2 == 0 { PullFrom::Start } else { PullFrom::Cursor };
        assert!(memory.pull(&source, asked_again).await.complete());
        assert_eq!(ids(&memory), ids(&calm));
        // only the page that was not acknowledged was asked for twice
        let asked = source.asked.lock().unwrap().len();
        assert!(asked <= 12, "{asked} pages after {pages}");
        assert_eq!(memory.events().len(), 90);
    }
}

#[tokio::test]
async fn the_next_pull_begins_at_the_newest_row_minus_the_overlap() {
    let memory = Memory::default();
    memory.pull(&Numbers { rows: 1000, ..Numbers::default() }, PullFrom::Cursor).await;
    let source = Numbers { rows: 1005, ..Numbers::default() };
    assert!(memory.pull(&source, PullFrom::Cursor).await.complete());
    assert_eq!(source.asked.lock().unwrap()[0], Some(second(999 - 300)));
    let source = Numbers { rows: 1005, ..Numbers::default() };
    memory.pull(&source, PullFrom::Since(second(1000))).await;
    assert_eq!(source.asked.lock().unwrap()[0], Some(second(1000)));
    let source = Numbers { rows: 1005, ..Numbers::default() };
    assert_eq!(memory.pull(&source, PullFrom::Start).await.rows, 2010);
}

#[tokio::test]
async fn rows_that_shift_between_pages_are_reported_again_and_are_the_same_events() {
    let (calm, shifted) = (Memory::default(), Memory::default());
    calm.pull(&Numbers { rows: 45, ..Numbers::default() }, PullFrom::Cursor).await;
    let summary = shifted.pull(&Numbers { rows: 45, shift: true, ..Numbers::default() }, PullFrom::Cursor).await;
    assert!(summary.rows > 90);
    assert_eq!(ids(&shifted), ids(&calm));
}

/// A source whose second page names itself as the next.
struct Circle;

#[async_trait]
impl Puller for Circle {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        Ok(vec![Stream::new("circle", "a")])
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let data = json!({ "page": ask.cursor }).to_string().into();
        let row = Row { kind: "mock.number", subject: None, key: "a".into(), data };
        Ok(Page { rows: vec![row], next: Some(json!("second")), ..Page::default() })
    }
}

#[tokio::test]
async fn a_page_that_names_itself_as_the_next_ends_the_pull_with_an_error_and_keeps_its_rows() {
    let memory = Memory::default();
    for _ in 0..2 {
        let summary = memory.pull(&Circle, PullFrom::Cursor).await;
        assert!(!summary.complete() && summary.problems[0].error.contains("would never end"), "{summary:?}");
        assert_eq!(ids(&memory).len(), 2);
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_is_reported_and_holds_up_no_other() {
    for (refuses, complete) in [("alerts", true), ("numbers", false)] {
        let source = Numbers { rows: 20, refuses: Some(refuses), ..Numbers::default() };
        let summary = Memory::default().pull(&source, PullFrom::Cursor).await;
        assert_eq!((summary.complete(), summary.rows), (complete, 20), "{summary:?}");
        assert!(summary.problems[0].error.contains("lacks security_events"), "{summary:?}");
    }
}

/// A source of 30 rows, ten a page, of which some are broken for some pulls.
#[derive(Default)]
struct Broken {
    rows: Mutex<BTreeMap<i64, PullError>>,
    asked: Mutex<Vec<i64>>,
    failed: Option<PullError>,
}

impl Broken {
    fn of(rows: impl IntoIterator<Item = (i64, PullError)>) -> Self {
        Self { rows: Mutex::new(rows.into_iter().collect()), ..Self::default() }
    }

    fn row(&self, row: i64) -> Result<Vec<Row>, PullError> {
        self.asked.lock().unwrap().push(row);
        let data = json!({ "row": row }).to_string().into();
        let fetched = Row { kind: "mock.number", subject: None, key: "a".into(), data };
        self.rows.lock().unwrap().get(&row).map_or(Ok(vec![fetched]), |error| Err(error.clone()))
    }
}

#[async_trait]
impl Puller for Broken {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        let failed = self.failed.iter().map(|error| Stream::failed("directories", "b", error.clone()));
        Ok([Stream::new("numbers", "a")].into_iter().chain(failed).collect())
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let from: i64 = ask.cursor_as()?.unwrap_or(if ask.incremental { 30 } else { 0 });
        let asked =
            (from..30.min(from + 10)).map(|row| (format!("row {row}"), json!(row), std::future::ready(self.row(row))));
        let (rows, missed) = crate::details(asked).await?;
        let (rows, newest) = (rows.concat(), Some(second(from + 9)));
        Ok(Page { rows, missed, newest, next: (from < 20).then(|| json!(from + 10)), ..Page::default() })
    }

    async fn again(&self, _: &Ask<'_>, key: &Value) -> Result<Vec<Row>, PullError> {
        self.row(key.as_i64().unwrap())
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_had_is_named_skipped_and_requested_by_each_next_pull() {
    let gone = PullError::Gone("/rows/3".into());
    let failed = PullError::Transient("/rows/17: the server answered 500".into());
    let source = Broken::of([(3, gone), (17, failed.clone())]);
    let memory = Memory::default();
    let summary = memory.pull_at(&source, PullFrom::Cursor, second(1000)).await;
    assert_eq!((summary.rows, summary.pages, summary.complete()), (28, 3, false), "{summary:?}");
    assert_eq!(summary.failure(), None, "the stream came to its end");
    assert_eq!(
        summary.warnings(),
        [
            "numbers/a: row 3 could not be fetched and is asked for again: there is no /rows/3, or the token may not see it",
            "numbers/a: row 17 could not be fetched and is asked for again: /rows/17: the server answered 500",
        ]
    );
    // one of them is there again
    source.rows.lock().unwrap().remove(&3);
    source.asked.lock().unwrap().clear();
    let summary = memory.pull_at(&source, PullFrom::Cursor, second(1300)).await;
    assert_eq!((summary.rows, summary.problems.len()), (1, 1), "{summary:?}");
    assert_eq!(*source.asked.lock().unwrap(), [3, 17]);
    source.rows.lock().unwrap().clear();
    let summary = memory.pull_at(&source, PullFrom::Cursor, second(1600)).await;
    assert!(summary.complete() && summary.rows == 1, "{summary:?}");
    assert_eq!(memory.events().len(), 30);
    // nothing of it is kept
    assert_eq!(cursors(&memory)["mock/main/numbers/a"]["skipped"], Value::Null);
}

#[tokio::test]
async fn a_source_of_which_every_row_fails_is_not_walked_past() {
    struct Endless(Broken);
    #[async_trait]
    impl Puller for Endless {
        async fn streams(&self) -> Result<Vec<Stream>, PullError> {
            self.0.streams().await
        }

        async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
            let from: i64 = ask.cursor_as()?.unwrap_or_default();
            let missed = (from..from + 10).map(|row| crate::Missed {
                what: format!("row {row}"),
                key: json!(row),
                error: PullError::Transient("500".into()),
            });
            Ok(Page { missed: missed.collect(), next: Some(json!(from + 10)), ..Page::default() })
        }
    }
    let memory = Memory::default();
    let summary = memory.pull(&Endless(Broken::default()), PullFrom::Cursor).await;
    assert!(summary.failure().unwrap().contains("more than 100 things"), "{summary:?}");
    assert_eq!(cursors(&memory)["mock/main/numbers/a"]["skipped"]["kept"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_part_of_a_source_that_cannot_be_listed_holds_up_no_other() {
    let source = Broken { failed: Some(PullError::Gone("directory b".into())), ..Broken::default() };
    let summary = Memory::default().pull(&source, PullFrom::Cursor).await;
    assert_eq!(
        (summary.rows, summary.problems.len(), summary.problems[0].stream.as_deref()),
        (30, 1, Some("directories/b"))
    );
    assert!(summary.failure().unwrap().contains("there is no directory b"), "{summary:?}");
}

#[tokio::test]
async fn a_cursor_that_cannot_be_read_is_named_and_all_is_pulled_again() {
    let memory = Memory::default();
    memory.pull_at(&Broken::default(), PullFrom::Cursor, second(1000)).await;
    let mut kept = cursors(&memory)["mock/main/numbers/a"].clone();
    for wrong in [json!(7), json!({ "whole": "yesterday" }), json!(null)] {
        memory.cursors.0.lock().unwrap().insert("mock/main/numbers/a".to_owned(), wrong);
        let summary = memory.pull_at(&Broken::default(), PullFrom::Cursor, second(1300)).await;
        assert_eq!((summary.rows, summary.failure()), (30, None), "{summary:?}");
        let warning = summary.warnings().remove(0);
        assert!(warning.contains("its cursor `mock/main/numbers/a` can't be read"), "{warning}");
        assert!(warning.ends_with("all of it is pulled again"), "{warning}");
        assert!(memory.pull_at(&Broken::default(), PullFrom::Cursor, second(1600)).await.complete());
    }
    // the connector's own part of it: this pull starts over
    let at = json!({ "since": null, "incremental": false, "began": second(9), "newest": null, "cursor": { "odd": 1 } });
    kept["under_way"] = at;
    memory.cursors.0.lock().unwrap().insert("mock/main/numbers/a".to_owned(), kept);
    let summary = memory.pull_at(&Broken::default(), PullFrom::Cursor, second(1900)).await;
    assert_eq!((summary.rows, summary.failure()), (30, None), "{summary:?}");
    assert!(summary.warnings()[0].ends_with("this pull starts over"), "{summary:?}");
    // that of a pull that was asked for
    memory.cursors.0.lock().unwrap().insert("mock/main".to_owned(), json!([1]));
    let summary = memory.pull_at(&Broken::default(), PullFrom::Cursor, second(2200)).await;
    assert!(summary.warnings()[0].starts_with("its cursor can't be read"), "{summary:?}");
}

fn cursors(memory: &Memory) -> BTreeMap<String, Value> {
    memory.cursors.0.lock().unwrap().clone()
}

/// A source of 95 rows, ten a page, behind a server that is in trouble at each of these pages once.
struct Troubled(Client);

/// What goes wrong when a page is asked for the first time.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    ClosesInTheMiddle,
    InvalidJson,
    IsSlowForAMinute,
    IsLimited,
    Fails,
}

impl Troubled {
    fn new(troubles: impl IntoIterator<Item = (i64, Trouble)>) -> Self {
        let troubles = Arc::new(Mutex::new(troubles.into_iter().collect::<BTreeMap<i64, Trouble>>()));
        let answer = async move |from: Query<BTreeMap<String, i64>>| {
            let from = from["from"];
            let page = json!((from..95).take(10).collect::<Vec<_>>()).to_string();
            let trouble = troubles.lock().unwrap().remove(&(from / 10 + 1));
            match trouble {
                None => page.into_response(),
                Some(Trouble::InvalidJson) => page[..page.len() / 2].to_owned().into_response(),
                Some(Trouble::Fails) => StatusCode::BAD_GATEWAY.into_response(),
                Some(Trouble::IsLimited) => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "90")]).into_response(),
                Some(Trouble::IsSlowForAMinute) => {
                    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
                    page.into_response()
                }
                Some(Trouble::ClosesInTheMiddle) => {
                    let half = [Ok(page[..page.len() / 2].to_owned()), Err(std::io::Error::other("closed"))];
                    Body::from_stream(futures::stream::iter(half)).into_response()
                }
            }
        };
        Self(client(Router::new().route("/rows", axum::routing::get(answer))))
    }
}

#[async_trait]
impl Puller for Troubled {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        Ok(vec![Stream::new("numbers", "a")])
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let from = ask.cursor.and_then(Value::as_i64).unwrap_or(0);
        let rows: Vec<i64> = self.0.get(&format!("rows?from={from}")).await?.json()?;
        let last = rows.last().copied();
        let row = |row: &i64| Row {
            kind: "mock.number",
            subject: None,
            key: "a".into(),
            data: json!({ "row": row }).to_string().into(),
        };
        Ok(Page {
            rows: rows.iter().map(row).collect(),
            next: last.filter(|last| last + 1 < 95).map(|last| json!(last + 1)),
            newest: last.map(second),
            total: Some(95),
            ..Page::default()
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_in_trouble_at_any_page_costs_time_and_no_row() {
    let calm = Memory::default();
    assert_eq!(calm.pull_at(&Troubled::new([]), PullFrom::Cursor, second(1000)).await.rows, 95);
    let all = [
        Trouble::ClosesInTheMiddle,
        Trouble::InvalidJson,
        Trouble::IsSlowForAMinute,
        Trouble::IsLimited,
        Trouble::Fails,
    ];
    for trouble in all {
        for page in 1..=10 {
            let memory = Memory::default();
            let summary = memory.pull_at(&Troubled::new([(page, trouble)]), PullFrom::Cursor, second(1000)).await;
            assert!(summary.complete(), "{trouble:?} at page {page}: {summary:?}");
            assert_eq!(summary.rows, 95, "{trouble:?} at page {page}: no row is reported twice");
            assert_eq!(ids(&memory), ids(&calm), "{trouble:?} at page {page}");
            assert_eq!(cursors(&memory), cursors(&calm), "{trouble:?} at page {page}");
        }
    }
    let memory = Memory::default();
    let troubles = (1..=10).zip(all.into_iter().cycle());
    assert!(memory.pull_at(&Troubled::new(troubles), PullFrom::Cursor, second(1000)).await.complete());
    assert_eq!(ids(&memory), ids(&calm));
    assert_eq!(cursors(&memory), cursors(&calm));
}

#[test]
fn what_stopped_several_streams_is_named_once() {
    let problem = |stream: &str, error: &str| PullProblem {
        stream: Some(stream.to_owned()),
        error: error.to_owned(),
        expected: false,
        warning: false,
    };
    let problems = vec![problem("a", "no answer"), problem("b", "denied"), problem("c", "no answer")];
    let summary = PullSummary { problems, ..PullSummary::default() };
    assert_eq!(summary.failure().as_deref(), Some("a and 1 more: no answer; b: denied"));
}
