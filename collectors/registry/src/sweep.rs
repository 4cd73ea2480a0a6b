//! One odd part of a payload costs no more than that part, for all connectors alike: each value of each payload is set
//! to null and left out, and each word of a list of the source's is written in other letter cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::DateTime;
use connector::Connector;
use connector::testing::{self, verified};
use connector::webhook::{Destination, RawRequest, Received};
use http::{HeaderName, HeaderValue};
use kernel::{Envelope, Fact, NotStored, Tenant};
use serde_json::Value;

/// The connectors that are not swept, and why.
const NOT_SWEPT: [(&str, &str); 3] = [
    ("git", "it reads repositories"),
    ("generic", "it takes what its schema says and nothing else: `declared.rs` tries that"),
    ("gharchive", "it shares GitHub's wire types"),
];

/// Places without which there are no facts, and why. `*` is any place in a list.
const NEEDED: &[(&str, &str, &[&str])] = &[
    (
        "cdevents",
        "what happened to what, and when",
        &["context", "context.id", "context.source", "context.timestamp", "context.type", "subject", "subject.id"],
    ),
    (
        "cdevents",
        "which repository it is, or the change is of",
        &["subject.content", "subject.content.repository", "subject.content.repository.id"],
    ),
    ("cdevents", "where the repository is", &["subject.content.repository.source", "subject.content.uri"]),
    ("cdevents", "which run a task is of: else it would be one by itself", &["subject.content.pipelineRun.id"]),
    ("cdevents", "where it was deployed to: else it would be production", &["subject.content.environment.id"]),
    ("circleci", "which workflow and job, and when", &["job.id", "workflow", "workflow.created_at", "workflow.id"]),
    ("circleci", "what names the repository", &["pipeline"]),
    ("devlake", "what was deployed", &["deploymentCommits", "deploymentCommits.*"]),
    ("devlake", "of which repository", &["deploymentCommits.*.repoUrl"]),
    ("devlake", "which issue or pull request", &["issueKey", "issue_key", "pullRequestKey", "pull_request_key"]),
    ("devlake", "where it stands: an issue without a status would open again what is done", &["status"]),
    ("github", "of which repository", &["repository"]),
    ("github", "which alert, and when", &["alert", "alert.created_at", "alert.number"]),
    ("github", "which branch or tag, and what came to it", &["commits", "ref"]),
    ("github", "the only commit of a push", &["commits.*", "commits.*.id", "commits.*.timestamp"]),
    (
        "github",
        "which comment, when, and on which pull request",
        &["comment", "comment.created_at", "comment.id", "comment.pull_request_url", "issue.pull_request"],
    ),
    ("github", "which deployment, and when", &["deployment", "deployment.created_at", "deployment.id"]),
    (
        "github",
        "how it went, and when",
        &["deployment_status", "deployment_status.created_at", "deployment_status.state"],
    ),
    ("github", "which issue, and when", &["issue", "issue.created_at", "issue.number"]),
    ("github", "which pull request, and when", &["pull_request", "pull_request.created_at", "pull_request.number"]),
    ("github", "which release", &["release", "release.id"]),
    ("github", "which review, and its verdict", &["review", "review.id", "review.state"]),
    ("github", "which run, and when", &["workflow_run", "workflow_run.created_at", "workflow_run.id"]),
    ("gitlab", "of which project", &["project", "project.web_url", "repository", "repository.homepage"]),
    ("gitlab", "which branch or tag, and what came to it", &["commits", "ref", "tag"]),
    ("gitlab", "the only commit of a push", &["commits.*", "commits.*.id", "commits.*.timestamp"]),
    (
        "gitlab",
        "which thing, and when",
        &[
            "object_attributes",
            "object_attributes.created_at",
            "object_attributes.id",
            "object_attributes.iid",
            "row",
            "row.created_at",
            "row.id",
            "row.iid",
            "row.tag_name",
        ],
    ),
    ("gitlab", "which job or deployment", &["build_id", "deployment_id"]),
    ("gitlab", "how far it is", &["build_status", "object_attributes.status", "row.status", "status"]),
    (
        "gitlab",
        "which merge request a note is on",
        &["merge_request", "merge_request.created_at", "merge_request.iid", "object_attributes.noteable_type"],
    ),
    (
        "gitlab",
        "which pipeline a job is of",
        &["commit", "commit.id", "pipeline_id", "row.pipeline", "row.pipeline.id"],
    ),
    ("gitlab", "where it was deployed to: else it would be production", &["row.environment.name"]),
    ("jenkins", "which build, and when", &["build", "build.number", "build.timestamp", "build.url", "build.full_url"]),
    ("jenkins", "what the message is about", &["build.phase"]),
    (
        "jira",
        "which issue, and when",
        &[
            "issue",
            "issue.fields",
            "issue.fields.created",
            "issue.fields.updated",
            "issue.key",
            "issue.self",
            "row",
            "row.fields",
            "row.fields.created",
            "row.fields.updated",
            "row.key",
            "site",
        ],
    ),
    (
        "jira",
        "where it stands: an issue without a status would replace one that has it",
        &[
            "issue.fields.status",
            "issue.fields.status.name",
            "row.fields.status",
            "row.fields.status.name",
            "row.name",
            "row.statusCategory",
            "row.statusCategory.key",
        ],
    ),
    ("jira", "whether it is an incident", &["issue.fields.issuetype.name", "row.fields.issuetype.name"]),
    ("jira", "which sprint", &["row.id", "sprint", "sprint.id", "sprint.self"]),
    (
        "pagerduty",
        "what happened to which incident, and when",
        &[
            "event",
            "event.data",
            "event.data.id",
            "event.event_type",
            "event.occurred_at",
            "id",
            "incident",
            "incident.id",
        ],
    ),
    (
        "tekton",
        "which run, and when",
        &[
            "pipelineRun",
            "pipelineRun.metadata",
            "pipelineRun.metadata.creationTimestamp",
            "pipelineRun.metadata.uid",
            "taskRun",
            "taskRun.metadata",
            "taskRun.metadata.creationTimestamp",
            "taskRun.metadata.uid",
        ],
    ),
];

