//! GitLab's lists: walked page by page, a page that can't be had in parts, and what was left out of one later on.

use chrono::{DateTime, SecondsFormat, Utc};
use pull::list_cursor::{Grain, ListCursor};
use pull::parts::{self, Gap, Gaps, Parts};
use pull::{Ask, Client, Missed, Page, PullError, Row, details, read_row};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::rows::{FEW, Key, MANY, Project, PulledRow};

/// A list that is sorted by the time of the last change.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    pub(super) stream: &'static str,
    /// The kind of its rows, and what one of them is called.
    pub(super) kind: &'static str,
    called: &'static str,
    /// Its path below the project.
    pub(super) path: &'static str,
    /// Rows on a page.
    size: usize,
}

pub(super) const MERGE_REQUEST: Listed = Listed {
    stream: "merge_requests",
    kind: "gitlab.pull.merge_request",
    called: "merge request",
    path: "merge_requests?state=all&scope=all",
    size: FEW,
};
pub(super) const PIPELINE: Listed = Listed {
    stream: "pipelines",
    kind: "gitlab.pull.pipeline",
    called: "pipeline",
    path: "pipelines?scope=all",
    size: FEW,
};
pub(super) const DEPLOYMENT: Listed = Listed {
    stream: "deployments",
    kind: "gitlab.pull.deployment",
    called: "deployment",
    path: "deployments?",
    size: MANY,
};
pub(super) const ISSUE: Listed = Listed {
    stream: "issues",
    kind: "gitlab.pull.issue",
    called: "issue",
    path: "issues?scope=all&state=all",
    size: FEW,
};
pub(super) const RELEASE: &str = "gitlab.pull.release";

/// The list of a stream; `None` for releases.
pub(super) fn listed(stream: &str) -> Option<Listed> {
    [MERGE_REQUEST, PIPELINE, DEPLOYMENT, ISSUE].into_iter().find(|listed| listed.stream == stream)
}

impl Listed {
    /// The address of the rows from `first` on that changed in a window.
    fn address(
        self,
        root: &str,
        (first, size): (usize, usize),
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    ) -> String {
        let bound = |name: &str, at: Option<DateTime<Utc>>| {
            at.map(|at| format!("&{name}={}", at.to_rfc3339_opts(SecondsFormat::Micros, true))).unwrap_or_default()
        };
        let (path, page) = (self.path, first / size + 1);
        let (after, before) = (bound("updated_after", from), bound("updated_before", to));
        format!("{root}/{path}&order_by=updated_at&sort=asc&per_page={size}&page={page}{after}{before}")
    }
}

/// A page of a list, with the rows that were not reported before.
pub(super) struct Walked {
    listed: Listed,
    pub(super) rows: Vec<(Key, Box<RawValue>)>,
    /// They go into the log as they are, where they are rejected with their reason.
    unreadable: Vec<Box<RawValue>>,
    missed: Vec<Missed>,
    newest: Option<DateTime<Utc>>,
    next: Option<Value>,
    total: Option<u64>,
}

impl Walked {
    /// The page, with what `asked` fetches of each row.
    pub(super) async fn page<'a, F>(
        &'a self,
        project: &Project,
        asked: impl Fn(&'a Key, &'a RawValue) -> F,
    ) -> Result<Page, PullError>
    where
        F: Future<Output = Result<Vec<Row>, PullError>>,
    {
        let asked = self.rows.iter().map(|(key, row)| {
            let kept = serde_json::from_str(row.get()).unwrap_or_default();
            (format!("{} {}", self.listed.called, key.number()), kept, asked(key, row))
        });
        let (rows, missed) = details(asked).await?;
        let mut rows = rows.concat();
        for row in &self.unreadable {
            rows.push(PulledRow::of(project, row).row(self.listed.kind)?);
        }
        let missed = self.missed.iter().cloned().chain(missed).collect();
        Ok(Page { rows, next: self.next.clone(), newest: self.newest, total: self.total, missed, ..Page::default() })
    }
}

