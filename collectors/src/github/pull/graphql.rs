//! Pages that come by GraphQL.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::Api;
use crate::pull::{Ask, Page, PullError, Row};

/// Rows of a page: GraphQL's own limit.
const ROWS: u32 = 100;
/// The fewest that a page is cut down to when GitHub can't finish it.
const FEWEST: u32 = 5;

const CHANGES: &str =
    concat!(include_str!("../queries/changes.graphql"), include_str!("../queries/change_fields.graphql"));
const CHANGE_REST: &str =
    concat!(include_str!("../queries/change_rest.graphql"), include_str!("../queries/change_fields.graphql"));

/// Where a page begins. A page that was too much for GitHub is asked for again with fewer rows, and so
/// are those after it.
#[derive(Serialize, Deserialize)]
struct Cursor {
    after: Option<String>,
    first: u32,
}

/// A list of a repository.
struct List {
    query: &'static str,
    /// Its field in the query.
    field: &'static str,
    kind: &'static str,
    /// The time by which the list is ordered, the latest first.
    ordered_by: &'static str,
}

/// Pull requests with their reviews, commits, comments, and when they stopped to be drafts.
pub(super) async fn changes(api: &Api, ask: &Ask<'_>) -> Result<Page, PullError> {
    let list = List { query: CHANGES, field: "pullRequests", kind: "github.pull.change", ordered_by: "updatedAt" };
    page(api, ask, &list).await
}

/// Releases with the commits of their tags.
pub(super) async fn releases(api: &Api, ask: &Ask<'_>) -> Result<Page, PullError> {
    let query = include_str!("../queries/releases.graphql");
    page(api, ask, &List { query, field: "releases", kind: "github.pull.release", ordered_by: "createdAt" }).await
}

/// Deployments with their statuses.
pub(super) async fn deployments(api: &Api, ask: &Ask<'_>) -> Result<Page, PullError> {
    let query = include_str!("../queries/deployments.graphql");
    let list = List { query, field: "deployments", kind: "github.pull.deployment", ordered_by: "createdAt" };
    page(api, ask, &list).await
}

async fn page(api: &Api, ask: &Ask<'_>, list: &List) -> Result<Page, PullError> {
    let cursor = ask.cursor.and_then(|cursor| Cursor::deserialize(cursor).ok());
    let Cursor { after, mut first } = cursor.unwrap_or(Cursor { after: None, first: ROWS });
    let (owner, name) = ask.stream.of.split_once('/').unwrap_or_default();
    let mut repository = loop {
        let variables = json!({ "owner": owner, "name": name, "first": first, "after": after });
        // the smallest page has nothing to give up but to be patient
        let attempts = if first > FEWEST { 2 } else { 7 };
        match api.query(list.query, variables, attempts).await {
            Err(PullError::Transient(_)) if first > FEWEST => first = (first / 2).max(FEWEST),
            Err(error) => return Err(error),
            Ok(mut data) => match data.get_mut("repository").map(Value::take) {
                Some(repository) if repository.is_object() => break repository,
                _ => return Err(PullError::Gone(format!("repository {}", ask.stream.of))),
            },
        }
    };
    let taken = repository.as_object_mut().and_then(|repository| repository.remove(list.field));
    let mut found = taken.ok_or_else(|| PullError::Data(format!("GraphQL: an answer without {}", list.field)))?;
    let nodes = found.get_mut("nodes").map(Value::take);
    let Some(Value::Array(nodes)) = nodes else {
        return Err(PullError::Data(format!("GraphQL: {} without nodes", list.field)));
    };
    let mut page = Page { total: found.get("totalCount").and_then(Value::as_u64), ..Page::default() };
    if ask.since.is_some() {
        page.total = None;
    }
    let mut more = found.pointer("/pageInfo/hasNextPage") == Some(&Value::Bool(true));
    for mut node in nodes {
        if ask.since.is_some_and(|since| time(&node, list.ordered_by).is_some_and(|at| at < since)) {
            more = false;
            break;
        }
        let changed = time(&node, "updatedAt");
        page.newest = page.newest.max(changed);
        if changed.is_some_and(|changed| ask.is_known(changed)) {
            continue;
        }
        if list.field == "pullRequests" {
            complete(api, &mut node).await?;
        }
        let data = json!({ "repository": repository, "node": node });
        page.rows.push(Row {
            kind: list.kind,
            subject: api.repository_id(&ask.stream.of),
            key: ask.stream.of.to_lowercase(),
            data: data.to_string().into(),
        });
    }
    if more {
        let after = found.pointer("/pageInfo/endCursor").and_then(Value::as_str).map(str::to_owned);
        page.next = Some(json!(Cursor { after, first }));
    }
    Ok(page)
}

fn time(node: &Value, field: &str) -> Option<DateTime<Utc>> {
    node.get(field)?.as_str()?.parse().ok()
}

/// Asks for what did not fit of a pull request, and puts it where it belongs.
async fn complete(api: &Api, node: &mut Value) -> Result<(), PullError> {
    let lists = ["reviews", "commits", "comments"];
    let after = |node: &Value, list: &str| {
        let info = node.get(list)?.get("pageInfo")?;
        (info.get("hasNextPage")? == &Value::Bool(true)).then(|| info.get("endCursor").cloned().unwrap_or_default())
    };
    loop {
        let [reviews, commits, comments] = lists.map(|list| after(node, list));
        if reviews.is_none() && commits.is_none() && comments.is_none() {
            return Ok(());
        }
        let variables = json!({
            "id": node.get("id"),
            "moreReviews": reviews.is_some(), "reviews": reviews,
            "moreCommits": commits.is_some(), "commits": commits,
            "moreComments": comments.is_some(), "comments": comments,
        });
        let mut data = api.query(CHANGE_REST, variables, 7).await?;
        let rest = data.get_mut("node").map(Value::take).unwrap_or_default();
        let mut found = false;
        for list in lists {
            let (Some(part), Some(whole)) = (rest.get(list), node.get_mut(list).and_then(Value::as_object_mut)) else {
                continue;
            };
            found = true;
            let more = part.get("nodes").and_then(Value::as_array).cloned().unwrap_or_default();
            if let Some(Value::Array(nodes)) = whole.get_mut("nodes") {
                nodes.extend(more);
            }
            whole.insert("pageInfo".to_owned(), part.get("pageInfo").cloned().unwrap_or_default());
        }
        if !found {
            return Err(PullError::Data("GraphQL: a pull request's further pages hold nothing".to_owned()));
        }
    }
}
