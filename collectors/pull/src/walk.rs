//! Pulling one stream to its end: first what earlier pulls skipped, then page after page into the log, and the
//! cursor after each.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures::StreamExt;
use kernel::Envelope;
use runtime::labels;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use super::error::PullError;
use super::missed::SkippedThings;
use super::target::{PullFrom, PullTarget, Stopped, Wanted};
use super::{Ask, Page, Puller, Row, Stream, Unfinished};
use crate::append;

/// Skipped things that are requested again side by side.
const AT_ONCE: usize = 4;

/// How far a stream was pulled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// When the last whole pull began.
    whole: Option<DateTime<Utc>>,
    /// When the newest row of the last whole pull changed.
    newest: Option<DateTime<Utc>>,
    /// The pull that is under way or was cut off.
    under_way: Option<UnderWay>,
    /// Rows that had not ended when they were last seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unfinished: Vec<Unfinished>,
    /// When the latest of those began that were too many to be remembered, as long as it can still end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten: Option<DateTime<Utc>>,
    /// What could not be fetched and is asked for again.
    #[serde(default, skip_serializing_if = "SkippedThings::is_empty")]
    skipped: SkippedThings,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct UnderWay {
    since: Option<DateTime<Utc>>,
    incremental: bool,
    began: DateTime<Utc>,
    newest: Option<DateTime<Utc>>,
    /// The next page.
    cursor: Option<Value>,
}

/// A stream while it is pulled.
pub(super) struct Walk<'a> {
    puller: &'a dyn Puller,
    stream: &'a Stream,
    wanted: Wanted,
    target: &'a PullTarget<'a>,
    /// That of its cursor.
    name: String,
    mark: Mark,
    warnings: Vec<String>,
    /// Rows that the log has now, and the pages that they came on.
    pub(super) rows: u64,
    pub(super) pages: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(puller: &'a dyn Puller, stream: &'a Stream, wanted: Wanted, target: &'a PullTarget<'a>) -> Self {
        let name = format!("{}/{}", target.source, stream.key());
        let (mark, warnings) = (Mark::default(), Vec::new());
        Self { puller, stream, wanted, target, name, mark, warnings, rows: 0, pages: 0 }
    }

    /// Whether it went on past something that the source has.
    pub(super) fn is_incomplete(&self) -> bool {
        self.mark.skipped.is_of_the_source()
    }

    /// What it went on past, in words.
    pub(super) fn warnings(self) -> Vec<String> {
        let forgotten = self.mark.forgotten.map(|began| {
            format!(
                "more than {} rows have not ended; those that began at {} or before are not asked for again, so how \
                 they end is known from webhooks only",
                self.stream.remembered,
                began.to_rfc3339_opts(SecondsFormat::Secs, true)
            )
        });
        self.warnings.into_iter().chain(forgotten).chain(self.mark.skipped.problems()).collect()
    }

    /// Pulls it to its end.
    pub(super) async fn run(&mut self) -> Result<(), Stopped> {
        self.load().await?;
        if let Some(error) = &self.stream.failed {
            return Err(error.clone().into());
        }
        if self.wanted.from != PullFrom::Cursor && self.mark.whole == Some(self.wanted.began) {
            return Ok(());
        }
        let mut at = self.mark.begin(self.wanted, self.stream.overlap, self.target.since);
        self.ask_again(&at).await?;
        if self.wanted.from != PullFrom::Cursor {
            // should this stream fail, what was asked for is not forgotten
            self.mark.under_way = Some(at.clone());
            self.save().await?;
        }
        let mut left = self.mark.unfinished.clone();
        loop {
            let page = match self.puller.page(&ask(self.stream, &at, at.cursor.as_ref())).await {
                Err(PullError::Cursor(why)) if at.cursor.is_some() => {
                    self.warn(&format!("where its next page begins can't be read: {why}"), "this pull starts over");
                    at.cursor = None;
                    continue;
                }
                page => page?,
            };
            left.retain(|row| !page.holds(&row.id));
            if self.take(page, &mut at).await? {
                break;
            }
        }
        if !left.is_empty() {
            let page = self.puller.unfinished(&ask(self.stream, &at, None), &left).await?;
            self.mark.remember(&page, self.stream, at.began);
            self.mark.skipped.add(page.missed, self.wanted.began)?;
            self.append(page.rows).await?;
            self.save().await?;
        }
        Ok(())
    }

    async fn load(&mut self) -> Result<(), Stopped> {
        let Some(kept) = self.target.cursors.load(&self.name).await? else { return Ok(()) };
        match serde_json::from_value(kept) {
            Ok(mark) => self.mark = mark,
            Err(error) => {
                let what = format!("its cursor `{}` can't be read: {}", self.name, connector::json::describe(&error));
                self.warn(&what, "all of it is pulled again");
            }
        }
        Ok(())
    }

    fn warn(&mut self, what: &str, outcome: &str) {
        let stream = self.stream.key();
        tracing::warn!(source.name = self.target.source, stream, problem = what, outcome, "a cursor is not used");
        self.warnings.push(format!("{what}; {outcome}"));
    }

    /// Asks again for what earlier pulls skipped.
    async fn ask_again(&mut self, at: &UnderWay) -> Result<(), Stopped> {
        let due = self.mark.skipped.due(self.wanted.began);
        if due.is_empty() {
            return Ok(());
        }
        let (puller, ask) = (self.puller, ask(self.stream, at, None));
        let answers = due.into_iter().map(|key| {
            let ask = ask.clone();
            async move { (puller.again(&ask, &key).await, key) }
        });
        let answers: Vec<_> = answers.collect();
        let answers: Vec<_> = futures::stream::iter(answers).buffered(AT_ONCE).collect().await;
        for (answer, key) in answers {
            let error = match answer {
                Ok(rows) => {
                    self.append(rows).await?;
                    None
                }
                Err(error @ PullError::RateLimited(_)) => return Err(error.into()),
                Err(error) => Some(error),
            };
            self.mark.skipped.asked_again(&key, error.as_ref(), self.wanted.began);
        }
        self.save().await
    }

    /// Appends a page, then keeps where the next one begins; whether it was the last.
    async fn take(&mut self, page: Page, at: &mut UnderWay) -> Result<bool, Stopped> {
        self.mark.remember(&page, self.stream, at.began);
        let Page { rows, next, newest, total, missed, .. } = page;
        if self.pages == 0
            && let Some(total) = total
        {
            self.target.progress.expect(total);
        }
        self.mark.skipped.add(missed, self.wanted.began)?;
        self.append(rows).await?;
        if next.is_some() && next == at.cursor {
            let circle = "the source names a page as the one after itself, so its pages would never end";
            return Err(PullError::Data(circle.to_owned()).into());
        }
        self.pages += 1;
        at.newest = at.newest.max(newest);
        let done = next.is_none();
        at.cursor = next;
        if done {
            self.mark.newest = self.mark.newest.max(at.newest.or(Some(at.began)));
            self.mark.whole = Some(self.wanted.began);
            self.mark.under_way = None;
        } else {
            self.mark.under_way = Some(at.clone());
        }
        self.save().await?;
        Ok(done)
    }

    async fn append(&mut self, rows: Vec<Row>) -> Result<(), Stopped> {
        let count = rows.len() as u64;
        let events = rows.into_iter().map(|row| Envelope {
            id: format!("{:032x}", xxh3_128(&[row.kind.as_bytes(), &row.data].concat())),
            source: self.target.source.to_owned(),
            kind: row.kind.to_owned(),
            subject: row.subject,
            time: Utc::now(),
            tenant: self.target.tenant.clone(),
            key: row.key,
            content_type: "application/json".to_owned(),
            data: row.data,
            traceparent: None,
        });
        append(self.target.log, events.collect()).await?;
        let label = labels::Connector { connector: self.target.connector };
        runtime::metrics().events_received.get_or_create(&label).inc_by(count);
        self.target.progress.advance(count);
        self.rows += count;
        Ok(())
    }

    async fn save(&self) -> Result<(), Stopped> {
        let mark = serde_json::to_value(&self.mark).map_err(|error| PullError::Data(error.to_string()))?;
        Ok(self.target.cursors.save(&self.name, &mark).await?)
    }
}

