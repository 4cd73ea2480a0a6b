//! The schema of GraphQL, and queries that ask for all that its types have.

use std::collections::BTreeMap;

use serde_json::Value;

/// How deep things within things are asked for.
const DEPTH: usize = 2;

/// What is asked of fields that take arguments, by one of these.
const ASKED: [(&str, &str); 2] =
    [("first", "(first: 2)"), ("names", r#"(names: ["change_throughput", "review_time"], question: {by: SERVICE})"#)];

pub(super) const INTROSPECTION: &str = "{ __schema { queryType { name } types { name kind possibleTypes { name } fields { name \
                             args { name defaultValue type { kind } } \
                             type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

/// The types of the schema by name, each with its fields.
pub(super) struct Schema {
    types: BTreeMap<String, Value>,
    root: String,
}

fn takes_nothing(field: &Value) -> bool {
    field["args"].as_array().unwrap().is_empty()
}

/// Whether a field has the raw events of a thing.
fn has_events(field: &Value) -> bool {
    Schema::named(&field["type"]) == "RawEvent"
}

impl Schema {
    /// From the answer to [`INTROSPECTION`].
    pub(super) fn new(answer: &Value) -> Self {
        let schema = &answer["data"]["__schema"];
        let types = schema["types"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let types = types.iter().map(|of| (of["name"].as_str().unwrap().to_owned(), of.clone())).collect();
        Self { types, root: schema["queryType"]["name"].as_str().unwrap().to_owned() }
    }

    /// The fields of the root.
    pub(super) fn root(&self) -> &[Value] {
        self.fields(&self.root)
    }

    fn fields(&self, of: &str) -> &[Value] {
        self.types[of]["fields"].as_array().map_or(&[], Vec::as_slice)
    }

    /// What can be subscribed to.
    pub(super) fn subscriptions(&self) -> &[Value] {
        self.fields("Subscription")
    }

    /// The types of things that have ids.
    pub(super) fn nodes(&self) -> Vec<&str> {
        let nodes = self.types["Node"]["possibleTypes"].as_array().unwrap();
        nodes.iter().map(|node| node["name"].as_str().unwrap()).collect()
    }

    /// The types, beside the root and those of introspection, of which a field is so.
    fn types_with(&self, is_so: impl Fn(&Value) -> bool) -> Vec<&str> {
        let names = self.types.keys().map(String::as_str);
        let names = names.filter(|of| !of.starts_with("__") && *of != self.root && *of != "Subscription");
        names.filter(|of| self.fields(of).iter().any(&is_so)).collect()
    }

    /// The types of things that have fields with arguments.
    pub(super) fn types_with_arguments(&self) -> Vec<&str> {
        self.types_with(|field| !takes_nothing(field))
    }

    /// The types of things that have raw events.
    pub(super) fn types_with_events(&self) -> Vec<&str> {
        self.types_with(has_events)
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
                // raw events need a right of their own
                _ if has_events(field) => {}
                "SCALAR" | "ENUM" => fields.push(name.to_owned()),
                // lists within lists cost too much here, and `nodes` has what `edges` has
                _ if name == "edges" || within.ends_with("Connection") => {}
                "OBJECT" if name == "nodes" || name == "pageInfo" => {
                    fields.push(format!("{name} {}", self.selection(within, depth)));
                }
                "OBJECT" if depth > 0 && takes_nothing(field) => {
                    fields.push(format!("{name} {}", self.selection(within, depth - 1)));
                }
                _ => {}
            }
        }
        format!("{{ {} }}", fields.join(" "))
    }

    /// All that a type has which takes arguments, and what is within that.
    pub(super) fn within(&self, of: &str) -> String {
        let asked = |field: &Value| {
            let (name, within) = (field["name"].as_str().unwrap(), Self::named(&field["type"]));
            let takes = |name: &str| field["args"].as_array().unwrap().iter().any(|argument| argument["name"] == name);
            let (by, arguments) = ASKED.iter().find(|(name, _)| takes(name)).unwrap_or_else(|| {
                panic!("state in ASKED how {of}.{name} is asked");
            });
            // the answer of a metric leads to no other thing, so all of it is asked for
            let depth = if *by == "names" { DEPTH } else { 0 };
            format!("{name}{arguments} {}", self.selection(within, depth))
        };
        let fields: Vec<String> = self.fields(of).iter().filter(|field| !takes_nothing(field)).map(asked).collect();
        format!("{{ {} }}", fields.join(" "))
    }

    /// What the things have that an interface stands for, each under a name of its own.
    fn fragments(&self, interface: &str) -> String {
        let kinds = self.types[interface]["possibleTypes"].as_array().unwrap();
        let kinds = kinds.iter().map(|kind| kind["name"].as_str().unwrap());
        let is_plain = |field: &&Value| {
            let kind = self.types[Self::named(&field["type"])]["kind"].as_str().unwrap();
            takes_nothing(field) && ["SCALAR", "ENUM"].contains(&kind)
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
    pub(super) fn query(&self, field: &Value, arguments: &str) -> String {
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
