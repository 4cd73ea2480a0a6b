use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use runtime::settings::reference;
use runtime::settings::{SECTIONS, Schema, generate_schema};
use runtime::{SettingsProblem, Severity};

use super::Settings;

mod sources;

/// Checks a file with this text.
fn check(text: &str) -> (Option<Settings>, Vec<SettingsProblem>) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("my.toml");
    std::fs::write(&file, text).unwrap();
    let checked = runtime::check(Some(&file), &[]);
    (checked.settings, checked.problems)
}

/// What is wrong with a file, as it is shown, but for its directory.
fn problems_of(text: &str) -> Vec<String> {
    let shown = |problem: &SettingsProblem| {
        let shown = problem.to_string();
        let (before, file) = shown.split_once("\n  at ").unwrap();
        format!("{before}\n  at {}", file.rsplit('/').next().unwrap())
    };
    check(text).1.iter().map(shown).collect()
}

/// A file with every problem.
const WRONG_FILE: &str = r#"
[server]
listn = "127.0.0.1:1"
timeout = "soon"
connections = "many"

[log]
kind = "kafak"

[database]
url = "postgres://user:hunter2@host/db"

[dora]
time_zone = "Mars/Olympus"
hotfix = "("
bots = "renovate"

[[source]]
connector = "git"
[source.pull]
urls = ["."]
schedule = "*/5 * * *"

[[source]]
connector = "git"
name = "others"
[source.pull]
schedule = "0 0 * * * *"
line_count = true

[[service]]
name = "a"
team = "paymants"

[[service]]
name = "a"
repositories = ["https://github.com/O/A.git", "A"]
deployments_from = "tags"

[[team]]
name = "payments"
parent = "shop"

[[team]]
name = "shop"
parent = "payments"

[[source]]
connector = "github"
tenant = "Main"
[source.webhook]
secrets = []

[log.kafka.properties]
"sasl.password" = "hunter2"
"#;
/// What is reported of it, but for the one problem whose text is longer.
const WRONG_FILE_PROBLEMS: [&str; 20] = [
    "error: server.listn: found an unknown key, expected a known one; did you mean `listen`?\n  at my.toml:3",
    "error: server.timeout: found the text `soon`, expected a duration such as \"30s\", \"24h\" or \"90d\"\n  at my.toml:4",
    "error: server.connections: found the text `many`, expected a whole number, not negative\n  at my.toml:5",
    "error: log.kind: found `kafak`, expected one of `embedded`, `kafka`\n  at my.toml:8",
    "error: database.url: found something else (not shown: it may be a secret), expected a reference to a secret: { env = \"NAME\" } or { file = \"/path\" }\n  at my.toml:11",
    "error: dora.time_zone: found the text `Mars/Olympus`, expected an IANA time zone such as `UTC` or `Europe/Berlin`\n  at my.toml:14",
    "error: dora.hotfix: found `(`, expected a regular expression (unclosed group)\n  at my.toml:15",
    "error: dora.bots: found the text `renovate`, expected a list\n  at my.toml:16",
    "error: source.0.pull.schedule: found `*/5 * * *`, expected a cron expression, such as `*/5 * * * *` (minute, hour, day, month, day of week)\n  at my.toml:22",
    "error: source.1.pull.urls: found nothing, expected `urls` to be set\n  at my.toml:27",
    "error: source.1.pull.line_count: found an unknown key, expected a known one; did you mean `line_counts`?\n  at my.toml:29",
    "error: service.0.team: found `paymants`, which no [[team]] has, expected the name of a [[team]]; did you mean `payments`?\n  at my.toml:33",
    "error: service.1.name: found `a` a second time, expected a name once among all services\n  at my.toml:36",
    "error: service.1.repositories.0: found `https://github.com/O/A.git`, expected the id of a repository, host/owner/name: `github.com/o/a`\n  at my.toml:37",
    "error: service.1.repositories.1: found `A`, expected the id of a repository: host/owner/name in lower case\n  at my.toml:37",
    "error: service.1.deployments_from: found `tags`, expected one of deployment, branch, pipeline, cdevents, release, tag\n  at my.toml:38",
    "error: team.0.parent: found a circle: payments → shop → payments, expected teams that end in one without a parent\n  at my.toml:42",
    "error: team.1.parent: found a circle: shop → payments → shop, expected teams that end in one without a parent\n  at my.toml:46",
    "error: source.2.webhook.secrets: found none, expected one or more: nothing is accepted unverified\n  at my.toml:52",
    "error: log.kafka.properties.sasl.password: found a secret in the settings, expected `sasl.password` under [log.kafka.secret_properties], as a reference to the secret\n  at my.toml:54",
];

