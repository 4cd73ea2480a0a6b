use std::collections::BTreeSet;

use super::*;

fn read(file: &str, variables: &[(&str, &str)], overrides: &[&str]) -> (Option<Settings>, Vec<Problem>) {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    match Layered::new(Some(Path::new("my.toml")), file.to_owned(), variables, &overrides) {
        Ok(layered) => layered.settings(),
        Err(problem) => (None, vec![problem]),
    }
}

fn reported(file: &str) -> Vec<String> {
    read(file, &[], &[]).1.iter().map(ToString::to_string).collect()
}

#[test]
fn the_defaults_need_no_file() {
    let (settings, problems) = read("", &[], &[]);
    assert_eq!(problems, []);
    let settings = settings.unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.data.folder, Path::new(".sei"));
    assert_eq!(settings.dora.attribution_window.as_secs(), 24 * 3600);
}

#[test]
fn a_file_goes_over_the_defaults_the_environment_over_it_and_flags_over_all() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\nin_flight = 7\n[telemetry]\nfilter = \"debug\"\n";
    let environment =
        [("SEI_SERVER__LISTEN", "127.0.0.1:2"), ("SEI_TELEMETRY__FORMAT", "json"), ("SEI_CONFIG", "x"), ("HOME", "y")];
    let (settings, problems) = read(file, &environment, &["server.listen=127.0.0.1:3"]);
    assert_eq!(problems, []);
    let settings = settings.unwrap();
    assert_eq!(settings.server.listen.port(), 3);
    assert_eq!(settings.server.in_flight, 7);
    assert_eq!(settings.telemetry.filter, "debug");
    assert_eq!(settings.telemetry.format, crate::settings::LogFormat::Json);
    let (settings, _) = read(file, &environment, &[]);
    assert_eq!(settings.unwrap().server.listen.port(), 2);
    let (settings, _) = read("", &[("SEI_DATABASE__URL__ENV", "DB")], &[]);
    assert_eq!(settings.unwrap().database.url, Some(crate::settings::SecretRef::Env("DB".into())));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one file with every problem, and the list of them")]
fn every_problem_is_named_with_its_key_line_and_what_was_expected() {
    let file = r#"
[server]
listn = "127.0.0.1:1"
timeout = "soon"
in_flight = "many"

[log]
kind = "kafak"

[database]
url = "postgres://user:hunter2@host/db"

[dora]
time_zone = "Mars/Olympus"
hotfix = "("
bots = "renovate"

[[git]]
url = "."
schedule = "*/5 * * *"

[[git]]
schedule = "0 0 * * * *"

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

[webhooks.github.main]
secrets = []
tenant = "Main"

[log.kafka.properties]
"sasl.password" = "hunter2"
"#;
    let problems = reported(file);
    let expected = [
        "error: server.listn: found an unknown key, expected a known one; did you mean `listen`?\n  at my.toml:3",
        "error: server.timeout: found the text `soon`, expected a duration such as \"30s\", \"24h\" or \"90d\"\n  at my.toml:4",
        "error: server.in_flight: found the text `many`, expected a whole number, not negative\n  at my.toml:5",
        "error: log.kind: found `kafak`, expected one of `embedded`, `kafka`\n  at my.toml:8",
        "error: database.url: found something else (not shown: it may be a secret), expected a reference to a secret: { env = \"NAME\" } or { file = \"/path\" }\n  at my.toml:11",
        "error: dora.time_zone: found the text `Mars/Olympus`, expected an IANA time zone such as `UTC` or `Europe/Berlin`\n  at my.toml:14",
        "error: dora.hotfix: found `(`, expected a regular expression (unclosed group)\n  at my.toml:15",
        "error: dora.bots: found the text `renovate`, expected a list\n  at my.toml:16",
        "error: git.0.schedule: found `*/5 * * *`, expected a cron expression, such as `*/5 * * * *` (minute, hour, day, month, day of week)\n  at my.toml:20",
        "error: git.1.url: found nothing, expected `url` to be set\n  at my.toml:22",
        "error: service.0.team: found `paymants`, which no [[team]] has, expected the name of a [[team]]; did you mean `payments`?\n  at my.toml:27",
        "error: service.1.name: found `a` a second time, expected a name once among all services\n  at my.toml:30",
        "error: service.1.repositories.0: found `https://github.com/O/A.git`, expected the id of a repository, host/owner/name: `github.com/o/a`\n  at my.toml:31",
        "error: service.1.repositories.1: found `A`, expected the id of a repository: host/owner/name in lower case\n  at my.toml:31",
        "error: service.1.deployments_from: found `tags`, expected one of deployment, branch, pipeline, cdevents, release, tag\n  at my.toml:32",
        "error: team.0.parent: found a circle: payments → shop → payments, expected teams that end in one without a parent\n  at my.toml:36",
        "error: team.1.parent: found a circle: shop → payments → shop, expected teams that end in one without a parent\n  at my.toml:40",
        "error: webhooks.github.main.secrets: found none, expected one or more: nothing is taken unverified\n  at my.toml:43",
        "error: log.kafka.properties.sasl.password: found a secret in the settings, expected `sasl.password` under [log.kafka.secret_properties], as a reference to the secret\n  at my.toml:46",
    ];
    for line in expected {
        assert!(problems.iter().any(|problem| problem == line), "missing: {line}\nall: {problems:#?}");
    }
    assert!(
        problems.iter().any(|problem| problem.starts_with("error: webhooks.github.main.tenant: found `Main`")),
        "{problems:#?}"
    );
    assert_eq!(problems.len(), expected.len() + 1, "{problems:#?}");
    assert!(!problems.join("").contains("hunter2"));
}

