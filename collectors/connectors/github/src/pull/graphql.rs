//! Pages that come by GraphQL.

use pull::{Ask, Missed, Page, PullError, Row, Unfinished};
use serde_json::{Value, json};

use super::api::{Api, next_cursor};
use super::lists::{Cursor, DEPLOYMENT, complete, list_of, row, text, time};
use super::piecemeal::{fetch, without_next};

/// Rows of a page: GraphQL's own limit.
const ROWS: u32 = 100;

const DEPLOYMENT_REST: &str = concat!(
    include_str!("../../queries/deployment_rest.graphql"),
    include_str!("../../queries/deployment_fields.graphql")
);

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
    let next = next_cursor(&found, list.field)?;
    let mut more = next.is_some();
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
        page.next = Some(json!(Cursor { after: next, first }));
    }
    Ok(page)
}