/// Places in an element of a list that facts of other elements rest on, and why.
const RESTED_ON: &[(&str, &str, &str)] = &[
    ("jira", "histories.*.items.*.from", FIRST_SPRINTS),
    ("jira", "row.changelog.histories.*.items.*.from", FIRST_SPRINTS),
];

const FIRST_SPRINTS: &str = "the sprints before their first change are those that the issue was written down in";

/// Fields that hold a word out of a list of the source's, and say the same in any letter case.
const WORDS: [&str; 10] = [
    "action",
    "build_status",
    "conclusion",
    "event_type",
    "outcome",
    "phase",
    "result",
    "state",
    "status",
    "issue_type",
];

/// A payload, and the event that it came in.
struct Payload {
    connector: &'static dyn Connector,
    name: String,
    event: Envelope,
    value: Value,
}

impl Payload {
    fn normalized(&self, value: &Value) -> Result<Vec<Fact>, NotStored> {
        let event = Envelope { data: value.to_string().into(), ..self.event.clone() };
        connector::normalize(self.connector, &event).outcome
    }

    fn with(&self, change: impl FnOnce(&mut Value)) -> Result<Vec<Fact>, NotStored> {
        let mut value = self.value.clone();
        change(&mut value);
        self.normalized(&value)
    }
}

fn json_files(directory: &Path) -> Vec<(String, Bytes)> {
    let all = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut json: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    json.sort();
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    json.iter().map(|path| (stem(path), std::fs::read(path).unwrap().into())).collect()
}

fn swept() -> Vec<&'static dyn Connector> {
    let is_swept = |connector: &&dyn Connector| NOT_SWEPT.iter().all(|(name, _)| *name != connector.name());
    crate::all().iter().copied().filter(|connector| is_swept(connector)).collect()
}

/// The connector's own payloads, in files named by what they are.
fn own_payloads(connector: &'static dyn Connector) -> Vec<Payload> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors").join(connector.name()).join("fixtures");
    let payload = |(name, data): (String, Bytes)| {
        let value = serde_json::from_slice(&data).unwrap();
        let event = testing::event(connector, &name, data);
        Payload { connector, name, event, value }
    };
    json_files(&directory).into_iter().map(payload).collect()
}

/// What others recorded, as the gateway would put it into the log.
fn recorded_payloads(corpus: &Path) -> Vec<Payload> {
    let mut payloads = Vec::new();
    for (connector, directory) in [
        ("cdevents", "cdevents/conformance"),
        ("circleci", "zulip/circleci"),
        ("github", "go-playground/testdata/github"),
        ("github", "zulip/github"),
        ("gitlab", "go-gitlab/testdata/webhooks"),
        ("gitlab", "go-playground/testdata/gitlab"),
        ("gitlab", "zulip/gitlab"),
        ("jira", "zulip/jira"),
        ("pagerduty", "zulip/pagerduty"),
    ] {
        let connector = crate::connector(connector).unwrap();
        for (name, body) in json_files(&corpus.join(directory)) {
            let Ok(value) = serde_json::from_slice(&body) else { continue };
            let kind = name.split("__").next().unwrap().replace('-', "_");
            let mut request = RawRequest::new(body);
            for (header, value) in [("x-github-event", &*kind), ("x-gitlab-event", "Some Hook")] {
                request.headers.insert(HeaderName::from_static(header), HeaderValue::from_str(value).unwrap());
            }
            let request = verified(request);
            let source = format!("{}/main", connector.name());
            let to = Destination {
                source: &source,
                tenant: &Tenant::default(),
                received: DateTime::UNIX_EPOCH,
                canceled: &[],
            };
            if let Ok(Received::Events(events)) = connector.webhook().unwrap().envelopes(&request, &to) {
                payloads.extend(events.into_iter().map(|event| Payload {
                    connector,
                    name: name.clone(),
                    event,
                    value: Value::clone(&value),
                }));
            }
        }
    }
    payloads
}

