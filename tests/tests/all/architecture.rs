//! The arrows of ARCHITECTURE.md, held against what cargo and git say of this repository. What fails here
//! compiles all the same: these tests keep the shape, not the behavior.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Which of our crates each of our crates may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("fact-derive", &[]),
    ("kernel", &["fact-derive"]),
    ("parts", &[]),
    ("runtime", &["kernel"]),
    ("store", &["kernel"]),
    ("eventlog", &["kernel", "runtime", "store"]),
    ("connector", &["kernel"]),
    ("pull", &["kernel", "runtime", "store", "eventlog", "connector"]),
    ("connector-*", &["kernel", "runtime", "store", "eventlog", "connector", "pull"]),
    ("connector-gharchive", &["kernel", "connector", "connector-github"]),
    ("registry", &["runtime", "connector", "pull", "connector-*"]),
    ("collectors", &["kernel", "runtime", "store", "eventlog", "connector", "pull", "registry", "connector-*"]),
    ("processors", &["kernel", "runtime", "store", "eventlog", "connector", "registry"]),
    ("dora", &["kernel", "runtime", "store"]),
    ("api", &["kernel", "runtime", "store", "eventlog", "dora"]),
    ("panels", &["dora"]),
    ("metabase", &["kernel", "runtime", "store", "dora", "panels"]),
    ("grafana", &["dora", "panels"]),
    ("superset", &["dora", "panels"]),
    ("backup", &["runtime", "store"]),
    ("sei", EVERYTHING),
    ("bench", EVERYTHING),
    ("tests", EVERYTHING),
];

/// What programs and tests are put together from.
const EVERYTHING: &[&str] = &[
    "parts",
    "kernel",
    "runtime",
    "store",
    "eventlog",
    "connector",
    "pull",
    "connector-*",
    "registry",
    "collectors",
    "processors",
    "dora",
    "api",
    "panels",
    "metabase",
    "grafana",
    "superset",
    "backup",
    "sei",
];

/// The name of a crate in [`ARROWS`]: all connectors stand in one line, but for one with a line of its own.
fn group(name: &str) -> &str {
    if name.starts_with("connector-") && name != "connector-gharchive" { "connector-*" } else { name }
}

/// What only some of our crates may use, and why. `tests` and `bench` may use everything.
const KEPT: &[(&str, &[&str], &str)] = &[
    ("sqlx", &["store"], "only store speaks SQL"),
    ("rdkafka", &["eventlog"], "the log is used through one interface"),
    ("polars", &["dora"], "no formula lives outside of the engine"),
    (
        "reqwest",
        &["pull", "api", "metabase"],
        "sources are asked through one client, identity providers and Metabase through others",
    ),
    ("object_store", &["backup"], "backups are kept in one way"),
    ("age", &["backup"], "backups are encrypted in one place"),
    ("ring", &["api"], "tokens of identity providers are verified in one place"),
    ("octocrab", &["connector-github"], "GitHub is asked by its connector"),
    ("gix", &["connector-git"], "git is read by its connector"),
    ("async-graphql", &["api", "dora", "kernel"], "GraphQL is served by the API; dora and kernel derive its enums"),
    ("prometheus-client", &["runtime"], "names and labels of metrics are declared in one place"),
    ("opentelemetry", &["runtime"], "traces are exported in one place"),
    ("figment", &["runtime"], "settings are loaded in one place"),
    (
        "axum",
        &["runtime", "pull", "collectors", "api", "sei"],
        "what normalizes, stores and computes serves only its health",
    ),
];

/// What the vocabulary may not even reach through others: it does no I/O.
const NOT_IN_KERNEL: &[&str] = &["tokio", "sqlx", "rdkafka", "reqwest", "axum", "hyper", "mio", "gix"];

