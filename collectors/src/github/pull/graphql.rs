//! Pages that come by GraphQL.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::Api;
use super::piecemeal::{fetch, without_next};
use crate::pull::{Ask, Missed, Page, PullError, Row, Unfinished};

/// Rows of a page: GraphQL's own limit.
const ROWS: u32 = 100;

const CHANGES: &str =
    concat!(include_str!("../queries/changes.graphql"), include_str!("../queries/change_fields.graphql"));
const CHANGE_REST: &str =
    concat!(include_str!("../queries/change_rest.graphql"), include_str!("../queries/change_fields.graphql"));

const DEPLOYMENTS: &str =
    concat!(include_str!("../queries/deployments.graphql"), include_str!("../queries/deployment_fields.graphql"));
const DEPLOYMENT_REST: &str =
    concat!(include_str!("../queries/deployment_rest.graphql"), include_str!("../queries/deployment_fields.graphql"));

/// Where a page begins. A page that was too much for GitHub is asked for again with fewer rows, and so
/// are those after it.
#[derive(Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) after: Option<String>,
    pub(super) first: u32,
}

/// A list of a repository.
pub(super) struct List {
    pub(super) query: &'static str,
    /// Its field in the query.
    pub(super) field: &'static str,
    pub(super) kind: &'static str,
    /// The time by which the list is ordered, the latest first.
    pub(super) ordered_by: &'static str,
    /// What one of its rows is called.
    pub(super) called: &'static str,
}

/// The list of a stream: pull requests with their reviews, commits, comments, and when they stopped to be drafts;
/// releases with the commits of their tags; deployments with their statuses.
pub(super) fn list_of(stream: &str) -> List {
    match stream {
        "releases" => List {
            query: include_str!("../queries/releases.graphql"),
            field: "releases",
            kind: "github.pull.release",
            ordered_by: "createdAt",
            called: "release",
        },
        "deployments" => List {
            query: DEPLOYMENTS,
            field: "deployments",
            kind: DEPLOYMENT,
            ordered_by: "createdAt",
            called: "deployment",
        },
        _ => List {
            query: CHANGES,
            field: "pullRequests",
            kind: "github.pull.change",
            ordered_by: "updatedAt",
            called: "pull request",
        },
    }
}

const DEPLOYMENT: &str = "github.pull.deployment";

