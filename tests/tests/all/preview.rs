//! The preview of services without deployments: the same wherever a report is shown, and no part of anything else.

use kernel::Fact;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tests::Program;

use crate::api::served;
use crate::up::parts::{asked, get, repository, text};

const WINDOW: [&str; 4] = ["--from", "2026-05-01", "--to", "2026-08-01"];
const QUERY: &str = "from=2026-05-01&to=2026-08-01";
const FIELDS: &str = "{ name value unit text n }";

/// A key of JSON as GraphQL has it.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

/// An answer of REST with the names and words of GraphQL.
fn as_graphql(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("name" | "unit" | "code", Value::String(word)) => (camel(name), word.to_uppercase().into()),
                _ => (camel(name), as_graphql(value)),
            })
            .collect(),
        Value::Array(values) => values.iter().map(as_graphql).collect(),
        other => other.clone(),
    }
}

#[test]
fn a_repository_without_tags_has_the_same_preview_in_rest_graphql_json_and_the_terminal() {
    let program = Program::new();
    let path = text(&repository(&program, 8, None));
    let mut up = program.up(&["--repo", &path]);
    let address = up.address();
    let report = program.json(&[&["dora", "report"][..], &WINDOW].concat());
    let preview = &report["preview"];
    assert_eq!(preview["label"], "As if each merge to the default branch were a deployment");
    assert_eq!((&preview["merges"]["n"], &preview["frequency"]["n"]), (&json!(8), &json!(8)), "{preview}");
    assert_eq!(preview["frequency"]["value"], 8.0 / 92.0);
    assert_eq!(preview["services"][0]["branches"], json!(["main"]));
    assert_eq!(preview["caveats"][0]["code"], "preview_merges_as_deployments");
    for part in ["`tag_pattern`", "releases", "pipelines", "CDEvents", "`deployment_branch = \"main\"`"] {
        assert!(preview["remedy"].as_str().unwrap().contains(part), "{part}: {preview}");
    }
    let (status, rest) = get(&address, &format!("/api/v1/dora?{QUERY}"));
    assert_eq!(status, 200, "{rest}");
    let rest: Value = serde_json::from_str(&rest).unwrap();
    assert_eq!(&rest["data"]["preview"], preview);
    let query = format!(
        "{{ dora(question: {{ from: \"2026-05-01\", to: \"2026-08-01\" }}) {{ preview {{
            label window {{ from to }} merges {FIELDS} frequency {FIELDS} leadTime {FIELDS}
            services {{ service branches merges {FIELDS} frequency {FIELDS} leadTime {FIELDS} }}
            caveats {{ code text }} remedy }} }} }}"
    );
    let (_, graphql) = asked(&address, "POST /graphql", &json!({ "query": query }).to_string());
    let graphql: Value = serde_json::from_str(&graphql).unwrap();
    let mut expected = as_graphql(preview);
    // times are written with another form of UTC
    let mut found = graphql["data"]["dora"]["preview"].clone();
    for window in [&mut expected["window"], &mut found["window"]] {
        for end in ["from", "to"] {
            let at: chrono::DateTime<chrono::Utc> = window[end].as_str().unwrap().parse().unwrap();
            window[end] = at.timestamp().into();
        }
    }
    assert_eq!(found, expected, "{graphql}");
    for form in ["table", "markdown"] {
        let printed = program.good(&[&["dora", "report", "--format", form][..], &WINDOW].concat());
        assert!(printed.contains("Preview, as if each merge to the default branch were a deployment"), "{printed}");
        let frequency = preview["frequency"]["text"].as_str().unwrap();
        assert!(printed.contains(&format!("8 merges to `main`, {frequency}")), "{printed}");
    }
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
}

