//! A session with one GitHub: octocrab signs in and keeps the token of an App's installation, [`Client`] sends within
//! its budget, retries and stays on the host.

use std::fmt::Write as _;
use std::task::{Context, Poll};

use bytes::Bytes;
use chrono::TimeDelta;
use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use octocrab::auth::{AppAuth, EncodingKey};
use octocrab::models::{AppId, InstallationId};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use pull::{Answer, Client, OpenError, Opened, PullError};
use runtime::secret;
use serde::Deserialize;
use tokio::sync::Mutex;
use tower::Service;
use url::Url;

use super::options::Options;

/// A token of an installation is exchanged for a new one when it expires this soon.
const EXPIRES_SOON: TimeDelta = TimeDelta::minutes(5);

/// Who asks: a token, or an App and its installation.
pub(super) struct Login {
    state: AuthState,
    installation: Option<u64>,
}

impl Login {
    /// Returns the App of the options if they name one, otherwise the token of the source.
    pub(super) fn of(source: &Opened, options: &Options) -> Result<Self, OpenError> {
        let Some(id) = options.app_id else {
            let unsendable = || OpenError::new("token", "holds characters that no HTTP header can".to_owned());
            let token = std::str::from_utf8(source.token()?.expose()).map_err(|_| unsendable())?;
            HeaderValue::from_str(token).map_err(|_| unsendable())?;
            return Ok(Self { state: AuthState::AccessToken { token: token.to_owned().into() }, installation: None });
        };
        let wrong = |problem: String| OpenError::new("private_key", problem);
        let reference = options.private_key.as_ref();
        let reference = reference.ok_or_else(|| wrong("is not set; expected { file = \"app.pem\" }".to_owned()))?;
        let pem = secret::read(reference).map_err(|error| wrong(error.to_string()))?;
        let key = EncodingKey::from_rsa_pem(pem.expose());
        let key = key.map_err(|_| wrong("is no RSA private key in PEM form".to_owned()))?;
        Ok(Self { state: AuthState::App(AppAuth { app_id: AppId(id), key }), installation: options.installation_id })
    }

    pub(super) fn is_app(&self) -> bool {
        matches!(self.state, AuthState::App(_))
    }

    /// Returns whose rate budget is used: that of the token, or of the installation.
    pub(super) fn identity(&self) -> Vec<u8> {
        use octocrab::secrecy::ExposeSecret;
        match &self.state {
            AuthState::AccessToken { token } => token.expose_secret().as_bytes().to_vec(),
            AuthState::App(app) => {
                let mut text = format!("app {}", app.app_id);
                if let Some(installation) = self.installation {
                    // Writing to a String does not fail.
                    let _infallible = write!(text, " at {installation}");
                }
                text.into_bytes()
            }
            _ => Vec::new(),
        }
    }
}

/// Requests of one login to one GitHub.
pub(super) struct Session {
    login: Login,
    sender: Sender,
    /// Held while a token is exchanged, so that workers that start together exchange one.
    signed_in: Mutex<SignedIn>,
}

/// Octocrab with the token that it has.
#[derive(Default)]
struct SignedIn {
    octocrab: Option<Octocrab>,
    /// How often it was signed in.
    times: u64,
}

/// A request, which may have to be signed a second time.
struct Unsigned<'a> {
    client: &'a Client,
    method: Method,
    url: Url,
    body: Bytes,
}

impl Session {
    /// `rest` sends what octocrab asks for by itself, below `prefix`.
    pub(super) fn new(login: Login, rest: Client, prefix: &'static str) -> Self {
        let sender = Sender { rest, prefix };
        Self { login, sender, signed_in: Mutex::default() }
    }

