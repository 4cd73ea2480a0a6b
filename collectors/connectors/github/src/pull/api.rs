//! One GitHub, asked with one token: addresses, headers, the two budgets, and what its answers mean.

use std::iter;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use kernel::RepositoryId;
use pull::{Answer, Budget, Client, Dialect, OpenError, Opened, PullError, RateLimit};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::options::Options;
use super::session::{Login, Session};

/// GitHub's own minute for limits that it gives no time for.
const SECONDARY: Duration = Duration::from_mins(1);

/// A GitHub and a token.
pub(super) struct Api {
    /// Where people look at it: `https://github.com`.
    pub(super) web: String,
    pub(super) rest: Client,
    graphql: Client,
    pub(super) session: Session,
    /// What REST's paths begin with.
    prefix: &'static str,
    /// Names of repositories of all that the token may see, if none are configured.
    all: &'static str,
}

/// The path of GraphQL below the API's address.
const GRAPHQL: &str = "graphql";

/// Where the API of a GitHub is, what REST's paths begin with there, and where people look at it.
fn addresses(url: Option<&Url>) -> Result<(Url, &'static str, String), OpenError> {
    let host = url.and_then(Url::host_str).unwrap_or("github.com").trim_start_matches("www.");
    let host = host.trim_start_matches("api.");
    let (base, rest, web) = if host == "github.com" || host.ends_with(".ghe.com") {
        // the second is GitHub Enterprise Cloud with data residency
        (format!("https://api.{host}"), "", format!("https://{host}"))
    } else {
        // GitHub Enterprise Server; its GraphQL is beside version 3 of REST, not below it
        let url = url.map(Url::as_str).unwrap_or_default().trim_end_matches('/');
        let web = url.trim_end_matches("/v3").trim_end_matches("/api");
        (format!("{web}/api"), "v3/", web.to_owned())
    };
    let base = Url::parse(&base).map_err(|error| OpenError::new("url", error.to_string()))?;
    Ok((base, rest, web))
}

impl Api {
    pub(super) fn new(source: &Opened, options: &Options) -> Result<Self, OpenError> {
        let (base, _, _) = addresses(source.url.as_ref())?;
        Self::over(Client::new(source, base)?, source, options)
    }

    pub(super) fn over(client: Client, source: &Opened, options: &Options) -> Result<Self, OpenError> {
        let (base, prefix, web) = addresses(source.url.as_ref())?;
        let login = Login::of(source, options)?;
        let client = client
            .with_header("accept", "application/vnd.github+json")
            .with_header("x-github-api-version", "2022-11-28")
            .with_dialect(GitHub);
        let who = login.identity();
        let host = base.host_str().unwrap_or_default();
        let budget = |pool| Budget::of(host, &who, pool);
        let rest = client.clone().with_budget(budget("core"));
        Ok(Self {
            web,
            graphql: client.with_budget(budget("graphql")),
            all: if login.is_app() { "installation/repositories?per_page=100" } else { "user/repos?per_page=100" },
            session: Session::new(login, rest.clone(), prefix),
            rest,
            prefix,
        })
    }

    /// The id of a repository, as webhooks give it.
    pub(super) fn repository_id(&self, name: &str) -> Option<String> {
        RepositoryId::from_url(&format!("{}/{name}", self.web)).map(|id| id.to_string())
    }

    /// The smaller of the two budgets.
    pub(super) fn left(&self) -> Option<RateLimit> {
        let both = [self.rest.left(), self.graphql.left()];
        both.into_iter().flatten().min_by_key(|left| left.remaining)
    }

    /// The path of a REST resource.
    fn path(&self, path: &str) -> String {
        if path.contains("://") { path.to_owned() } else { format!("{}{path}", self.prefix) }
    }

