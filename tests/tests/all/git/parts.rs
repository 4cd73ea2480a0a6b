//! Repositories that tests write, and a collector whose log is a vector.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use connector_git::{CollectionSummary, CollectionTarget, GitError, GitSource};
use kernel::{Fact, Tenant, Version};
use pull::progress::Silent;
use serde_json::Value;
use tempfile::TempDir;

use crate::gateway::MemoryLog;

pub(super) const ID: &str = "example.org/team/app";

pub(super) const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A repository in a directory of its own. Each call of `git` is a minute after the one before.
pub(crate) struct Repo {
    pub(super) directory: TempDir,
    clock: Cell<i64>,
}

impl Repo {
    pub(crate) fn new() -> Self {
        let repo = Self { directory: tempfile::tempdir().unwrap(), clock: Cell::new(1_700_000_000) };
        std::fs::create_dir(repo.path()).unwrap();
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("app")
    }

    /// A place beside the repository, as an argument.
    pub(super) fn beside(&self, name: &str) -> String {
        text(&self.directory.path().join(name))
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_with(arguments, &[])
    }

    pub(super) fn git_with(&self, arguments: &[&str], input: &[u8]) -> String {
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

    pub(super) fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(file), content).unwrap();
    }

    /// Commits whatever was written, and a file that no other commit has.
    pub(super) fn commit(&self, message: &str) -> String {
        self.write(&format!("file-{}", self.clock.get()), message);
        self.commit_only(message)
    }

    pub(crate) fn commit_only(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(super) fn merge(&self, message: &str, branches: &[&str]) -> String {
        self.git(&[&["merge", "-q", "--no-ff", "-m", message][..], branches].concat());
        self.git(&["rev-parse", "HEAD"])
    }

    pub(super) fn branch(&self, name: &str) {
        self.git(&["switch", "-q", "-c", name]);
    }

    pub(super) fn switch(&self, name: &str) {
        self.git(&["switch", "-q", name]);
    }

    /// A commit that `git commit` would not make, as the new tip of `main`.
    pub(super) fn raw_commit(&self, data: &[u8]) -> String {
        self.git(&["mktree"]);
        let sha = self.git_with(&["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], data);
        self.git(&["update-ref", "refs/heads/main", &sha]);
        sha
    }

    /// The seconds of the committer.
    pub(super) fn committed(&self, commit: &str) -> i64 {
        self.git(&["log", "-1", "--format=%ct", commit]).parse().unwrap()
    }

    pub(super) fn lines(&self, arguments: &[&str]) -> Vec<String> {
        self.git(arguments).lines().map(str::to_owned).collect()
    }
}

pub(super) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Collects one source repeatedly.
pub(super) struct Collector {
    pub(super) source: GitSource,
    pub(super) mirrors: TempDir,
    log: Arc<MemoryLog>,
    pub(super) cursor: Option<Value>,
    now: i64,
}

impl Collector {
    pub(super) fn new(url: impl Into<String>) -> Self {
        let source = GitSource { repository: Some(ID.to_owned()), line_counts: true, ..GitSource::new(url) };
        let mirrors = tempfile::tempdir().unwrap();
        Self { source, mirrors, log: MemoryLog::new(), cursor: None, now: 1_720_000_000 }
    }

    pub(super) fn of(repo: &Repo) -> Self {
        Self::new(text(&repo.path()))
    }

    /// Deployments are on this branch.
    pub(super) fn deploying(mut self, branch: &str) -> Self {
        self.source.deployment_branch = Some(branch.to_owned());
        self
    }

    pub(super) async fn attempt(&mut self) -> Result<CollectionSummary, GitError> {
        self.now += 60;
        let now = DateTime::from_timestamp(self.now, 0).unwrap();
        let (mirrors, tenant, cursor) = (self.mirrors.path(), Tenant::default(), self.cursor.clone());
        let target = CollectionTarget { mirrors, tenant: &tenant, log: &*self.log, progress: &Silent };
        let (summary, next) = connector_git::collect_since(&self.source, &target, cursor, now).await?;
        if next.is_some() {
            self.cursor = next;
        }
        Ok(summary)
    }

    pub(super) async fn collect(&mut self) -> CollectionSummary {
        self.attempt().await.unwrap()
    }

    pub(super) async fn collected(mut self) -> Self {
        self.collect().await;
        self
    }

    pub(super) fn events(&self) -> usize {
        self.log.events().len()
    }

    pub(super) fn events_of(&self, kind: &str) -> usize {
        self.log.events().iter().filter(|event| event.kind == kind).count()
    }

    /// What the store would hold: of each thing the greatest version, unless it is deleted.
    pub(super) fn rows(&self) -> BTreeMap<String, Value> {
        let connector = registry::connector("git").unwrap();
        let mut kept: BTreeMap<String, (Version, String, Value)> = BTreeMap::new();
        for envelope in &self.log.events() {
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

    pub(super) fn kind(&self, kind: &str) -> Vec<Value> {
        self.rows().into_values().filter(|row| row["fact"] == kind).collect()
    }

    pub(super) fn commit(&self, sha: &str) -> Value {
        self.rows()[&format!("commit {sha}")].clone()
    }

    pub(super) fn change(&self, number: i64) -> Value {
        self.rows()[&format!("change {ID}#{number}")].clone()
    }

    pub(super) fn changes(&self) -> Vec<i64> {
        self.kind("change").iter().map(|row| row["number"].as_i64().unwrap()).collect()
    }

    /// The commits that were deployed.
    pub(super) fn deployed(&self) -> BTreeSet<String> {
        self.kind("deployment").iter().map(|row| row["sha"].as_str().unwrap().to_owned()).collect()
    }

    /// The tags that are deployments, with their commits and times.
    pub(super) fn tags(&self) -> Vec<(String, String, i64)> {
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
        other => panic!("git reports no {}", other.kind()),
    }
}

pub(super) fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(super) fn seconds(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp()
}

pub(super) fn warned(summary: &CollectionSummary, part: &str) -> bool {
    summary.warnings.iter().any(|warning| warning.contains(part))
}

/// A history with branches, a merge, an octopus merge, a tag on a commit of no branch, and an unmerged branch.
pub(super) fn woven() -> Repo {
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
