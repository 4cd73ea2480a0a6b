//! What `sei config check` says of `[[source]]`, and the examples in the pages of connectors.

use std::path::Path;

use runtime::Severity;
use runtime::settings::Source;

use super::{check, problems_of};

#[test]
fn a_connector_that_there_is_not_is_named_with_the_one_that_was_meant() {
    let problems = problems_of("[[source]]\nconnector = \"gitlap\"\n[source.pull]\nurl = \"x\"\n");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0].starts_with("error: source.0.connector: found `gitlap`, which no connector is called, expected")
            && problems[0].ends_with("did you mean `gitlab` or `git`?\n  at my.toml:2"),
        "{problems:#?}"
    );
    // gharchive is imported only
    let problems = problems_of("[[source]]\nconnector = \"gharchive\"\n[source.pull]\n");
    assert!(problems[0].contains("which no connector is called"), "{problems:#?}");
}

#[test]
fn a_source_has_parts_that_its_connector_has_and_at_least_one() {
    let secrets = "[source.webhook]\nsecrets = [{ env = \"PATH\" }]\n";
    for (text, expected) in [
        (
            "[[source]]\nconnector = \"github\"\n".to_owned(),
            "error: source.0: found neither [source.pull] nor [source.webhook], expected [source.pull], [source.webhook] \
             or both below it\n  at my.toml:1",
        ),
        (
            "[[source]]\nconnector = \"tekton\"\n[source.pull]\n".to_owned(),
            "error: source.0.pull: found [source.pull] of tekton, expected [source.webhook] only\n  at my.toml:3",
        ),
        (
            format!("[[source]]\nconnector = \"git\"\n[source.pull]\nurls = [\".\"]\n{secrets}"),
            "error: source.0.webhook: found [source.webhook] of git, expected [source.pull] only\n  at my.toml:5",
        ),
    ] {
        assert_eq!(problems_of(&text), [expected], "{text}");
    }
    let both = format!("[[source]]\nconnector = \"github\"\n[source.pull]\ntoken = {{ env = \"PATH\" }}\n{secrets}");
    let (settings, problems) = check(&both);
    assert_eq!(problems, []);
    let names: Vec<String> = settings.unwrap().source.iter().map(Source::full_name).collect();
    assert_eq!(names, ["github/main"]);
}

#[test]
fn a_name_is_used_once_among_the_sources_of_a_connector() {
    let source = |connector: &str, name: &str| {
        format!("[[source]]\nconnector = {connector:?}\n{name}[source.webhook]\nsecrets = [{{ env = \"PATH\" }}]\n")
    };
    let good = [source("github", ""), source("gitlab", ""), source("github", "name = \"other\"\n")].concat();
    assert_eq!(problems_of(&good), Vec::<String>::new());
    let twice = [source("github", ""), source("github", "name = \"main\"\n"), source("github", "name = \"a/b\"\n")];
    let expected = [
        "error: source.1.name: found `main` a second time, expected a name once among all sources of a connector; \
         one can have both [source.pull] and [source.webhook]\n  at my.toml:7",
        "error: source.2.name: found `a/b`, expected a name without `/`\n  at my.toml:12",
    ];
    assert_eq!(problems_of(&twice.concat()), expected);
}

#[test]
fn a_url_is_listed_once_for_a_tenant() {
    let source = |name: &str, tenant: &str, urls: &str| {
        let head = format!("[[source]]\nconnector = \"git\"\nname = {name:?}\ntenant = {tenant:?}\n");
        format!("{head}[source.pull]\nurls = {urls}\n")
    };
    let good = [source("one", "main", "[\"a\", \"b\"]"), source("two", "other", "[\"a\"]")].concat();
    assert_eq!(problems_of(&good), Vec::<String>::new());
    let twice = [source("one", "main", "[\"a\", \"a\"]"), source("two", "main", "[\"b\", \"a\"]")].concat();
    let problems = problems_of(&twice);
    let keys = ["source.0.pull.urls.1", "source.1.pull.urls.1"];
    assert_eq!(problems.len(), keys.len(), "{problems:#?}");
    for (problem, key) in problems.iter().zip(keys) {
        assert!(problem.starts_with(&format!("error: {key}: found `a` a second time")), "{problem}");
    }
}

#[test]
fn options_are_checked_by_the_type_of_their_connector() {
    for (connector, options, expected) in [
        (
            "jenkins",
            "url = \"https://ci.example.org\"\ntoken = { env = \"PATH\" }",
            "source.0.pull.user: found nothing",
        ),
        ("jira", "token = { env = \"PATH\" }", "source.0.pull.url: found nothing"),
        ("gitlab", "groups = [\"a\"]", "source.0.pull.token: found nothing"),
        ("github", "", "source.0.pull.token: found nothing"),
        ("github", "app_id = 7", "source.0.pull.private_key: found nothing"),
        ("github", "token = { env = \"PATH\" }\nprojects = [\"a/b/c\"]", "source.0.pull.projects.0: found `a/b/c`"),
        ("github", "token = { env = \"PATH\" }\njobs = 5", "source.0.pull.jobs: found"),
        ("pagerduty", "token = { env = \"PATH\" }\ngroups = []", "source.0.pull.groups: found an unknown key"),
        ("circleci", "token = { env = \"PATH\" }\nprojects = []", "source.0.pull.projects: found none"),
        ("git", "urls = []", "source.0.pull.urls: found none"),
        ("git", "urls = [\".\"]\ntag_pattern = \"(\"", "source.0.pull.tag_pattern: found `(`"),
        ("git", "urls = [\"a\", \"b\"]\nrepository = \"h/o/n\"", "source.0.pull.repository: found the id of one"),
    ] {
        let text = format!("[[source]]\nconnector = {connector:?}\n[source.pull]\n{options}\n");
        let problems = problems_of(&text);
        assert!(problems.len() == 1 && problems[0].contains(expected), "{text}\n{problems:#?}");
    }
}

#[test]
fn an_unknown_section_names_the_nearest_and_a_misplaced_key_where_it_belongs() {
    for (text, key, words) in [
        ("[[sources]]\nconnector = \"git\"\n", "sources", ["unknown key", "did you mean", "`source`?"]),
        ("[webhooks.github.main]\nsecrets = []\n", "webhooks", ["unknown key", "one of ", "`source`"]),
        (
            "[[source]]\nconnector = \"github\"\nprojects = [\"a/b\"]\n",
            "source.0.projects",
            ["unknown key", "[source.pull]", "[source.webhook]"],
        ),
    ] {
        let problems = problems_of(text);
        let problem = problems.iter().find(|problem| problem.starts_with(&format!("error: {key}: "))).unwrap();
        assert!(words.iter().all(|word| problem.contains(word)), "{problem}");
    }
}

#[test]
fn the_examples_in_the_pages_of_connectors_and_in_the_readme_are_settings_without_errors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let of_connector = |kind: runtime::settings::SourceType| {
        (root.join("collectors/connectors").join(kind.connector).join("README.md"), Some(kind.connector))
    };
    let pages = registry::source_types().into_iter().map(of_connector);
    for (page, connector) in pages.chain([(root.join("README.md"), None)]) {
        let text = std::fs::read_to_string(&page).unwrap();
        let mut named = 0;
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let block = block.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
            let (settings, problems) = check(&block);
            let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{}: {block}\n{errors:#?}", page.display());
            let sources = settings.unwrap().source;
            named += sources.iter().filter(|source| connector.is_none_or(|name| source.connector == name)).count();
        }
        assert!(named > 0, "{} shows no [[source]]", page.display());
    }
}
