//! Asking a Metabase: who asks, how often a request is repeated, how long an answer may be.

use std::path::Path;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use kernel::{Secret, plain_json};
use reqwest::redirect::Policy;
use runtime::backoff::Backoff;
use serde_json::{Value, json};
use url::Url;

use crate::error::MetabaseError;

/// The longest answer, in bytes: the metadata of a database has some hundred columns.
const MAX_BYTES: usize = 64 << 20;
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How often a request is sent at most.
const ATTEMPTS: u32 = 5;
/// The waits in between.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(10) };
/// A longer wait than this is not waited for, whatever the server asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How much of a message of the server is shown, in characters.
const MESSAGE_CHARS: usize = 400;

/// Who asks.
#[derive(Debug)]
pub enum Credentials {
    /// An API key of the group Administrators.
    ApiKey(Secret),
    /// A user, who is logged in and out again.
    Login {
        /// Their address.
        user: String,
        /// Their password.
        password: Secret,
    },
}

/// A client of one Metabase. Its errors hold no secret.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    identity: Option<(&'static str, HeaderValue)>,
    /// What is hidden in messages of the server.
    hidden: Vec<Secret>,
    logged_in: bool,
}

/// What one attempt came to.
enum Attempt {
    Done(Value),
    Failed(MetabaseError),
    /// To be sent again, at the earliest after a time that the server names.
    Again(String, Option<Duration>),
}

impl Client {
    /// A client that is known to the server. `hidden` are secrets that requests hold, which a server may repeat.
    pub async fn connect(
        base: Url,
        credentials: &Credentials,
        ca_file: Option<&Path>,
        mut hidden: Vec<Secret>,
    ) -> Result<Self, MetabaseError> {
        let http = http_client(ca_file).map_err(MetabaseError::Client)?;
        hidden.push(match credentials {
            Credentials::ApiKey(key) => key.clone(),
            Credentials::Login { password, .. } => password.clone(),
        });
        let mut client = Self { http, base, identity: None, hidden, logged_in: false };
        match credentials {
            Credentials::ApiKey(key) => client.identify("x-api-key", key.expose())?,
            Credentials::Login { user, password } => {
                let body = json!({ "username": user, "password": password.expose_str() });
                let answer = client.write(Method::POST, "/api/session", &body).await?;
                let id = answer.get("id").and_then(Value::as_str);
                let id = id.ok_or_else(|| unexpected("/api/session", "the `id` of a session"))?;
                client.identify("x-metabase-session", id.as_bytes())?;
                client.logged_in = true;
            }
        }
        Ok(client)
    }

    fn identify(&mut self, name: &'static str, value: &[u8]) -> Result<(), MetabaseError> {
        let mut value = HeaderValue::from_bytes(value)
            .map_err(|_| MetabaseError::Client("the key holds characters that no header can".to_owned()))?;
        value.set_sensitive(true);
        self.identity = Some((name, value));
        Ok(())
    }

    /// Ends the session of a user.
    pub async fn close(&self) {
        if self.logged_in {
            // it ends by itself: nothing depends on this
            let _ended = self.send(Method::DELETE, "/api/session", None).await;
        }
    }

    /// Reads, with the query in the path.
    pub async fn get(&self, path: &str) -> Result<Value, MetabaseError> {
        self.send(Method::GET, path, None).await
    }

