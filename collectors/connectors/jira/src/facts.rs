//! Jira's entities → facts, for webhooks and pulls alike.
//!
//! An issue's `updated` has milliseconds and is the same wherever it is reported, so it is the version. The
//! steps of its history are reported with some milliseconds of difference by the history and by the hook that
//! brings them, so their times are whole seconds.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, SubsecRound, Utc};
use connector::canceled::is_canceled;
use connector::versions::{address, inferred, is_incident, is_named, is_severity, moment, pattern, stated};
use kernel::{
    Account, AccountId, Fact, Incident, IncidentId, RejectReason, Rejection, Sprint, SprintEntry, Status,
    StatusCategory, Transition, Version, WorkItem, WorkItemId, people,
};
use regex::Regex;

use super::wire;

static ISSUE_KEY: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Z][A-Z0-9_]+-[1-9][0-9]*$"));

/// A Jira.
pub(super) struct Tracker {
    /// Its web address, without a slash at its end.
    url: String,
    /// The same without the protocol, in lower case.
    pub(super) id: String,
}

impl Tracker {
    /// The Jira at this address, or the one that this is an address of the REST API of.
    pub(super) fn at(url: &str) -> Option<Self> {
        let url = url.split("/rest/").next().unwrap_or(url).trim_end_matches('/');
        let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
        let rest = rest.rsplit('@').next().unwrap_or(rest);
        (!rest.is_empty()).then(|| Self { url: format!("{scheme}://{rest}"), id: rest.to_lowercase() })
    }

    pub(super) fn of(url: Option<&String>) -> Result<Self, Rejection> {
        let expected = "self: expected https://host/rest/…";
        url.and_then(|url| Self::at(url)).ok_or_else(|| Rejection::new(RejectReason::Schema, expected))
    }

    pub(super) fn item(&self, key: &str) -> WorkItemId {
        WorkItemId(format!("{}/{key}", self.id))
    }

    fn sprint(&self, id: i64) -> String {
        format!("{}/sprint/{id}", self.id)
    }

    /// Cloud knows people by an id of the account, Data Center by the name that they log in with.
    fn account(&self, user: &wire::User) -> Option<AccountId> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let login = || filled(&user.name).or_else(|| filled(&user.key)).map(|name| name.to_lowercase());
        let id = filled(&user.account_id).or_else(login)?;
        Some(AccountId(format!("{}/{id}", self.id)))
    }
}

/// An account as it is mentioned. Mentions do not say when an account last changed, so the one that reports
/// more counts: many people hide their address.
fn account(tracker: &Tracker, user: &wire::User) -> Option<Fact> {
    let id = tracker.account(user)?;
    let email = user.email.as_deref().and_then(address);
    let rank = i64::from(email.is_some()) + 2 * i64::from(user.account_type.is_some());
    let name = user.display_name.clone().or_else(|| user.name.clone()).unwrap_or_default();
    Some(Fact::Account(Account {
        bot: user.account_type.as_deref() == Some("app") || people::is_bot(&id, &name),
        name,
        email,
        ..Account::new(id, stated(moment(DateTime::UNIX_EPOCH, rank)))
    }))
}

fn category(status: &wire::Status) -> Option<StatusCategory> {
    match status.category.as_ref()?.key.as_deref()? {
        "done" => Some(StatusCategory::Done),
        "indeterminate" => Some(StatusCategory::InProgress),
        // `undefined` is what has no category.
        "new" | "undefined" => Some(StatusCategory::ToDo),
        _ => None,
    }
}

/// What a status means, by the list of statuses (`observed` is when it was requested) or as an issue
/// mentions it; `None` where that is not reported.
pub(super) fn status(tracker: &Tracker, status: &wire::Status, observed: Option<DateTime<Utc>>) -> Option<Status> {
    Some(Status::new(
        format!("{}/status/{}", tracker.id, status.name.to_lowercase()),
        tracker.id.clone(),
        status.name.clone(),
        category(status)?,
        observed.map_or_else(|| inferred(DateTime::UNIX_EPOCH), stated),
    ))
}

/// A sprint, by a hook or the list of sprints (`observed` is when) or as an issue mentions it. Sprints
/// do not report when they last changed.
pub(super) fn sprint(
    tracker: &Tracker,
    sprint: &wire::Sprint,
    observed: Option<DateTime<Utc>>,
    deleted: bool,
) -> Sprint {
    let state = &*sprint.state;
    let begun = matches!(state, "active" | "closed");
    let rank = if state == "closed" { 2 } else { i64::from(begun) };
    let instant = |when: Option<wire::When>| when.map(|when| when.0);
    Sprint {
        board: sprint.board.map(|board| board.to_string()),
        goal: sprint.goal.clone().filter(|goal| !goal.is_empty()),
        // Until then it is only planned.
        started_at: instant(sprint.activated.or(sprint.start)).filter(|_| begun),
        ends_at: instant(sprint.end),
        completed_at: instant(sprint.complete).filter(|_| state == "closed"),
        deleted,
        ..Sprint::new(
            tracker.sprint(sprint.id),
            sprint.name.clone(),
            observed.map_or_else(|| inferred(moment(DateTime::UNIX_EPOCH, rank)), stated),
        )
    }
}

