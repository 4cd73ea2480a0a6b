//! What GraphQL gives → the same facts that webhooks become. Its rows are first turned into the form that
//! webhooks have, so that no rule stands twice.

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::{self, Word};
use connector::versions::moment;
use kernel::{Change, Commit, Fact, IgnoreReason, NotStored, Sha};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::facts::{self, Place};
use super::mentions::mentions;
use super::wire;

/// A row, with the repository that it is of.
#[derive(Deserialize)]
pub(super) struct Of<T> {
    repository: Repository,
    node: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    name_with_owner: String,
    url: String,
    updated_at: Option<DateTime<Utc>>,
    default_branch_ref: Option<Name>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Actor {
    login: String,
    #[serde(rename = "__typename")]
    kind: Option<Word>,
}

#[derive(Deserialize)]
struct Object {
    oid: Sha,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct List<T> {
    // GraphQL gives null for what could not be read
    #[serde(default = "Vec::new", deserialize_with = "json::list")]
    nodes: Vec<T>,
}

impl<T> List<T> {
    fn each(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { nodes: Vec::new() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullRequest {
    number: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    title: String,
    url: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    state: Word,
    #[serde(default, deserialize_with = "json::or_default")]
    is_draft: bool,
    body: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    merged_at: Option<DateTime<Utc>>,
    merge_commit: Option<Object>,
    head_ref_name: Option<String>,
    head_ref_oid: Option<Sha>,
    base_ref_name: Option<String>,
    additions: Option<i64>,
    deletions: Option<i64>,
    author: Option<Actor>,
    #[serde(default)]
    labels: Option<List<wire::Label>>,
    #[serde(default)]
    reviews: Option<List<PullRequestReview>>,
    #[serde(default, deserialize_with = "json::or_default")]
    commits: List<PullRequestCommit>,
    #[serde(default, deserialize_with = "json::or_default")]
    comments: List<Comment>,
    #[serde(default, deserialize_with = "json::or_default")]
    timeline_items: List<TimelineItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequestReview {
    full_database_id: Number,
    #[serde(default, deserialize_with = "json::or_default")]
    state: Word,
    submitted_at: Option<DateTime<Utc>>,
    author: Option<Actor>,
}

#[derive(Deserialize)]
struct PullRequestCommit {
    commit: CommitNode,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitNode {
    oid: Sha,
    #[serde(default, deserialize_with = "json::or_default")]
    message: String,
    authored_date: DateTime<Utc>,
    committed_date: DateTime<Utc>,
    author: Option<GitActor>,
}

#[derive(Deserialize)]
struct GitActor {
    email: Option<String>,
    user: Option<Login>,
}

#[derive(Deserialize)]
struct Login {
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    full_database_id: Number,
    created_at: DateTime<Utc>,
    updated_at: Option<DateTime<Utc>>,
    author: Option<Actor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TimelineItem {
    #[serde(rename = "__typename")]
    kind: Option<String>,
    created_at: Option<DateTime<Utc>>,
}

/// A `BigInt`, which comes as text.
struct Number(i64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Loose {
            Text(String),
            Number(i64),
        }
        match Loose::deserialize(from)? {
            Loose::Number(number) => Ok(Self(number)),
            Loose::Text(text) => text.parse().map(Self).map_err(|_| Error::custom("expected a number")),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Release {
    database_id: i64,
    tag_name: Option<String>,
    tag_commit: Option<Object>,
    #[serde(default, deserialize_with = "json::or_default")]
    is_draft: bool,
    #[serde(default, deserialize_with = "json::or_default")]
    is_prerelease: bool,
    published_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployment {
    database_id: i64,
    environment: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<Name>,
    commit_oid: Option<Sha>,
    created_at: DateTime<Utc>,
    #[serde(default)]
    statuses: Option<List<DeploymentStatus>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentStatus {
    #[serde(default, deserialize_with = "json::or_default")]
    state: Word,
    environment: Option<String>,
    log_url: Option<String>,
    created_at: DateTime<Utc>,
}

impl Actor {
    /// REST and webhooks call a bot `name[bot]`; GraphQL calls it `name` and says that it is one.
    fn user(&self) -> wire::User {
        let bot = self.kind.as_deref() == Some("bot") && !self.login.ends_with("[bot]");
        let login = if bot { format!("{}[bot]", self.login) } else { self.login.clone() };
        wire::User { login, kind: self.kind.clone() }
    }
}

impl Repository {
    fn wire(&self) -> wire::Repository {
        wire::Repository {
            full_name: self.name_with_owner.clone(),
            html_url: Some(self.url.clone()),
            default_branch: self.default_branch_ref.as_ref().map(|branch| branch.name.clone()),
            updated_at: self.updated_at.map(wire::LooseTime::Text),
        }
    }
}

impl PullRequest {
    fn wire(&self) -> wire::PullRequest {
        wire::PullRequest {
            number: self.number,
            title: self.title.clone(),
            html_url: self.url.clone(),
            state: if matches!(&*self.state, "" | "open") { self.state.clone() } else { Word::of("closed") },
            user: self.author.as_ref().map(Actor::user),
            body: self.body.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            closed_at: self.closed_at,
            merged_at: self.merged_at,
            merge_commit_sha: self.merge_commit.as_ref().map(|commit| commit.oid),
            head: wire::Head { reference: self.head_ref_name.clone(), sha: self.head_ref_oid },
            base: wire::Base { reference: self.base_ref_name.clone(), repo: None },
            draft: self.is_draft,
            additions: self.additions,
            deletions: self.deletions,
            labels: self.labels.iter().flat_map(List::each).cloned().collect(),
        }
    }

    /// When it was last marked ready for review, unless it became a draft again.
    fn ready_at(&self) -> Option<DateTime<Utc>> {
        let ready = self.timeline_items.each().filter(|item| item.kind.as_deref() == Some("ReadyForReviewEvent"));
        ready.filter_map(|item| item.created_at).max().filter(|_| !self.is_draft)
    }
}

/// A change with its commits, reviews and comments.
pub(super) fn change(row: &Of<PullRequest>) -> Result<Vec<Fact>, NotStored> {
    let (repository, node) = (row.repository.wire(), &row.node);
    let (place, wire) = (Place::of(&repository)?, node.wire());
    let mut reviews = Vec::new();
    for review in node.reviews.iter().flat_map(List::each) {
        let review = wire::Review {
            id: review.full_database_id.0,
            user: review.author.as_ref().map(Actor::user),
            state: review.state.clone(),
            submitted_at: review.submitted_at,
        };
        // the change is none the worse for a review whose state is missing or new to us
        let path = format!("node.reviews (review {})", review.id);
        reviews.extend(lenient::part(path, facts::review(&place, &review, &wire)).flatten());
    }
    for comment in node.comments.each() {
        let comment = wire::Comment {
            id: comment.full_database_id.0,
            user: comment.author.as_ref().map(Actor::user),
            created_at: comment.created_at,
            updated_at: comment.updated_at,
            pull_request_url: None,
        };
        reviews.push(facts::comment(&place, node.number, &comment.id.to_string(), &comment));
    }
    let actors = node.reviews.iter().flat_map(List::each).filter_map(|review| review.author.as_ref());
    let actors = node.author.iter().chain(actors).chain(node.comments.each().filter_map(|one| one.author.as_ref()));
    let people: Vec<wire::User> = actors.map(Actor::user).collect();
    let mut facts = mentions(&place, &repository, people.iter().map(Some));
    for commit in node.commits.each() {
        let author = commit.commit.person().and_then(|person| facts::author(&place, &person));
        facts.extend(author.filter(|author| !facts.contains(author)));
    }
    let change = facts::change(&place, &wire, "");
    facts.push(Fact::Change(Change {
        commits: node.commits.each().map(|commit| commit.commit.oid).collect(),
        ready_at: node.ready_at(),
        // of two versions of one second, this one knows more than an event's
        version: kernel::Version { at: moment(change.version.at, 5), ..change.version },
        ..change
    }));
    facts.extend(reviews.into_iter().map(Fact::Review));
    let branch = node.head_ref_name.as_deref();
    facts.extend(node.commits.each().map(|commit| Fact::Commit(commit.commit.fact(&place, branch))));
    Ok(facts)
}

impl CommitNode {
    fn person(&self) -> Option<wire::GitPerson> {
        let author = self.author.as_ref()?;
        let username = author.user.as_ref().map(|user| user.login.clone());
        Some(wire::GitPerson { email: author.email.clone(), username })
    }

    /// As a push reports it, but for the two times, of which a push has only one.
    fn fact(&self, place: &Place, branch: Option<&str>) -> Commit {
        let wire = wire::Commit {
            id: self.oid,
            message: self.message.clone(),
            timestamp: self.committed_date,
            author: self.person(),
        };
        Commit { authored_at: self.authored_date, ..facts::commit(place, branch, &wire) }
    }
}

/// A release, with the commit of its tag.
pub(super) fn release(row: &Of<Release>, received: DateTime<Utc>) -> Result<Vec<Fact>, NotStored> {
    let (repository, node) = (row.repository.wire(), &row.node);
    let place = Place::of(&repository)?;
    let wire = wire::Release {
        id: node.database_id,
        tag_name: node.tag_name.clone(),
        target_commitish: node.tag_commit.as_ref().map(|commit| commit.oid.to_string()),
        html_url: node.url.clone(),
        draft: node.is_draft,
        prerelease: node.is_prerelease,
        published_at: node.published_at,
        updated_at: node.updated_at,
    };
    let Some(mut release) = facts::release(&place, &wire, "", received) else {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    };
    // it knows the commit, where an event of the same second may know only a branch
    release.version.at = moment(release.version.at, 5);
    let mut facts = mentions(&place, &repository, []);
    facts.push(Fact::Deployment(release));
    Ok(facts)
}

/// A deployment after its last status that says how it went, with the start that its first one in progress has.
pub(super) fn deployment(row: &Of<Deployment>) -> Result<Vec<Fact>, NotStored> {
    let (repository, node) = (row.repository.wire(), &row.node);
    let place = Place::of(&repository)?;
    let wire = wire::Deployment {
        id: node.database_id,
        sha: node.commit_oid,
        reference: node.reference.as_ref().map(|reference| reference.name.clone()),
        environment: node.environment.clone(),
        production_environment: None,
        transient_environment: None,
        created_at: node.created_at,
    };
    let mut deployment = facts::deployment(&place, &wire);
    let mut started_at: Option<DateTime<Utc>> = None;
    for status in node.statuses.iter().flat_map(List::each) {
        let status = wire::DeploymentStatus {
            state: status.state.clone(),
            environment: status.environment.clone(),
            log_url: status.log_url.clone(),
            target_url: None,
            created_at: status.created_at,
        };
        let path = format!("node.statuses (status of {})", status.created_at);
        let after = lenient::part(path, facts::deployment_after(&place, &wire, &status)).flatten();
        let began = after.as_ref().and_then(|after| after.started_at);
        started_at = started_at.into_iter().chain(began).min();
        deployment = after.filter(|after| after.version.at > deployment.version.at).unwrap_or(deployment);
    }
    deployment.started_at = started_at;
    let mut facts = mentions(&place, &repository, []);
    facts.push(Fact::Deployment(deployment));
    Ok(facts)
}

#[cfg(test)]
mod tests;