    /// Sends through a client: with its budget, retries and attempts. Waiting for a limit may take longer than the token
    /// of an App's installation is valid: a request that comes too late is sent once more, with a new one.
    pub(super) async fn send(
        &self,
        client: &Client,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Answer, PullError> {
        let request = Unsigned { client, method, url: client.address(path)?, body };
        let (octocrab, time) = self.signed_in(None).await?;
        match request.send(&octocrab).await {
            Err(PullError::Unauthenticated(_)) if self.login.is_app() => {
                let (octocrab, _) = self.signed_in(Some(time)).await?;
                request.send(&octocrab).await
            }
            answer => answer,
        }
    }

    /// Returns octocrab with a token that is valid for some minutes, and how often it was signed in by then. `refused` is
    /// that number of a token that GitHub does not know any more.
    async fn signed_in(&self, refused: Option<u64>) -> Result<(Octocrab, u64), PullError> {
        let mut signed_in = self.signed_in.lock().await;
        if refused == Some(signed_in.times) {
            signed_in.octocrab = None;
        }
        let octocrab = match signed_in.octocrab.clone() {
            Some(octocrab) => octocrab,
            None => twice(|| self.sign_in()).await?,
        };
        if self.login.is_app() {
            twice(|| octocrab.installation_token_with_buffer(EXPIRES_SOON).map_err(pull_error)).await?;
        }
        if signed_in.octocrab.is_none() {
            signed_in.times += 1;
            signed_in.octocrab = Some(octocrab.clone());
        }
        Ok((octocrab, signed_in.times))
    }

    async fn sign_in(&self) -> Result<Octocrab, PullError> {
        let builder = OctocrabBuilder::new_empty().with_service(self.sender.clone());
        let Ok(octocrab) = builder.with_auth(self.login.state.clone()).build();
        if !self.login.is_app() {
            return Ok(octocrab);
        }
        let installation = match self.login.installation {
            Some(installation) => installation,
            None => only_installation(&octocrab).await?,
        };
        octocrab.installation(InstallationId(installation)).map_err(pull_error)
    }
}

impl Unsigned<'_> {
    async fn send(&self, octocrab: &Octocrab) -> Result<Answer, PullError> {
        let Self { client, method, url, body } = self;
        let request = Request::builder()
            .method(method)
            // octocrab signs what has no host, and nothing else
            .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
            .extension(Route { client: (*client).clone(), url: url.clone() })
            .body(OctoBody::from(body.clone()))
            .map_err(|error| PullError::Data(format!("`{}` can't be asked for: {error}", url.path())))?;
        let (head, body) = octocrab.execute(request).await.map_err(pull_error)?.into_parts();
        let body = body.collect().await.map_err(pull_error)?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body, url: url.clone() })
    }
}

/// Asks with the App's own signature, which is valid for ten minutes: once more where a limit was waited for longer.
async fn twice<T, F: Future<Output = Result<T, PullError>>>(ask: impl Fn() -> F) -> Result<T, PullError> {
    match ask().await {
        Err(PullError::Unauthenticated(_)) => ask().await,
        answer => answer,
    }
}

/// Returns the installation of an App that has one.
async fn only_installation(app: &Octocrab) -> Result<u64, PullError> {
    #[derive(Deserialize)]
    struct Installation {
        id: u64,
    }
    let answer = app._get("/app/installations").await.map_err(pull_error)?;
    let body = answer.into_body().collect().await.map_err(pull_error)?.to_bytes();
    let found: Vec<Installation> = serde_json::from_slice(&body)
        .map_err(|error| PullError::Data(format!("/app/installations: {}", connector::json::describe(&error))))?;
    let count = found.len();
    let [Installation { id }] = found.try_into().map_err(|_| {
        PullError::Data(format!("the App has {count} installations; name one: options.installation_id"))
    })?;
    Ok(id)
}

/// The client and the address of a request of ours. Octocrab's own, such as that of an installation's token, have none.
#[derive(Clone)]
struct Route {
    client: Client,
    url: Url,
}

/// What octocrab sends with.
#[derive(Clone)]
struct Sender {
    rest: Client,
    prefix: &'static str,
}

impl Service<Request<OctoBody>> for Sender {
    type Response = Response<Full<Bytes>>;
    type Error = PullError;
    type Future = BoxFuture<'static, Result<Self::Response, PullError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), PullError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<OctoBody>) -> Self::Future {
        let Self { rest, prefix } = self.clone();
        async move {
            let (mut head, body) = request.into_parts();
            let Route { client, url } = if let Some(route) = head.extensions.remove() {
                route
            } else {
                let url = rest.address(&format!("{prefix}{}", head.uri.path().trim_start_matches('/')))?;
                Route { client: rest, url }
            };
            let body = body.collect().await.map_err(pull_error)?.to_bytes();
            let signature = head.headers.remove(header::AUTHORIZATION);
            let headers = HeaderMap::from_iter(signature.map(|signature| (header::AUTHORIZATION, signature)));
            let answer = client.send(head.method, url, body, headers).await?;
            let mut response = Response::new(Full::new(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        }
        .boxed()
    }
}

/// Returns the error of [`Client`] that octocrab passes on, or its own.
fn pull_error(error: octocrab::Error) -> PullError {
    match error {
        octocrab::Error::Service { source, .. } => match source.downcast::<PullError>() {
            Ok(error) => *error,
            Err(error) => PullError::Transient(error.to_string()),
        },
        octocrab::Error::Json { source, .. } => {
            PullError::Data(format!("GitHub: {}: {}", source.path(), connector::json::describe(source.inner())))
        }
        octocrab::Error::JWT { .. } => PullError::Data("the App's key can't sign".to_owned()),
        error => PullError::Data(format!("GitHub: {error}")),
    }
}
