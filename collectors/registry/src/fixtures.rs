//! What comes with each connector: payloads, its page for those who set it up, and its row in the README.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use connector::testing::event;
use kernel::{Fact, NotStored};

use crate::connector;

/// Connectors without such files, and why.
const ELSEWHERE: [(&str, &str); 3] = [
    ("git", "its tests make repositories"),
    ("generic", "its payloads are the examples of its schema"),
    ("gharchive", "its tests put GitHub's payloads into other words"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The directory of a connector's crate.
fn directory(connector: &str) -> PathBuf {
    root().join("collectors/connectors").join(connector)
}

/// What a connector's fixture becomes.
pub(crate) fn normalized(name: &str, fixture: &str) -> Result<Vec<Fact>, NotStored> {
    let data = std::fs::read(directory(name).join("fixtures").join(format!("{fixture}.json"))).unwrap();
    let connector = connector(name).unwrap();
    connector.normalize(&event(connector, fixture, data.into()))
}

#[test]
fn each_registered_connector_has_fixtures() {
    for connector in crate::all() {
        let name = connector.name();
        let reason = ELSEWHERE.iter().find(|(excused, _)| *excused == name);
        let found = connector::testing::fixtures(&directory(name)).len();
        assert!(
            found > 0 || reason.is_some(),
            "collectors/connectors/{name}/fixtures/ holds no payloads: see docs/connector-guide.md"
        );
    }
}

#[test]
fn each_registered_connector_has_a_page_on_how_to_set_it_up() {
    for connector in crate::all() {
        let page = directory(connector.name()).join("README.md");
        assert!(page.is_file(), "{} is missing: see docs/connector-guide.md", page.display());
    }
}

#[test]
fn the_table_of_the_readme_has_one_row_a_connector() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let rows: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| [`")?.split_once("`](collectors/connectors/"))
        .map(|(name, _)| name)
        .collect();
    let registered: BTreeSet<&str> = crate::all().iter().map(|connector| connector.name()).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), registered);
    assert_eq!(rows.len(), registered.len(), "a connector has two rows");
}
