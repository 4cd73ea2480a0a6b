use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::settings::{
    Database, LogFormat, OptionsType, SecretRef, Server, Source, SourceOptions, SourcePart, SourceType, Telemetry,
};

/// The settings of a program with a few sections.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
struct Few {
    database: Database,
    server: Server,
    source: Vec<Source>,
    telemetry: Telemetry,
}

/// The options of a connector.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    #[expect(dead_code, reason = "read, to see what reading says")]
    token: SecretRef,
    #[serde(default)]
    projects: Vec<String>,
}

impl SourceOptions for Options {
    fn check(&self, key: &str, findings: &mut Findings) {
        findings.one_or_more(format!("{key}.projects"), self.projects.len());
    }
}

impl Settings for Few {
    crate::process_sections!();

    fn sources(&self) -> &[Source] {
        &self.source
    }

    fn source_types() -> Vec<SourceType> {
        let pull = Some(OptionsType::of::<Options>());
        vec![SourceType { connector: "forge", pull, has_webhook: false, has_canceled: false }]
    }

    fn check(&self, findings: &mut Findings) {
        self.database.check(findings);
        self.server.check(findings);
        Source::check(&self.source, &Self::source_types(), &[SourcePart::Pull], findings);
        self.telemetry.check(findings);
    }
}

fn read(file: &str, variables: &[(&str, &str)], overrides: &[&str]) -> (Option<Few>, Vec<SettingsProblem>) {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    match Layered::new(Some(Path::new("my.toml")), file.to_owned(), variables, &overrides) {
        Ok(layered) => layered.settings(),
        Err(problem) => (None, vec![problem]),
    }
}

#[test]
fn the_defaults_need_no_file() {
    let (settings, problems) = read("", &[], &[]);
    assert_eq!(problems, []);
    assert_eq!(settings.unwrap().server.listen.to_string(), "127.0.0.1:8080");
}

#[test]
fn sections_of_other_programs_are_left_alone_and_unknown_ones_refused() {
    let file = "[dora]\npeople = true\n[[service]]\nname = \"a\"\n[sever]\nlisten = \"127.0.0.1:1\"\n";
    let (settings, problems) = read(file, &[], &[]);
    assert!(settings.is_none());
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected = "error: sever: found an unknown key, expected a known one; did you mean `server`?\n  at my.toml:5";
    assert_eq!(shown, [expected]);
}

#[test]
fn a_file_goes_over_the_defaults_the_environment_over_it_and_flags_over_all() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\nconnections = 77\n[telemetry]\nfilter = \"debug\"\n";
    let environment =
        [("SEI_SERVER__LISTEN", "127.0.0.1:2"), ("SEI_TELEMETRY__FORMAT", "json"), ("SEI_CONFIG", "x"), ("HOME", "y")];
    let (settings, problems) = read(file, &environment, &["server.listen=127.0.0.1:3"]);
    assert_eq!(problems, []);
    let settings = settings.unwrap();
    assert_eq!(settings.server.listen.port(), 3);
    assert_eq!(settings.server.connections, 77);
    assert_eq!(settings.telemetry.filter, "debug");
    assert_eq!(settings.telemetry.format, LogFormat::Json);
    let (settings, _) = read(file, &environment, &[]);
    assert_eq!(settings.unwrap().server.listen.port(), 2);
    let (settings, _) = read("", &[("SEI_DATABASE__URL__ENV", "DB")], &[]);
    assert_eq!(settings.unwrap().database.url, Some(SecretRef::Env("DB".into())));
}

#[test]
fn secrets_that_are_not_there_warn_and_empty_ones_are_refused() {
    for (url, severity) in
        [("{ env = \"SEI_TEST_NO_SUCH_VARIABLE\" }", Severity::Warning), ("{ file = \"/dev/null\" }", Severity::Error)]
    {
        let (settings, problems) = read(&format!("[database]\nurl = {url}\n"), &[], &[]);
        assert_eq!(settings.is_none(), severity == Severity::Error);
        let found: Vec<_> = problems.iter().map(|problem| (problem.severity, problem.key.as_str())).collect();
        assert_eq!(found, [(severity, "database.url")]);
    }
}

#[test]
fn a_problem_says_which_variable_or_flag_it_is_in() {
    let (_, problems) = read("", &[("SEI_SERVER__CONNECTIONS", "x")], &["server.public_url=x"]);
    let places: Vec<_> = problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["the environment variable SEI_SERVER__CONNECTIONS", "the flag --set server.public_url=…"]);
    let (_, problems) = read("", &[], &["nonsense"]);
    assert_eq!(problems.len(), 1);
}

#[test]
fn options_of_a_source_are_read_as_their_connector_declares_them() {
    let keys = |options: &str| {
        let (settings, problems) =
            read(&format!("[[source]]\nconnector = \"forge\"\n[source.pull]\n{options}"), &[], &[]);
        assert_eq!(settings.is_none(), problems.iter().any(|problem| problem.severity == Severity::Error));
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
        problems.into_iter().map(|problem| (problem.key, problem.place)).collect::<Vec<_>>()
    };
    let at = |key: &str, line: usize| (key.to_owned(), format!("my.toml:{line}"));
    assert_eq!(keys("token = { env = \"PATH\" }\nprojects = [\"a\"]\n"), []);
    assert_eq!(
        keys("token = \"hunter2\"\nprojets = 5\nschedule = \"x\"\n"),
        [
            at("source.0.pull.projects", 3),
            at("source.0.pull.projets", 5),
            at("source.0.pull.schedule", 6),
            at("source.0.pull.token", 4)
        ]
    );
    assert_eq!(keys("projects = [\"a\", 5]\n"), [at("source.0.pull.projects.1", 4), at("source.0.pull.token", 3)]);
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    let error = syntax(Some(Path::new("my.toml")), "[server]\nlisten = \n").unwrap_err();
    assert_eq!(error.place, "my.toml:2");
}

#[test]
fn a_flag_that_is_no_setting_shows_nothing_of_what_may_be_a_secret() {
    let (_, problems) = read("", &[], &["database.url ghp_hunter2"]);
    assert!(!problems.is_empty() && !format!("{problems:?}").contains("hunter2"), "{problems:?}");
    let (_, problems) = read("", &[("SEI_DATABASE__URL", "ghp_hunter2")], &[]);
    assert!(!problems.is_empty() && !format!("{problems:?}").contains("hunter2"), "{problems:?}");
    let (_, problems) = read("", &[("SEI_SOURCE", "ghp_hunter2")], &["source=ghp_hunter2"]);
    assert!(!problems.is_empty() && !format!("{problems:?}").contains("hunter2"), "{problems:?}");
}
