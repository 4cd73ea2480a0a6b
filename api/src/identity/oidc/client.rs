//! Asking a provider over HTTP: how long it may take, how long its answer may be, and how many ask at once.

use std::path::Path;
use std::time::Duration;

use axum::http::{StatusCode, header};
use kernel::{Secret, plain_json};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;

/// The longest answer, in bytes.
const LONGEST: usize = 1 << 20;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How many requests are sent to one provider at once, and how many wait for that.
const AT_ONCE: usize = 16;
const WAITING: usize = 64;

/// A client of one provider. Its errors say in words what went wrong; they hold no secret and no token.
#[derive(Debug)]
pub(super) struct ProviderClient {
    client: Client,
    places: Semaphore,
    turns: Semaphore,
    timeout: Duration,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        let text = plain_json(&self.body).ok_or("its answer is not JSON that can be read")?;
        // the text of serde's error may repeat what is secret
        serde_json::from_str(text).map_err(|error| {
            format!("its answer is not JSON of the expected form (line {}, column {})", error.line(), error.column())
        })
    }

    /// The body of an answer that has to be a success.
    pub(super) fn success(self) -> Result<Vec<u8>, String> {
        if self.status.is_success() { Ok(self.body) } else { Err(format!("it answered {}", self.status)) }
    }
}

impl ProviderClient {
    /// One that trusts the system's authorities and those of a file.
    pub(super) fn new(ca_file: Option<&Path>, timeout: Duration) -> Result<Self, String> {
        // another part of the process may have chosen the same one before
        let _already = rustls::crypto::CryptoProvider::install_default(rustls::crypto::ring::default_provider());
        let mut builder = Client::builder()
            .user_agent(concat!("sei/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(timeout)
            // what a provider publishes names addresses; it sends nowhere else
            .redirect(Policy::none());
        if let Some(path) = ca_file {
            let wrong = |why: String| format!("`{}`: {why}", path.display());
            let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificates =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(runtime::with_causes(&error)))?;
            if certificates.is_empty() {
                return Err(wrong("holds no certificate in PEM form".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(|error| runtime::with_causes(&error))?;
        Ok(Self { client, places: Semaphore::new(AT_ONCE + WAITING), turns: Semaphore::new(AT_ONCE), timeout })
    }

    /// Reads what everyone may read.
    pub(super) async fn get(&self, url: &Url) -> Result<Answer, String> {
        self.send(self.client.get(url.clone())).await
    }

    /// Reads what the bearer of a token may read.
    pub(super) async fn get_with(&self, url: &Url, token: &str) -> Result<Answer, String> {
        self.send(self.client.get(url.clone()).bearer_auth(token)).await
    }

    /// Sends a form, as a client that identifies itself in the header where `credentials` are given.
    pub(super) async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        credentials: Option<(&str, &Secret)>,
    ) -> Result<Answer, String> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.client.post(url.clone()).body(body);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = match credentials {
            Some((id, secret)) => {
                // RFC 6749, section 2.3.1: both as forms have them
                let secret = String::from_utf8_lossy(secret.expose());
                request.basic_auth(encoded(id), Some(encoded(&secret)))
            }
            None => request,
        };
        self.send(request).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, String> {
        let _place = self.places.try_acquire().map_err(|_| "too many requests to it wait".to_owned())?;
        let turn = tokio::time::timeout(self.timeout, self.turns.acquire()).await;
        let _turn = turn.ok().and_then(Result::ok).ok_or("too many requests to it wait")?;
        let request = request.header(header::ACCEPT, "application/json");
        let mut answer = request.send().await.map_err(|error| describe(&error))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| describe(&error))? {
            if body.len() + chunk.len() > LONGEST {
                return Err(format!("its answer has more than {LONGEST} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// An error with its causes, but without the address: that can hold what is secret.
fn describe(error: &reqwest::Error) -> String {
    let text = match error {
        error if error.is_timeout() => "it did not answer in time",
        error if error.is_connect() => "there is no connection",
        error if error.is_body() || error.is_decode() => "its answer broke off",
        _ => "the request failed",
    };
    match std::error::Error::source(error) {
        Some(cause) if !error.is_timeout() => format!("{text}: {}", runtime::with_causes(cause)),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_answer_that_nests_in_its_texts_is_refused() {
        let read = |body: &[u8]| Answer { status: StatusCode::OK, body: body.to_vec() }.json::<Value>();
        assert!(read(br#"{"groups": ["a"]}"#).is_ok());
        for bad in [&br#"{"groups": {"$serde_json::private::RawValue": "[]"}}"#[..], b"\"\xff\""] {
            assert_eq!(read(bad).unwrap_err(), "its answer is not JSON that can be read");
        }
    }
}
