//! What merges brought: the commits of a change that only git knows, and its cycle time without any deployment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use connector_git::{CollectFrom, GitSource};
use dora::Scope;
use kernel::Tenant;
use processors::Processor;
use pull::progress::Silent;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use tests::{Program, TestDatabase};

use super::parts::{Collector, ID, Repo, text, text_of, warned};
use crate::api::served;

/// The commits that a change lists.
fn listed(collector: &Collector, number: i64) -> Vec<String> {
    collector.change(number)["commits"].as_array().into_iter().flatten().map(text_of).collect()
}

/// What `git` says that a merge brought, in the order of the list.
fn brought(repo: &Repo, merge: &str) -> Vec<String> {
    let mut commits = repo.lines(&["log", "--format=%ct %H", &format!("{merge}^1..{merge}")]);
    commits.retain(|commit| !commit.ends_with(merge));
    commits.sort();
    commits.iter().map(|commit| commit.split(' ').nth(1).unwrap().to_owned()).collect()
}

fn pull_request(number: i64) -> String {
    format!("Merge pull request #{number} from ann/topic\n\nTopic {number}")
}

/// A branch with some commits.
fn work(repo: &Repo, from: &str, name: &str, commits: usize) {
    repo.switch(from);
    repo.branch(name);
    for _ in 0..commits {
        repo.commit("Work");
    }
}

#[tokio::test]
async fn a_merge_lists_what_git_says_that_it_brought_and_a_squash_nothing() {
    let repo = Repo::new();
    repo.commit("Root");
    let mut merges = BTreeMap::new();
    // a merge, and a branch that took main in meanwhile
    for number in 1..4 {
        work(&repo, "main", &format!("topic-{number}"), 2);
        repo.switch("main");
        repo.commit("On main");
        if number == 2 {
            repo.switch("topic-2");
            repo.merge("Merge branch 'main' into topic-2", &["main"]);
            repo.switch("main");
        }
        merges.insert(number, repo.merge(&pull_request(number), &[&format!("topic-{number}")]));
    }
    // an octopus
    work(&repo, "main", "one", 1);
    work(&repo, "main", "other", 2);
    repo.switch("main");
    merges.insert(4, repo.merge(&pull_request(4), &["one", "other"]));
    // one pull request merged into the branch of another
    work(&repo, "main", "outer", 1);
    work(&repo, "outer", "inner", 2);
    repo.switch("outer");
    merges.insert(5, repo.merge(&pull_request(5), &["inner"]));
    repo.switch("main");
    merges.insert(6, repo.merge(&pull_request(6), &["outer"]));
    // a branch that lives on, merged twice
    work(&repo, "main", "long", 3);
    repo.switch("main");
    merges.insert(7, repo.merge(&pull_request(7), &["long"]));
    repo.commit("On main");
    repo.switch("long");
    repo.commit("More");
    repo.switch("main");
    merges.insert(8, repo.merge(&pull_request(8), &["long"]));
    // history that has nothing to do with it
    repo.git(&["switch", "-q", "--orphan", "foreign"]);
    repo.commit("Foreign");
    repo.commit("Foreign too");
    repo.switch("main");
    merges.insert(9, repo.merge(&pull_request(9), &["--allow-unrelated-histories", "foreign"]));
    repo.commit("Squashed (#10)");

    let collector = Collector::of(&repo).collected().await;
    for (number, merge) in &merges {
        assert_eq!(listed(&collector, *number), brought(&repo, merge), "#{number}");
    }
    let counts: Vec<usize> = merges.keys().map(|number| listed(&collector, *number).len()).collect();
    assert_eq!(counts, [2, 3, 2, 3, 2, 4, 3, 1, 2]);
    assert_eq!(collector.change(10)["commits"], Value::Null);
}

