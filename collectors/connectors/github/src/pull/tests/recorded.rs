//! Against answers that GitHub itself gave, replayed by npm's @octokit/fixtures-server: each once, in order, and
//! only to the request that was recorded.

use http::Method;
use kernel::Secret;
use pull::served::Served;
use pull::{Client, RateLimit};
use url::Url;

use super::*;

/// The token of the recordings.
const TOKEN: &str = "0000000000000000000000000000000000000001";

/// The server of recordings.
async fn recordings() -> Served {
    Served::start("github", &["recorded".as_ref()]).await
}

/// Starts a recording; where it is.
async fn start(server: &Served, scenario: &str) -> Url {
    let client = Client::new(&opened("github", json!({})), server.url()).unwrap();
    let started = client
        .send(
            Method::POST,
            client.address("fixtures").unwrap(),
            json!({ "scenario": scenario }).to_string().into(),
            HeaderMap::new(),
        )
        .await
        .unwrap();
    started.json::<Value>().unwrap()["url"].as_str().unwrap().parse().unwrap()
}

/// The connector, asking there as it asks api.github.com.
fn connector(url: &Url, token: &str) -> Repositories {
    let mut source = opened("github", json!({}));
    source.token = Secret::new(token.as_bytes().to_vec());
    let options: Options = source.options().unwrap();
    let api = Api::over(Client::new(&source, url.clone()).unwrap(), &source, &options).unwrap();
    Repositories { api, projects: Vec::new(), options }
}

/// The stream of issues, whose first page is the recorded one.
struct Issues(Repositories);

#[async_trait]
impl Puller for Issues {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        Ok(vec![Stream::new("issues", "octokit-fixture-org/as-it-was-called-before")])
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let first = json!("repos/octokit-fixture-org/paginate-issues/issues?per_page=3");
        self.0.page(&Ask { cursor: Some(ask.cursor.unwrap_or(&first)), ..ask.clone() }).await
    }
}

#[tokio::test]
async fn all_pages_are_read_once_by_their_links_and_become_work_items() {
    let server = recordings().await;
    let issues = Issues(connector(&start(&server, "paginate-issues").await, TOKEN));
    let memory = Memory::default();
    let summary = memory.pull(&issues, PullFrom::Cursor).await;
    assert!(summary.complete(), "{summary:?}");
    assert_eq!((summary.pages, summary.rows), (5, 13));
    let facts = facts(&memory);
    for fact in &facts {
        fact.check().unwrap();
    }
    let items: Vec<_> = facts
        .iter()
        .filter_map(|fact| if let Fact::WorkItem(item) = fact { Some((&*item.key, &*item.project)) } else { None })
        .collect();
    let keys: Vec<String> = (1..=13).rev().map(|number| format!("#{number}")).collect();
    // named as the rows name it, whatever name it was asked for by
    let all: Vec<_> = keys.iter().map(|key| (&**key, "github.com/octokit-fixture-org/paginate-issues")).collect();
    assert_eq!(items, all);
    let resets_at = DateTime::parse_from_rfc3339("2017-10-10T16:00:00Z").unwrap().to_utc();
    let left = RateLimit { remaining: 4999, limit: Some(5000), resets_at: Some(resets_at) };
    assert_eq!(issues.0.budget(), Some(left), "as the headers say");
}

#[tokio::test]
async fn a_renamed_repository_is_found_where_it_went_and_with_the_token() {
    let server = recordings().await;
    let url = start(&server, "rename-repository").await;
    let hub = connector(&url, TOKEN);
    let renaming = reqwest::Client::builder().no_proxy().build().unwrap();
    let renaming = renaming
        .request(Method::PATCH, format!("{url}/repos/octokit-fixture-org/rename-repository"))
        .header("accept", "application/vnd.github+json")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .body(json!({ "name": "rename-repository-newname" }).to_string());
    assert_eq!(renaming.send().await.unwrap().status(), StatusCode::OK);
    let old = "repos/octokit-fixture-org/rename-repository";
    let refused = connector(&url, "another-token").api.get(old).await;
    assert!(matches!(refused, Err(PullError::Gone(_))), "the recording insists on the token: {refused:?}");
    let found: Value = hub.api.get(old).await.unwrap().json().unwrap();
    assert_eq!(found["full_name"], "octokit-fixture-org/rename-repository-newname");
}

#[tokio::test]
async fn what_github_refuses_is_reported_in_its_own_words_and_not_requested_again() {
    let server = recordings().await;
    let hub = connector(&start(&server, "branch-protection").await, TOKEN);
    let path = "repos/octokit-fixture-org/branch-protection/branches/main/protection";
    let error = hub.api.get(path).await.unwrap_err();
    assert!(matches!(error, PullError::Gone(_)), "{error:?}");
    let message = error.to_string();
    assert!(
        message.starts_with("there is no /") && message.ends_with("protection, or the token may not see it"),
        "{message}"
    );

    let hub = connector(&start(&server, "errors").await, TOKEN);
    let label = json!({ "name": "foo", "color": "invalid" });
    let (path, body) = ("repos/octokit-fixture-org/errors/labels", label.to_string().into());
    let error = hub.api.session.send(&hub.api.rest, Method::POST, path, body).await.unwrap_err();
    assert!(matches!(error, PullError::Data(_)), "{error:?}");
    let message = error.to_string();
    let expected = "/labels: the server answered 422 Unprocessable Entity: Validation Failed; `color` is invalid";
    assert!(message.ends_with(expected), "{message}");
    assert_eq!(hub.budget().map(|left| left.remaining), Some(4999), "a refusal's headers are read too");
}
