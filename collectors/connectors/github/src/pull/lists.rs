//! The lists that come by GraphQL, and what makes a row of each of their nodes.

use chrono::{DateTime, Utc};
use pull::{Ask, PullError, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::{Api, next_cursor};

const CHANGES: &str =
    concat!(include_str!("../../queries/changes.graphql"), include_str!("../../queries/change_fields.graphql"));
const CHANGE_REST: &str =
    concat!(include_str!("../../queries/change_rest.graphql"), include_str!("../../queries/change_fields.graphql"));

const DEPLOYMENTS: &str =
    concat!(include_str!("../../queries/deployments.graphql"), include_str!("../../queries/deployment_fields.graphql"));

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

/// The list of a stream: pull requests with their reviews, commits, comments, and when they were marked ready for
/// review; releases with the commits of their tags; deployments with their statuses.
pub(super) fn list_of(stream: &str) -> List {
    match stream {
        "releases" => List {
            query: include_str!("../../queries/releases.graphql"),
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

pub(super) const DEPLOYMENT: &str = "github.pull.deployment";

pub(super) fn row(api: &Api, ask: &Ask<'_>, kind: &'static str, repository: &Value, node: &Value) -> Row {
    Row {
        kind,
        subject: api.repository_id(&ask.stream.of),
        key: ask.stream.of.to_lowercase(),
        data: json!({ "repository": repository, "node": node }).to_string().into(),
    }
}

pub(super) fn text<'a>(node: &'a Value, field: &str) -> Option<&'a str> {
    node.get(field)?.as_str()
}

pub(super) fn time(node: &Value, field: &str) -> Option<DateTime<Utc>> {
    node.get(field)?.as_str()?.parse().ok()
}

/// Asks for what did not fit of a pull request, and puts it where it belongs. What is no pull request is complete.
pub(super) async fn complete(api: &Api, node: &mut Value) -> Result<(), PullError> {
    let lists = ["reviews", "commits", "comments"];
    loop {
        let after = |list: &str| next_cursor(node.get(list).unwrap_or(&Value::Null), list);
        let (reviews, commits, comments) = (after("reviews")?, after("commits")?, after("comments")?);
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
