//! The git connector on repositories that the `git` program made: what it tells must be what `git` says, in
//! one collection or in many.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use connector_git::{GitError, Summary, Target};
use eventlog::{EventLog, LogError, LogReader, Position};
use kernel::{Envelope, Fact, Tenant, Version};
use pull::progress::Silent;
use runtime::settings::GitSource;
use serde_json::{Value, json};
use tempfile::TempDir;

const ID: &str = "example.org/team/app";
const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A repository in a folder of its own. Each call of `git` is a minute after the one before.
struct Repo {
    folder: TempDir,
    clock: Cell<i64>,
}

impl Repo {
    fn new() -> Self {
        let repo = Self { folder: tempfile::tempdir().unwrap(), clock: Cell::new(1_700_000_000) };
        std::fs::create_dir(repo.path()).unwrap();
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    /// A place beside the repository, as an argument.
    fn beside(&self, name: &str) -> String {
        text(&self.folder.path().join(name))
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.git_with(arguments, &[])
    }

    fn git_with(&self, arguments: &[&str], input: &[u8]) -> String {
        self.clock.set(self.clock.get() + 60);
        let mut child = Command::new("git")
            .arg("-C")
            .arg(self.path())
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([("GIT_AUTHOR_NAME", "Ann"), ("GIT_AUTHOR_EMAIL", "ann@example.org")])
            .envs([("GIT_COMMITTER_NAME", "Bob"), ("GIT_COMMITTER_EMAIL", "bob@example.org")])
            .env("GIT_AUTHOR_DATE", format!("{} +0100", self.clock.get() - 3_600))
            .env("GIT_COMMITTER_DATE", format!("{} -0300", self.clock.get()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(file), content).unwrap();
    }

    /// Commits whatever was written, and a file that no other commit has.
    fn commit(&self, message: &str) -> String {
        self.write(&format!("file-{}", self.clock.get()), message);
        self.commit_only(message)
    }

    fn commit_only(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn merge(&self, message: &str, branches: &[&str]) -> String {
        self.git(&[&["merge", "-q", "--no-ff", "-m", message][..], branches].concat());
        self.git(&["rev-parse", "HEAD"])
    }

    fn branch(&self, name: &str) {
        self.git(&["switch", "-q", "-c", name]);
    }

    fn switch(&self, name: &str) {
        self.git(&["switch", "-q", name]);
    }

    /// A commit that `git commit` would not make, as the new tip of `main`.
    fn raw_commit(&self, data: &[u8]) -> String {
        self.git(&["mktree"]);
        let sha = self.git_with(&["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], data);
        self.git(&["update-ref", "refs/heads/main", &sha]);
        sha
    }

    /// The seconds of the committer.
    fn committed(&self, commit: &str) -> i64 {
        self.git(&["log", "-1", "--format=%ct", commit]).parse().unwrap()
    }

    fn lines(&self, arguments: &[&str]) -> Vec<String> {
        self.git(arguments).lines().map(str::to_owned).collect()
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A log that keeps what was appended.
#[derive(Default)]
struct MemoryLog(Mutex<Vec<Envelope>>);

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, events: Vec<Envelope>) -> Result<(), LogError> {
        self.0.lock().unwrap().extend(events);
        Ok(())
    }

    async fn reader(&self, _: &str) -> Result<Box<dyn LogReader>, LogError> {
        Err(LogError::Fatal("nobody reads it".to_owned(), None))
    }

    async fn ends(&self) -> Result<Vec<Position>, LogError> {
        Ok(Vec::new())
    }

    fn retention(&self) -> std::time::Duration {
        std::time::Duration::MAX
    }

    async fn trim(&self) -> Result<u64, LogError> {
        Ok(0)
    }

    fn topic(&self) -> &'static str {
        "memory"
    }
}

/// Collects one source again and again.
struct Collector {
    source: GitSource,
    mirrors: TempDir,
    log: MemoryLog,
    cursor: Option<Value>,
    now: i64,
}

impl Collector {
    fn new(url: impl Into<String>) -> Self {
        let source = GitSource { repository: Some(ID.to_owned()), line_counts: true, ..GitSource::new(url) };
        let mirrors = tempfile::tempdir().unwrap();
        Self { source, mirrors, log: MemoryLog::default(), cursor: None, now: 1_720_000_000 }
    }

    fn of(repo: &Repo) -> Self {
        Self::new(text(&repo.path()))
    }

    /// Deployments are on this branch.
    fn deploying(mut self, branch: &str) -> Self {
        self.source.deployment_branch = Some(branch.to_owned());
        self
    }

    async fn attempt(&mut self) -> Result<Summary, GitError> {
        self.now += 60;
        let now = DateTime::from_timestamp(self.now, 0).unwrap();
        let (mirrors, tenant, cursor) = (self.mirrors.path(), Tenant::default(), self.cursor.clone());
        let target = Target { mirrors, tenant: &tenant, log: &self.log, progress: &Silent };
        let (summary, next) = connector_git::collect_since(&self.source, &target, cursor, now).await?;
        if next.is_some() {
            self.cursor = next;
        }
        Ok(summary)
    }

    async fn collect(&mut self) -> Summary {
        self.attempt().await.unwrap()
    }

    async fn collected(mut self) -> Self {
        self.collect().await;
        self
    }

    fn events(&self) -> usize {
        self.log.0.lock().unwrap().len()
    }

    fn events_of(&self, kind: &str) -> usize {
        self.log.0.lock().unwrap().iter().filter(|event| event.kind == kind).count()
    }

    /// What the store would hold: of each thing the greatest version, unless it is deleted.
    fn rows(&self) -> BTreeMap<String, Value> {
        let connector = registry::connector("git").unwrap();
        let mut kept: BTreeMap<String, (Version, String, Value)> = BTreeMap::new();
        for envelope in self.log.0.lock().unwrap().iter() {
            assert!(matches!(envelope.kind.as_str(), "git.page" | "git.mailmap"), "{}", envelope.kind);
            assert_eq!(envelope.connector(), "git");
            for fact in connector.normalize(envelope).unwrap() {
                fact.check().unwrap();
                let id = identity(&fact);
                let value = serde_json::to_value(&fact).unwrap();
                let version: Version = serde_json::from_value(value["version"].clone()).unwrap();
                let content = value.to_string();
                if kept.get(&id).is_none_or(|known| (known.0, &known.1) < (version, &content)) {
                    kept.insert(id, (version, content, value));
                }
            }
        }
        let mut rows = BTreeMap::new();
        for (id, (_, _, mut row)) in kept {
            row.as_object_mut().unwrap().remove("version");
            if row["deleted"] != true {
                rows.insert(id, row);
            }
        }
        rows
    }

    fn kind(&self, kind: &str) -> Vec<Value> {
        self.rows().into_values().filter(|row| row["fact"] == kind).collect()
    }

    fn commit(&self, sha: &str) -> Value {
        self.rows()[&format!("commit {sha}")].clone()
    }

    fn change(&self, number: i64) -> Value {
        self.rows()[&format!("change {ID}#{number}")].clone()
    }

    fn changes(&self) -> Vec<i64> {
        self.kind("change").iter().map(|row| row["number"].as_i64().unwrap()).collect()
    }

    /// The commits that were deployed.
    fn deployed(&self) -> BTreeSet<String> {
        self.kind("deployment").iter().map(|row| row["sha"].as_str().unwrap().to_owned()).collect()
    }

    /// The tags that are deployments, with their commits and times.
    fn tags(&self) -> Vec<(String, String, i64)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let tag = |row: &Value| (text(&row["name"]), text(&row["sha"]), seconds(&row["finished_at"]));
        self.kind("deployment").iter().map(tag).collect()
    }
}

fn identity(fact: &Fact) -> String {
    match fact {
        Fact::Repository(x) => format!("repository {}", x.id),
        Fact::Commit(x) => format!("commit {}", x.sha),
        Fact::Change(x) => format!("change {}", x.id),
        Fact::Deployment(x) => format!("deployment {}", x.id),
        Fact::Account(x) => format!("account {}", x.id),
        Fact::Person(x) => format!("person {}", x.name),
        other => panic!("git tells nothing of a {}", other.kind()),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn seconds(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp()
}

fn warned(summary: &Summary, part: &str) -> bool {
    summary.warnings.iter().any(|warning| warning.contains(part))
}

#[tokio::test]
async fn a_mailmap_is_told_when_it_changes_and_taken_back_when_it_goes() {
    let repo = Repo::new();
    repo.commit("Root");
    let mut collector = Collector::of(&repo);
    let persons = |collector: &Collector| -> Vec<String> {
        let person = |row: &Value| format!("{} {}", row["name"].as_str().unwrap(), row["emails"]);
        collector.kind("person").iter().map(person).collect()
    };
    collector.collect().await;
    assert_eq!(persons(&collector), Vec::<String>::new());
    repo.write(".mailmap", "Ann Smith <ann@example.org> <ann@old.example.org>\nBob <bob@example.org>\n");
    repo.commit("Say who is who");
    collector.collect().await;
    let ann = r#"Ann Smith <ann@example.org> ["ann@example.org","ann@old.example.org"]"#;
    assert_eq!(persons(&collector), [ann, r#"Bob <bob@example.org> ["bob@example.org"]"#]);
    repo.commit("Something else");
    collector.collect().await;
    assert_eq!(collector.events_of("git.mailmap"), 1, "a mailmap that did not change is not told again");
    repo.write(".mailmap", "Ann Smith <ann@example.org> <ann@old.example.org>\n");
    repo.commit("Bob has left");
    collector.collect().await;
    assert_eq!(persons(&collector), [ann]);
    std::fs::remove_file(repo.path().join(".mailmap")).unwrap();
    repo.commit("Without");
    collector.collect().await;
    assert_eq!(persons(&collector), Vec::<String>::new());
}

/// A history with branches, a merge, an octopus merge, a tag on a commit of no branch, and an unmerged branch.
fn woven() -> Repo {
    let repo = Repo::new();
    repo.commit("Root");
    for name in ["a", "b", "c", "open"] {
        repo.branch(name);
        repo.commit(name);
        repo.commit("More");
        repo.switch("main");
    }
    repo.commit("On main");
    repo.merge("Merge branch 'a'", &["a"]);
    repo.merge("Octopus", &["b", "c"]);
    repo.git(&["switch", "-q", "--detach"]);
    repo.commit("Only tagged");
    repo.git(&["tag", "kept"]);
    repo.switch("main");
    repo
}

#[tokio::test]
async fn commits_and_parents_are_those_of_git() {
    let repo = woven();
    let mut collector = Collector::of(&repo);
    let summary = collector.collect().await;
    let expected: BTreeSet<String> = repo.lines(&["rev-list", "--all", "--parents"]).into_iter().collect();
    let commits = collector.kind("commit");
    let line = |row: &Value| {
        let parents = row["parents"].as_array().unwrap().iter();
        let words: Vec<&str> = [&row["sha"]].into_iter().chain(parents).map(|sha| sha.as_str().unwrap()).collect();
        words.join(" ")
    };
    assert_eq!(commits.iter().map(line).collect::<BTreeSet<_>>(), expected);
    assert!(commits.iter().any(|row| row["parents"].as_array().unwrap().len() == 3), "no octopus");
    assert_eq!(summary.commits, expected.len() as u64);
    assert_eq!((summary.branches, summary.tags, summary.partial, summary.changed), (5, 1, false, true));
    let head = collector.commit(&repo.git(&["rev-parse", "main"]));
    assert_eq!(seconds(&head["committed_at"]) - seconds(&head["authored_at"]), 3_600);
    assert_eq!([&head["subject"], &head["author"]], ["Octopus", "email/ann@example.org"]);
}

#[tokio::test]
async fn line_counts_are_those_of_git() {
    let repo = woven();
    let numbered = |count: u32| (0..count).map(|n| format!("line {n}\n")).collect::<String>();
    repo.write("long", numbered(100));
    repo.write("binary", [0, 1, 2, b'\n', 0]);
    repo.commit("Add");
    repo.write("long", numbered(90).replace("line 7\n", "line seven\n"));
    repo.write("binary", [0, 1, 2, 3, b'\n']);
    repo.commit_only("Change");
    std::fs::rename(repo.path().join("long"), repo.path().join("renamed")).unwrap();
    repo.write("renamed", numbered(95));
    repo.commit_only("Rename and change");
    std::fs::remove_file(repo.path().join("renamed")).unwrap();
    repo.write("no-end", "without an end");
    repo.commit_only("Delete");
    repo.commit_only("Nothing");
    // the tree that git knows without storing it
    let empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let gone = repo.git(&["commit-tree", empty, "-p", "HEAD", "-m", "All gone"]);
    let back = repo.git(&["commit-tree", "HEAD^{tree}", "-p", &gone, "-m", "All back"]);
    repo.git(&["reset", "--quiet", "--hard", &back]);
    let collector = Collector::of(&repo).collected().await;
    let mut expected: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    let mut sha = String::new();
    for line in repo.lines(&["log", "--all", "--no-merges", "--numstat", "--format=%H"]) {
        match line.split('\t').collect::<Vec<_>>().as_slice() {
            [added, deleted, _] => {
                let counts = expected.get_mut(&sha).unwrap();
                counts[0] += added.parse::<i64>().unwrap_or_default();
                counts[1] += deleted.parse::<i64>().unwrap_or_default();
                counts[2] += 1;
            }
            _ if line.is_empty() => {}
            _ => {
                sha.clone_from(&line);
                expected.insert(sha.clone(), [0; 3]);
            }
        }
    }
    for (sha, counts) in &expected {
        let row = collector.commit(sha);
        assert_eq!(json!([row["additions"], row["deletions"], row["changed_files"]]), json!(counts), "{row}");
    }
    let merges = repo.lines(&["rev-list", "--all", "--merges"]);
    assert_eq!((expected.len() + merges.len(), merges.len()), (collector.kind("commit").len(), 2));
    assert!(merges.iter().all(|sha| collector.commit(sha)["additions"].is_null()));
}

#[tokio::test]
async fn merges_squashes_and_reverts_are_told_by_their_messages() {
    let repo = Repo::new();
    repo.commit("Root");
    repo.branch("fix/it");
    let head = repo.commit("Work");
    repo.switch("main");
    let merge = repo.merge("Merge pull request #12 from ann/fix/it\n\nFix it", &["fix/it"]);
    let squash = repo.commit("Add that (#13)");
    repo.git(&["revert", "--no-edit", &squash]);
    let revert = repo.git(&["rev-parse", "HEAD"]);
    repo.commit("Revert \"Add that (#13)\" (#14)");
    repo.branch("side");
    repo.commit("Not on the line of main (#99)");
    repo.switch("main");
    let mut collector = Collector::of(&repo);
    let summary = collector.collect().await;
    assert_eq!((summary.changes, collector.changes()), (3, vec![12, 13, 14]));
    let merged = collector.change(12);
    assert_eq!([&merged["merge_sha"], &merged["head_sha"]], [&json!(merge), &json!(head)]);
    assert_eq!([&merged["title"], &merged["source_branch"], &merged["target_branch"]], ["Fix it", "fix/it", "main"]);
    assert_eq!([&merged["state"], &merged["author"]], [&json!("merged"), &Value::Null]);
    assert_eq!(seconds(&merged["merged_at"]), repo.committed(&merge));
    let squashed = collector.change(13);
    assert_eq!([&squashed["merge_sha"], &squashed["title"]], [&json!(squash), &json!("Add that")]);
    assert_eq!(squashed["author"], "email/ann@example.org");
    assert_eq!(collector.commit(&revert)["reverts"], json!([squash]));
    assert_eq!(collector.change(14)["reverts"], format!("{ID}#13"));
}

#[tokio::test]
async fn version_tags_are_deployments_at_the_time_they_were_set() {
    let repo = Repo::new();
    let first = repo.commit("One");
    repo.git(&["tag", "v1.0.0"]);
    let second = repo.commit("Two");
    repo.git(&["tag", "-a", "-m", "Release", "v1.1.0"]);
    for name in ["v2.0.0-rc.1", "nightly", "v2"] {
        repo.git(&["tag", name]);
    }
    repo.git(&["tag", "v3.0.0", "HEAD^{tree}"]);
    let mut collector = Collector::of(&repo);
    let summary = collector.collect().await;
    let tagged: i64 = repo.git(&["for-each-ref", "--format=%(taggerdate:unix)", "refs/tags/v1.1.0"]).parse().unwrap();
    assert!(tagged > repo.committed(&second));
    let expected =
        [("v1.0.0".to_owned(), first.clone(), repo.committed(&first)), ("v1.1.0".to_owned(), second, tagged)];
    assert_eq!(collector.tags(), expected);
    assert_eq!((summary.deployments, summary.tags), (2, 6));
    assert!(warned(&summary, "tag `v3.0.0` names no commit"), "{:?}", summary.warnings);
    assert!(collector.kind("deployment").iter().all(|row| row["source"] == "tag" && row["outcome"] == "success"));
}

#[tokio::test]
async fn three_collections_give_the_rows_of_one() {
    let repo = woven();
    let mut steps = Collector::of(&repo).deploying("main");
    repo.commit("Squashed (#5)");
    repo.git(&["tag", "v1.0.0"]);
    assert!(steps.collect().await.changed);
    repo.branch("side");
    repo.commit("Squashed on the side (#7)");
    repo.branch("topic");
    repo.commit("Work");
    repo.switch("side");
    repo.merge("Merge pull request #8 from ann/topic\n\nTopic", &["topic"]);
    repo.switch("main");
    let second = steps.collect().await;
    assert_eq!((second.commits, second.changes, second.deployments, second.tags), (3, 1, 0, 2));
    assert_eq!(steps.changes(), [5, 8]);
    repo.git(&["merge", "-q", "--ff-only", "side"]);
    repo.merge("Merge pull request #9 from ann/open\n\nAt last", &["open"]);
    repo.git(&["tag", "-a", "-m", "Release", "v1.1.0"]);
    let third = steps.collect().await;
    assert_eq!((third.changes, third.deployments), (3, 4));
    assert_eq!(steps.changes(), [5, 7, 8, 9]);
    assert_eq!(steps.change(8)["target_branch"], "main");
    let full = Collector::of(&repo).deploying("main").collected().await;
    assert_eq!(steps.rows(), full.rows());
}

#[tokio::test]
async fn a_force_push_takes_its_change_away_and_another_brings_it_back() {
    let repo = Repo::new();
    repo.commit("Root");
    let one = repo.commit("One (#1)");
    let two = repo.commit("Two (#2)");
    let mut collector = Collector::of(&repo).deploying("main");
    collector.collect().await;
    assert_eq!((collector.changes(), collector.deployed().len()), (vec![1, 2], 3));
    repo.git(&["reset", "-q", "--hard", &one]);
    let three = repo.commit("Three (#3)");
    collector.collect().await;
    assert_eq!(collector.changes(), [1, 3]);
    assert!(!collector.deployed().contains(&two) && collector.deployed().contains(&three));
    let full = Collector::of(&repo).deploying("main").collected().await;
    assert_eq!(collector.rows(), full.rows());
    repo.git(&["reset", "-q", "--hard", &two]);
    collector.collect().await;
    assert_eq!(collector.changes(), [1, 2]);
    let full = Collector::of(&repo).deploying("main").collected().await;
    assert_eq!(collector.rows(), full.rows());
}

#[tokio::test]
async fn a_commit_that_no_branch_or_tag_reaches_any_more_is_taken_back_until_one_does() {
    let repo = Repo::new();
    repo.commit("Root");
    repo.branch("topic");
    let mut amended = vec![repo.commit("Work")];
    let mut collector = Collector::of(&repo).collected().await;
    let shas = |collector: &Collector| -> BTreeSet<String> {
        collector.kind("commit").iter().map(|row| text_of(&row["sha"])).collect()
    };
    let all = |repo: &Repo| -> BTreeSet<String> { repo.lines(&["rev-list", "--all"]).into_iter().collect() };
    for round in 0..3 {
        repo.write("more", format!("{round}"));
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-q", "--amend", "-m", "Work, amended"]);
        amended.push(repo.git(&["rev-parse", "HEAD"]));
        let summary = collector.collect().await;
        assert_eq!(summary.commits, 1, "only what is new is read");
        assert_eq!(shas(&collector), all(&repo));
    }
    // a tag holds one of them again, a deleted branch lets go of the others
    repo.git(&["tag", "kept", &amended[1]]);
    repo.switch("main");
    repo.git(&["branch", "-q", "-D", "topic"]);
    collector.collect().await;
    assert_eq!(shas(&collector), all(&repo));
    assert!(shas(&collector).contains(&amended[1]) && !shas(&collector).contains(&amended[3]));
    assert_eq!(collector.rows(), Collector::of(&repo).collected().await.rows());
}

#[tokio::test]
async fn a_tree_of_ten_billion_files_is_not_counted_and_stops_nothing_else() {
    let repo = Repo::new();
    let before = repo.commit("Before");
    let blob = repo.git_with(&["hash-object", "-w", "--stdin"], b"bomb\n");
    let tree = |entry: &str| (0..10).map(|n| format!("{entry}{n}\n")).collect::<String>();
    let mut bomb = repo.git_with(&["mktree"], tree(&format!("100644 blob {blob}\tf")).as_bytes());
    for _ in 0..9 {
        bomb = repo.git_with(&["mktree"], tree(&format!("040000 tree {bomb}\td")).as_bytes());
    }
    let planted = repo.git(&["commit-tree", &bomb, "-p", &before, "-m", "Bomb"]);
    let after = repo.git(&["commit-tree", "HEAD^{tree}", "-p", &planted, "-m", "After"]);
    let last = repo.git(&["commit-tree", "HEAD^{tree}", "-p", &after, "-m", "Last"]);
    repo.git(&["update-ref", "refs/heads/main", &last]);
    let mut collector = Collector::of(&repo);
    let summary = collector.collect().await;
    assert_eq!(summary.commits, 4);
    assert!(warned(&summary, "the changed lines of 2 commits are not counted"), "{:?}", summary.warnings);
    for sha in [&planted, &after] {
        let row = collector.commit(sha);
        assert_eq!([&row["additions"], &row["folders"]], [&Value::Null, &Value::Null], "unknown is not zero: {row}");
    }
    assert_eq!(collector.commit(&before)["changed_files"], 1);
    assert_eq!(collector.commit(&last)["changed_files"], 0);
}

#[tokio::test]
async fn directories_without_end_are_not_followed() {
    let repo = Repo::new();
    let root = repo.commit("Root");
    let blob = repo.git_with(&["hash-object", "-w", "--stdin"], b"deep\n");
    let mut tree = repo.git_with(&["mktree"], format!("100644 blob {blob}\tf\n").as_bytes());
    for _ in 0..600 {
        tree = repo.git_with(&["mktree"], format!("040000 tree {tree}\td\n").as_bytes());
    }
    let deep = repo.git(&["commit-tree", &tree, "-p", &root, "-m", "Deep"]);
    repo.git(&["update-ref", "refs/heads/main", &deep]);
    let mut collector = Collector::of(&repo);
    let summary = collector.collect().await;
    assert!(warned(&summary, "of 1 commits are not counted"), "{:?}", summary.warnings);
    assert!(collector.commit(&deep)["additions"].is_null());
}

#[tokio::test]
async fn a_message_larger_than_an_object_may_be_is_shortened_and_the_history_goes_on() {
    let repo = Repo::new();
    repo.commit("Root (#1)");
    let people = "author A <a@x> 1700000000 +0000\ncommitter A <a@x> 1700000000 +0000";
    let parent = repo.git(&["rev-parse", "HEAD"]);
    let body = "x".repeat(33 << 20);
    let data = format!("tree {TREE}\nparent {parent}\n{people}\n\nLong (#2)\n\n{body}\nEnd\n");
    let long = repo.raw_commit(data.as_bytes());
    repo.git(&["tag", "v1.0.0", &long]);
    repo.git(&["tag", "-a", "-m", "Release", "v1.1.0", &long]);
    let mut collector = Collector::of(&repo);
    let summary = collector.collect().await;
    let tagged: Vec<(String, String)> = collector.tags().into_iter().map(|(name, sha, _)| (name, sha)).collect();
    assert_eq!(tagged, ["v1.0.0", "v1.1.0"].map(|name| (name.to_owned(), long.clone())));
    assert!(warned(&summary, "longer than 32 MiB"), "{:?}", summary.warnings);
    assert!(!summary.partial);
    assert_eq!((summary.commits, collector.changes()), (2, vec![1, 2]));
    assert_eq!(collector.commit(&long)["subject"], "Long (#2)");
    assert!(!collector.collect().await.changed);
}

#[tokio::test]
async fn a_link_or_pipe_in_a_repository_is_named_and_what_it_leads_to_is_not_shown() {
    let repo = Repo::new();
    repo.commit("Root");
    let head = repo.path().join(".git/HEAD");
    std::fs::remove_file(&head).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &head).unwrap();
    let said = whole(&Collector::of(&repo).attempt().await.unwrap_err());
    assert!(said.contains("`HEAD` is a link that leads out of it") && !said.contains("root:"), "{said}");
    std::fs::remove_file(&head).unwrap();
    std::fs::copy("/etc/passwd", &head).unwrap();
    let said = whole(&Collector::of(&repo).attempt().await.unwrap_err());
    assert!(said.contains("names neither a branch nor a commit") && !said.contains("root:"), "{said}");
    std::fs::write(&head, "ref: refs/heads/main\n").unwrap();
    std::os::unix::fs::symlink("/dev/zero", repo.path().join(".git/packed-refs")).unwrap();
    let said = whole(&Collector::of(&repo).attempt().await.unwrap_err());
    assert!(said.contains("`packed-refs` is a link that leads out of it"), "{said}");
    std::fs::remove_file(repo.path().join(".git/packed-refs")).unwrap();
    Collector::of(&repo).attempt().await.unwrap();
}

/// An error with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {}", whole(cause)))
}

/// An HTTP server that answers everything the same way and keeps the `Authorization` that it was sent.
async fn server(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (String, Arc<Mutex<Vec<Option<String>>>>) {
    use axum::http::{Request, Response, header};
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (kept, answer) = (Arc::clone(&seen), Arc::new(answer));
    let app = axum::Router::new().fallback(move |request: Request<axum::body::Body>| {
        let authorization = request.headers().get(header::AUTHORIZATION);
        let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
        let location = authorization.is_some().then(|| answer(request.uri().to_string().as_str()));
        kept.lock().unwrap().push(authorization);
        async move {
            let response = Response::builder();
            match location {
                Some(location) if !location.is_empty() => response.status(302).header(header::LOCATION, location),
                Some(_) => response.status(404),
                None => response.status(401).header(header::WWW_AUTHENTICATE, "Basic realm=\"x\""),
            }
            .body(axum::body::Body::empty())
            .unwrap()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await });
    (format!("127.0.0.1:{}", address.port()), seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_go_to_the_host_of_the_url_and_to_no_other() {
    let (other, other_saw) = server(|_| String::new()).await;
    let to = other.clone();
    let (first, first_saw) = server(move |path| format!("http://{to}{path}")).await;
    for credentials in ["ann:s3cret", "t0ken"] {
        let mut collector = Collector::new(format!("http://{credentials}@{first}/team/app.git"));
        let said = whole(&collector.attempt().await.unwrap_err());
        assert!(said.contains("could not be fetched") && !said.contains("s3cret"), "{said}");
    }
    let sent: Vec<String> = first_saw.lock().unwrap().iter().flatten().cloned().collect();
    let expected = format!("Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, "ann:s3cret"));
    assert!(sent.contains(&expected), "the host itself is sent them: {sent:?}");
    let other_saw = other_saw.lock().unwrap().clone();
    assert!(!other_saw.is_empty() && other_saw.iter().all(Option::is_none), "{other_saw:?}");
}

#[tokio::test]
async fn tags_that_are_deleted_moved_or_set_again_are_followed() {
    let repo = Repo::new();
    let first = repo.commit("One");
    repo.git(&["tag", "v1.0.0"]);
    repo.git(&["tag", "v1.1.0"]);
    let mut collector = Collector::of(&repo).collected().await;
    let at = |tag: &str, sha: &str| (tag.to_owned(), sha.to_owned(), repo.committed(sha));
    assert_eq!(collector.tags(), [at("v1.0.0", &first), at("v1.1.0", &first)]);
    let second = repo.commit("Two");
    repo.git(&["tag", "-d", "v1.0.0"]);
    repo.git(&["tag", "-f", "v1.1.0"]);
    collector.collect().await;
    assert_eq!(collector.tags(), [at("v1.1.0", &second)]);
    repo.git(&["tag", "v1.0.0", &first]);
    collector.collect().await;
    assert_eq!(collector.tags(), [at("v1.0.0", &first), at("v1.1.0", &second)]);
    assert_eq!(collector.rows(), Collector::of(&repo).collected().await.rows());
}

#[tokio::test]
async fn the_line_of_the_deployment_branch_is_its_deployments() {
    let repo = Repo::new();
    repo.commit("Root");
    repo.branch("production");
    for round in ["one", "two"] {
        repo.switch("main");
        repo.commit(round);
        repo.switch("production");
        repo.merge("Deploy", &["main"]);
    }
    repo.switch("main");
    let line = |branch: &str| repo.lines(&["rev-list", "--first-parent", branch]).into_iter().collect::<BTreeSet<_>>();
    let mut collector = Collector::of(&repo).deploying("production");
    let summary = collector.collect().await;
    assert_eq!((summary.deployments, collector.deployed()), (3, line("production")));
    assert!(collector.kind("deployment").iter().all(|row| row["source"] == "branch"));
    // with another branch in the settings, the deployments of the former one are gone
    collector = collector.deploying("main");
    collector.collect().await;
    assert_eq!(collector.deployed(), line("main"));
    assert_eq!(collector.rows(), Collector::of(&repo).deploying("main").collected().await.rows());
    collector = collector.deploying("nowhere");
    let summary = collector.collect().await;
    assert!(warned(&summary, "there is no branch `nowhere`"), "{:?}", summary.warnings);
    assert_eq!(collector.deployed(), BTreeSet::new());
}

#[tokio::test]
async fn an_empty_repository_has_nothing_to_tell_until_its_first_commit() {
    let repo = Repo::new();
    let mut collector = Collector::of(&repo);
    let summary = collector.collect().await;
    assert_eq!((summary.commits, summary.branches, summary.partial), (0, 0, false));
    assert!(warned(&summary, "the repository is empty"), "{:?}", summary.warnings);
    assert_eq!(collector.rows().into_keys().collect::<Vec<_>>(), [format!("repository {ID}")]);
    assert!(!collector.collect().await.changed);
    repo.commit("Root (#1)");
    assert_eq!(collector.collect().await.commits, 1);
    assert_eq!(collector.rows(), Collector::of(&repo).collected().await.rows());
}

#[tokio::test]
async fn a_shallow_clone_is_partial_until_it_is_whole() {
    let repo = woven();
    let clone = repo.beside("shallow");
    repo.git(&["clone", "-q", "--depth", "2", "--no-tags", &format!("file://{}", text(&repo.path())), &clone]);
    let mut collector = Collector::new(&clone);
    let summary = collector.collect().await;
    assert!(summary.partial && warned(&summary, "shallow"), "{summary:?}");
    assert_eq!(collector.kind("repository")[0]["partial"], true);
    let there = repo.lines(&["-C", &clone, "rev-list", "--all"]);
    assert_eq!(collector.kind("commit").len(), there.len());
    repo.git(&["-C", &clone, "fetch", "-q", "--unshallow"]);
    let summary = collector.collect().await;
    assert!(!summary.partial && summary.warnings.is_empty(), "{summary:?}");
    assert_eq!(collector.rows(), Collector::new(&clone).collected().await.rows());
    assert_eq!(collector.kind("commit").len(), repo.lines(&["rev-list", "main"]).len());
}

#[tokio::test]
async fn a_bare_repository_is_read_as_its_working_copy_is() {
    let repo = woven();
    repo.commit("Squashed (#5)");
    repo.git(&["tag", "v1.0.0"]);
    let bare = repo.beside("bare.git");
    repo.git(&["clone", "-q", "--bare", ".", &bare]);
    let rows = Collector::new(&bare).collected().await.rows();
    assert_eq!(rows, Collector::of(&repo).collected().await.rows());
    assert!(rows.contains_key(&format!("deployment {ID}/tag/v1.0.0")));
}

#[tokio::test]
async fn a_url_is_read_through_a_mirror() {
    let repo = woven();
    repo.git(&["tag", "v1.0.0"]);
    let place = text(&std::fs::canonicalize(repo.path()).unwrap());
    let mut collector = Collector::new(format!("file://{place}"));
    collector.source.repository = None;
    let summary = collector.collect().await;
    assert_eq!(summary.repository.to_string(), format!("localhost{place}"));
    assert_eq!(std::fs::read_dir(collector.mirrors.path()).unwrap().count(), 1);
    let mut local = Collector::of(&repo);
    local.source.repository = None;
    local.collect().await;
    assert_eq!(collector.rows(), local.rows());
    repo.commit("Squashed (#5)");
    repo.git(&["tag", "-d", "v1.0.0"]);
    repo.git(&["tag", "v1.0.1"]);
    assert_eq!(collector.collect().await.commits, 1);
    local.collect().await;
    assert_eq!(collector.rows(), local.rows());
    assert_eq!(collector.tags().len(), 1);
    assert!(!collector.collect().await.changed);
}

#[tokio::test]
async fn texts_that_are_no_utf_8_are_read_as_well_as_can_be() {
    let repo = Repo::new();
    let people =
        |name: &str| format!("author J?rgen <{name}@x> 1700000000 +0000\ncommitter B <b@x> 1700000000 +0000\n");
    let latin = |text: String| text.bytes().map(|byte| if byte == b'?' { 0xfc } else { byte }).collect::<Vec<_>>();
    let plain = repo.raw_commit(&latin(format!("tree {TREE}\n{}\nGr?n (#3)\n", people("k"))));
    let told = format!("tree {TREE}\nparent {plain}\n{}encoding ISO-8859-1\n\nGr?n (#4)\n", people("j"));
    let told = repo.raw_commit(&latin(told));
    let collector = Collector::of(&repo).collected().await;
    assert_eq!(collector.commit(&plain)["subject"], "Gr\u{fffd}n (#3)");
    assert_eq!(collector.commit(&told)["subject"], "Grün (#4)");
    assert_eq!([&collector.change(3)["title"], &collector.change(4)["title"]], ["Gr\u{fffd}n", "Grün"]);
    let names: Vec<Value> = collector.kind("account").iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["Jürgen", "J\u{fffd}rgen"]);
}

#[tokio::test]
async fn a_repository_with_sha_256_is_read_as_any_other() {
    let repo = Repo::new();
    std::fs::remove_dir_all(repo.path().join(".git")).unwrap();
    repo.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    let one = repo.commit("One");
    repo.git(&["tag", "v1.0.0"]);
    let mut collector = Collector::of(&repo).collected().await;
    repo.commit("Two (#2)");
    collector.collect().await;
    let expected: BTreeSet<String> = repo.lines(&["rev-list", "--all"]).into_iter().collect();
    let commits: BTreeSet<String> = collector.kind("commit").iter().map(|row| text_of(&row["sha"])).collect();
    assert_eq!((commits, one.len()), (expected, 64));
    assert_eq!(collector.tags(), [("v1.0.0".to_owned(), one.clone(), repo.committed(&one))]);
    assert_eq!((collector.changes(), collector.commit(&one)["changed_files"].as_i64()), (vec![2], Some(1)));
}

#[tokio::test]
async fn texts_are_decoded_by_the_encoding_that_their_commit_names() {
    let repo = Repo::new();
    let people = "author A <a@x> 1700000000 +0000\ncommitter A <a@x> 1700000000 +0000\n";
    let mut parent = String::new();
    for (encoding, bytes, shown) in [
        ("windows-1251", &b"\xcf\xf0\xe8\xe2\xe5\xf2"[..], "Привет"),
        ("Shift_JIS", b"\x83e\x83X\x83g", "テスト"),
        ("EUC-KR", b"\xbe\xc8\xb3\xe7", "안녕"),
    ] {
        let head = format!("tree {TREE}\n{parent}{people}encoding {encoding}\n\n");
        let sha = repo.raw_commit(&[head.as_bytes(), bytes, b"\n"].concat());
        assert_eq!(repo.git(&["log", "-1", "--format=%s", &sha]), shown, "as git shows it");
        assert_eq!(Collector::of(&repo).collected().await.commit(&sha)["subject"], shown);
        parent = format!("parent {sha}\n");
    }
}

#[tokio::test]
async fn commits_of_the_years_1_and_9999_stay_in_the_graph() {
    let repo = Repo::new();
    let (year_1, year_9999, usual) = (-62_135_596_800_i64, 253_402_300_799_i64, 1_700_000_000_i64);
    let commit = |parent: &str, authored: i64, committed: i64| {
        let people = format!("author A <a@x> {authored} +0000\ncommitter A <a@x> {committed} +0000");
        repo.raw_commit(format!("tree {TREE}\n{parent}{people}\n\nSubject\n").as_bytes())
    };
    let mut collector = Collector::of(&repo);
    let first = commit("", year_1, usual);
    collector.collect().await;
    let second = commit(&format!("parent {first}\n"), year_9999, year_9999);
    collector.collect().await;
    let third = commit(&format!("parent {second}\n"), usual, year_1);
    let summary = collector.collect().await;
    assert_eq!((summary.commits, collector.kind("commit").len()), (1, 3));
    let last = 7_258_118_399;
    for (sha, authored, committed) in [(&first, 0, usual), (&second, last, last), (&third, usual, 0)] {
        let row = collector.commit(sha);
        assert_eq!((seconds(&row["authored_at"]), seconds(&row["committed_at"])), (authored, committed), "{row}");
    }
    assert_eq!(collector.commit(&third)["parents"], json!([second]));
    assert_eq!(collector.rows(), Collector::of(&repo).collected().await.rows());
}

#[tokio::test]
async fn what_is_no_repository_is_refused_with_what_to_do() {
    let repo = Repo::new();
    std::fs::create_dir(repo.path().join("sub")).unwrap();
    let nothing = tempfile::tempdir().unwrap();
    let missing = repo.beside("missing");
    for (url, says, advises) in [
        (missing.clone(), "there is no `", "give the path of a clone"),
        (text(nothing.path()), "is not a git repository", "give the top folder of a clone"),
        (text(&repo.path().join("sub")), "is not a git repository", "above it is one"),
        (text(repo.folder.path()), "is not a git repository", "app` in it is one"),
        (format!("file://{missing}"), "could not be fetched", "check the address"),
        ("ftp://example.org/app".to_owned(), "a protocol that is not allowed", "expected https"),
        (String::new(), "`url` is empty", "expected the path"),
    ] {
        let mut collector = Collector::new(&url);
        let error = collector.attempt().await.unwrap_err();
        let said = error.to_string();
        assert!(said.contains(says) && said.contains(advises) && !error.is_transient(), "{url}: {said}");
        assert_eq!((collector.events(), &collector.cursor), (0, &None));
    }
}

#[tokio::test]
async fn without_news_nothing_is_appended() {
    let repo = woven();
    repo.git(&["tag", "v1.0.0"]);
    let mut collector = Collector::of(&repo).deploying("main");
    assert!(collector.collect().await.changed);
    let (events, cursor) = (collector.events(), collector.cursor.clone());
    assert!(events > 0 && cursor.is_some());
    for _ in 0..2 {
        let summary = collector.collect().await;
        assert_eq!((summary.changed, summary.commits, summary.changes, summary.deployments), (false, 0, 0, 0));
        assert_eq!((summary.branches, summary.tags), (5, 2));
        assert_eq!((collector.events(), &collector.cursor), (events, &cursor));
    }
}
