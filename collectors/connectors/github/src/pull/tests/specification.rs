//! Every request of a pull against GitHub's own specification. npm's prism checks the values, we the names: to
//! prism an unknown parameter is not an error.

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use pull::served::{Served, check_request};

use super::*;

/// Asks prism for a path as our client asked it; its status, and its reasons if that is a refusal.
async fn check(prism: &Served, path: &str, headers: HeaderMap) -> (StatusCode, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = prism.url().join(path).unwrap();
    let answer = client.get(url).headers(headers).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn every_request_of_a_pull_is_one_that_githubs_specification_allows() {
    let Some(corpus) = parts::corpus() else { return };
    // the script has another working directory
    let file = corpus.join("specs/gh-slim.json").canonicalize().unwrap();
    let specification: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let prism = Arc::new(Served::start("github", &["specification".as_ref(), file.as_ref()]).await);
    let checked = Arc::new(Mutex::new(Vec::new()));
    let layer = |prism: &Arc<Served>, checked: &Arc<Mutex<Vec<_>>>| {
        let (prism, checked) = (prism.clone(), checked.clone());
        from_fn(move |request: Request, next: Next| {
            let (prism, checked) = (prism.clone(), checked.clone());
            async move {
                let asked = request.uri().path_and_query().unwrap().as_str();
                if let Some(path) = asked.strip_prefix("/api/v3") {
                    let judgement = check(&prism, path, request.headers().clone()).await;
                    checked.lock().unwrap().push((path.to_owned(), request.headers().clone(), judgement));
                }
                next.run(request).await
            }
        })
    };
    let memory = Memory::default();
    let hub = Arc::new(Hub { changes: 3, commits: 1, issues: 150, runs: 101, ..Hub::default() });
    // the second pull asks for what is new
    for _ in 0..2 {
        let puller = puller_of(router(&hub).layer(layer(&prism, &checked)), &source(&json!({})));
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        assert!(summary.complete(), "{summary:?}");
    }

    let checked = std::mem::take(&mut *checked.lock().unwrap());
    let mut streams = BTreeSet::new();
    for (path, _, (status, why)) in &checked {
        let name = path.split('?').next().unwrap().strip_prefix("/repos/Octo/Hello/").unwrap();
        if name == "secret-scanning/alerts" {
            // the slimmed specification leaves it out; should it come back, it is to be checked
            assert_eq!(*status, StatusCode::NOT_FOUND);
            continue;
        }
        assert!(status.is_success(), "{path}: {status} {why}");
        check_request(&specification, path).unwrap();
        streams.insert(if name.ends_with("/jobs") { "jobs" } else { name });
    }
    let all = ["actions/runs", "code-scanning/alerts", "dependabot/alerts", "issues", "jobs", "pulls/comments"];
    assert_eq!(streams, BTreeSet::from(all));
    for part in ["page=2", "since="] {
        assert!(checked.iter().any(|(path, ..)| path.contains(part)), "no request has `{part}`");
    }
    println!("{} requests checked", checked.len());

    let headers = &checked[0].1;
    for wrong in
        ["issues?state=every", "issues?since=yesterday", "issues?per_page=many", "actions/runs/x/jobs", "isues"]
    {
        let (status, _) = check(&prism, &format!("/repos/Octo/Hello/{wrong}"), headers.clone()).await;
        assert!(status.is_client_error(), "{wrong}: {status}");
    }
    let mut other = headers.clone();
    other.insert("accept", "application/xml".parse().unwrap());
    assert_eq!(check(&prism, "/repos/Octo/Hello/issues", other).await.0, StatusCode::NOT_ACCEPTABLE);
    assert!(check_request(&specification, "/repos/Octo/Hello/issues?per_pag=100").is_err());
}