/// Deployments that had not ended when they were listed, such as those that waited for an approval.
pub(super) async fn unfinished_deployments(
    api: &Api,
    ask: &Ask<'_>,
    unfinished: &[Unfinished],
) -> Result<Page, PullError> {
    let mut page = Page::default();
    let mut batches: Vec<&[Unfinished]> = unfinished.chunks(ROWS as usize).collect();
    while let Some(batch) = batches.pop() {
        let (owner, name) = ask.stream.of.split_once('/').unwrap_or_default();
        let ids: Vec<&str> = batch.iter().map(|row| row.id.as_str()).collect();
        let mut data = match api.query(DEPLOYMENT_REST, json!({ "owner": owner, "name": name, "ids": ids }), 7).await {
            Ok(data) => data,
            // one that was deleted makes GitHub refuse all of them
            Err(PullError::Gone(_)) => {
                match batch.split_at(batch.len() / 2) {
                    ([], _) => page.finished.extend(batch.iter().map(|row| row.id.clone())),
                    (some, others) => batches.extend([some, others]),
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        let repository = data.get_mut("repository").map(Value::take).unwrap_or_default();
        let Some(Value::Array(nodes)) = data.get_mut("nodes").map(Value::take) else {
            return Err(PullError::Data("GraphQL: deployments without nodes".to_owned()));
        };
        let gone = batch.iter().filter(|row| !nodes.iter().any(|node| text(node, "id") == Some(&row.id)));
        page.finished.extend(gone.map(|row| row.id.clone()));
        for node in nodes.into_iter().filter(Value::is_object) {
            note(&mut page, &node);
            let changed = time(&node, "updatedAt");
            if !changed.is_some_and(|changed| ask.is_known(changed)) {
                page.rows.push(row(api, ask, DEPLOYMENT, &repository, &node));
            }
        }
    }
    Ok(page)
}

/// What a webhook would have reported when the repository got another name than it is asked for by.
fn renamed(api: &Api, ask: &Ask<'_>, repository: &Value) -> Option<Row> {
    let name = text(repository, "nameWithOwner")?;
    if name.eq_ignore_ascii_case(&ask.stream.of) {
        return None;
    }
    let (old_owner, old_name) = ask.stream.of.split_once('/')?;
    let data = json!({
        "action": "renamed",
        "changes": {
            "repository": { "name": { "from": old_name } },
            "owner": { "from": { "user": { "login": old_owner } } },
        },
        "repository": {
            "full_name": name, "html_url": repository.get("url"), "updated_at": repository.get("updatedAt"),
            "default_branch": repository.pointer("/defaultBranchRef/name"),
        },
    });
    Some(Row {
        kind: "github.pull.repository",
        subject: api.repository_id(name),
        key: ask.stream.of.to_lowercase(),
        data: data.to_string().into(),
    })
}

/// Notes whether a deployment has ended: whether one of its statuses says how.
fn note(page: &mut Page, node: &Value) {
    let statuses = node.pointer("/statuses/nodes").and_then(Value::as_array).into_iter().flatten();
    let ended = statuses
        .filter_map(|status| text(status, "state"))
        .any(|state| ["SUCCESS", "FAILURE", "ERROR", "INACTIVE"].contains(&state.to_uppercase().as_str()));
    if let Some((id, created)) = text(node, "id").zip(time(node, "createdAt")) {
        page.note(id, created, ended);
    }
}

pub(super) fn row(api: &Api, ask: &Ask<'_>, kind: &'static str, repository: &Value, node: &Value) -> Row {
    Row {
        kind,
        subject: api.repository_id(&ask.stream.of),
        key: ask.stream.of.to_lowercase(),
        data: json!({ "repository": repository, "node": node }).to_string().into(),
    }
}

/// A page of a stream.
pub(super) async fn page(api: &Api, ask: &Ask<'_>) -> Result<Page, PullError> {
    let list = &list_of(ask.stream.name);
    let Cursor { after, first } = ask.cursor_as()?.unwrap_or(Cursor { after: None, first: ROWS });
    let (mut repository, first) = match fetch(api, ask, list, after.as_deref(), first).await? {
        Ok(fetched) => fetched,
        Err(error) => return without_next(api, ask, list, after, error).await,
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
    if list.field == "pullRequests" && ask.cursor.is_none() {
        page.rows.extend(renamed(api, ask, &repository));
    }
    let mut more = found.pointer("/pageInfo/hasNextPage") == Some(&Value::Bool(true));
    for mut node in nodes {
        // null is what the token may not see
        if node.is_null() {
            continue;
        }
        let changed = time(&node, "updatedAt");
        page.newest = page.newest.max(changed);
        if list.kind == DEPLOYMENT {
            note(&mut page, &node);
        }
        // what changed lately is taken even if it began long ago, as it is on this page
        let began_before = ask.is_before(time(&node, list.ordered_by));
        more &= !began_before;
        if began_before && ask.is_before(changed) || changed.is_some_and(|changed| ask.is_known(changed)) {
            continue;
        }
        match complete(api, &mut node).await {
            Ok(()) => page.rows.push(row(api, ask, list.kind, &repository, &node)),
            Err(error @ PullError::RateLimited(_)) => return Err(error),
            Err(error) => {
                let what = format!("{} {}", list.called, node.get("number").unwrap_or(&Value::Null));
                page.missed.push(Missed { what, key: json!({ "repository": repository, "node": node }), error });
            }
        }
    }
    if more {
        let after = found.pointer("/pageInfo/endCursor").and_then(Value::as_str).map(str::to_owned);
        page.next = Some(json!(Cursor { after, first }));
    }
    Ok(page)
}

fn text<'a>(node: &'a Value, field: &str) -> Option<&'a str> {
    node.get(field)?.as_str()
}

pub(super) fn time(node: &Value, field: &str) -> Option<DateTime<Utc>> {
    node.get(field)?.as_str()?.parse().ok()
}

/// Asks for what did not fit of a pull request, and puts it where it belongs. What is no pull request is complete.
pub(super) async fn complete(api: &Api, node: &mut Value) -> Result<(), PullError> {
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
        let mut data = api.query(CHANGE_REST, variables, 4).await?;
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
