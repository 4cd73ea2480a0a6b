//! Parts that some tests need and that a machine may not have. A test without its part is skipped: it prints so, and
//! adds a line to the file that `SEI_SKIPPED` names, which `scripts/test` counts, since libtest counts the test as
//! passed. Where `SEI_REQUIRE` names the part, the test fails instead.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A part, named in `SEI_REQUIRE` by the text beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The web application in the binary: `scripts/web build` before the build of Rust.
    Application,
    /// A browser that runs the page.
    Chromium,
    /// The directory of recorded inputs, `SEI_CORPUS`.
    Corpus,
    /// Go's command, by which `scripts/schemas` fetches schemas that others define.
    Go,
    /// Helm's library, which renders the chart: `scripts/manifests` brings it where PyPI has a build of it.
    Helm,
    /// Clones of public repositories, `SEI_HISTORIES`.
    Histories,
    /// The root file system of the image, whose directory `SEI_TEST_IMAGE` states: `scripts/image up` builds it.
    Image,
    /// A broker of Apache Kafka. Its tests are never skipped: without one they fail, required or not.
    Kafka,
    /// An identity provider, whose address `SEI_TEST_KEYCLOAK` states: `scripts/keycloak` starts one.
    Keycloak,
    /// Helm, kube-score and Checkov, in the directory that `SEI_TEST_KUBERNETES` states: `scripts/kubernetes up`
    /// brings them.
    Kubernetes,
    /// The right to mount file systems.
    Mount,
    /// nginx, before which the roles stand as the documents say: `scripts/nginx` brings it.
    Nginx,
    /// Node.js, and what it runs: an identity provider, whose address `SEI_TEST_OIDC_PROVIDER` states
    /// (`scripts/oidc-provider` starts one), and clients of the API.
    Node,
    /// promtool, which checks rules of Prometheus: `scripts/promtool` brings it.
    Promtool,
    /// The right to run programs as another user.
    Root,
    /// A server that speaks S3, whose address `SEI_TEST_S3` states: `scripts/s3` starts one.
    S3,
    /// Apache Superset, whose address `SEI_TEST_SUPERSET` states (`scripts/superset` starts it), and the demo that it
    /// shows, `SEI_TEST_DEMO` (`scripts/demo`).
    Superset,
    /// The PostgreSQL extension TimescaleDB.
    TimescaleDb,
}

const NAMES: [(&str, Part); 18] = [
    ("application", Part::Application),
    ("chromium", Part::Chromium),
    ("corpus", Part::Corpus),
    ("go", Part::Go),
    ("helm", Part::Helm),
    ("histories", Part::Histories),
    ("image", Part::Image),
    ("kafka", Part::Kafka),
    ("keycloak", Part::Keycloak),
    ("kubernetes", Part::Kubernetes),
    ("mount", Part::Mount),
    ("nginx", Part::Nginx),
    ("node", Part::Node),
    ("promtool", Part::Promtool),
    ("root", Part::Root),
    ("s3", Part::S3),
    ("superset", Part::Superset),
    ("timescaledb", Part::TimescaleDb),
];

/// Reports that a test is skipped because a part is missing.
///
/// # Panics
/// When `SEI_REQUIRE` names the part, or something that is not a part, or when the file that `SEI_SKIPPED` names can't
/// be written.
pub fn missing(part: Part, why: &str) {
    let required = required(&variable("SEI_REQUIRE").unwrap_or_default());
    assert!(!required.contains(&part), "SEI_REQUIRE names this part, and it is missing: {why}");
    println!("skipped: {why}");
    if let Some(file) = variable("SEI_SKIPPED") {
        // libtest names the thread of a test after the test
        let thread = std::thread::current();
        let noted = note(Path::new(&file), thread.name().unwrap_or("a test"), why);
        assert!(noted.is_ok(), "SEI_SKIPPED names `{file}`, which can't be written: {noted:?}");
    }
}

/// Adds a line to the file: the name of a test and why it is skipped. One write, since tests run at once.
fn note(file: &Path, test: &str, why: &str) -> std::io::Result<()> {
    let line = format!("{test}: {}\n", why.replace('\n', " "));
    std::fs::OpenOptions::new().create(true).append(true).open(file)?.write_all(line.as_bytes())
}

/// The directory of recorded inputs, if there is one.
///
/// # Panics
/// When there is none and `SEI_REQUIRE` names `corpus`.
#[must_use]
pub fn corpus() -> Option<PathBuf> {
    directory("SEI_CORPUS", Part::Corpus)
}

/// The address of a server, which an environment variable states.
///
/// # Panics
/// When it is not set and `SEI_REQUIRE` names the part.
#[must_use]
pub fn server(name: &str, part: Part) -> Option<String> {
    let found = variable(name);
    if found.is_none() {
        missing(part, &format!("{name} is not set: run `make counterparts`"));
    }
    found
}

/// What an environment variable names, if it is set: a path, or several.
///
/// # Panics
/// When it is not set and `SEI_REQUIRE` names the part.
#[must_use]
pub fn directory(name: &str, part: Part) -> Option<PathBuf> {
    let found = variable(name);
    if found.is_none() {
        missing(part, &format!("{name} is not set"));
    }
    found.map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "what tests find on a machine is no setting of the program")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn required(list: &str) -> Vec<Part> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let known = NAMES.iter().find(|(known, _)| *known == name);
            known.map_or_else(|| panic!("SEI_REQUIRE names `{name}`; parts are {}", all()), |(_, part)| *part)
        })
        .collect()
}

fn all() -> String {
    NAMES.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_with_commas_between() {
        assert_eq!(required(""), []);
        assert_eq!(required("corpus, chromium,kafka"), [Part::Corpus, Part::Chromium, Part::Kafka]);
    }

    #[test]
    fn a_skipped_test_is_noted_with_its_reason_on_a_line_of_its_own() {
        let file = std::env::temp_dir().join(format!("sei-parts-{}", std::process::id()));
        note(&file, "a::b", "no\nbrowser").unwrap();
        note(&file, "a::c", "no corpus").unwrap();
        let noted = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(noted, "a::b: no browser\na::c: no corpus\n");
    }

    #[test]
    #[should_panic(
        expected = "names `corpse`; parts are application, chromium, corpus, go, helm, histories, image, kafka, keycloak, kubernetes, mount, nginx, node, promtool, root, s3, superset, timescaledb"
    )]
    fn a_name_that_is_not_a_part_is_an_error() {
        required("corpus,corpse");
    }
}
