//! Tags and branches as deployments, and repositories that are empty, shallow, bare or remote.

use std::collections::BTreeSet;

use super::parts::{Collector, ID, Repo, text, warned, woven};

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
async fn an_empty_repository_has_nothing_to_report_until_its_first_commit() {
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
    let entries = std::fs::read_dir(collector.mirrors.path()).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(entries.filter(|path| path.is_dir()).count(), 1, "beside the file that locks it");
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
async fn what_is_no_repository_is_refused_with_what_to_do() {
    let repo = Repo::new();
    std::fs::create_dir(repo.path().join("sub")).unwrap();
    let nothing = tempfile::tempdir().unwrap();
    let missing = repo.beside("missing");
    for (url, says, advises) in [
        (missing.clone(), "there is no `", "give the path of a clone"),
        (text(nothing.path()), "is not a git repository", "give the top directory of a clone"),
        (text(&repo.path().join("sub")), "is not a git repository", "above it is one"),
        (text(repo.directory.path()), "is not a git repository", "app` in it is one"),
        (format!("file://{missing}"), "could not be fetched", "check the address"),
        ("ftp://example.org/app".to_owned(), "a protocol that is not allowed", "expected https"),
        (String::new(), "`url` is empty", "expected the path"),
    ] {
        let mut collector = Collector::new(&url);
        let error = collector.attempt().await.unwrap_err();
        let message = error.to_string();
        assert!(message.contains(says) && message.contains(advises) && !error.is_transient(), "{url}: {message}");
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