/// Where the steps of an issue come from.
pub(super) struct History {
    /// The steps that are known.
    pub(super) entries: Vec<wire::Entry>,
    /// They are all that there are.
    pub(super) complete: bool,
    /// The issue is gone.
    pub(super) deleted: bool,
}

/// An issue, its steps and sprints, the people in it, and the incident that it is or was.
pub(super) fn issue(
    tracker: &Tracker,
    issue: &wire::Issue,
    ids: &wire::FieldIds,
    mut history: History,
) -> Result<Vec<Fact>, Rejection> {
    history.entries.sort_by(|one, other| one.created.partial_cmp(&other.created).unwrap_or(std::cmp::Ordering::Equal));
    let at = issue.needed::<wire::When>("updated")?.0;
    let created = issue.needed::<wire::When>("created")?.0;
    let wire_status: wire::Status = issue.needed("status")?;
    let kind = issue.field::<wire::Name>("issuetype")?.map(|kind| kind.name.to_lowercase());
    let labels: Vec<String> = issue.entries("labels");
    let people = ["assignee", "reporter", "creator"].map(|name| issue.lenient::<wire::User>(name));
    let [assignee, reporter, creator] = people.each_ref().map(|user| tracker.account(user.as_ref()?));
    let (status_category, done_at) = standing(issue, &wire_status, created, &history);
    let done = status_category == StatusCategory::Done;
    let canceled = done && canceled(issue, &wire_status, ids, &history, &labels);
    let sprints = issue.custom().find_map(wire::Sprint::all_of).unwrap_or_default();
    let id = tracker.item(&issue.key);
    let mut item = WorkItem {
        title: issue.lenient("summary").unwrap_or_default(),
        kind: kind.clone(),
        status: wire_status.name.clone(),
        assignee,
        reporter,
        parent: parent(issue, ids).map(|key| tracker.item(&key)),
        sprints: sprints.iter().map(|sprint| tracker.sprint(sprint.id)).collect(),
        done_at,
        points: ids.points.iter().find_map(|name| number(issue, name)),
        labels: labels.clone(),
        url: Some(format!("{}/browse/{}", tracker.url, issue.key)),
        deleted: history.deleted,
        canceled,
        ..WorkItem::new(
            id.clone(),
            issue.key.clone(),
            format!("{}/{}", tracker.id, issue.key.rsplit_once('-').map_or("", |(project, _)| project)),
            status_category,
            created,
            stated(at),
        )
    };
    item.version = version(&item);
    let mut facts = Vec::new();
    let authors = history.entries.iter().filter_map(|entry| entry.author.as_ref());
    for user in people.iter().flatten().chain(authors) {
        let account = account(tracker, user);
        facts.extend(account.filter(|account| !facts.contains(account)));
    }
    facts.extend(status(tracker, &wire_status, None).map(Fact::Status));
    facts.extend(sprints.iter().map(|one| Fact::Sprint(sprint(tracker, one, None, false))));
    facts.extend(transitions(tracker, &item, creator, &history).into_iter().map(Fact::Transition));
    facts.extend(entries(tracker, &item, &history).into_iter().map(Fact::SprintEntry));
    let incident = incident(issue, &item, &history);
    facts.extend(gone(tracker, &item, incident.as_ref(), &history));
    facts.extend(incident.map(Fact::Incident));
    facts.push(Fact::WorkItem(item));
    Ok(facts)
}

/// Where an issue stands, and when it was done if it is.
fn standing(
    issue: &wire::Issue,
    status: &wire::Status,
    created: DateTime<Utc>,
    history: &History,
) -> (StatusCategory, Option<DateTime<Utc>>) {
    let resolved: Option<wire::When> = issue.lenient("resolutiondate");
    // Old versions do not report what a status means.
    let guessed = if resolved.is_some() { StatusCategory::Done } else { StatusCategory::ToDo };
    let status_category = category(status).unwrap_or(guessed);
    let ended = resolved.or_else(|| issue.lenient("statuscategorychangedate")).map(|when| when.0);
    let done_at = ended.or_else(|| history.reached(&status.name, created));
    (status_category, done_at.filter(|_| status_category == StatusCategory::Done))
}

