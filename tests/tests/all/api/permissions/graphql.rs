//! The fields of GraphQL's root, and those of things that take arguments: each thing that an administrator can reach is asked
//! for all that belongs to it, by everyone.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Right;
use serde_json::{Value, json};

use super::schema::{INTROSPECTION, Schema};
use super::seeded::{self, MARKS};
use super::{Who, everyone};
use crate::api::served::{Reply, Served};

/// What each field needs, and arguments that it takes.
const FIELDS: &[(&str, Right, &str)] = &[
    ("audit", Right::Administer, ""),
    ("board", Right::Read, r#"(id: "nothing")"#),
    ("boards", Right::Read, ""),
    ("changes", Right::Read, ""),
    ("deadLetterCounts", Right::Read, ""),
    ("deadLetters", Right::Read, ""),
    ("contributions", Right::Read, r#"(metric: "change_throughput", question: {by: SERVICE})"#),
    ("deployedChanges", Right::Read, ""),
    ("deployments", Right::Read, ""),
    ("distributions", Right::Read, r#"(names: ["review_time"], question: {by: TEAM})"#),
    ("dora", Right::Read, ""),
    ("environments", Right::Read, ""),
    ("eventCounts", Right::Read, ""),
    ("events", Right::RawEvents, r#"(fact: "pager/webmark")"#),
    ("explain", Right::Read, r#"(id: "git.example/webmark/app/deployment/1")"#),
    ("findings", Right::Read, ""),
    ("incidents", Right::Read, ""),
    ("me", Right::Read, ""),
    ("itemTimes", Right::Read, ""),
    ("journey", Right::Read, r#"(kind: CHANGE, id: "git.example/webmark/app#1")"#),
    ("metric", Right::Read, r#"(name: "change_throughput", question: {by: SERVICE})"#),
    ("metricDefinitions", Right::Read, ""),
    ("metrics", Right::Read, r#"(names: ["change_throughput"], question: {by: TEAM})"#),
    ("movers", Right::Read, "(question: {by: TEAM})"),
    ("node", Right::Read, "(id: $ID)"),
    ("nodes", Right::Read, "(ids: [$IDS])"),
    ("ownWork", Right::Read, ""),
    ("organization", Right::Read, ""),
    ("people", Right::People, ""),
    ("pipelineRuns", Right::Read, ""),
    ("repositories", Right::Read, ""),
    ("reviewLoad", Right::Read, ""),
    ("search", Right::Read, r#"(text: "app")"#),
    ("services", Right::Read, ""),
    ("sources", Right::Read, ""),
    ("sprints", Right::Read, ""),
    ("targetResults", Right::Read, "(question: {teams: true})"),
    ("targets", Right::Read, ""),
    ("teams", Right::Read, ""),
    ("tenant", Right::Read, ""),
    ("unmapped", Right::Administer, ""),
    ("vulnerabilities", Right::Read, ""),
    ("workItems", Right::Read, ""),
];

/// Lists of all things that have ids, to begin with, and of what is within them.
const IDS: &[&str] = &[
    "organization { __typename id } sources { __typename id }",
    "teams(first: 9) { nodes { __typename id } } services(first: 9) { nodes { __typename id } }",
    "people(first: 9) { nodes { __typename id } } findings(first: 9) { nodes { __typename id } }",
    "repositories(first: 9) { nodes { __typename id commits(first: 2) { nodes { __typename id } } } }",
    "changes(first: 9) { nodes { __typename id author { __typename id } reviews(first: 2) { nodes { __typename id } } } }",
    "deployments(first: 9) { nodes { __typename id } } deployedChanges(first: 9) { nodes { __typename id } }",
    "environments(first: 9) { nodes { __typename id deployments(first: 9) { nodes { __typename id } } } }",
    "pipelineRuns(first: 9) { nodes { __typename id jobs(first: 9) { nodes { __typename id } } } }",
    "incidents(first: 9) { nodes { __typename id } } vulnerabilities(first: 9) { nodes { __typename id } }",
    "workItems(first: 9) { nodes { __typename id history(first: 9) { nodes { __typename id } } } }",
    "sprints(first: 9) { nodes { __typename id } }",
];

/// How things are reached that have no id, by their types: before and after what is asked of them.
const REACHED: &[(&str, &str, &str)] = &[
    ("Evidence", "{ deployments(first: 5, question: {failed: true}) { nodes { failedBy ", " } } }"),
    ("Me", "{ me ", " }"),
];

/// What is asked of metrics by author: one of the things that have metrics.
const BY_AUTHOR: &str = r#"metrics(names: ["change_throughput"], question: {by: AUTHOR}) { slices { slice n } }"#;

impl Who {
    async fn query(&self, served: &Served, query: &str, tenant: &str) -> Reply {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = vec![("sei-tenant", tenant), ("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        served.ask("POST", "/graphql", &headers, &json!({ "query": query }).to_string()).await
    }

    /// Whether a right is theirs: who is limited to a team has none that is about all of them. The settings of the walk
    /// show raw events to everyone else who reads metrics.
    fn may(&self, right: Right) -> bool {
        match right {
            Right::RawEvents => self.has(Right::Read) && !self.is_limited(),
            Right::Administer => self.has(right) && !self.is_limited(),
            _ => self.has(right),
        }
    }
}

/// Everyone who is asked for, and what was wrong with the answers.
struct Walk {
    served: Served,
    everyone: Vec<Who>,
    wrong: Vec<String>,
    shown: [bool; 3],
}

impl Walk {
    async fn begin() -> Self {
        let served = seeded::showing_all().await;
        let everyone = everyone(&served).await;
        Self { served, everyone, wrong: Vec::new(), shown: [false; 3] }
    }

    fn administrator(&self) -> &Who {
        let is_of_all = |who: &&Who| who.granted.is_some_and(|(_, tenant, team)| tenant.is_none() && team.is_none());
        self.everyone.iter().filter(is_of_all).find(|who| who.has(Right::Administer)).unwrap()
    }

    async fn schema(&self) -> Schema {
        Schema::new(&self.administrator().query(&self.served, INTROSPECTION, "main").await.json())
    }

    /// Asks everyone about both tenants. Nothing of others is shown, whatever `is_right` says of the answer.
    async fn ask(&mut self, what: &str, query: &str, is_right: impl Fn(&Who, &Value) -> bool) {
        for (who, tenant) in self.everyone.iter().flat_map(|who| ["main", "other"].map(|tenant| (who, tenant))) {
            let reply = who.query(&self.served, query, tenant).await;
            let asked = format!("{}: {what} of {tenant}", who.name);
            let expected = match who.token {
                None => 401,
                _ if !who.sees_tenant(tenant) => 404,
                _ => 200,
            };
            if reply.status != expected || expected == 200 && !is_right(who, &reply.json()) {
                self.wrong.push(format!("{asked}: {} where {expected} is right: {}", reply.status, reply.body));
            }
            let is_shown = |mark: &&str| !query.contains(*mark) && reply.body.contains(*mark);
            // the audit log repeats what others have asked
            let hidden = who.hidden(tenant).into_iter().find(is_shown).filter(|_| what != "audit");
            if let Some(mark) = hidden {
                self.wrong.push(format!("{asked}: it shows {mark}: {}", reply.body));
            }
            for (shown, mark) in self.shown.iter_mut().zip(MARKS) {
                *shown |= reply.body.contains(mark);
            }
        }
    }

    /// The ids of all things by their types, as they stand in a query.
    async fn ids(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (lists, tenant) in IDS.iter().flat_map(|lists| ["main", "other"].map(|tenant| (lists, tenant))) {
            let answer = self.administrator().query(&self.served, &format!("{{ {lists} }}"), tenant).await.json();
            assert!(answer.get("errors").is_none(), "{lists}: {answer}");
            let mut open = vec![&answer];
            while let Some(value) = open.pop() {
                if let (Some(of), Some(id)) = (value["__typename"].as_str(), value["id"].as_str()) {
                    ids.entry(of.to_owned()).or_default().insert(format!("\"{id}\""));
                }
                open.extend(value.as_object().into_iter().flat_map(|object| object.values()));
                open.extend(value.as_array().into_iter().flatten());
            }
        }
        ids
    }

    fn end(self) {
        let Self { wrong, shown, .. } = self;
        assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
        assert_eq!(shown, [true; 3]);
    }
}

/// A query that asks things of a type for what is within them.
fn reaching(ids: &BTreeMap<String, BTreeSet<String>>, of: &str, within: &str) -> String {
    if let Some(ids) = ids.get(of) {
        let ids: Vec<&str> = ids.iter().take(9).map(String::as_str).collect();
        return format!("{{ nodes(ids: [{}]) {{ __typename ... on {of} {within} }} }}", ids.join(", "));
    }
    let reached = REACHED.iter().find(|(reached, ..)| *reached == of);
    let (_, before, after) = reached.unwrap_or_else(|| panic!("state in REACHED how a {of} is reached"));
    format!("{before}{within}{after}")
}

fn is_answered(answer: &Value) -> bool {
    answer.get("errors").is_none()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_field_answers_who_may_ask_and_shows_nothing_of_others() {
    let mut walk = Walk::begin().await;
    let schema = walk.schema().await;
    let names: Vec<&str> = schema.root().iter().map(|field| field["name"].as_str().unwrap()).collect();
    let missing: Vec<_> = names.iter().filter(|name| FIELDS.iter().all(|(stated, ..)| stated != *name)).collect();
    assert!(missing.is_empty(), "state in FIELDS what these need: {missing:?}");
    let ids = walk.ids().await;
    let some = ["Service", "Change", "Deployment", "Incident", "Repository", "Team", "WorkItem"];
    let some: Vec<&str> = some.iter().flat_map(|of| &ids[*of]).map(String::as_str).collect();
    for field in schema.root() {
        let (name, right, arguments) = FIELDS.iter().find(|(name, ..)| field["name"] == *name).unwrap();
        let arguments = arguments.replace("$IDS", &some.join(", ")).replace("$ID", some[0]);
        let query = schema.query(field, &arguments);
        walk.ask(name, &query, |who, answer| who.may(*right) == is_answered(answer)).await;
    }
    walk.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_a_thing_is_shown_to_who_may_see_it() {
    let mut walk = Walk::begin().await;
    let schema = walk.schema().await;
    let ids = walk.ids().await;
    let nodes = schema.nodes();
    let missing: Vec<_> = nodes.iter().filter(|of| **of != "Finding" && !ids.contains_key(**of)).collect();
    assert!(missing.is_empty(), "seed some of {missing:?}");
    for of in schema.types_with_arguments() {
        let query = reaching(&ids, of, &schema.within(of));
        walk.ask(of, &query, |_, answer| is_answered(answer)).await;
    }
    for of in ["services", "teams"] {
        let query = format!("{{ {of}(first: 5) {{ nodes {{ name {BY_AUTHOR} }} }} }}");
        walk.ask(of, &query, |who, answer| who.may(Right::People) == is_answered(answer)).await;
    }
    walk.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_events_of_a_thing_are_shown_to_who_may_see_them_all() {
    let mut walk = Walk::begin().await;
    let schema = walk.schema().await;
    let ids = walk.ids().await;
    let types = schema.types_with_events();
    assert!(types.len() > 3, "{types:?}");
    for of in types {
        let query = reaching(&ids, of, "{ events { __typename source kind payload } }");
        walk.ask(of, &query, |who, answer| {
            let has_events = answer.to_string().contains("\"RawEvent\"");
            if who.may(Right::RawEvents) { has_events && is_answered(answer) } else { !has_events }
        })
        .await;
    }
    walk.end();
}