#[tokio::test]
async fn what_was_collected_step_by_step_lists_the_same_commits() {
    let repo = Repo::new();
    repo.commit("Root");
    let mut steps = Collector::of(&repo).collected().await;
    for number in 1..5 {
        // the branch is collected before its merge is
        work(&repo, "main", &format!("topic-{number}"), 2);
        repo.switch("main");
        repo.commit("On main");
        steps.collect().await;
        repo.merge(&pull_request(number), &[&format!("topic-{number}")]);
        steps.collect().await;
        assert_eq!(listed(&steps, number).len(), 2);
    }
    assert_eq!(steps.rows(), Collector::of(&repo).collected().await.rows());
}

#[tokio::test]
async fn where_a_shallow_clone_is_cut_off_what_a_merge_brought_is_unknown_until_it_is_whole() {
    let repo = Repo::new();
    repo.commit("Root");
    for number in 1..4 {
        work(&repo, "main", &format!("topic-{number}"), 3);
        repo.switch("main");
        repo.commit("On main");
        repo.merge(&pull_request(number), &[&format!("topic-{number}")]);
    }
    let clone = repo.beside("shallow");
    let url = format!("file://{}", text(&repo.path()));
    repo.git(&["clone", "-q", "--depth", "5", "--single-branch", &url, &clone]);
    let mut collector = Collector::new(&clone);
    assert!(collector.collect().await.partial);
    // the clone reaches five commits down: behind the branch of the last merge, and into that of the one before
    assert_eq!((listed(&collector, 3).len(), listed(&collector, 2)), (3, Vec::new()));
    assert!(collector.change(2)["merged_at"].is_string());
    repo.git(&["-C", &clone, "fetch", "-q", "--unshallow"]);
    collector.collect().await;
    assert_eq!(listed(&collector, 2).len(), 3);
    assert_eq!(collector.rows(), Collector::new(&clone).collected().await.rows());
}

/// Commits for `git fast-import`, each on a branch of its own.
#[derive(Default)]
struct Import {
    stream: String,
}

impl Import {
    fn commit(&mut self, number: usize, parents: &[usize], time: i64, message: &str) {
        let stream = &mut self.stream;
        writeln!(stream, "commit refs/heads/c{number}").unwrap();
        writeln!(stream, "author Ann <ann@example.org> {time} +0000").unwrap();
        writeln!(stream, "committer Ann <ann@example.org> {time} +0000").unwrap();
        writeln!(stream, "data {}\n{message}", message.len()).unwrap();
        for (word, parent) in std::iter::once("from").chain(std::iter::repeat("merge")).zip(parents) {
            writeln!(stream, "{word} refs/heads/c{parent}").unwrap();
        }
        writeln!(stream, "M 100644 inline f{number}\ndata 1\nx\n").unwrap();
    }

