use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::pull::Row;
use crate::pull::testing::Memory;

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
        })
    }
}

fn ids(memory: &Memory) -> BTreeSet<String> {
    memory.events().into_iter().map(|event| event.id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_was_cut_off_at_any_page_goes_on_there_and_tells_what_a_calm_one_does() {
    let calm = Memory::default();
    let source = Numbers { rows: 45, ..Numbers::default() };
    assert_eq!(calm.pull(&source, From::Cursor).await.rows, 90);
    for pages in 0..10 {
        let memory = Memory::default();
        *memory.log.dies_after.lock().unwrap() = Some(pages);
        let source = Numbers { rows: 45, ..Numbers::default() };
        let killed = tokio::time::timeout(std::time::Duration::from_secs(1), memory.pull(&source, From::Start));
        assert!(killed.await.is_err());
        *memory.log.dies_after.lock().unwrap() = None;
        let asked_again = if pages % 2 == 0 { From::Start } else { From::Cursor };
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
    memory.pull(&Numbers { rows: 1000, ..Numbers::default() }, From::Cursor).await;
    let source = Numbers { rows: 1005, ..Numbers::default() };
    assert!(memory.pull(&source, From::Cursor).await.complete());
    assert_eq!(source.asked.lock().unwrap()[0], Some(second(999 - 300)));
    let source = Numbers { rows: 1005, ..Numbers::default() };
    memory.pull(&source, From::Since(second(1000))).await;
    assert_eq!(source.asked.lock().unwrap()[0], Some(second(1000)));
    let source = Numbers { rows: 1005, ..Numbers::default() };
    assert_eq!(memory.pull(&source, From::Start).await.rows, 2010);
}

#[tokio::test]
async fn rows_that_shift_between_pages_are_told_again_and_are_the_same_events() {
    let (calm, shifted) = (Memory::default(), Memory::default());
    calm.pull(&Numbers { rows: 45, ..Numbers::default() }, From::Cursor).await;
    let summary = shifted.pull(&Numbers { rows: 45, shift: true, ..Numbers::default() }, From::Cursor).await;
    assert!(summary.rows > 90);
    assert_eq!(ids(&shifted), ids(&calm));
}

#[tokio::test]
async fn a_stream_that_is_refused_is_told_and_holds_up_no_other() {
    for (refuses, complete) in [("alerts", true), ("numbers", false)] {
        let source = Numbers { rows: 20, refuses: Some(refuses), ..Numbers::default() };
        let summary = Memory::default().pull(&source, From::Cursor).await;
        assert_eq!((summary.complete(), summary.rows), (complete, 20), "{summary:?}");
        assert!(summary.problems[0].error.contains("lacks security_events"), "{summary:?}");
    }
}