    /// Writes.
    pub async fn write(&self, method: Method, path: &str, body: &Value) -> Result<Value, MetabaseError> {
        self.send(method, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, MetabaseError> {
        let mut failures = 0;
        loop {
            let (problem, asked) = match self.attempt(&method, path, body).await {
                Attempt::Done(answer) => return Ok(answer),
                Attempt::Failed(error) => return Err(error),
                Attempt::Again(problem, asked) => (problem, asked),
            };
            failures += 1;
            let pause = BACKOFF.jittered(failures, getrandom::u64().unwrap_or_default());
            let wait = asked.unwrap_or_default().saturating_add(pause);
            if failures >= ATTEMPTS || wait > LONGEST_WAIT {
                let path = path.to_owned();
                return Err(MetabaseError::Unanswered { method, path, attempts: failures, problem });
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, method: &Method, path: &str, body: Option<&Value>) -> Attempt {
        let address = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let mut request = self.http.request(method.clone(), address).header(header::ACCEPT, "application/json");
        if let Some((name, value)) = &self.identity {
            request = request.header(*name, value.clone());
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        match request.send().await {
            Ok(answer) => self.read(method, path, answer).await,
            // what may have been done is not done again, unless that changes nothing
            Err(error) if *method != Method::POST || error.is_connect() => Attempt::Again(describe(&error), None),
            Err(error) => {
                let (method, path, problem) = (method.clone(), path.to_owned(), describe(&error));
                Attempt::Failed(MetabaseError::Unanswered { method, path, attempts: 1, problem })
            }
        }
    }

    async fn read(&self, method: &Method, path: &str, mut answer: reqwest::Response) -> Attempt {
        let status = answer.status();
        let text =
            |name: HeaderName| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let retry_after = text(header::RETRY_AFTER).and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let location = text(header::LOCATION);
        let mut body = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BYTES => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Ok(Some(_)) => return Attempt::Failed(unexpected(path, "64 MiB at most")),
                Err(error) if *method == Method::POST => {
                    let (method, path, problem) = (method.clone(), path.to_owned(), describe(&error));
                    return Attempt::Failed(MetabaseError::Unanswered { method, path, attempts: 1, problem });
                }
                Err(error) => return Attempt::Again(describe(&error), None),
            }
        }
        let (method, path) = (method.clone(), path.to_owned());
        if status.is_success() {
            // what deletes or starts something may answer with nothing
            return match parsed(&body) {
                Some(value) => Attempt::Done(value),
                None if body.is_empty() || method != Method::GET => Attempt::Done(Value::Null),
                None => Attempt::Failed(unexpected(&path, "JSON")),
            };
        }
        if status.is_redirection() {
            let to = location.unwrap_or_else(|| "an unknown address".to_owned());
            return Attempt::Failed(MetabaseError::Moved { path, to });
        }
        let message = self.message(&body);
        let not_begun = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if not_begun || (method != Method::POST && (status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT))
        {
            return Attempt::Again(format!("{status}: {message}"), retry_after);
        }
        Attempt::Failed(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => MetabaseError::Denied { method, path, status, message },
            _ => MetabaseError::Refused { method, path, status, message },
        })
    }

    /// What a server says of a failure: a text, or an object with `message` or `errors`. Secrets are hidden in it.
    fn message(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        let parsed = parsed(body).unwrap_or_default();
        let part = ["message", "error", "errors", "specific-errors"]
            .iter()
            .find_map(|name| parsed.get(name).filter(|part| !part.is_null()))
            .unwrap_or(&parsed);
        let mut message = match part {
            Value::String(text) => text.clone(),
            Value::Null => text.trim().to_owned(),
            other => other.to_string(),
        };
        for secret in self.hidden.iter().filter_map(Secret::expose_str) {
            // an object is shown as JSON, where quotes are escaped
            let quoted = Value::from(secret).to_string();
            let escaped = quoted.get(1..quoted.len() - 1).unwrap_or(secret);
            message = message.replace(secret, "…").replace(escaped, "…");
        }
        match message.char_indices().nth(MESSAGE_CHARS) {
            Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
            None if message.is_empty() => "no reason".to_owned(),
            None => message,
        }
    }
}

/// What an answer holds, if it is JSON that can be read.
fn parsed(body: &[u8]) -> Option<Value> {
    plain_json(body).and_then(|text| serde_json::from_str(text).ok())
}

/// An answer that lacks something.
pub(crate) fn unexpected(path: &str, expected: &'static str) -> MetabaseError {
    MetabaseError::Unexpected { path: path.to_owned(), expected }
}

fn http_client(ca_file: Option<&Path>) -> Result<reqwest::Client, String> {
    // another part of the process may have chosen the same one before
    let _already = rustls::crypto::CryptoProvider::install_default(rustls::crypto::ring::default_provider());
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("sei/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        // a key in a header of its own would be sent on
        .redirect(Policy::none());
    if let Some(path) = ca_file {
        let wrong = |why: String| format!("`{}`: {why}", path.display());
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(describe(&error)))?;
        if certificates.is_empty() {
            return Err(wrong("holds no certificate in PEM form".to_owned()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| describe(&error))
}

/// An error with its causes, but without the address.
fn describe(error: &reqwest::Error) -> String {
    let text = if error.is_timeout() {
        "the answer took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the request failed"
    };
    match std::error::Error::source(error) {
        Some(cause) => format!("{text}: {}", runtime::with_causes(cause)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(hidden: &str) -> Client {
        Client {
            http: http_client(None).unwrap(),
            base: Url::parse("http://127.0.0.1:1").unwrap(),
            identity: None,
            hidden: Secret::new(hidden.as_bytes()).into_iter().collect(),
            logged_in: false,
        }
    }

    #[test]
    fn a_message_shows_what_the_server_says_and_no_secret() {
        let client = client("hunter2");
        let shown = |body: &str| client.message(body.as_bytes());
        assert_eq!(shown(r#"{"message":"wrong password hunter2"}"#), "wrong password …");
        assert_eq!(shown(r#"{"errors":{"name":"value must be a string"}}"#), r#"{"name":"value must be a string"}"#);
        assert_eq!(shown("Not found."), "Not found.");
        assert_eq!(shown(""), "no reason");
        let quoted = self::client("a\"b").message(br#"{"errors":{"details":"wrong: a\"b"}}"#);
        assert_eq!(quoted, r#"{"details":"wrong: …"}"#);
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), MESSAGE_CHARS + 1);
    }

    #[test]
    fn an_answer_that_nests_in_its_texts_is_not_read() {
        assert_eq!(parsed(br#"{"a": 1}"#), Some(json!({ "a": 1 })));
        let nested = r#"{"message": {"$serde_json::private::RawValue": "[]"}}"#;
        assert_eq!(parsed(nested.as_bytes()), None);
        assert_eq!(client("hunter2").message(nested.as_bytes()), nested, "shown as a text");
    }

    #[test]
    fn a_client_shows_no_secret() {
        let mut client = client("hunter2");
        client.identify("x-api-key", b"mb_secret").unwrap();
        let shown = format!("{client:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("mb_secret"), "{shown}");
    }
}