#[test]
fn secrets_that_are_not_there_warn_and_empty_ones_are_refused() {
    let file = "[events]\ntokens = [{ env = \"SEI_TEST_NO_SUCH_VARIABLE\" }, { file = \"/dev/null\" }]\n";
    let (settings, problems) = read(file, &[], &[]);
    assert!(settings.is_none());
    let found: Vec<_> = problems.iter().map(|problem| (problem.severity, problem.key.as_str())).collect();
    assert_eq!(found, [(Severity::Error, "events.tokens.1"), (Severity::Warning, "events.tokens.0")]);
}

#[test]
fn listening_to_the_world_without_a_login_warns_and_says_what_to_do() {
    for listen in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
        let (settings, problems) = read("", &[("SEI_SERVER__LISTEN", listen)], &[]);
        assert!(settings.is_some());
        let found: Vec<_> = problems.iter().map(|problem| (problem.severity, problem.key.as_str())).collect();
        assert_eq!(found, [(Severity::Warning, "server.listen")]);
        assert!(problems[0].to_string().contains("server.allowed_hosts"), "{}", problems[0]);
        let (_, problems) =
            read("server.allowed_hosts = [\"sei.example.org\"]", &[("SEI_SERVER__LISTEN", listen)], &[]);
        assert!(problems.is_empty(), "{problems:?}");
    }
}

#[test]
fn posting_without_a_token_has_to_be_asked_for_and_is_warned_of() {
    let (_, problems) = read("events.allow_without_token = true", &[], &[]);
    let found: Vec<_> = problems.iter().map(|problem| (problem.severity, problem.key.as_str())).collect();
    assert_eq!(found, [(Severity::Warning, "events.allow_without_token")]);
    let both = "events.allow_without_token = true\nevents.tokens = [{ env = \"SEI_TEST_NO_SUCH_VARIABLE\" }]";
    assert!(read(both, &[], &[]).0.is_none());
}