struct Package {
    name: String,
    directory: PathBuf,
    /// Of every kind: normal, for tests, for builds.
    dependencies: BTreeSet<String>,
    /// Those that a program is made of.
    normal: BTreeSet<String>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(root()).output()?;
    ensure!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The members of the workspace.
fn packages() -> Result<Vec<Package>> {
    let text = output(env!("CARGO"), &["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"])?;
    let metadata: Value = serde_json::from_str(&text)?;
    let mut packages = Vec::new();
    for package in metadata["packages"].as_array().context("metadata has packages")? {
        let manifest = package["manifest_path"].as_str().context("a package has a manifest")?;
        let mut dependencies = BTreeSet::new();
        let mut normal = BTreeSet::new();
        for dependency in package["dependencies"].as_array().context("a package has dependencies")? {
            let name = dependency["name"].as_str().context("a dependency has a name")?.to_owned();
            if dependency["kind"].is_null() {
                normal.insert(name.clone());
            }
            dependencies.insert(name);
        }
        packages.push(Package {
            name: package["name"].as_str().context("a package has a name")?.to_owned(),
            directory: Path::new(manifest).parent().context("a manifest is in a directory")?.to_owned(),
            dependencies,
            normal,
        });
    }
    Ok(packages)
}

/// The arrows among our crates that are drawn and not allowed.
fn wrong_arrows<'a>(drawn: impl IntoIterator<Item = (&'a str, &'a BTreeSet<String>)>) -> Vec<String> {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (from, dependencies) in drawn {
        let Some(may) = allowed.get(group(from)) else {
            wrong.push(format!("{from} has no place in ARROWS yet"));
            continue;
        };
        for to in dependencies.iter().filter(|to| allowed.contains_key(group(to))) {
            let is_allowed = may.contains(&to.as_str())
                || may.contains(&group(to))
                || (to == "connector-gharchive" && may.contains(&"connector-*"));
            if !is_allowed {
                wrong.push(format!("{from} → {to}"));
            }
        }
        for (library, keepers, why) in KEPT {
            if dependencies.contains(*library) && !keepers.contains(&from) && !matches!(from, "tests" | "bench") {
                wrong.push(format!("{from} → {library}: {why}"));
            }
        }
    }
    wrong
}

#[test]
fn dependencies_point_one_way() -> Result<()> {
    let packages = packages()?;
    // what only a crate's own tests use draws no arrow, but no cycle may hide there either
    let wrong = wrong_arrows(packages.iter().map(|package| (package.name.as_str(), &package.normal)));
    assert!(wrong.is_empty(), "arrows that ARCHITECTURE.md does not have: {wrong:#?}");
    let found: BTreeSet<_> = packages.iter().map(|package| group(&package.name)).collect();
    let listed: BTreeSet<_> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, listed, "a crate of ARROWS is gone");
    Ok(())
}

#[test]
fn an_arrow_in_the_wrong_direction_is_seen() {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(wrong_arrows([("kernel", &names(&["store", "serde"]))]), ["kernel → store"]);
    assert_eq!(wrong_arrows([("api", &names(&["polars"]))]), ["api → polars: no formula lives outside of the engine"]);
    assert_eq!(wrong_arrows([("novel", &names(&[]))]), ["novel has no place in ARROWS yet"]);
    assert!(wrong_arrows([("api", &names(&["dora", "axum"]))]).is_empty());
}

#[test]
fn the_kernel_reaches_nothing_that_does_io() -> Result<()> {
    let tree = output(
        env!("CARGO"),
        &["tree", "-p=kernel", "-e=normal", "--prefix=none", "--offline", "--locked", "-f={lib}"],
    )?;
    let reached: BTreeSet<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(reached.contains("serde"), "this is no tree of dependencies: {tree}");
    for library in NOT_IN_KERNEL {
        assert!(!reached.contains(library), "kernel reaches {library}: `cargo tree -p kernel -i {library}`");
    }
    Ok(())
}

/// Our files as git has them, with those that are not committed yet.
pub(crate) fn files() -> Result<Vec<PathBuf>> {
    let names = output("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let root = root();
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(|name| root.join(name))
        .filter(|file| file.is_file())
        .collect())
}

fn sources(files: &[PathBuf], directory: &Path) -> Result<String> {
    let directory = directory.canonicalize()?;
    let mut all = String::new();
    for file in files {
        if file.extension().is_some_and(|extension| extension == "rs") && file.canonicalize()?.starts_with(&directory) {
            all.push_str(&std::fs::read_to_string(file)?);
        }
    }
    Ok(all)
}

fn names_word(text: &str, word: &str) -> bool {
    let part_of_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(part_of_word)
            && !text[at + word.len()..].chars().next().is_some_and(part_of_word)
    })
}

#[test]
fn each_dependency_is_used() -> Result<()> {
    let packages = packages()?;
    let files = files()?;
    let mut unused = Vec::new();
    for package in &packages {
        let sources = sources(&files, &package.directory)?;
        for dependency in &package.dependencies {
            // the registry lists its connectors by its manifest
            if package.name == "registry" && dependency.starts_with("connector-") {
                continue;
            }
            // a crate depends on itself to test what a feature adds
            if *dependency != package.name && !names_word(&sources, &dependency.replace('-', "_")) {
                unused.push(format!("{} does not use {dependency}", package.name));
            }
        }
    }
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    let shared = manifest.split("[workspace.dependencies]").nth(1).context("the workspace shares dependencies")?;
    for line in shared.lines().take_while(|line| !line.starts_with('[')) {
        if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#'))
            && !packages.iter().any(|package| package.dependencies.contains(name) || package.name == name)
        {
            unused.push(format!("no crate uses the workspace's {name}"));
        }
    }
    assert!(unused.is_empty(), "{unused:#?}");
    Ok(())
}

