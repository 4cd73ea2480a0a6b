//! What comes with each connector: payloads, and its page for those who set it up.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use connector::testing::event;
use kernel::{Fact, NotStored};

use crate::connector;

/// The directory of a connector's crate.
pub(crate) fn directory(connector: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors").join(connector)
}

/// What a connector's fixture becomes.
pub(crate) fn normalized(name: &str, fixture: &str) -> Result<Vec<Fact>, NotStored> {
    let data = std::fs::read(directory(name).join("fixtures").join(format!("{fixture}.json"))).unwrap();
    let connector = connector(name).unwrap();
    connector.normalize(&event(connector, fixture, data.into()))
}

#[test]
fn each_fixture_of_each_connector_becomes_what_its_snapshot_says() {
    for connector in crate::all() {
        let directory = directory(connector.name());
        // the connectors' crates hold payloads, and their outcomes: see docs/connector-guide.md
        connector::testing::assert_snapshots(*connector, &directory.display().to_string());
    }
}

#[test]
fn each_snapshot_is_of_a_fixture() {
    for connector in crate::all() {
        let directory = directory(connector.name());
        let fixtures: BTreeSet<String> =
            connector::testing::fixtures(&directory).into_iter().map(|(name, _)| format!("{name}.snap")).collect();
        let snapshots = std::fs::read_dir(directory.join("fixtures/snapshots")).unwrap();
        let snapshots: BTreeSet<String> =
            snapshots.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        assert_eq!(snapshots, fixtures, "{}", connector.name());
    }
}

#[test]
fn each_registered_connector_has_a_page_on_how_to_set_it_up() {
    for connector in crate::all() {
        let name = connector.name();
        let page = std::fs::read_to_string(directory(name).join("README.md"));
        let page =
            page.unwrap_or_else(|_| panic!("collectors/connectors/{name}/README.md: see docs/connector-guide.md"));
        assert!(page.starts_with("# "), "{name}: the page begins with its title");
    }
}

#[test]
fn the_links_of_pages_lead_to_files() {
    for connector in crate::all() {
        let directory = directory(connector.name());
        let page = std::fs::read_to_string(directory.join("README.md")).unwrap();
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let inside = path.contains("://") || path.is_empty();
            assert!(inside || directory.join(path).is_file(), "{}: {link}", connector.name());
        }
    }
}
