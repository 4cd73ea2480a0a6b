//! Real histories: what the engine says of every version tag must equal what git says, tag by tag. The
//! directories of the repositories are in `SEI_HISTORIES`, separated by `:`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::process::Command;

use chrono::{DateTime, Utc};
use connector_git::{self as git, GitSource};
use kernel::{DeploymentKind, Tenant};
use parts::Part;
use processors::Processor;
use pull::progress::Silent;
use regex::Regex;
use sei::settings::Settings;
use store::Store;

/// A deployment as git has it: a version tag on a commit.
struct Tagged {
    name: String,
    at: i64,
    sha: String,
}

fn git(repository: &Path, arguments: &[&str]) -> String {
    let output =
        Command::new("git").args(["-c", "safe.directory=*", "-C"]).arg(repository).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The version tags in the order of their time: an annotated tag's own, else its commit's.
fn tagged(repository: &Path) -> Vec<Tagged> {
    let pattern = Regex::new(kernel::VERSION_TAGS).unwrap();
    let mut tags = Vec::new();
    for line in
        git(repository, &["for-each-ref", "refs/tags", "--format=%(refname:strip=2) %(taggerdate:unix)"]).lines()
    {
        let (name, tagger) = line.split_once(' ').unwrap();
        if !pattern.is_match(name) {
            continue;
        }
        let commit = git(repository, &["log", "-1", "--format=%H %ct", &format!("refs/tags/{name}^{{commit}}")]);
        let (sha, committed) = commit.trim().split_once(' ').unwrap();
        let at = tagger.parse().unwrap_or_else(|_| committed.parse().unwrap());
        tags.push(Tagged { name: name.to_owned(), at, sha: sha.to_owned() });
    }
    tags.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    tags
}

/// `git rev-list <wanted> --not <others>`, with the author times.
fn carried(repository: &Path, wanted: &str, others: &[&str]) -> BTreeMap<String, i64> {
    let mut arguments = vec!["log", "--format=%H %at", wanted, "--not"];
    arguments.extend(others);
    git(repository, &arguments)
        .lines()
        .map(|line| {
            let (sha, authored) = line.split_once(' ').unwrap();
            (sha.to_owned(), authored.parse().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_tag_of_real_histories_carries_what_git_says() {
    let Some(histories) = parts::directory("SEI_HISTORIES", Part::Histories) else { return };
    for history in std::env::split_paths(&histories) {
        compare(&history).await;
    }
}

/// Collects the repository and computes its metrics. Returns the number of its commits.
async fn compute(repository: &Path, store: &Store, settings: &Settings) -> u64 {
    let log = eventlog::open(&settings.log, store).await.unwrap();
    let url = repository.to_str().unwrap();
    let source = GitSource { repository: Some("localhost/history".into()), ..GitSource::new(url) };
    let mirrors = tempfile::tempdir().unwrap();
    let tenant = Tenant::default();
    let target = git::CollectionTarget { mirrors: mirrors.path(), tenant: &tenant, log: &*log, progress: &Silent };
    let summary = git::collect(&source, git::CollectFrom::Cursor, &target, store, Utc::now()).await.unwrap();
    let all: u64 =
        git(repository, &["rev-list", "--count", "--branches", "--tags", "--remotes"]).trim().parse().unwrap();
    assert_eq!(summary.commits, all, "{}: commits", repository.display());
    Processor::new(store.clone(), log, registry::connector).drain().await.unwrap();
    dora::recompute(store, &settings.dora, dora::Scope::All).await.unwrap();
    summary.commits
}

async fn compare(repository: &Path) {
    let expected = tagged(repository);
    let database = tests::database().await;
    let (store, settings) = (&database.store, Settings::default());
    let collected = compute(repository, store, &settings).await;
    let mut earlier: Vec<&str> = Vec::new();
    let (mut commits, mut missing) = (0, 0);
    // A side branch can reach production before the change that merges it elsewhere does, so the commits of
    // a change are looked for in all deployments.
    let mut authored: HashMap<String, Vec<i64>> = HashMap::new();
    let mut lead_times = Vec::new();
    for (nth, tag) in expected.iter().enumerate() {
        let id = format!("localhost/history/tag/{}", tag.name);
        let explanation = dora::explain(store, &settings.dora, &id).await.unwrap().unwrap();
        let fetched = explanation.deployments.first().unwrap_or_else(|| panic!("{id} is no deployment"));
        let metric = fetched.metric.as_ref().unwrap_or_else(|| panic!("{id} has no metric facts"));
        assert_eq!(metric.finished_at.timestamp(), tag.at, "{id}: time");
        assert_eq!(metric.sha.unwrap().to_string(), tag.sha, "{id}: commit");

        let of_git = if nth == 0 { BTreeMap::new() } else { carried(repository, &tag.sha, &earlier) };
        if nth == 0 {
            assert_eq!(metric.kind, DeploymentKind::First);
        }
        let of_sei: BTreeSet<String> = fetched.commits.iter().map(|commit| commit.sha.to_string()).collect();
        assert_eq!(of_sei, of_git.keys().cloned().collect(), "{id}: commits carried");
        assert_eq!(usize::try_from(metric.commits).unwrap(), of_git.len(), "{id}: number of commits");
        commits += of_git.len();

        for commit in &fetched.commits {
            if let Some(change) = &commit.change {
                authored.entry(change.to_string()).or_default().push(of_git[&commit.sha.to_string()]);
            }
        }
        let alone = fetched.commits.iter().filter(|commit| commit.change.is_none()).count();
        let direct_commits = fetched.changes.iter().filter(|change| change.is_commit).count();
        assert_eq!(direct_commits, alone, "{id}: each direct commit stands alone");
        for change in &fetched.changes {
            let commit = change.is_commit.then(|| of_git[change.change.as_str().rsplit('@').next().unwrap()]);
            lead_times.push((id.clone(), tag.at, change.change.to_string(), commit, change.lead_time_us));
        }
        earlier.push(&tag.sha);
    }
    for (id, at, change, commit, fetched) in &lead_times {
        let start = commit.unwrap_or_else(|| *authored[change].iter().min().unwrap());
        let expected = (at - start.max(0)) * 1_000_000;
        missing += u32::from(expected < 0);
        assert_eq!(*fetched, (expected >= 0).then_some(expected), "{id}: lead time of {change}");
    }
    let report = dora::report(
        store,
        &settings.dora,
        &dora::ReportQuery { from: Some(DateTime::UNIX_EPOCH), to: Some(Utc::now()), ..dora::ReportQuery::default() },
    )
    .await
    .unwrap();
    println!(
        "{}: {} commits, {} version tags, {commits} commits carried, {} lead times ({missing} negative): equal; \
         {:?} deployments reported",
        repository.display(),
        collected,
        expected.len(),
        lead_times.len(),
        report.deployment_frequency.get(dora::ValueName::Deployments).and_then(|value| value.value),
    );
}