#[test]
fn every_problem_is_named_with_its_key_line_and_what_was_expected() {
    let problems = problems_of(WRONG_FILE);
    for line in WRONG_FILE_PROBLEMS {
        assert!(problems.iter().any(|problem| problem == line), "missing: {line}\nall: {problems:#?}");
    }
    assert!(
        problems.iter().any(|problem| problem.starts_with("error: source.2.tenant: found `Main`")),
        "{problems:#?}"
    );
    assert_eq!(problems.len(), WRONG_FILE_PROBLEMS.len() + 1, "{problems:#?}");
    assert!(!problems.join("").contains("hunter2"));
}

#[test]
fn what_incidents_are_part_of_is_checked() {
    let text = r#"
[[service]]
name = "a"
incidents = ["jira:SHOP", "JIRA:example.com/shop/component/Pay", "pagerduty:P1", "label:x", "service:A b", "SHOP"]

[[source]]
connector = "gitlab"
[source.webhook]
secrets = [{ env = "PATH" }]
canceled = ["Abgelehnt"]

[[source]]
connector = "jira"
[source.webhook]
secrets = [{ env = "PATH" }]
canceled = ["Abgelehnt"]
"#;
    let problems = problems_of(text);
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems[0].starts_with(
            "error: service.0.incidents.5: found `SHOP`, expected what incidents are part of: `jira:SHOP`"
        )
    );
    let expected =
        "error: source.0.webhook.canceled: found `Abgelehnt`, expected none: this connector does not read it";
    assert!(problems[1].starts_with(expected), "{problems:#?}");
}

#[test]
fn posting_without_a_token_has_to_be_asked_for_and_is_warned_of() {
    let (_, problems) = check("events.allow_without_token = true");
    let found: Vec<_> = problems.iter().map(|problem| (problem.severity, problem.key.as_str())).collect();
    assert_eq!(found, [(Severity::Warning, "events.allow_without_token")]);
    let both = "events.allow_without_token = true\nevents.tokens = [{ env = \"SEI_TEST_NO_SUCH_VARIABLE\" }]";
    assert!(check(both).0.is_none());
}

#[test]
fn every_section_is_known_to_every_program() {
    let schema = generate_schema::<Settings>();
    let declared: BTreeSet<&str> = Schema::new(&schema).keys().map(|(key, _)| key).collect();
    assert_eq!(declared, BTreeSet::from(SECTIONS), "runtime::settings::SECTIONS names the sections");
}

fn repository_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

#[test]
fn the_reference_in_the_repository_is_generated_from_the_declarations() {
    for (name, command, text) in [
        ("sei.default.toml", "sei config default", reference::toml::<Settings>()),
        ("docs/settings.md", "sei config default --markdown", reference::markdown::<Settings>()),
    ] {
        let in_repository = std::fs::read_to_string(repository_file(name)).unwrap_or_default();
        assert!(in_repository == text, "{name} is not what the code declares: run `{command} > {name}`");
    }
}

/// The reference with its examples: each commented line that is TOML is taken in.
fn with_examples() -> String {
    let is_toml = |line: &str| {
        line.starts_with('[')
            || line.split_once(" = ").is_some_and(|(key, _)| {
                !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '"' | '.'))
            })
    };
    let reference = reference::toml::<Settings>();
    let lines = reference.lines().map(|line| line.strip_prefix("# ").filter(|line| is_toml(line)).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_states_the_defaults_and_its_examples_are_settings_without_errors() {
    let (defaults, problems) = check(&reference::toml::<Settings>());
    assert_eq!(problems, []);
    let json = |settings: &Settings| serde_json::to_value(settings).unwrap();
    assert_eq!(json(&defaults.unwrap()), json(&Settings::default()));
    let text = with_examples();
    let errors: Vec<SettingsProblem> =
        check(&text).1.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
    // the team of the example is part of another, which no example shows
    let keys: Vec<&str> = errors.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["team.0.parent"], "{errors:#?}\n{text}");
}

#[test]
fn every_key_stands_in_the_reference_with_a_text() {
    fn visit(path: &str, schema: Schema<'_>, text: &str) {
        for (key, schema) in schema.keys().filter(|_| !schema.is_secret()) {
            let inner = schema.items().filter(|items| items.is_table()).unwrap_or(schema);
            let described = !schema.description().is_empty() || !inner.description().is_empty();
            assert!(described, "{path}.{key} has no text");
            let header = format!("{}{key}]", if path.is_empty() { "[".to_owned() } else { format!("{path}.") });
            let written = text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = ")));
            assert!(written || text.contains(&header), "{path}.{key} is not in the reference");
            visit(format!("{path}.{key}").trim_start_matches('.'), inner, text);
        }
    }
    let text = reference::toml::<Settings>();
    for (name, section) in reference::sections::<Settings>() {
        let section = Schema::new(&section);
        visit(&name, section.items().filter(|items| items.is_table()).unwrap_or(section), &text);
    }
}

