//! Pages of REST's lists. Those that are counted, and not pointed to by a cursor, are asked for in parts where GitHub can't
//! give them as a whole.
//!
//! octocrab's `Page` and `all_pages` don't do: a page is in the log, and the address of the next one saved, before that
//! is asked for; a page that fails is asked for in parts; rows stay the JSON that GitHub sent, and are normalized later.

use chrono::{DateTime, Utc};
use pull::PullError;
use pull::parts::{self, Gap, Parts};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::api::Api;

/// Rows on a page.
const MANY: usize = 100;

/// The body of a page.
pub(super) trait Counted: DeserializeOwned {
    /// Its rows, and how many the list has in all.
    fn rows(self) -> (Vec<Value>, Option<u64>);
}

impl Counted for Vec<Value> {
    fn rows(self) -> (Vec<Value>, Option<u64>) {
        (self, None)
    }
}

/// A page of a list.
pub(super) struct Listed {
    /// An error stands for a row that can't be read.
    pub(super) rows: Vec<Result<Value, PullError>>,
    /// How many rows are before it, if that is known.
    pub(super) first: usize,
    pub(super) next: Option<String>,
    pub(super) total: Option<u64>,
}

/// The page at an address.
pub(super) async fn get<T: Counted>(api: &Api, path: &str) -> Result<Listed, PullError> {
    let page = page_of(path);
    let first = page.map_or(0, |page| (page - 1) * MANY);
    let whole = match api.get(path).await {
        Ok(answer) => answer.json::<T>().map(|body| (body, answer.next_link())),
        Err(error) => Err(error),
    };
    match (whole, page) {
        (Ok((body, next)), _) => {
            let (rows, total) = body.rows();
            Ok(Listed { rows: rows.into_iter().map(Ok).collect(), first, next, total })
        }
        (Err(error), None) => Err(error),
        (Err(error), Some(page)) => {
            let part = |first, size| rows::<T>(api, numbered(path, first / size + 1, size));
            let Parts { rows, ended } = parts::read(error, (first, MANY), part).await?;
            Ok(Listed { rows, first, next: (!ended).then(|| numbered(path, page + 1, MANY)), total: None })
        }
    }
}

/// The rows of a gap in a list.
pub(super) async fn gap<T: Counted>(
    api: &Api,
    path: &str,
    gap: &Gap,
    time: impl Fn(&Value) -> Option<DateTime<Utc>>,
) -> Result<Vec<Value>, PullError> {
    let page = |first, size| rows::<T>(api, numbered(path, first / size + 1, size));
    parts::read_gap(gap, MANY, page, time).await
}

async fn rows<T: Counted>(api: &Api, path: String) -> Result<Vec<Value>, PullError> {
    Ok(api.details(&path).await?.json::<T>()?.rows().0)
}

/// The parameters of an address.
fn parameters(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The number of a page; `None` where GitHub points to it by a cursor, behind which nothing can be asked for.
fn page_of(path: &str) -> Option<usize> {
    let value = |name| parameters(path).find(|(found, _)| *found == name).map(|(_, value)| value);
    match value("page") {
        Some(page) => page.parse().ok().filter(|page| *page > 0),
        None if value("after").is_some() || value("before").is_some() => None,
        None => Some(1),
    }
}

/// The address of a page by its number.
fn numbered(path: &str, page: usize, size: usize) -> String {
    let others = parameters(path).filter(|(name, _)| !["page", "per_page", "after", "before"].contains(name));
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={value}&")).collect();
    let list = path.split('?').next().unwrap_or_default();
    format!("{list}?{}per_page={size}&page={page}", others.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_unless_a_cursor_points_to_them() {
        for (path, page, third) in [
            ("repos/o/r/actions/runs?per_page=100", Some(1), "repos/o/r/actions/runs?per_page=10&page=3"),
            ("repos/o/r/issues", Some(1), "repos/o/r/issues?per_page=10&page=3"),
            (
                "https://h/x?state=all&page=7&after=Y3Vy&per_page=100",
                Some(7),
                "https://h/x?state=all&per_page=10&page=3",
            ),
            ("https://h/x?per_page=100&after=Y3Vy", None, "https://h/x?per_page=10&page=3"),
            ("https://h/x?page=0", None, "https://h/x?per_page=10&page=3"),
        ] {
            assert_eq!(page_of(path), page, "{path}");
            assert_eq!(numbered(path, 3, 10), third, "{path}");
        }
    }
}
