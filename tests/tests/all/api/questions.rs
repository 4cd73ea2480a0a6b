//! Each question is the same in REST, GraphQL and on the command line: names, texts and allowed words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::served;
use tests::Program;

/// A parameter as an interface describes it: its text, and the words it may be where that is a closed list.
type Described = BTreeMap<String, (String, BTreeSet<String>)>;

/// Text in one line, without the full stop that clap leaves out.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

fn of_rest(document: &Value, path: &str) -> Described {
    let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
    let described = parameters.iter().filter(|parameter| parameter["in"] == "query").map(|parameter| {
        let words = parameter["schema"]["enum"].as_array().into_iter().flatten();
        let words = words.map(|word| word.as_str().unwrap().to_owned()).collect();
        let text = line(parameter["description"].as_str().unwrap());
        (parameter["name"].as_str().unwrap().to_owned(), (text, words))
    });
    described.collect()
}

/// `timeZone` as `time_zone`.
fn snake(name: &str) -> String {
    let each = name.chars().map(|c| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() });
    each.collect()
}

fn of_graphql(types: &Value, name: &str) -> Described {
    let find =
        |name: &str| types["__schema"]["types"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let fields = find(name)["inputFields"].as_array().unwrap_or_else(|| panic!("{name} is no input"));
    let described = fields.iter().map(|field| {
        let named = field["type"]["name"].as_str().and_then(|name| find(name)["enumValues"].as_array());
        let words = named.into_iter().flatten();
        let words = words.map(|word| word["name"].as_str().unwrap().to_lowercase()).collect();
        (snake(field["name"].as_str().unwrap()), (line(field["description"].as_str().unwrap_or_default()), words))
    });
    described.collect()
}

fn of_help(program: &Program, command: &[&str]) -> Described {
    let help = program.good(&[command, &["--help"]].concat());
    let flag = regex::Regex::new(r"^ +(?:-\w, )?--([a-z-]+)(?: <[^>]+>)?(.*)$").unwrap();
    let word = regex::Regex::new(r"^ +- ([a-z_]+):").unwrap();
    let mut described = Described::new();
    let mut name = None;
    for text in help.lines() {
        if let Some(found) = flag.captures(text) {
            let found_name = found[1].replace('-', "_");
            described.insert(found_name.clone(), (found[2].to_owned(), BTreeSet::new()));
            name = Some(found_name);
        } else if !text.is_empty() && !text.starts_with(' ') {
            name = None;
        } else if let Some((about, words)) = name.as_ref().and_then(|name| described.get_mut(name)) {
            if let Some(found) = word.captures(text) {
                words.insert(found[1].to_owned());
            } else if words.is_empty() {
                about.push(' ');
                about.push_str(text);
            }
        }
    }
    for (about, _) in described.values_mut() {
        let end =
            ["[default:", "[possible values:", "Possible values:"].iter().filter_map(|mark| about.find(mark)).min();
        *about = line(&about[..end.unwrap_or(about.len())]);
    }
    described
}

#[tokio::test]
async fn every_question_is_the_same_in_rest_graphql_and_on_the_command_line() {
    let served = served::empty().await;
    let document = serde_json::to_value(api::openapi()).unwrap();
    let types = "{ __schema { types { name inputFields { name description type { name } } enumValues { name } } } }";
    let types = served.graphql(types).await;
    let program = Program::new();
    let questions: [(&str, &str, Option<&[&str]>); 9] = [
        ("/api/v1/dora", "ReportQuestion", Some(&["dora", "report"])),
        ("/api/v1/metrics/{name}", "MetricQuestion", Some(&["dora", "metric"])),
        ("/api/v1/deployments", "DeploymentsFilter", None),
        ("/api/v1/changes", "DeployedChangesFilter", None),
        ("/api/v1/pipeline-runs", "PipelineRunsFilter", None),
        ("/api/v1/work-items", "WorkItemsFilter", None),
        ("/api/v1/vulnerabilities", "VulnerabilitiesFilter", None),
        ("/api/v1/findings", "FindingsFilter", None),
        ("/api/v1/teams", "TeamsFilter", None),
    ];
    for (path, input, command) in questions {
        let mut rest = of_rest(&document, path);
        let flags = command.map(|command| of_help(&program, command));
        if let Some(flags) = &flags {
            for (name, described) in &rest {
                assert_eq!(Some(described), flags.get(name), "{command:?} {name}");
            }
        }
        // a header in GraphQL, and Relay's arguments
        for other in ["tenant", "limit", "cursor"] {
            rest.remove(other);
        }
        let graphql = of_graphql(&types, input);
        if command.is_some() {
            assert_eq!(rest, graphql, "{path} and {input}");
        }
        // a list is sorted and searched in ways of its own, and what both have is the same
        rest.retain(|name, _| !["search", "sort"].contains(&name.as_str()) && graphql.contains_key(name));
        assert!(!rest.is_empty(), "{path} and {input}");
        for (name, described) in rest {
            assert_eq!(graphql[&name], described, "{path} {name}");
        }
    }
    let steps = &of_rest(&document, "/api/v1/dora")["interval"].1;
    assert_eq!(steps.len(), 5, "{steps:?}");
}
