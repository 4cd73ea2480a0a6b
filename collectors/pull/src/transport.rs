//! Sending one request and reading its answer to the end. Knows nothing of retries and limits.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use reqwest::redirect::Policy;
use url::Url;

use super::source::OpenError;

/// The largest answer that is read, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(20);
/// How long an answer may be silent.
const SILENCE: Duration = Duration::from_secs(90);
/// How long an answer may take in all.
const TOTAL_TIMEOUT: Duration = Duration::from_mins(10);
/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The network, or a router in tests.
#[async_trait]
pub(crate) trait Transport: Send + Sync {
    /// Sends; what went wrong in words otherwise. The words never hold a header.
    async fn send(&self, request: Request) -> Result<Response, String>;
}

/// HTTP over the network.
pub(super) struct Http(reqwest::Client);

impl Http {
    /// A client that trusts the system's authorities and those of `ca_file`, and goes through `proxy` or,
    /// without one, through what the environment names. `fixed_host` is not looked up: it has these addresses.
    pub(super) fn new(
        ca_file: Option<&Path>,
        proxy: Option<&str>,
        fixed_host: Option<(&str, &[SocketAddr])>,
    ) -> Result<Arc<Self>, OpenError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // Another part of the process may have chosen the same one before.
        let _already = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("sei/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .timeout(TOTAL_TIMEOUT)
            .redirect(redirects());
        if let Some((host, addresses)) = fixed_host {
            builder = builder.resolve_to_addrs(host, addresses);
        }
        if let Some(path) = ca_file {
            let wrong = |why: String| OpenError::new("ca_file", format!("`{}`: {why}", path.display()));
            let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(describe(&error)))?;
            if certificates.is_empty() {
                return Err(wrong("holds no certificate in PEM form".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some(url) = proxy {
            let proxy = reqwest::Proxy::all(url).map_err(|error| OpenError::new("proxy", describe(&error)))?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| OpenError::new("url", describe(&error)))?;
        Ok(Arc::new(Self(client)))
    }
}

/// Redirects are followed on the same host. Another one would receive a token that is in a header of the
/// source's own, which HTTP clients don't treat as a secret.
fn redirects() -> Policy {
    Policy::custom(|attempt| {
        let from = attempt.previous().last().map(Url::origin);
        if from != Some(attempt.url().origin()) {
            attempt.stop()
        } else if attempt.previous().len() > REDIRECTS {
            attempt.error("too many redirects")
        } else {
            attempt.follow()
        }
    })
}

#[async_trait]
impl Transport for Http {
    async fn send(&self, request: Request) -> Result<Response, String> {
        let sent = self.0.request(request.method, request.url).headers(request.headers).body(request.body).send();
        let mut answer = sent.await.map_err(|error| describe(&error))?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| describe(&error))? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(format!("the answer has more than {MAX_BYTES} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body: body.freeze() })
    }
}

/// An error with its causes, but without the address: that can hold what is secret.
fn describe(error: &reqwest::Error) -> String {
    let text = if error.is_timeout() {
        "the answer took too long".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else if error.is_body() || error.is_decode() {
        "the answer broke off".to_owned()
    } else {
        "the request failed".to_owned()
    };
    match std::error::Error::source(error) {
        Some(cause) => format!("{text}: {}", runtime::with_causes(cause)),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::get;
    use serde_json::json;

    use crate::testing::opened;
    use crate::{Client, Opened};

    use super::*;

    async fn serve(router: Router) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, router).await });
        Url::parse(&format!("http://{address}")).unwrap()
    }

    #[tokio::test]
    async fn a_host_whose_name_was_looked_up_is_asked_there_and_nowhere_else_also_after_a_redirect() {
        let router =
            Router::new().route("/old", get(async || Redirect::permanent("/new"))).route("/new", get(async || "7"));
        let served = serve(router).await;
        let address = served.socket_addrs(|| None).unwrap();
        let url = Url::parse(&format!("http://git.invalid:{}", served.port().unwrap())).unwrap();
        let source = Opened { url: Some(url.clone()), ..opened("mock", json!({})) }.asked_at(address);
        assert_eq!(&Client::new(&source, url).unwrap().get("old").await.unwrap().body[..], b"7");
        // one that led nowhere when it was looked at, and leads somewhere now
        let url = Url::parse(&format!("http://localhost:{}/new", served.port().unwrap())).unwrap();
        let request = Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() };
        let nowhere = Http::new(None, None, Some(("localhost", &[]))).unwrap();
        let refused = nowhere.send(request.clone()).await.unwrap_err();
        assert!(refused.starts_with("no connection"), "{refused}");
        assert_eq!(Http::new(None, None, None).unwrap().send(request).await.unwrap().status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_redirect_is_followed_with_the_token_on_the_same_host_and_is_an_error_elsewhere() {
        let token = async |headers: HeaderMap| headers.get("circle-token").unwrap().to_str().unwrap().to_owned();
        let elsewhere = serve(Router::new().fallback(async || "1")).await;
        let away = elsewhere.join("a?secret=1").unwrap().to_string();
        let router = Router::new()
            .route("/old", get(async || Redirect::permanent("/new")))
            .route("/new", get(token))
            .route("/away", get(async move || Redirect::permanent(&away)))
            .route("/round", get(async || Redirect::permanent("/round")));
        let source = opened("mock", json!({}));
        let client = Client::new(&source, serve(router).await).unwrap().with_attempts(1);
        let client = client.with_secret("circle-token", b"7").unwrap();
        assert_eq!(&client.get("old").await.unwrap().body[..], b"7");
        let error = client.get("away").await.unwrap_err();
        let origin = elsewhere.origin().ascii_serialization();
        let expected = format!("/away: the server sends on to {origin}, where the token does not go");
        assert_eq!(error.to_string(), format!("{expected}; if that is right, name it in `url`"));
        assert!(!error.is_transient());
        assert!(client.get("round").await.unwrap_err().to_string().contains("too many redirects"));
    }
}