#[test]
fn each_connector_is_a_crate_of_its_name_and_registered() {
    let directory = root().join("collectors/connectors");
    let crates: BTreeSet<String> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let registered: BTreeSet<String> = registry::all().iter().map(|one| one.name().to_owned()).collect();
    assert_eq!(crates, registered, "crates of collectors/connectors, and connectors of the registry");
    let with_pull_side: BTreeSet<String> =
        crates.into_iter().filter(|name| directory.join(name).join("src/pull.rs").is_file()).collect();
    let pulled: BTreeSet<String> = registry::pulled().iter().map(|one| one.name().to_owned()).collect();
    assert_eq!(with_pull_side, pulled, "crates with src/pull.rs, and the feature `pull` of the registry");
}

/// The processor is made of the registry without the feature `pull`.
#[test]
fn what_normalizes_reaches_no_network_no_git_and_no_store() -> Result<()> {
    let tree = output(
        env!("CARGO"),
        &["tree", "-p=registry", "-e=normal", "--prefix=none", "--offline", "--locked", "-f={lib}"],
    )?;
    let reached: BTreeSet<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(reached.contains("connector_github"), "this is no tree of dependencies: {tree}");
    for library in NOT_IN_KERNEL.iter().chain(&["runtime", "store", "eventlog", "pull"]) {
        assert!(!reached.contains(library), "registry reaches {library}: `cargo tree -p registry -i {library}`");
    }
    Ok(())
}

/// The processor answers only for its health, and asks no source.
#[test]
fn processors_link_no_git_no_client_and_no_router() -> Result<()> {
    let tree = output(
        env!("CARGO"),
        &["tree", "-p=processors", "-e=normal", "--prefix=none", "--offline", "--locked", "-f={lib}"],
    )?;
    let reached: BTreeSet<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(reached.contains("hyper"), "this is no tree of dependencies: {tree}");
    for library in ["gix", "reqwest", "octocrab", "axum"] {
        assert!(!reached.contains(library), "processors reach {library}: `cargo tree -p processors -i {library}`");
    }
    Ok(())
}

/// What is a function of its arguments has no clock, no store and no network at hand.
#[test]
fn the_computation_and_the_vocabulary_are_pure() -> Result<()> {
    let files = files()?;
    let mut found = Vec::new();
    for (directory, pure) in [("kernel", root().join("crates/kernel/src")), ("dora", root().join("dora/src/compute"))] {
        let sources = sources(&files, &pure)?;
        assert!(!sources.is_empty(), "{} is empty", pure.display());
        for word in [
            "store::",
            "tokio::",
            "std::fs::",
            "std::net::",
            "std::env::",
            "Utc::now",
            "SystemTime::now",
            "Instant::now",
        ] {
            if sources.contains(word) {
                found.push(format!("{directory} uses {word}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

/// A connection comes back clean or not at all, because nothing can borrow one past the guard of `pool.rs`, and
/// no session keeps what a borrower has set.
#[test]
fn connections_are_borrowed_in_one_place_and_sessions_are_not_changed() -> Result<()> {
    let store = root().join("crates/store/src").canonicalize()?;
    let mut found = Vec::new();
    for file in files()? {
        let file = file.canonicalize()?;
        if !file.starts_with(&store) || file.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&file)?;
        let mut keep_out = |owner: &str, words: &[&str]| {
            if !file.ends_with(owner) {
                found.extend(
                    words.iter().filter(|word| text.contains(**word)).map(|word| (file.clone(), (*word).to_owned())),
                );
            }
        };
        keep_out("pool.rs", &["PgPool", "PoolConnection", ".acquire()"]);
        // migrations have connections of their own
        keep_out("schema.rs", &["$1, false)", "set session"]);
    }
    assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

#[test]
fn no_file_names_a_place_of_one_machine() -> Result<()> {
    // put together here, so that this file does not name them itself
    let places = [["/wo", "rk/"].concat(), ["../sha", "red"].concat(), [".libr", "ary/"].concat()];
    let mut found = Vec::new();
    for file in files()? {
        if file.ends_with(".ci/run") {
            continue;
        }
        let bytes = std::fs::read(&file)?;
        let text = String::from_utf8_lossy(&bytes);
        found.extend(
            places.iter().filter(|place| text.contains(*place)).map(|place| format!("{}: {place}", file.display())),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

#[test]
fn a_module_is_in_a_file_of_its_name() -> Result<()> {
    let found: Vec<PathBuf> =
        files()?.into_iter().filter(|file| file.file_name().is_some_and(|name| name == "mod.rs")).collect();
    assert_eq!(found, Vec::<PathBuf>::new(), "a module `x` is in `x.rs`, not in `x/mod.rs`");
    Ok(())
}