#[test]
fn a_value_in_place_of_a_secret_is_never_shown_in_whatever_section_and_form() {
    let sections = [
        "[[source]]\nconnector = \"github\"\ntoken = VALUE",
        "[events]\ntokens = VALUE",
        "[events]\ntokens = [VALUE]",
        "[webhooks.github.main]\nsecrets = VALUE",
        "[webhooks.github.main]\nsecrets = [VALUE]",
        "[database]\nurl = VALUE",
        "[log.kafka.secret_properties]\n\"sasl.password\" = VALUE",
        "[log.kafka.properties]\n\"sasl.password\" = VALUE",
        "[[source]]\nconnector = \"github\"\ntokn = VALUE",
        "[[git]]\nurl = VALUE",
    ];
    let values = [
        "\"ghp_hunter2\"",
        "ghp_hunter2",
        "{ value = \"ghp_hunter2\" }",
        "{ ghp_hunter2 = \"x\" }",
        "{ env = [\"ghp_hunter2\"] }",
        "[\"ghp_hunter2\"]",
        "[[\"ghp_hunter2\"]]",
        "{ env = \"SEI_TEST_NO_SUCH_VARIABLE\", file = \"ghp_hunter2\" }",
    ];
    for section in sections {
        for value in values {
            let file = section.replace("VALUE", value);
            if let Err(problem) = syntax(Some(Path::new("my.toml")), &file) {
                assert!(!problem.to_string().contains("hunter2"), "{problem}");
                continue;
            }
            let (_, problems) = read(&file, &[], &[]);
            let shown = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            let url_of_git = section.starts_with("[[git]]");
            assert!(url_of_git || !problems.is_empty(), "{file}");
            assert!(!shown.contains("hunter2"), "{file}\n{shown}");
        }
    }
    let (_, problems) = read("", &[("SEI_EVENTS__TOKENS", "ghp_hunter2")], &[]);
    assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    let (_, problems) = read("", &[], &["events.tokens ghp_hunter2"]);
    assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
}

#[test]
fn a_problem_says_which_variable_or_flag_it_is_in() {
    let (_, problems) = read("", &[("SEI_SERVER__IN_FLIGHT", "x")], &["dora.hotfix=("]);
    let places: Vec<_> = problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["the flag --set dora.hotfix=…", "the environment variable SEI_SERVER__IN_FLIGHT"]);
    let (_, problems) = read("", &[], &["nonsense"]);
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    let error = syntax(Some(Path::new("my.toml")), "[server]\nlisten = \n").unwrap_err();
    assert_eq!(error.place, "my.toml:2");
}

/// The default file with its examples: each commented line that is TOML is taken in.
fn with_examples() -> String {
    let is_toml = |line: &str| {
        line.starts_with('[')
            || line.split_once(" = ").is_some_and(|(key, _)| {
                !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '"' | '.'))
            })
    };
    DEFAULTS
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(example) if is_toml(example) => example,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn keys(value: &serde_json::Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                keys(value, &path, into);
            }
        }
        serde_json::Value::Array(list) if list.iter().any(serde_json::Value::is_object) => {
            for value in list {
                keys(value, path, into);
            }
        }
        _ => {
            into.insert(path.to_owned());
        }
    }
}

#[test]
fn the_reference_names_every_setting_and_no_other() {
    let text = with_examples();
    let documented: serde_json::Value = serde_json::to_value(toml::from_str::<toml::Table>(&text).unwrap()).unwrap();
    let settings: Settings = serde_json::from_value(documented.clone()).unwrap();
    let settings = serde_json::to_value(settings).unwrap();
    let (mut in_file, mut in_struct) = (BTreeSet::new(), BTreeSet::new());
    keys(&documented, "", &mut in_file);
    keys(&settings, "", &mut in_struct);
    assert_eq!(in_file, in_struct);
    assert!(in_file.contains("webhooks.github.main.secrets.env") && in_file.contains("team.parent"), "{in_file:?}");
}

#[test]
fn examples_of_defaults_say_what_the_default_is() {
    let examples: Settings = toml::from_str(&with_examples()).unwrap();
    let source = examples.git.first().unwrap();
    assert_eq!(source.tag_pattern, crate::settings::version_tags());
    assert_eq!(source.schedule, crate::settings::every_five_minutes());
    assert!(!source.line_counts);
}

#[test]
fn what_incidents_are_part_of_is_checked() {
    let text = r#"
[[service]]
name = "a"
incidents = ["jira:SHOP", "JIRA:example.com/shop/component/Pay", "pagerduty:P1", "label:x", "service:A b", "SHOP"]

[webhooks.gitlab.main]
secrets = [{ env = "PATH" }]
canceled = ["Abgelehnt"]

[webhooks.jira.main]
secrets = [{ env = "PATH" }]
canceled = ["Abgelehnt"]
"#;
    let problems = reported(text);
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems[0].starts_with(
            "error: service.0.incidents.5: found `SHOP`, expected what incidents are part of: `jira:SHOP`"
        )
    );
    assert!(
        problems[1].starts_with("error: webhooks.gitlab.main.canceled: found `Abgelehnt`, expected none: only Jira")
    );
}