/// An issue and its incident under the keys that it had before it was moved, where they are no longer.
fn gone(tracker: &Tracker, item: &WorkItem, incident: Option<&Incident>, history: &History) -> Vec<Fact> {
    let mut facts = Vec::new();
    for old in history.named("Key").filter_map(|(_, item)| item.from_name.as_ref()).filter(|key| **key != item.key) {
        let id = tracker.item(old);
        // that it is gone is certain, whatever is known of its end
        let version = stated(item.version.at);
        let none =
            |known: &Incident| Incident { id: IncidentId(id.0.clone()), deleted: true, version, ..known.clone() };
        facts.extend(incident.map(none).map(Fact::Incident));
        facts.push(Fact::WorkItem(WorkItem { id, key: old.clone(), deleted: true, version, ..item.clone() }));
    }
    facts
}

/// The version of an issue. Data Center does not say when one ended that has no resolution, but the hook of that very step
/// does: what a later hook does not say must not replace it.
fn version(item: &WorkItem) -> Version {
    let at = item.version.at;
    let ended_at_some_time = item.status_category == StatusCategory::Done && item.done_at.is_none() && !item.canceled;
    match (item.deleted, ended_at_some_time) {
        (true, _) => stated(moment(at, 9)),
        (_, true) => inferred(at),
        _ => stated(at),
    }
}

impl History {
    /// The changes of a field, oldest first.
    fn named<'a>(&'a self, field: &'a str) -> impl Iterator<Item = (&'a wire::Entry, &'a wire::Item)> {
        let items = self.entries.iter().flat_map(|entry| entry.items.iter().map(move |item| (entry, item)));
        items.filter(move |(_, item)| item.field.eq_ignore_ascii_case(field))
    }

    /// When the issue reached the status that it has, as far as its steps say.
    fn reached(&self, status: &str, created: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.named("status").last() {
            Some((entry, change)) => time_of(entry).filter(|_| change.to_name.as_deref() == Some(status)),
            None => self.complete.then(|| created.trunc_subsecs(0)),
        }
    }
}

/// Whether a finished issue was given up rather than done, by its resolution, its status or its labels. Where a payload
/// leaves the resolution out, the last that its history names counts.
fn canceled(
    issue: &wire::Issue,
    status: &wire::Status,
    ids: &wire::FieldIds,
    history: &History,
    labels: &[String],
) -> bool {
    let resolution = if issue.has("resolution") {
        issue.lenient::<wire::Name>("resolution").map(|resolution| resolution.name)
    } else {
        history.named("resolution").last().and_then(|(_, change)| change.to_name.clone())
    };
    let ends = || resolution.iter().chain([&status.name]);
    is_canceled(ends(), labels) || ends().any(|name| is_named(name, &ids.canceled))
}

/// What it is part of: the parent, or the epic of a Jira that has separate epics.
fn parent(issue: &wire::Issue, ids: &wire::FieldIds) -> Option<String> {
    if let Some(parent) = issue.lenient::<wire::Key>("parent") {
        return Some(parent.key);
    }
    if !ids.epic.is_empty() {
        return ids.epic.iter().find_map(|name| issue.lenient::<String>(name)).filter(|key| ISSUE_KEY.is_match(key));
    }
    // A hook does not name its fields; an epic is the only one that is the key of an issue.
    let texts = issue.custom().filter_map(|raw| serde_json::from_str::<String>(raw).ok());
    let mut keys = texts.filter(|text| ISSUE_KEY.is_match(text));
    let only = keys.next()?;
    keys.next().is_none().then_some(only)
}

fn number(issue: &wire::Issue, name: &str) -> Option<f64> {
    issue
        .lenient(name)
        .or_else(|| issue.lenient::<String>(name)?.trim().parse().ok())
        .filter(|points: &f64| points.is_finite())
}

/// When a step was made; the times of hook and history differ by milliseconds.
fn time_of(entry: &wire::Entry) -> Option<DateTime<Utc>> {
    entry.created.map(|when| when.0.trunc_subsecs(0))
}

