//! Each connector's own payloads, in `tests/fixtures/<connector>/<event>[.<what>].json`: what becomes of
//! each is a snapshot beside it. And what else comes with a connector: its page for those who set it up,
//! and its row in the README.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use connector::Connector;
use kernel::{Envelope, Fact, NotStored, Tenant};

use crate::registry;

/// Connectors without such files, and why.
const ELSEWHERE: [(&str, &str); 3] = [
    ("git", "its tests make repositories"),
    ("generic", "its payloads are the examples of its schema"),
    ("gharchive", "its tests put GitHub's payloads into other words"),
];

/// Connectors whose files are read by tests of their own.
const TESTED_ELSEWHERE: [&str; 4] = ["devlake", "github", "gitlab", "jira"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names and bytes of a connector's files.
fn fixtures(connector: &str) -> Vec<(String, Bytes)> {
    let Ok(folder) = std::fs::read_dir(root().join("tests/fixtures").join(connector)) else { return Vec::new() };
    let json =
        folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut all: Vec<(String, Bytes)> = json
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap().into()))
        .collect();
    all.sort();
    all
}

/// A fixture as it would stand in the log. The time is one that no fixture holds.
fn event(connector: &dyn Connector, name: &str, data: Bytes) -> Envelope {
    Envelope {
        id: "1".to_owned(),
        source: format!("{}/main", connector.name()),
        kind: format!("{}.{}", connector.name(), name.split('.').next().unwrap()),
        subject: None,
        time: "2026-03-01T10:00:00Z".parse().unwrap(),
        tenant: Tenant::default(),
        key: "1".to_owned(),
        content_type: "application/json".to_owned(),
        data,
    }
}

/// What a connector's fixture becomes.
pub(crate) fn normalized(connector: &str, name: &str) -> Result<Vec<Fact>, NotStored> {
    let data = std::fs::read(root().join("tests/fixtures").join(connector).join(format!("{name}.json"))).unwrap();
    let connector = registry::connector(connector).unwrap();
    connector.normalize(&event(connector, name, data.into()))
}

#[test]
fn each_registered_connector_has_fixtures() {
    for connector in registry::all() {
        let name = connector.name();
        let reason = ELSEWHERE.iter().find(|(excused, _)| *excused == name);
        let found = fixtures(name).len();
        assert!(found > 0 || reason.is_some(), "tests/fixtures/{name}/ holds no payloads: see docs/connector-guide.md");
    }
}

#[test]
fn each_fixture_becomes_what_its_snapshot_says() {
    for connector in registry::all().iter().filter(|connector| !TESTED_ELSEWHERE.contains(&connector.name())) {
        for (name, data) in fixtures(connector.name()) {
            let facts = connector.normalize(&event(*connector, &name, data));
            assert!(facts.iter().flatten().all(|fact| Fact::check(fact).is_ok()), "{name}: {facts:?}");
            let folder = root().join("tests/fixtures").join(connector.name()).join("snapshots");
            insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
                match facts {
                    Ok(facts) => insta::assert_json_snapshot!(name, facts),
                    Err(reason) => insta::assert_json_snapshot!(name, reason.to_string()),
                }
            });
        }
    }
}

#[test]
fn each_registered_connector_has_a_page_on_how_to_set_it_up() {
    for connector in registry::all() {
        let page = root().join("docs/sources").join(format!("{}.md", connector.name()));
        assert!(page.is_file(), "docs/sources/{}.md is missing: see docs/connector-guide.md", connector.name());
    }
}

#[test]
fn the_table_of_the_readme_has_one_row_a_connector() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let rows: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| [`")?.split_once("`](docs/sources/"))
        .map(|(name, _)| name)
        .collect();
    let registered: BTreeSet<&str> = registry::all().iter().map(|connector| connector.name()).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), registered);
    assert_eq!(rows.len(), registered.len(), "a connector has two rows");
}
