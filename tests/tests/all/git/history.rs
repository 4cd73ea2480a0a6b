//! Commits, changes and what their messages and sizes say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::parts::{Collector, ID, Repo, TREE, seconds, text, text_of, woven};

#[tokio::test]
async fn a_mailmap_is_reported_when_it_changes_and_taken_back_when_it_goes() {
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
    assert_eq!(collector.events_of("git.mailmap"), 1, "a mailmap that did not change is not reported again");
    repo.write(".mailmap", "Ann Smith <ann@example.org> <ann@old.example.org>\n");
    repo.commit("Bob has left");
    collector.collect().await;
    assert_eq!(persons(&collector), [ann]);
    std::fs::remove_file(repo.path().join(".mailmap")).unwrap();
    repo.commit("Without");
    collector.collect().await;
    assert_eq!(persons(&collector), Vec::<String>::new());
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
async fn merges_squashes_and_reverts_are_recognized_by_their_messages() {
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
async fn texts_that_are_no_utf_8_are_read_as_well_as_can_be() {
    let repo = Repo::new();
    let people =
        |name: &str| format!("author J?rgen <{name}@x> 1700000000 +0000\ncommitter B <b@x> 1700000000 +0000\n");
    let latin = |text: String| text.bytes().map(|byte| if byte == b'?' { 0xfc } else { byte }).collect::<Vec<_>>();
    let plain = repo.raw_commit(&latin(format!("tree {TREE}\n{}\nGr?n (#3)\n", people("k"))));
    let fetched = format!("tree {TREE}\nparent {plain}\n{}encoding ISO-8859-1\n\nGr?n (#4)\n", people("j"));
    let fetched = repo.raw_commit(&latin(fetched));
    let collector = Collector::of(&repo).collected().await;
    assert_eq!(collector.commit(&plain)["subject"], "Gr\u{fffd}n (#3)");
    assert_eq!(collector.commit(&fetched)["subject"], "Grün (#4)");
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
    // by URL the mirror has to have its format too, also where one of another format is there
    let url = format!("file://{}", text(&std::fs::canonicalize(repo.path()).unwrap()));
    let mut by_url = Collector::new(url).collected().await;
    assert_eq!(by_url.rows(), Collector::of(&repo).collected().await.rows());
    std::fs::remove_dir_all(repo.path().join(".git")).unwrap();
    repo.git(&["init", "-q", "-b", "main"]);
    let other = repo.commit("Other");
    by_url.collect().await;
    assert_eq!(by_url.commit(&other)["subject"], "Other");
}

#[tokio::test]
async fn a_remote_with_more_branches_than_are_read_of_their_list_is_collected() {
    let repo = Repo::new();
    let one = repo.commit("One");
    let name = "n".repeat(200);
    let refs: String = (0..5_000).map(|number| format!("{one} refs/heads/{name}-{number:04}\n")).collect();
    assert!(refs.len() > (1 << 20) + (1 << 16));
    let head = "# pack-refs with: peeled fully-peeled sorted \n";
    std::fs::write(repo.path().join(".git/packed-refs"), format!("{head}{refs}")).unwrap();
    // without a commit at HEAD the branches show the format of the ids
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/none"]);
    let url = format!("file://{}", text(&std::fs::canonicalize(repo.path()).unwrap()));
    let mut collector = Collector::new(url);
    let summary = tokio::time::timeout(std::time::Duration::from_mins(2), collector.collect()).await.unwrap();
    assert_eq!((summary.commits, summary.branches), (1, 5_001));
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