/// A page of a list that is sorted by the time of the last change.
pub(super) async fn walk(client: &Client, listed: Listed, root: &str, ask: &Ask<'_>) -> Result<Walked, PullError> {
    let cursor = ListCursor::at(ask)?;
    let (first, size) = (usize::try_from(cursor.skip).unwrap_or(usize::MAX), listed.size);
    let address = |first, size| listed.address(root, (first, size), (cursor.from, None));
    let whole = client.get(&address(first, size)).await.and_then(|answer| {
        let total = answer.header("x-total").and_then(|total| total.parse().ok());
        Ok((answer.json::<Vec<Box<RawValue>>>()?, total))
    });
    let (parts, total) = match whole {
        Ok((rows, total)) => (Parts::whole(rows, size), total),
        Err(error) => {
            let part = |first, size| part_of(client, address(first, size));
            (parts::read(error, (first, size), part).await?, None)
        }
    };
    let count = parts.rows.len();
    let (mut keys, mut kept, mut unreadable) = (Vec::with_capacity(count), Vec::with_capacity(count), Vec::new());
    let mut gaps = Gaps::of(first, false, cursor.from);
    for row in parts.rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                gaps.unreadable(error);
                continue;
            }
        };
        let key = read_row::<Key>(&row, listed.path).ok();
        gaps.readable(key.as_ref().map(Key::changed));
        let Some(key) = key else {
            unreadable.push(row);
            continue;
        };
        let name = (key.id.to_string(), key.changed());
        if !cursor.seen(&name.0, name.1) {
            kept.push((key, row));
        }
        keys.push(name);
    }
    let next = if parts.ended { None } else { cursor.after(&keys, count - keys.len(), Grain::Exact) };
    if !parts.ended && next.is_none() {
        return Err(PullError::Data(format!("{}: none of {count} rows can be read", listed.path)));
    }
    let comes_again = next.as_ref().is_some_and(|next| next.skip == 0);
    Ok(Walked {
        listed,
        rows: kept,
        unreadable,
        missed: gaps.missed(ask.stream.name, comes_again),
        newest: keys.last().map(|(_, changed)| *changed),
        next: next.map(|next| json!(next)),
        total: total.filter(|_| ask.cursor.is_none()),
    })
}

/// A part of a page that can't be had as a whole.
async fn part_of(client: &Client, address: String) -> Result<Vec<Box<RawValue>>, PullError> {
    client.for_details().get(&address).await?.json()
}

/// The rows of a gap in a list.
pub(super) async fn gap(client: &Client, root: &str, stream: &str, gap: &Gap) -> Result<Vec<Box<RawValue>>, PullError> {
    let Some(listed) = listed(stream) else {
        let part = |first, size| part_of(client, address_of_releases(root, first, size));
        return parts::read_gap(gap, MANY, part, |row| released_at(row)).await;
    };
    let (mut rows, mut first) = (Vec::new(), 0);
    loop {
        let found = part_of(client, listed.address(root, (first, listed.size), (gap.from, gap.to))).await?;
        let ended = found.len() < listed.size || gap.to.is_none();
        rows.extend(found);
        if ended {
            return Ok(rows);
        }
        first += listed.size;
    }
}

/// Releases do not report when they changed. The list begins with the latest.
pub(super) async fn releases(client: &Client, project: &Project, root: &str, ask: &Ask<'_>) -> Result<Page, PullError> {
    let first: usize = match ask.cursor {
        // an earlier version kept the address of the page
        Some(Value::String(_)) | None => 0,
        Some(_) => ask.cursor_as()?.unwrap_or_default(),
    };
    let whole = client.get(&address_of_releases(root, first, MANY)).await.and_then(|answer| answer.json());
    let parts = match whole {
        Ok(rows) => Parts::whole(rows, MANY),
        Err(error) => {
            let part = |first, size| part_of(client, address_of_releases(root, first, size));
            parts::read(error, (first, MANY), part).await?
        }
    };
    let (mut gaps, mut oldest, mut page) = (Gaps::of(first, true, None), None, Page::default());
    for row in parts.rows {
        match row {
            Ok(row) => {
                let at = released_at(&row);
                gaps.readable(at);
                oldest = at.or(oldest);
                page.rows.push(PulledRow::of(project, &row).row(RELEASE)?);
            }
            Err(error) => gaps.unreadable(error),
        }
    }
    page.missed = gaps.missed(ask.stream.name, false);
    page.next = (!parts.ended && !ask.is_before(oldest)).then(|| Value::from(first + MANY));
    Ok(page)
}

/// The address of a part of the list of releases.
fn address_of_releases(root: &str, first: usize, size: usize) -> String {
    format!("{root}/releases?order_by=released_at&sort=desc&per_page={size}&page={}", first / size + 1)
}

fn released_at(row: &RawValue) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct Released {
        released_at: Option<DateTime<Utc>>,
    }
    read_row::<Released>(row, "releases").ok()?.released_at
}