    fn into(self, repo: &Repo, tip: usize) {
        let stream = format!("{}reset refs/heads/main\nfrom refs/heads/c{tip}\n\n", self.stream);
        repo.git_with(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    }
}

#[tokio::test]
async fn a_merge_of_more_commits_than_are_listed_lists_none_and_is_named() {
    let repo = Repo::new();
    let mut import = Import::default();
    import.commit(0, &[], 1_700_000_000, "Root");
    for number in 1..=1_001 {
        import.commit(number, &[number - 1], 1_700_000_000 + i64::try_from(number).unwrap(), "Work");
    }
    import.commit(2_000, &[0, 1_000], 1_700_100_000, &pull_request(1));
    import.commit(2_001, &[0, 1_001], 1_700_200_000, &pull_request(2));
    import.commit(2_002, &[2_000, 2_001], 1_700_300_000, "Merge branch");
    import.into(&repo, 2_002);
    let mut collector = Collector::of(&repo);
    let summary = collector.collect().await;
    assert_eq!((listed(&collector, 1).len(), listed(&collector, 2).len()), (1_000, 0));
    assert!(warned(&summary, "what 1 merge brought is not listed"), "{:?}", summary.warnings);
}

/// A random history: branches, merges of any two commits, octopuses, several roots, clocks that are wrong by years.
fn random_history(random: &mut StdRng) -> (Vec<Vec<usize>>, Vec<i64>, Vec<usize>) {
    let (mut parents, mut times, mut tips) = (vec![Vec::new()], vec![1_600_000_000], vec![0]);
    for number in 1..70_usize {
        let tip = tips[number - 1];
        let on_main = random.random_bool(0.5);
        let first = if on_main { tip } else { random.random_range(number.saturating_sub(12)..number) };
        let mut own = if !on_main && random.random_bool(0.03) { Vec::new() } else { vec![first] };
        if random.random_bool(0.4) {
            let others = if random.random_bool(0.1) { 2 } else { 1 };
            own.extend((0..others).map(|_| random.random_range(0..number)));
        }
        let mut seen = BTreeSet::new();
        own.retain(|parent| seen.insert(*parent));
        parents.push(own);
        let skew = if random.random_bool(0.2) { random.random_range(-90_000_000..90_000_000) } else { 0 };
        times.push(1_600_000_000 + 3_600 * i64::try_from(number).unwrap() + skew);
        tips.push(if on_main { number } else { tip });
    }
    (parents, times, tips)
}

#[tokio::test]
async fn of_random_histories_merges_list_what_they_brought_in_one_collection_and_in_many() {
    for seed in 0..12 {
        let mut random = StdRng::seed_from_u64(seed);
        let (parents, times, tips) = random_history(&mut random);
        let repo = Repo::new();
        let mut steps = Collector::of(&repo);
        let mut import = Import::default();
        for (number, own) in parents.iter().enumerate() {
            let message = if own.len() > 1 { pull_request(i64::try_from(number).unwrap()) } else { "Work".to_owned() };
            import.commit(number, own, times[number], &message);
            if random.random_bool(0.1) || number + 1 == parents.len() {
                std::mem::take(&mut import).into(&repo, tips[number]);
                steps.collect().await;
            }
        }
        let names: BTreeMap<String, usize> = (0..parents.len())
            .map(|number| (repo.git(&["rev-parse", &format!("refs/heads/c{number}")]), number))
            .collect();
        let mut reached: Vec<BTreeSet<usize>> = Vec::new();
        for (number, own) in parents.iter().enumerate() {
            let below = own.iter().flat_map(|parent| reached[*parent].iter().copied());
            let all = below.chain([number]).collect();
            reached.push(all);
        }
        let full = Collector::of(&repo).collected().await;
        assert_eq!(steps.rows(), full.rows(), "seed {seed}");
        for (number, own) in parents.iter().enumerate().filter(|(_, own)| own.len() > 1) {
            let expected: BTreeSet<usize> = reached[number]
                .iter()
                .copied()
                .filter(|commit| *commit != number && !reached[own[0]].contains(commit))
                .collect();
            let commits = listed(&full, i64::try_from(number).unwrap());
            let found: BTreeSet<usize> = commits.iter().map(|commit| names[commit]).collect();
            assert_eq!(found, expected, "seed {seed}, #{number}");
        }
    }
}

/// Collects a repository, normalizes and computes.
async fn compute(repo: &Repo, database: &TestDatabase) {
    let store = &database.store;
    let settings = sei::settings::Settings::default();
    let log = eventlog::open(&settings.log, store).await.unwrap();
    let source = GitSource { repository: Some(ID.to_owned()), ..GitSource::new(text(&repo.path())) };
    let (mirrors, tenant) = (tempfile::tempdir().unwrap(), Tenant::default());
    let target =
        connector_git::CollectionTarget { mirrors: mirrors.path(), tenant: &tenant, log: &*log, progress: &Silent };
    connector_git::collect(&source, CollectFrom::Cursor, &target, store, chrono::Utc::now()).await.unwrap();
    Processor::new(store.clone(), log, registry::connector).drain().await.unwrap();
    dora::recompute(store, &settings.dora, Scope::All).await.unwrap();
}

const WINDOW: &str = "from=2023-11-01&to=2023-12-01";

/// The value of a metric in seconds, and of how many observations it is.
async fn metric(served: &served::Served, name: &str) -> (Option<f64>, u64) {
    let answer = served.get(&format!("/api/v1/metrics/{name}?{WINDOW}")).await;
    let with_causes = &answer["data"]["whole"];
    (with_causes["value"].as_f64(), with_causes["n"].as_u64().unwrap())
}

/// The author time of a commit, which is an hour before it is committed.
fn authored(repo: &Repo, commit: &str) -> i64 {
    repo.git(&["log", "-1", "--format=%at", commit]).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_only_git_knows_has_a_cycle_time_before_and_after_it_is_deployed() {
    let repo = Repo::new();
    repo.commit("Root");
    work(&repo, "main", "topic", 0);
    let first = repo.commit("First");
    repo.commit("Second");
    repo.switch("main");
    repo.commit("Squashed (#2)");
    let merge = repo.merge(&pull_request(1), &["topic"]);
    let expected = (repo.committed(&merge) - authored(&repo, &first)) as f64;
    let served = served::empty().await;
    compute(&repo, &served.database).await;
    assert_eq!(metric(&served, "change_cycle_time").await, (Some(expected), 1), "the squash has none");
    assert_eq!(metric(&served, "coding_time").await, (None, 0));
    let answer = served.get(&format!("/api/v1/metrics/change_cycle_time?{WINDOW}")).await;
    assert_eq!(answer["data"]["whole"]["basis"]["known"], 0.5, "{answer}");
    // deployed, it began when it did before
    repo.git(&["tag", "v1.0.0", "HEAD~2"]);
    repo.git(&["tag", "v1.1.0"]);
    compute(&repo, &served.database).await;
    assert_eq!(metric(&served, "change_cycle_time").await, (Some(expected), 1));
    let settings = sei::settings::Settings::default();
    let explained = dora::explain(&served.database.store, &settings.dora, &format!("{ID}#1")).await.unwrap().unwrap();
    let row = explained.changes.first().and_then(|change| change.metric.clone()).unwrap();
    assert_eq!(row.started_at.unwrap().timestamp(), authored(&repo, &first));
    assert_eq!(row.commits, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_that_only_git_knows_is_no_change_and_an_inner_merge_keeps_its_own() {
    let repo = Repo::new();
    repo.commit("Root");
    repo.branch("develop");
    let mut spans = Vec::new();
    for number in 1..4 {
        work(&repo, "develop", &format!("topic-{number}"), 0);
        let first = repo.commit("First");
        repo.commit("Second");
        repo.switch("develop");
        let merge = repo.merge(&pull_request(number), &[&format!("topic-{number}")]);
        spans.push(repo.committed(&merge) - authored(&repo, &first));
    }
    repo.switch("main");
    repo.merge(&pull_request(4), &["develop"]);
    let served = served::empty().await;
    compute(&repo, &served.database).await;
    spans.sort_unstable();
    assert_eq!(metric(&served, "change_cycle_time").await, (Some(spans[1] as f64), 3));
    let findings = served.get("/api/v1/findings").await;
    assert!(findings.to_string().contains("duplicate_change"), "{findings}");
}

#[test]
fn the_command_line_shows_the_cycle_time_of_a_merge_without_deployments() {
    let repo = Repo::new();
    repo.commit("Root");
    work(&repo, "main", "topic", 0);
    let first = repo.commit("First");
    repo.switch("main");
    let merge = repo.merge(&pull_request(1), &["topic"]);
    let program = Program::new();
    program.good(&["collect", "git", &text(&repo.path())]);
    let answer = program.json(&["dora", "metric", "change_cycle_time", "--from", "2023-11-01", "--to", "2023-12-01"]);
    let expected = (repo.committed(&merge) - authored(&repo, &first)) as f64;
    assert_eq!(
        (answer["whole"]["value"].as_f64(), answer["whole"]["n"].as_u64()),
        (Some(expected), Some(1)),
        "{answer}"
    );
}