fn ask<'a>(stream: &'a Stream, at: &UnderWay, cursor: Option<&'a Value>) -> Ask<'a> {
    let (since, incremental, began) = (at.since, at.incremental, at.began);
    Ask { stream, since, incremental, cursor, began }
}

impl Page {
    /// Whether it says of this row that it has ended or that it has not.
    fn holds(&self, id: &str) -> bool {
        self.finished.iter().any(|finished| finished == id) || self.unfinished.iter().any(|row| row.id == id)
    }
}

impl Mark {
    /// Keeps which rows have not ended: the latest, and none that can't end any more.
    fn remember(&mut self, page: &Page, stream: &Stream, now: DateTime<Utc>) {
        self.unfinished.retain(|row| !page.holds(&row.id));
        self.unfinished.extend(page.unfinished.iter().cloned());
        let can_end = |began: DateTime<Utc>| now - began < stream.ends_within;
        self.unfinished.retain(|row| can_end(row.began));
        self.unfinished.sort_by(|a, b| b.began.cmp(&a.began).then_with(|| a.id.cmp(&b.id)));
        let dropped = self.unfinished.get(stream.remembered).map(|row| row.began);
        self.unfinished.truncate(stream.remembered);
        self.forgotten = self.forgotten.max(dropped).filter(|began| can_end(*began));
    }

    /// Where to begin: where an equal pull was cut off, else at the start.
    fn begin(&self, wanted: Wanted, overlap: TimeDelta, configured: Option<DateTime<Utc>>) -> UnderWay {
        let since = match wanted.from {
            PullFrom::Cursor => self.newest.and_then(|newest| newest.checked_sub_signed(overlap)).or(configured),
            PullFrom::Since(since) => Some(since),
            PullFrom::Start => None,
        };
        match &self.under_way {
            Some(at) if wanted.from == PullFrom::Cursor || at.since == since => at.clone(),
            _ => UnderWay {
                since,
                incremental: wanted.from == PullFrom::Cursor && self.newest.is_some(),
                began: wanted.began,
                newest: None,
                cursor: None,
            },
        }
    }
}