/// Places where the settings take references to secrets: a TOML text with `VALUE` for a reference or `TEXT` for a table
/// that has some, made by walking the schema.
fn places_of_secrets(path: &[String], schema: Schema<'_>, places: &mut Vec<String>) {
    let assignment = |value: &str| {
        let keys: Vec<String> = path.iter().map(|key| format!("{key:?}")).collect();
        format!("{} = {value}\n", keys.join("."))
    };
    let below = |key: &str| [path, &[key.to_owned()]].concat();
    if schema.is_secret() {
        places.extend([assignment("VALUE"), assignment("{ env = VALUE }"), assignment("{ file = VALUE }")]);
    }
    if let Some(items) = schema.items().filter(|items| items.holds_secrets()) {
        places.push(assignment("VALUE"));
        let mut inner = Vec::new();
        places_of_secrets(&[], items, &mut inner);
        // an entry of the list: the secret itself, or a table that has it
        for place in inner {
            let entry = place
                .trim_end()
                .strip_prefix(" = ")
                .map_or_else(|| format!("{{ {} }}", place.trim_end()), str::to_owned);
            places.push(assignment(&format!("[{entry}]")));
        }
    }
    if let Some(entries) = schema.entries().filter(|entries| entries.holds_secrets()) {
        places_of_secrets(&below("name.of.user"), entries, places);
    }
    for (key, inner) in schema.keys().filter(|(_, inner)| inner.holds_secrets()).filter(|_| !schema.is_secret()) {
        places.push(assignment("TEXT"));
        places_of_secrets(&below(key), inner, places);
    }
}

#[test]
fn a_secret_pasted_where_a_reference_belongs_is_shown_nowhere() {
    const VALUES: [&str; 8] = [
        "\"ghp_hunter2\"",
        "ghp_hunter2",
        "{ value = \"ghp_hunter2\" }",
        "{ ghp_hunter2 = \"x\" }",
        "{ env = [\"ghp_hunter2\"] }",
        "[\"ghp_hunter2\"]",
        "[[\"ghp_hunter2\"]]",
        "{ env = \"SEI_TEST_NO_SUCH_VARIABLE\", file = \"ghp_hunter2\" }",
    ];
    let mut places = Vec::new();
    for (name, section) in reference::sections::<Settings>() {
        let mut of_section = Vec::new();
        places_of_secrets(&[name], Schema::new(&section), &mut of_section);
        // the connector decides which keys a source has
        let connector = section["x-variant"].as_str().map(|connector| format!("[{{ \"connector\" = {connector:?}, "));
        places.extend(of_section.into_iter().map(|place| match &connector {
            Some(connector) => place.replace("[{ ", connector),
            None => place,
        }));
    }
    let places: BTreeSet<String> = places.into_iter().filter(|place| !place.starts_with(" = ")).collect();
    for known in [
        "\"source\" = [{ \"connector\" = \"github\", \"pull\".\"token\" = VALUE }]",
        "\"events\".\"tokens\" = [VALUE]",
        "\"database\".\"url\" = VALUE",
    ] {
        assert!(places.contains(&format!("{known}\n")), "{known} is not among {places:#?}");
    }
    for place in &places {
        // a section takes keys of its own, which are no secrets
        let values = if place.contains("TEXT") { VALUES.split_at(2).0 } else { &VALUES };
        for value in values {
            let text = place.replace("VALUE", value).replace("TEXT", value);
            let (settings, problems) = check(&text);
            let shown = format!("{problems:?} {}", toml::to_string(&settings.unwrap_or_default()).unwrap());
            assert!(!shown.contains("hunter2"), "{text}\n{shown}");
            let nested = place.contains("{ env = VALUE }") || place.contains("{ file = VALUE }");
            assert!(!problems.is_empty() || nested, "{text} is taken");
        }
    }
}

#[test]
fn a_secret_beside_its_place_is_not_shown_either() {
    for text in [
        "[[source]]\nconnector = \"github\"\ntokn = \"ghp_hunter2\"",
        "[[source]]\nconnector = \"github\"\ntoken = \"ghp_hunter2\"",
        "[[source]]\nconnector = \"github\"\n[source.pull]\ntokn = \"ghp_hunter2\"",
        "[[source]]\nconnector = \"github\"\n[source.pull]\nprivate_key = \"ghp_hunter2\"",
        "[[source]]\nconnector = \"github\"\npull = \"ghp_hunter2\"",
        "[[source]]\nconnector = \"github\"\n[source.webhook]\nsecret = \"ghp_hunter2\"",
        "[webhooks.github.main]\nsecrets = [\"ghp_hunter2\"]",
        "[log.kafka.properties]\n\"sasl.password\" = \"ghp_hunter2\"",
        "[[source]]\nconnector = \"git\"\n[source.pull]\nurls = [\"https://ann:hunter2@git.example/a.git\"]\n\
         schedule = \"https://ann:hunter2@git.example/\"",
    ] {
        let (_, problems) = check(text);
        assert!(!problems.is_empty() && !format!("{problems:?}").contains("hunter2"), "{text}\n{problems:?}");
    }
}
