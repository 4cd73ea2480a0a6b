//! Pages of GraphQL that GitHub can't finish: asked for with fewer rows, and without the one that it can't finish at
//! all, which is skipped and requested again by the next pulls.

use pull::{Ask, Missed, Page, PullError, Row};
use serde_json::{Value, json};

use super::api::{Api, next_cursor};
use super::lists::{Cursor, List, complete, list_of, row, time};

/// The fewest that a page is cut down to when GitHub can't finish it, before rows are asked for one by one.
const MIN_ROWS: u32 = 5;

/// A repository with as many rows as GitHub can finish, and how many these are at most; the error where it can't finish
/// a single one.
pub(super) async fn fetch(
    api: &Api,
    ask: &Ask<'_>,
    list: &List,
    after: Option<&str>,
    mut first: u32,
) -> Result<Result<(Value, u32), PullError>, PullError> {
    let (owner, name) = ask.stream.of.split_once('/').unwrap_or_default();
    loop {
        let variables = json!({ "owner": owner, "name": name, "first": first, "after": after });
        // a small page has nothing to give up but to be patient
        let attempts = match first {
            1 => 4,
            ..=MIN_ROWS => 7,
            _ => 2,
        };
        match api.query(list.query, variables, attempts).await {
            Err(error) if is_of_rows(&error) && first > MIN_ROWS => first = (first / 2).max(MIN_ROWS),
            Err(error) if is_of_rows(&error) && first > 1 => first = 1,
            Err(error) if is_of_rows(&error) => return Ok(Err(error)),
            Err(error) => return Err(error),
            Ok(mut data) => match data.get_mut("repository").map(Value::take) {
                Some(repository) if repository.is_object() => return Ok(Ok((repository, first))),
                _ => return Err(PullError::Gone(format!("repository {}", ask.stream.of))),
            },
        }
    }
}

/// Whether a page with other rows may be answered: GitHub can't finish these, or says that one of them is wrong.
fn is_of_rows(error: &PullError) -> bool {
    match error {
        PullError::Transient(_) => true,
        PullError::Data(what) | PullError::Gone(what) | PullError::Denied { what, .. } => what.contains(".nodes."),
        PullError::Unauthenticated(_)
        | PullError::Unreachable(_)
        | PullError::RateLimited(_)
        | PullError::Cursor(_) => false,
    }
}

/// A page without the one row that GitHub can't finish.
pub(super) async fn without_next(
    api: &Api,
    ask: &Ask<'_>,
    list: &List,
    after: Option<String>,
    error: PullError,
) -> Result<Page, PullError> {
    let (owner, name) = ask.stream.of.split_once('/').unwrap_or_default();
    let is = |field: &str| Value::Bool(field == list.field);
    let variables = json!({
        "owner": owner, "name": name, "after": after, "pullRequests": is("pullRequests"),
        "releases": is("releases"), "deployments": is("deployments"),
    });
    let data = api.query(include_str!("../../queries/next.graphql"), variables, 7).await?;
    let Some(found) = data.pointer(&format!("/repository/{}", list.field)) else { return Err(error) };
    let Some(node) = found.pointer("/nodes/0") else { return Err(error) };
    let old = ask.is_before(time(node, list.ordered_by)) && ask.is_before(time(node, "updatedAt"));
    let name = ["number", "tagName", "databaseId"].iter().find_map(|field| node.get(*field));
    let what = format!("{} {}", list.called, name.unwrap_or(&Value::Null)).replace('"', "");
    let next = next_cursor(found, list.field)?.filter(|_| !old);
    Ok(Page {
        next: next.map(|next| json!(Cursor { after: Some(next), first: MIN_ROWS })),
        newest: time(node, "updatedAt"),
        missed: if old { Vec::new() } else { vec![Missed { what, key: json!({ "after": after }), error }] },
        ..Page::default()
    })
}

/// A row that an earlier pull skipped: one that GitHub could not finish, by where it is in the list, or a pull
/// request whose further pages it could not.
pub(super) async fn again(api: &Api, ask: &Ask<'_>, key: &Value) -> Result<Vec<Row>, PullError> {
    let list = list_of(ask.stream.name);
    if let (Some(repository), Some(node)) = (key.get("repository"), key.get("node")) {
        let mut node = node.clone();
        complete(api, &mut node).await?;
        return Ok(vec![row(api, ask, list.kind, repository, &node)]);
    }
    let after = key.get("after").and_then(Value::as_str);
    let (mut repository, _) = fetch(api, ask, &list, after, 1).await??;
    let found = repository.as_object_mut().and_then(|repository| repository.remove(list.field)).unwrap_or_default();
    let mut rows = Vec::new();
    for node in found.get("nodes").and_then(Value::as_array).into_iter().flatten() {
        let mut node = node.clone();
        complete(api, &mut node).await?;
        rows.push(row(api, ask, list.kind, &repository, &node));
    }
    Ok(rows)
}
