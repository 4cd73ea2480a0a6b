//! `sei people`: who is who, from facts, settings and statements, through the log.

use serde_json::Value;
use tests::Program;

const FACTS: &str = r#"{"fact":"account","id":"github.com/ann","name":"ann","email":"ann@x.org"}
{"fact":"account","id":"email/ann@x.org","name":"Ann Smith"}
{"fact":"account","id":"jira/asmith","name":"A. Smith"}
{"fact":"account","id":"github.com/bo","name":"bo"}
{"fact":"account","id":"github.com/renovate","name":"renovate"}
{"fact":"account","id":"github.com/robot","name":"robot"}
"#;

const SETTINGS: &str = r#"
[[person]]
name = "Bo Li"
accounts = ["github.com/bo"]
emails = ["bo@x.org"]

[dora]
bots = ["robot"]
"#;

/// `name: account account`, bots with a star.
fn listed(people: &Value) -> Vec<String> {
    let line = |human: &Value| {
        let accounts: Vec<&str> = human["accounts"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let star = if human["bot"] == true { "*" } else { "" };
        format!("{}{star}: {}", human["name"].as_str().unwrap(), accounts.join(" "))
    };
    people.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn people_are_listed_merged_and_split() {
    let program = Program::new();
    std::fs::write(program.directory().join("sei.toml"), SETTINGS).unwrap();
    std::fs::write(program.directory().join("facts.ndjson"), FACTS).unwrap();
    program.good(&["migrate"]);
    program.good(&["import", "facts.ndjson"]);
    let others = ["renovate*: github.com/renovate", "robot*: github.com/robot"];
    let bo = "Bo Li: github.com/bo";
    let joined = program.json(&["people"]);
    let ann = "Ann Smith: email/ann@x.org github.com/ann";
    assert_eq!(listed(&joined), [&["A. Smith: jira/asmith", ann, bo], &others[..]].concat());
    assert_eq!(joined[1]["because"][0]["address"], "ann@x.org");

    let merged = program.json(&["people", "merge", "Ann Smith", "jira/asmith", "github.com/ann"]);
    let ann = "Ann Smith: email/ann@x.org github.com/ann jira/asmith";
    assert_eq!(listed(&merged), [ann]);
    assert_eq!(listed(&program.json(&["people"])), [&[ann, bo], &others[..]].concat());

    let split = program.json(&["people", "split", "Ann at work", "github.com/ann", "email/ann@x.org"]);
    assert_eq!(listed(&split), ["Ann at work: email/ann@x.org github.com/ann"]);
    let ann = ["Ann Smith: jira/asmith", "Ann at work: email/ann@x.org github.com/ann"];
    assert_eq!(listed(&program.json(&["people"])), [&ann[..], &[bo], &others[..]].concat());

    let text = program.good(&["people"]);
    assert!(text.starts_with("3 people and 2 bots with 6 accounts"), "{text}");
    assert!(text.contains("sei people: Ann at work"), "{text}");
    println!("{text}");
    let output = program.run(&["people", "merge", "Unknown", "github.com/unknown"]);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains("There is no account `github.com/unknown`"), "{}", output.err);
}