/// The steps from status to status, the first of them being that it was written down.
fn transitions(tracker: &Tracker, item: &WorkItem, creator: Option<AccountId>, history: &History) -> Vec<Transition> {
    let step = |id: &str, at, author, from: Option<&String>, to: &str| Transition {
        author,
        from_status: from.cloned(),
        // Steps are reported by names; what these mean is in the statuses.
        ..Transition::new(format!("{}/transition/{id}", item.id), item.id.clone(), at, to.to_owned(), stated(at))
    };
    let mut steps = Vec::new();
    let mut first = None;
    let mut last = None;
    for (entry, change) in history.named("status") {
        let (Some(id), Some(at), Some(to)) = (&entry.id, time_of(entry), &change.to_name) else { continue };
        if to.is_empty() {
            continue;
        }
        let from = change.from_name.as_ref().filter(|name| !name.is_empty());
        first = first.or(from);
        let id = id.to_string();
        // Two steps in one go would have the same id.
        let native = if last.as_ref() == Some(&id) { format!("{id}-{}", to.to_lowercase()) } else { id.clone() };
        let author = entry.author.as_ref().and_then(|user| tracker.account(user));
        steps.push(step(&native, at, author, from, to));
        last = Some(id);
    }
    if history.complete {
        let to = first.unwrap_or(&item.status);
        steps.insert(0, step("created", item.created_at.trunc_subsecs(0), creator, None, to));
    }
    steps
}

/// The ids of a list such as `7, 9`.
fn list(ids: Option<&String>) -> BTreeSet<i64> {
    ids.into_iter().flat_map(|ids| ids.split(',')).filter_map(|id| id.trim().parse().ok()).collect()
}

/// How it came into sprints and out of them.
fn entries(tracker: &Tracker, item: &WorkItem, history: &History) -> Vec<SprintEntry> {
    let entry = |native: &str, sprint: i64, at, added| {
        SprintEntry::new(
            format!("{}/sprint-entry/{native}/{sprint}", item.id),
            tracker.sprint(sprint),
            item.id.clone(),
            at,
            added,
            stated(at),
        )
    };
    let mut all = Vec::new();
    let mut first = None;
    for (step, change) in history.named("Sprint") {
        let (Some(id), Some(at)) = (&step.id, time_of(step)) else { continue };
        let (from, to) = (list(change.from.as_ref()), list(change.to.as_ref()));
        first.get_or_insert_with(|| from.clone());
        all.extend(to.difference(&from).map(|sprint| entry(&id.to_string(), *sprint, at, true)));
        all.extend(from.difference(&to).map(|sprint| entry(&id.to_string(), *sprint, at, false)));
    }
    if history.complete {
        // The history does not report which sprints it was created in.
        let native = |sprint: &String| sprint.rsplit('/').next()?.parse().ok();
        let begun = first.unwrap_or_else(|| item.sprints.iter().filter_map(native).collect());
        let at = item.created_at.trunc_subsecs(0);
        all.extend(begun.into_iter().map(|sprint| entry("created", sprint, at, true)));
    }
    all
}

/// What an issue is part of: its project, by its key and within its Jira, the components of it, its labels.
fn selectors(issue: &wire::Issue, item: &WorkItem) -> Vec<String> {
    let (site, project) = item.project.rsplit_once('/').unwrap_or_default();
    let components: Vec<wire::Name> = issue.entries("components");
    let projects = [format!("jira:{project}"), format!("jira:{site}/{project}")];
    let within = projects
        .iter()
        .flat_map(|project| components.iter().map(move |component| format!("{project}/component/{}", component.name)));
    let components = components.iter().map(|component| format!("component:{}", component.name));
    let labels = item.labels.iter().map(|label| format!("label:{label}"));
    let all = projects.iter().cloned().chain(within).chain(components).chain(labels);
    all.filter_map(|text| kernel::incident_selector(&text)).collect()
}

/// The incident that an issue is, by its type or one of its labels. One that it is no longer is deleted, and so is
/// one that was given up: a duplicate, or what turned out to be no incident.
fn incident(issue: &wire::Issue, item: &WorkItem, history: &History) -> Option<Incident> {
    let is_one = item.kind.as_deref().is_some_and(is_incident) || item.labels.iter().any(|label| is_incident(label));
    let types = history.named("issuetype").filter_map(|(_, change)| change.from_name.as_deref());
    let labels = history.named("labels").filter_map(|(_, change)| change.from_name.as_deref());
    let was_one = types.chain(labels.flat_map(str::split_whitespace)).any(is_incident);
    let priority = issue.lenient::<wire::Name>("priority").map(|priority| priority.name);
    let deleted = item.deleted || item.canceled || !is_one;
    // that it is none is certain, whatever is known of its end
    let version = if deleted { stated(item.version.at) } else { item.version };
    (is_one || was_one).then(|| Incident {
        selectors: selectors(issue, item),
        title: item.title.clone(),
        severity: item.labels.iter().find(|label| is_severity(label)).cloned().or(priority),
        resolved_at: item.done_at,
        url: item.url.clone(),
        deleted,
        ..Incident::new(IncidentId(item.id.0.clone()), item.created_at, version)
    })
}