/// The places of all values in a document, by their steps.
fn places(value: &Value) -> Vec<Vec<String>> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), field)).collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (name, child) in children {
        all.push(vec![name.clone()]);
        all.extend(places(child).into_iter().map(|below| [vec![name.clone()], below].concat()));
    }
    all
}

fn at<'a>(value: &'a mut Value, place: &[String]) -> &'a mut Value {
    place.iter().fold(value, |value, step| match value {
        Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
        value => &mut value[step.as_str()],
    })
}

fn remove(value: &mut Value, place: &[String]) {
    let (last, outside) = place.split_last().unwrap();
    match at(value, outside) {
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        value => drop(value.as_object_mut().unwrap().remove(last)),
    }
}

/// A place with `*` for any place in a list, and the innermost element of a list that it is in.
fn general(value: &Value, place: &[String]) -> (String, Option<Vec<String>>) {
    let (mut value, mut steps, mut element) = (value, Vec::new(), None);
    for (depth, step) in place.iter().enumerate() {
        match value {
            Value::Array(items) => {
                steps.push("*");
                element = Some(place[..=depth].to_vec());
                value = &items[step.parse::<usize>().unwrap()];
            }
            other => {
                steps.push(step);
                value = &other[step.as_str()];
            }
        }
    }
    (steps.join("."), element)
}

/// Sets each place of a payload to null and leaves it out. Facts of other elements of a list stay as they are. Returns
/// the number of attempts and the places without which there are no facts.
fn sweep(payload: &Payload) -> (usize, BTreeSet<String>) {
    let (mut tried, mut needed) = (0, BTreeSet::new());
    let Ok(whole) = payload.normalized(&payload.value) else { return (0, needed) };
    let connector = payload.connector.name();
    for place in places(&payload.value) {
        let (general, element) = general(&payload.value, &place);
        let without_element = element.and_then(|element| payload.with(|value| remove(value, &element)).ok());
        let ends =
            [payload.with(|value| *at(value, &place) = Value::Null), payload.with(|value| remove(value, &place))];
        for end in ends {
            tried += 1;
            match (end, &without_element) {
                (Err(_), _) => drop(needed.insert(general.clone())),
                (Ok(left), Some(without)) => {
                    let mut others = whole.iter().filter(|fact| without.contains(fact));
                    let lost = others.find(|fact| !left.contains(fact));
                    if lost.is_some()
                        && !RESTED_ON.iter().any(|(name, place, _)| (*name, *place) == (connector, &*general))
                    {
                        needed.insert(format!("{general}, for others"));
                    }
                }
                (Ok(_), None) => {}
            }
        }
    }
    (tried, needed)
}

fn needed_by(connector: &str) -> BTreeSet<String> {
    let rows = NEEDED.iter().filter(|(name, ..)| *name == connector);
    rows.flat_map(|(.., places)| places.iter().map(|place| (*place).to_owned())).collect()
}

/// A connector, a place in a payload, and the payload.
type UnknownPlace = (&'static str, String, String);

/// Sweeps payloads, and names the places without which there are no facts although they are not among those that are
/// needed, with the payload. Returns the number of attempts a connector too.
fn sweep_all(payloads: Vec<Payload>) -> (BTreeMap<&'static str, usize>, BTreeSet<UnknownPlace>) {
    let (mut tried, mut unknown) = (BTreeMap::new(), BTreeSet::new());
    for payload in payloads {
        let name = payload.connector.name();
        let (more, needed) = sweep(&payload);
        *tried.entry(name).or_default() += more;
        let known = needed_by(name);
        unknown.extend(needed.difference(&known).map(|place| (name, place.clone(), payload.name.clone())));
    }
    println!("{tried:?}");
    (tried, unknown)
}

#[test]
fn a_null_or_a_gap_costs_no_more_than_the_part_that_it_is_in() {
    let (tried, unknown) = sweep_all(swept().into_iter().flat_map(own_payloads).collect());
    assert!(tried.len() == swept().len() && tried.values().all(|tried| *tried > 100), "{tried:?}");
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn a_null_or_a_gap_costs_no_more_in_what_others_recorded() {
    let Some(corpus) = parts::corpus() else { return };
    let (tried, unknown) = sweep_all(recorded_payloads(&corpus));
    assert!(tried.values().sum::<usize>() > 10_000, "{tried:?}");
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn a_word_of_the_source_says_the_same_in_any_letter_case() {
    let mut tried = 0;
    for payload in swept().into_iter().flat_map(own_payloads) {
        let Ok(whole) = payload.normalized(&payload.value) else { continue };
        for place in places(&payload.value) {
            let mut value = payload.value.clone();
            let Value::String(word) = at(&mut value, &place).take() else { continue };
            if !place.last().is_some_and(|name| WORDS.contains(&name.as_str())) {
                continue;
            }
            for other in [word.to_uppercase(), word.to_lowercase()] {
                tried += 1;
                let end = payload.with(|value| *at(value, &place) = other.clone().into());
                let name = payload.connector.name();
                assert_eq!(end.as_ref(), Ok(&whole), "{name} {}: {} `{other}`", payload.name, place.join("."));
            }
        }
    }
    println!("{tried} words");
    assert!(tried > 100, "{tried}");
}