#[test]
fn a_preview_is_no_part_of_a_metric_a_level_a_score_an_export_or_csv_and_can_be_left_out() {
    let program = Program::new();
    let path = text(&repository(&program, 8, None));
    program.good(&["collect", "git", &path]);
    program.good(&["dora", "recompute"]);
    let report = program.json(&[&["dora", "report"][..], &WINDOW].concat());
    assert_eq!(report["preview"]["merges"]["n"], 8, "{report}");
    for metric in ["change_lead_time", "deployment_frequency", "change_fail_rate"] {
        let metric = &report[metric];
        assert_eq!((&metric["value"], &metric["level"], &metric["score"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!(metric["caveats"][0]["code"], "no_deployments", "{metric}");
    }
    assert_eq!(report["quick_check"]["overall"]["score"], Value::Null);
    let hidden = program.json(&[&["dora", "report", "--preview", "false"][..], &WINDOW].concat());
    assert_eq!(hidden["preview"], Value::Null);
    let csv = program.good(&[&["dora", "report", "--format", "csv"][..], &WINDOW].concat());
    assert!(!csv.contains("preview") && !csv.contains("As if"), "{csv}");
    program.good(&["export", "csv", "out"]);
    let mut exported =
        std::fs::read_dir(program.directory().join("out")).unwrap().map(|file| file.unwrap().file_name());
    assert!(exported.all(|name| !name.to_string_lossy().contains("preview")));
    // the default branch is set back, without a new commit
    let back =
        std::process::Command::new("git").args(["-C", &path, "update-ref", "refs/heads/main", "main~3"]).status();
    assert!(back.unwrap().success());
    program.good(&["collect", "git", &path]);
    program.good(&["dora", "recompute"]);
    let report = program.json(&[&["dora", "report"][..], &WINDOW].concat());
    assert_eq!(report["preview"]["merges"]["n"], 5, "{report}");
}

/// A service that was merged to three times and never deployed.
pub(crate) fn merged_only() -> impl Iterator<Item = Fact> {
    let commits = [1, 2, 3].map(|number| {
        let at = served::end() - chrono::TimeDelta::days(10 - number);
        json!({ "fact": "commit", "repository": "ex.org/lone", "sha": format!("{number:040x}"), "subject": "x",
                "parents": (1..number).next_back().map(|parent| format!("{parent:040x}")).into_iter().collect::<Vec<_>>(),
                "authored_at": at, "committed_at": at, "version": { "at": at } })
    });
    let tip = json!({ "fact": "repository", "id": "ex.org/lone", "name": "lone", "default_branch": "trunk",
                      "default_branch_tip": format!("{:040x}", 3), "version": { "at": served::end() } });
    commits.into_iter().chain([tip]).map(|fact| serde_json::from_value(fact).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn services_with_deployments_have_no_preview_and_those_beside_them_have_one_of_their_own() {
    let served = served::filled().await;
    served::fill(&served.database.store, merged_only()).await;
    let all = served.get("/api/v1/dora").await;
    assert_eq!(all["data"]["preview"], Value::Null, "an organization that deploys has none");
    assert!(all["data"]["deployment_frequency"]["level"].is_string());
    let lone = served.get("/api/v1/dora?service=ex.org/lone").await;
    assert_eq!(lone["data"]["preview"]["merges"]["value"], 3.0, "{lone}");
    assert_eq!(lone["data"]["preview"]["services"][0]["branches"], json!(["trunk"]));
    let hidden = served.get("/api/v1/dora?service=ex.org/lone&preview=false").await;
    assert_eq!(hidden["data"]["preview"], Value::Null);
    let csv = served.ask("GET", "/api/v1/dora?service=ex.org/lone", &[("accept", "text/csv")], "").await;
    assert!(csv.status == 200 && !csv.body.contains("preview"), "{csv:?}");
    // the first deployment ends it
    let at = served::end() - chrono::TimeDelta::days(1);
    let deployment = json!({ "fact": "deployment", "id": "lone/1", "source": "deployment", "repository": "ex.org/lone",
                             "environment": "production", "sha": format!("{:040x}", 3), "finished_at": at,
                             "outcome": "success", "version": { "at": at } });
    served::fill(&served.database.store, [serde_json::from_value(deployment).unwrap()].into_iter()).await;
    let lone = served.get("/api/v1/dora?service=ex.org/lone").await;
    assert_eq!(lone["data"]["preview"], Value::Null, "{lone}");
}
