//! Rows that had not ended when they were pulled.

use super::*;
use crate::Unfinished;

/// A list of runs, one an hour, as the source orders them: the newest first, ten a page.
struct Runs {
    began: i64,
    remembered: usize,
    waiting: Vec<i64>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Puller for Runs {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        Ok(vec![Stream::new("runs", "a").ending_within(TimeDelta::days(30)).remembering(self.remembered)])
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let mut page = Page::default();
        for run in (1..=self.began).rev().filter(|run| ask.since.is_none_or(|since| hour(*run) >= since)) {
            page.newest = page.newest.max(Some(hour(run)));
            page.note(run.to_string(), hour(run), !self.waiting.contains(&run));
        }
        Ok(page)
    }

    async fn unfinished(&self, _: &Ask<'_>, rows: &[Unfinished]) -> Result<Page, PullError> {
        let mut page = Page::default();
        for row in rows {
            self.asked.lock().unwrap().push(row.id.clone());
            page.note(&row.id, row.began, !self.waiting.contains(&row.id.parse().unwrap()));
        }
        Ok(page)
    }
}

fn hour(run: i64) -> DateTime<Utc> {
    second(run * 3600)
}

#[tokio::test(start_paused = true)]
async fn a_row_that_had_not_ended_is_asked_for_again_until_it_has_or_cannot_any_more() {
    let memory = Memory::default();
    let pull = async |began: i64, waiting: &[i64]| {
        let source = Runs { began, remembered: 100, waiting: waiting.to_vec(), asked: Mutex::default() };
        assert!(memory.pull_at(&source, PullFrom::Cursor, hour(began)).await.complete());
        source.asked.into_inner().unwrap()
    };
    assert!(pull(10, &[3, 5, 10]).await.is_empty(), "all of them are on the pages");
    assert_eq!(pull(400, &[3]).await, ["5", "3"]);
    assert_eq!(pull(401, &[3]).await, ["3"]);
    // thirty days after it began it is given up
    assert_eq!(pull(900, &[3]).await, ["3"]);
    assert!(pull(901, &[3]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn rows_that_had_not_ended_and_are_too_many_to_be_remembered_are_a_problem_as_long_as_they_can_end() {
    for (remembered, asked_again) in [(2_000, 149), (100, 99)] {
        let memory = Memory::default();
        let pull = async |began: i64, waiting: Vec<i64>| {
            let source = Runs { began, remembered, waiting, asked: Mutex::default() };
            let summary = memory.pull_at(&source, PullFrom::Cursor, hour(began)).await;
            assert_eq!(summary.failure(), None, "{summary:?}");
            (source.asked.into_inner().unwrap(), summary.warnings())
        };
        let expected = if remembered == 100 {
            vec![format!(
                "runs/a: more than 100 rows have not ended; those that began at {} or before are not asked for again, \
                 so how they end is known from webhooks only",
                hour(50).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            )]
        } else {
            Vec::new()
        };
        assert_eq!(pull(150, (1..=150).collect()).await, (Vec::new(), expected.clone()));
        // the latest is on the page
        let (asked, warnings) = pull(400, Vec::new()).await;
        assert_eq!((asked.len(), warnings), (asked_again, expected));
        assert_eq!(pull(770, Vec::new()).await, (Vec::new(), Vec::new()), "the fiftieth can't end any more");
    }
}