    /// Asks REST.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, PullError> {
        self.ask(&self.rest, path).await
    }

    /// Asks REST for the details of one thing.
    pub(super) async fn details(&self, path: &str) -> Result<Answer, PullError> {
        self.ask(&self.rest.for_details(), path).await
    }

    /// Sends what changes something: once, since an answer that is lost does not say that it was not done.
    pub(super) async fn send_once(&self, method: Method, path: &str, body: Bytes) -> Result<Answer, PullError> {
        let client = self.rest.clone().with_attempts(1);
        self.session.send(&client, method, &self.path(path), body).await
    }

    async fn ask(&self, client: &Client, path: &str) -> Result<Answer, PullError> {
        self.session.send(client, Method::GET, &self.path(path), Bytes::new()).await
    }

    /// Asks GraphQL; the `data` of the answer. `attempts` is how often what fails by itself is repeated.
    pub(super) async fn query(&self, query: &str, variables: Value, attempts: u32) -> Result<Value, PullError> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let client = self.graphql.clone().with_attempts(attempts);
        let answer = self.session.send(&client, Method::POST, GRAPHQL, body.into()).await?;
        let GraphqlBody { data, errors } = answer.json()?;
        match errors.first() {
            None => data.ok_or_else(|| PullError::Data("GraphQL: an answer without data".to_owned())),
            Some(error) => Err(error.class()),
        }
    }

    /// The repositories to pull, `owner/name`: those that are named, all of an owner that is, else all that
    /// the token shows.
    pub(super) async fn repositories(&self, projects: &[String]) -> Result<Vec<String>, PullError> {
        let mut names = Vec::new();
        if projects.is_empty() {
            let mut next = Some(self.all.to_owned());
            while let Some(path) = next {
                let answer = self.get(&path).await?;
                next = answer.next_link();
                let found = match answer.json()? {
                    Listed::Plain(found) | Listed::Installed { repositories: found } => found,
                };
                names.extend(found.into_iter().map(|repository| repository.full_name));
            }
        }
        for project in projects {
            if project.contains('/') {
                names.push(project.clone());
                continue;
            }
            let mut after: Option<String> = None;
            loop {
                let variables = json!({ "owner": project, "after": after });
                let data = self.query(include_str!("../../queries/repositories.graphql"), variables, 5).await?;
                let list = data.pointer("/repositoryOwner/repositories").cloned();
                let Some(list) = list else { return Err(PullError::Gone(format!("owner `{project}`"))) };
                let nodes = list.get("nodes").and_then(Value::as_array).into_iter().flatten();
                names.extend(nodes.filter_map(|node| Some(node.get("nameWithOwner")?.as_str()?.to_owned())));
                after = next_cursor(&list, "repositories")?;
                if after.is_none() {
                    break;
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }
}

/// Where the next page of a list begins; `None` after the last one. A list that has more and does not say where would be
/// read from its beginning again, or end too early.
pub(super) fn next_cursor(list: &Value, called: &str) -> Result<Option<String>, PullError> {
    if list.pointer("/pageInfo/hasNextPage") != Some(&Value::Bool(true)) {
        return Ok(None);
    }
    let cursor = list.pointer("/pageInfo/endCursor");
    let Some(text) = cursor.and_then(Value::as_str) else {
        let found = cursor.unwrap_or(&Value::Null);
        return Err(PullError::Data(format!(
            "GraphQL: {called} have a next page that begins at {found}, expected a text"
        )));
    };
    Ok(Some(text.to_owned()))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Plain(Vec<Named>),
    Installed { repositories: Vec<Named> },
}

#[derive(Deserialize)]
struct Named {
    full_name: String,
}

#[derive(Deserialize)]
struct GraphqlBody {
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

#[derive(Deserialize)]
struct GraphqlError {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    path: Vec<Value>,
}

impl GraphqlError {
    fn class(&self) -> PullError {
        let path = self.path.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
        let what = format!("GraphQL {}", path.collect::<Vec<_>>().join("."));
        match self.kind.as_str() {
            "NOT_FOUND" => PullError::Gone(what),
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => PullError::Denied { what, missing: Some(self.message.clone()) },
            kind => PullError::Data(format!("{what}: {kind} {}", self.message)),
        }
    }
}

/// What GraphQL says to be wrong, which it says with 200. A good answer is long, and not read for that.
fn graphql_errors(answer: &Answer) -> Vec<GraphqlError> {
    let short = answer.status.is_success() && answer.body.len() < 10_000 && answer.url.path().ends_with(GRAPHQL);
    let parsed = if short { answer.json::<GraphqlBody>().ok() } else { None };
    parsed.map(|parsed| parsed.errors).unwrap_or_default()
}

/// How GitHub speaks of limits and scopes.
struct GitHub;

impl Dialect for GitHub {
    fn limited(&self, answer: &Answer) -> Option<Duration> {
        #[derive(Deserialize)]
        struct Refused {
            #[serde(default)]
            message: String,
        }
        if answer.status == StatusCode::FORBIDDEN {
            let refused: Refused = answer.json().ok()?;
            let message = refused.message.to_lowercase();
            return (message.contains("secondary rate limit") || message.contains("abuse detection"))
                .then_some(SECONDARY);
        }
        let errors = graphql_errors(answer);
        let limited = errors
            .iter()
            .any(|error| error.kind == "RATE_LIMITED" || error.message.to_lowercase().contains("secondary rate limit"));
        limited.then(|| answer.exhausted().unwrap_or(SECONDARY))
    }

    fn failed(&self, answer: &Answer) -> Option<String> {
        let unfinished = graphql_errors(answer).iter().any(|error| {
            // "Something went wrong while executing your query": it took too long, or GitHub is unwell
            error.message.contains("went wrong") || error.message.to_lowercase().contains("timeout")
        });
        unfinished.then(|| "GitHub could not finish the query".to_owned())
    }

    fn missing(&self, answer: &Answer) -> Option<String> {
        if let Some(permissions) = answer.header("x-accepted-github-permissions").filter(|parsed| !parsed.is_empty()) {
            return Some(format!("the permission {permissions}"));
        }
        let scopes = |name| {
            let parsed = answer.header(name).unwrap_or_default().split(',').map(str::trim);
            parsed.filter(|scope| !scope.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let (accepted, has) = (scopes("x-accepted-oauth-scopes"), scopes("x-oauth-scopes"));
        if accepted.is_empty() || accepted.iter().any(|scope| has.contains(scope)) {
            return None;
        }
        Some(format!("the scope {} (it has: {})", accepted.join(" or "), has.join(", ")))
    }

    fn wrong(&self, answer: &Answer) -> Option<String> {
        #[derive(Deserialize)]
        struct Refused {
            message: String,
            #[serde(default)]
            errors: Vec<Value>,
        }
        let Refused { message, errors } = answer.json().ok()?;
        let named = errors.iter().filter_map(|error| {
            let part = |name| error.get(name).and_then(Value::as_str);
            match (part("field"), part("code"), part("message").or(error.as_str())) {
                (Some(field), Some(code), _) => Some(format!("`{field}` is {code}")),
                (_, _, message) => message.map(str::to_owned),
            }
        });
        Some(iter::once(message).chain(named).collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_residency_and_server_are_found_at_their_addresses() {
        for (url, base, web) in [
            (None, "https://api.github.com/", "https://github.com"),
            (Some("https://github.com"), "https://api.github.com/", "https://github.com"),
            (Some("https://octo.ghe.com"), "https://api.octo.ghe.com/", "https://octo.ghe.com"),
            (Some("https://git.example.com/"), "https://git.example.com/api", "https://git.example.com"),
            (Some("https://git.example.com/api/v3"), "https://git.example.com/api", "https://git.example.com"),
            (Some("http://127.0.0.1:8080"), "http://127.0.0.1:8080/api", "http://127.0.0.1:8080"),
        ] {
            let url = url.map(|url| Url::parse(url).unwrap());
            let (found, prefix, found_web) = addresses(url.as_ref()).unwrap();
            assert_eq!((found.as_str(), found_web.as_str()), (base, web));
            assert_eq!(prefix.is_empty(), base.contains("//api."));
        }
    }
}
