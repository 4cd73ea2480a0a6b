//! The fields of GraphQL's root.

use std::collections::BTreeMap;

use kernel::Right;
use serde_json::{Value, json};

use super::seeded::{self, MARKS};
use super::{Who, everyone};
use crate::api::served::{Reply, Served};

/// What each field needs, and arguments that it takes.
const FIELDS: &[(&str, Right, &str)] = &[
    ("board", Right::Read, r#"(id: "nothing")"#),
    ("boards", Right::Read, ""),
    ("changes", Right::Read, ""),
    ("deadLetterCounts", Right::Read, ""),
    ("deadLetters", Right::Read, ""),
    ("deployedChanges", Right::Read, ""),
    ("deployments", Right::Read, ""),
    ("dora", Right::Read, ""),
    ("environments", Right::Read, ""),
    ("events", Right::RawEvents, r#"(fact: "pager/webmark")"#),
    ("explain", Right::Read, r#"(id: "git.example/webmark/app/deployment/1")"#),
    ("findings", Right::Read, ""),
    ("incidents", Right::Read, ""),
    ("me", Right::Read, ""),
    ("journey", Right::Read, r#"(kind: CHANGE, id: "git.example/webmark/app#1")"#),
    ("metric", Right::Read, r#"(name: "change_throughput", question: {by: SERVICE})"#),
    ("metricDefinitions", Right::Read, ""),
    ("metrics", Right::Read, r#"(names: ["change_throughput"], question: {by: TEAM})"#),
    ("node", Right::Read, "(id: $ID)"),
    ("nodes", Right::Read, "(ids: [$IDS])"),
    ("organization", Right::Read, ""),
    ("people", Right::People, ""),
    ("pipelineRuns", Right::Read, ""),
    ("repositories", Right::Read, ""),
    ("search", Right::Read, r#"(text: "app")"#),
    ("services", Right::Read, ""),
    ("sources", Right::Read, ""),
    ("sprints", Right::Read, ""),
    ("teams", Right::Read, ""),
    ("tenant", Right::Read, ""),
    ("unmapped", Right::Administer, ""),
    ("vulnerabilities", Right::Read, ""),
    ("workItems", Right::Read, ""),
];

/// How deep things within things are asked for.
const DEPTH: usize = 2;

const INTROSPECTION: &str = "{ __schema { queryType { name } types { name kind possibleTypes { name } fields { name \
                             args { defaultValue type { kind } } \
                             type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

/// The types of the schema by name, each with its fields.
struct Schema {
    types: BTreeMap<String, Value>,
    root: String,
}

impl Schema {
    async fn of(served: &Served, who: &Who) -> Self {
        let answer = who.query(served, INTROSPECTION, "main").await.json();
        let schema = &answer["data"]["__schema"];
        let types = schema["types"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let types = types.iter().map(|of| (of["name"].as_str().unwrap().to_owned(), of.clone())).collect();
        Self { types, root: schema["queryType"]["name"].as_str().unwrap().to_owned() }
    }

    fn fields(&self, of: &str) -> &[Value] {
        self.types[of]["fields"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The name of a type, within lists and what is never null.
    fn named(of: &Value) -> &str {
        let mut of = of;
        while !of["ofType"].is_null() {
            of = &of["ofType"];
        }
        of["name"].as_str().unwrap()
    }

    /// All that a type has which needs no argument, and what is within that.
    fn selection(&self, of: &str, depth: usize) -> String {
        let mut fields = vec!["__typename".to_owned()];
        for field in self.fields(of) {
            let is_needed =
                |argument: &Value| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null();
            if field["args"].as_array().unwrap().iter().any(is_needed) {
                continue;
            }
            let (name, within) = (field["name"].as_str().unwrap(), Self::named(&field["type"]));
            match self.types[within]["kind"].as_str().unwrap() {
                // raw events need a right of their own, which the root's field is asked with
                _ if name == "events" => {}
                "SCALAR" | "ENUM" => fields.push(name.to_owned()),
                // lists within lists cost too much, and `nodes` has what `edges` has
                _ if name == "edges" || within.ends_with("Connection") => {}
                "OBJECT" if name == "nodes" || name == "pageInfo" => {
                    fields.push(format!("{name} {}", self.selection(within, depth)));
                }
                // what takes a question costs as much for each thing as for the whole
                "OBJECT" if depth > 0 && field["args"].as_array().unwrap().is_empty() => {
                    fields.push(format!("{name} {}", self.selection(within, depth - 1)));
                }
                _ => {}
            }
        }
        format!("{{ {} }}", fields.join(" "))
    }

    /// What the things have that an interface stands for, each under a name of its own.
    fn fragments(&self, interface: &str) -> String {
        let kinds = self.types[interface]["possibleTypes"].as_array().unwrap();
        let kinds = kinds.iter().map(|kind| kind["name"].as_str().unwrap());
        let is_plain = |field: &&Value| {
            let kind = self.types[Self::named(&field["type"])]["kind"].as_str().unwrap();
            field["args"].as_array().unwrap().is_empty() && ["SCALAR", "ENUM"].contains(&kind)
        };
        let fragment = |kind: &str| {
            let names = self.fields(kind).iter().filter(is_plain).map(|field| field["name"].as_str().unwrap());
            let fields: Vec<String> = names.map(|name| format!("{kind}_{name}: {name}")).collect();
            format!("... on {kind} {{ {} }}", fields.join(" "))
        };
        let fragments: Vec<String> = kinds.map(fragment).collect();
        format!("{{ __typename {} }}", fragments.join(" "))
    }

    /// The query of a field of the root.
    fn query(&self, field: &Value, arguments: &str) -> String {
        let (name, of) = (field["name"].as_str().unwrap(), Self::named(&field["type"]));
        let arguments = match (arguments, of.ends_with("Connection")) {
            ("", true) => "(first: 5)",
            (arguments, _) => arguments,
        };
        let selection = match self.types[of]["kind"].as_str() {
            Some("INTERFACE") => self.fragments(of),
            _ => self.selection(of, DEPTH),
        };
        format!("{{ {name}{arguments} {selection} }}")
    }
}

impl Who {
    async fn query(&self, served: &Served, query: &str, tenant: &str) -> Reply {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = vec![("sei-tenant", tenant), ("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        served.ask("POST", "/graphql", &headers, &json!({ "query": query }).to_string()).await
    }
}

/// Ids in the graph of what is in both tenants.
async fn ids(served: &Served, administrator: &Who) -> Vec<String> {
    let mut ids = Vec::new();
    for (list, tenant) in ["services", "changes", "deployments", "incidents", "repositories", "teams", "workItems"]
        .into_iter()
        .flat_map(|list| ["main", "other"].map(|tenant| (list, tenant)))
    {
        let query = format!("{{ {list}(first: 2) {{ nodes {{ id }} }} }}");
        let answer = administrator.query(served, &query, tenant).await.json();
        let nodes = answer["data"][list]["nodes"].as_array().unwrap_or_else(|| panic!("{list}: {answer}")).clone();
        assert!(!nodes.is_empty(), "{list} of {tenant}: {answer}");
        ids.extend(nodes.iter().map(|node| node["id"].to_string()));
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_field_answers_who_may_ask_and_shows_nothing_of_others() {
    let served = seeded::served().await;
    let everyone = everyone(&served).await;
    let administrator = everyone.iter().find(|who| who.has(Right::Administer) && !who.is_limited()).unwrap();
    let schema = Schema::of(&served, administrator).await;
    let fields = schema.fields(&schema.root);
    let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
    let missing: Vec<_> = names.iter().filter(|name| FIELDS.iter().all(|(stated, ..)| stated != *name)).collect();
    assert!(missing.is_empty(), "state in FIELDS what these need: {missing:?}");
    let ids = ids(&served, administrator).await;
    let (mut wrong, mut shown) = (Vec::new(), [false; 3]);
    for field in fields {
        let (name, right, arguments) = FIELDS.iter().find(|(name, ..)| field["name"] == *name).unwrap();
        let arguments = arguments.replace("$IDS", &ids.join(", ")).replace("$ID", &ids[0]);
        let query = schema.query(field, &arguments);
        for (who, tenant) in everyone.iter().flat_map(|who| ["main", "other"].map(|tenant| (who, tenant))) {
            let reply = who.query(&served, &query, tenant).await;
            let asked = format!("{}: {name} of {tenant}", who.name);
            let expected = match who.token {
                None => 401,
                _ if !who.sees_tenant(tenant) => 404,
                _ => 200,
            };
            let refused = reply.status == 200 && reply.json().get("errors").is_some();
            let must_refuse = expected == 200 && (!who.has(*right) || *name == "events" && who.is_limited());
            if reply.status != expected || must_refuse && !refused {
                wrong.push(format!("{asked}: {} instead of {expected}: {}", reply.status, reply.body));
            }
            if *right == Right::Read && refused {
                wrong.push(format!("{asked}: {}", reply.body));
            }
            if let Some(mark) =
                who.hidden(tenant).into_iter().find(|mark| !query.contains(*mark) && reply.body.contains(*mark))
            {
                wrong.push(format!("{asked}: it shows {mark}: {}", reply.body));
            }
            for (shown, mark) in shown.iter_mut().zip(MARKS) {
                *shown |= reply.body.contains(mark);
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
    assert_eq!(shown, [true; 3]);
}
