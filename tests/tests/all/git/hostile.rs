//! Repositories and hosts that are made to do harm.

use std::sync::{Arc, Mutex};

use runtime::with_causes;
use serde_json::Value;

use super::parts::{Collector, Repo, TREE, warned};

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
        assert_eq!(
            [&row["additions"], &row["directories"]],
            [&Value::Null, &Value::Null],
            "unknown is not zero: {row}"
        );
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
    assert!(warned(&summary, "of 1 commit are not counted"), "{:?}", summary.warnings);
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
    let message = with_causes(&Collector::of(&repo).attempt().await.unwrap_err());
    assert!(message.contains("`HEAD` is a link that leads out of it") && !message.contains("root:"), "{message}");
    std::fs::remove_file(&head).unwrap();
    std::fs::copy("/etc/passwd", &head).unwrap();
    let message = with_causes(&Collector::of(&repo).attempt().await.unwrap_err());
    assert!(message.contains("names neither a branch nor a commit") && !message.contains("root:"), "{message}");
    std::fs::write(&head, "ref: refs/heads/main\n").unwrap();
    std::os::unix::fs::symlink("/dev/zero", repo.path().join(".git/packed-refs")).unwrap();
    let message = with_causes(&Collector::of(&repo).attempt().await.unwrap_err());
    assert!(message.contains("`packed-refs` is a link that leads out of it"), "{message}");
    std::fs::remove_file(repo.path().join(".git/packed-refs")).unwrap();
    Collector::of(&repo).attempt().await.unwrap();
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
        let message = with_causes(&collector.attempt().await.unwrap_err());
        assert!(message.contains("could not be fetched") && !message.contains("s3cret"), "{message}");
    }
    let sent: Vec<String> = first_saw.lock().unwrap().iter().flatten().cloned().collect();
    let expected = format!("Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, "ann:s3cret"));
    assert!(sent.contains(&expected), "the host itself is sent them: {sent:?}");
    let other_saw = other_saw.lock().unwrap().clone();
    assert!(!other_saw.is_empty() && other_saw.iter().all(Option::is_none), "{other_saw:?}");
}
