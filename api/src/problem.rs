//! Errors as RFC 9457 problems: what is wrong, with which parameter, what was found there and what was
//! expected. Never the text of an inner error: that is logged, once, here.

mod identity;
mod results;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eventlog::LogError;
use kernel::near::UnknownName;
use kernel::{Right, Role};
use runtime::telemetry::Occasionally;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use crate::paths;
use crate::questions::Invalid;

/// A problem, as RFC 9457 has it, in `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem: `urn:sei:problem:<kind>`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// When to try again, in seconds, where that is known: the header `Retry-After`.
    #[serde(skip)]
    pub(crate) retry_after_secs: Option<u16>,
    /// What to do about it.
    pub detail: String,
    /// The parameter that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What was found there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub found: Option<Box<str>>,
    /// What was expected there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub expected: Option<Box<str>>,
}

/// When to try again what can't be answered for now, in seconds.
const RETRY_SECS: u16 = 5;
/// The longest part of a request that an answer repeats, in characters.
const REPEATED: usize = 100;

/// Where all of a kind are listed.
const LISTS: [(&str, &str); 6] = [
    ("service", paths::SERVICES),
    ("repository", paths::REPOSITORIES),
    ("team", paths::TEAMS),
    ("metric", paths::METRICS),
    ("deployment", paths::DEPLOYMENTS),
    ("tenant", paths::TENANTS),
];

static UNAVAILABLE: Occasionally = Occasionally::new();

impl Problem {
    /// The kind of a fault of ours.
    pub(crate) const FAULT: &'static str = "urn:sei:problem:internal";

    fn new(kind: &'static str, status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            title,
            status: status.as_u16(),
            retry_after_secs: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_SECS),
            detail: detail.into(),
            parameter: None,
            found: None,
            expected: None,
        }
    }

    /// A parameter has a value that it can't have.
    #[must_use]
    pub fn parameter(name: &str, found: &str, expected: impl Into<String>) -> Self {
        let (found, expected) = (shortened(found), expected.into());
        let detail = format!("`{name}` is `{found}`; expected {expected}");
        Self {
            parameter: Some(name.to_owned()),
            found: Some(found.into()),
            expected: Some(expected.into()),
            ..Self::new(
                "urn:sei:problem:invalid-parameter",
                StatusCode::BAD_REQUEST,
                "A parameter can't be used",
                detail,
            )
        }
    }

    /// The parameters are fine one by one, but can't be answered. The detail says what was expected.
    #[must_use]
    pub fn question(detail: impl Into<String>) -> Self {
        let title = "The question can't be answered as it was asked";
        Self::new("urn:sei:problem:invalid-question", StatusCode::UNPROCESSABLE_ENTITY, title, detail)
    }

    /// A parameter is fine by itself, but not with the rest of the request.
    #[must_use]
    pub fn contradiction(name: &str, found: &str, expected: impl Into<String>) -> Self {
        let (found, expected) = (shortened(found), expected.into());
        let detail = format!("`{name}` is `{found}`; expected {expected}");
        Self {
            parameter: Some(name.to_owned()),
            found: Some(found.into()),
            expected: Some(expected.into()),
            ..Self::question(detail)
        }
    }

    /// The method is not one of those that the address takes.
    #[must_use]
    pub fn method_not_allowed(method: &str) -> Self {
        let detail = format!("{} is not answered here; the header `Allow` names what is.", shortened(method));
        Self::new("urn:sei:problem:method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "Another method", detail)
    }

    /// No media type that the request accepts is offered.
    #[must_use]
    pub fn not_acceptable(accept: &str, offered: &str) -> Self {
        let detail = format!("`Accept` is `{}`; this address answers with {offered}.", shortened(accept));
        Self::new("urn:sei:problem:not-acceptable", StatusCode::NOT_ACCEPTABLE, "Not offered", detail)
    }

    /// This tenant does not exist.
    #[must_use]
    pub fn unknown_tenant(unknown: &UnknownName) -> Self {
        Self { kind: "urn:sei:problem:unknown-tenant", title: "No such tenant", ..Self::unknown("tenant", unknown) }
    }

    /// The thing that the path or a parameter names is not there.
    #[must_use]
    pub fn not_found(what: &str, id: &str) -> Self {
        let detail = format!("There is no {what} `{}`.", shortened(id));
        Self::new("urn:sei:problem:not-found", StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// A name that a parameter gives is not known; says which were probably meant, or some of those that there are, and
    /// where all are listed.
    #[must_use]
    pub fn unknown(what: &str, unknown: &UnknownName) -> Self {
        let mut problem = Self::not_found(what, &unknown.name).about(what, &unknown.name);
        let list = LISTS.iter().find(|(listed, _)| *listed == what).map(|(_, path)| path);
        if let Some(suggestion) = unknown.suggestion() {
            problem.detail = format!("{} {}", problem.detail, suggestion.replacen("did", "Did", 1));
            problem.expected = Some(unknown.near.join(" or ").into());
        } else {
            problem.expected = list.map(|path| format!("a {what} listed at {path}").into());
            if let Some(known) = unknown.hint() {
                let all = list.map(|path| format!("; {path} lists all")).unwrap_or_default();
                problem.detail = format!("{} {}{all}.", problem.detail, known.replacen("there", "There", 1));
            }
        }
        problem
    }

    /// No deployment to a production environment of that name is known.
    #[must_use]
    pub fn unknown_environment(unknown: &UnknownName) -> Self {
        let name = shortened(&unknown.name);
        let hint = unknown.hint().map(|hint| format!(" Of production environments {hint}.")).unwrap_or_default();
        let detail =
            format!("No deployment to a production environment `{name}` is known, and metrics count no others.{hint}");
        Self { detail, ..Self::unknown("environment", unknown) }
    }

    /// Raw events are not shown by this server.
    #[must_use]
    pub fn raw_events() -> Self {
        let detail = "Raw events may hold personal data: ask for the role `admin` for all teams, set `api.raw_events = true` \
                      to show them to everyone who reads metrics, ask over the server's UNIX socket, or use `sei events of` on \
                      its machine.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "Raw events are not shown here", detail)
    }

    /// Who asks lacks a right.
    #[must_use]
    pub fn forbidden(right: Right, role: Role) -> Self {
        let (right, role) = (right.as_str(), role.as_str());
        let detail =
            format!("The role `{role}` lacks the right `{right}`: ask an administrator for a grant that has it.");
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A permission is missing", detail)
    }

    /// A name is taken.
    #[must_use]
    pub fn exists(what: &str, name: &str) -> Self {
        Self::conflict(format!("There is a {what} `{}` already; choose another name.", shortened(name)))
            .about("name", name)
    }

    /// What is there does not allow it.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new("urn:sei:problem:conflict", StatusCode::CONFLICT, "Not possible as things are", detail)
    }

    /// Persons are not shown to anyone.
    #[must_use]
    pub fn people() -> Self {
        let detail = "Persons are not shown here: `dora.people` is `off`. Numbers are about work, not about people.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "Persons are not shown here", detail)
    }

    /// Who asks would say of another person that it is themselves.
    #[must_use]
    pub fn about_oneself() -> Self {
        let detail = "It says which person or accounts are your own, and so whose data you are shown: ask another \
                      administrator, or use `sei user link` and `sei people`.";
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "Another administrator decides this", detail)
    }

    /// It is about this parameter.
    #[must_use]
    pub fn about(mut self, parameter: &str, found: &str) -> Self {
        self.parameter = Some(parameter.to_owned());
        self.found = Some(shortened(found).into());
        self
    }

    /// An internal error: logged in full, reported to the client without details.
    #[must_use]
    pub fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a read failed");
        let detail = "This is a fault of the server; its log says more.";
        Self::new(Self::FAULT, StatusCode::INTERNAL_SERVER_ERROR, "Internal error", detail)
    }

    /// What may pass: the log hears of it now and then, since every request fails while the database is away.
    fn unavailable(error: &(dyn std::error::Error + 'static), detail: &str) -> Self {
        if let Some(more) = UNAVAILABLE.pass() {
            tracing::warn!(error, not_logged = more, "a read failed for now");
        }
        Self::new("urn:sei:problem:unavailable", StatusCode::SERVICE_UNAVAILABLE, "Unavailable right now", detail)
    }

    /// No such address.
    #[must_use]
    pub fn no_route(path: &str) -> Self {
        let detail = format!("Nothing is served at `{}`; /api/openapi.json lists what is.", shortened(path));
        Self::new("urn:sei:problem:not-found", StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// The request names another host than this server may be reached by.
    #[must_use]
    pub fn wrong_host(host: &str) -> Self {
        let found = shortened(host);
        let detail = format!(
            "This server does not go by the name `{found}`. Ask for localhost or an address of loopback, or add the \
             name to `server.allowed_hosts`."
        );
        Self::new("urn:sei:problem:wrong-host", StatusCode::MISDIRECTED_REQUEST, "Another host was asked for", detail)
    }

    /// More requests than the server works on and lets wait.
    #[must_use]
    pub fn too_many_requests() -> Self {
        let detail = "More requests are waiting than this server takes (api.in_flight). Try again in a moment.";
        Self::new("urn:sei:problem:busy", StatusCode::SERVICE_UNAVAILABLE, "Busy", detail)
    }

    /// More streams than there may be.
    #[must_use]
    pub fn too_many_streams(setting: &str, most: usize) -> Self {
        let detail = format!("There are as many streams as there may be ({setting} = {most}). Try again in a moment.");
        Self::new("urn:sei:problem:busy", StatusCode::SERVICE_UNAVAILABLE, "Busy", detail)
    }

    /// A page of another site opens a WebSocket.
    #[must_use]
    pub fn wrong_origin(origin: &str) -> Self {
        let detail = format!(
            "`Origin` is `{}`; a page may open a WebSocket to the server that it came from.",
            shortened(origin)
        );
        Self::new("urn:sei:problem:forbidden", StatusCode::FORBIDDEN, "A page of another site", detail)
    }

    /// A WebSocket is asked for in a way that can't be answered.
    #[must_use]
    pub fn no_upgrade(detail: impl Into<String>) -> Self {
        Self::new("urn:sei:problem:invalid-upgrade", StatusCode::BAD_REQUEST, "No WebSocket can be opened", detail)
    }

    /// The client has asked for more than it may within some time.
    #[must_use]
    pub(crate) fn rate_limited(detail: impl Into<String>, wait: std::time::Duration) -> Self {
        // rounded up, and never 0: a client would ask again at once
        let secs = u16::try_from(wait.as_secs() + 1).unwrap_or(u16::MAX);
        let title = "Too many requests";
        Self {
            retry_after_secs: Some(secs),
            ..Self::new("urn:sei:problem:rate-limited", StatusCode::TOO_MANY_REQUESTS, title, detail)
        }
    }

    /// The answer was not there in time.
    #[must_use]
    pub fn too_slow(timeout: std::time::Duration) -> Self {
        let detail = format!(
            "The answer took longer than {timeout:?} (server.timeout), or the request did not come whole by then. Ask \
             for less at once, or try again."
        );
        Self::new("urn:sei:problem:timeout", StatusCode::SERVICE_UNAVAILABLE, "Not answered in time", detail)
    }

    /// A text holds U+0000.
    #[must_use]
    pub fn nul(name: &str) -> Self {
        Self::parameter(name, "a text with %00", "a text without the character U+0000, which no name and no id has")
    }

    /// GraphQL was sent something else than JSON.
    #[must_use]
    pub fn not_json(detail: impl Into<String>) -> Self {
        Self::new("urn:sei:problem:unsupported-media-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send JSON", detail)
    }

    /// The body is too large, or no GraphQL request.
    #[must_use]
    pub fn bad_body(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new("urn:sei:problem:invalid-body", status, "The body can't be read", detail)
    }

    /// The status as axum has it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// A text out of a request, short enough to be repeated in the answer.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after_secs) = (self.status(), self.retry_after_secs);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(secs) = retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sei\""));
        }
        response
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        let Invalid { parameter, found, expected, contradicts } = invalid;
        if contradicts {
            return Self::contradiction(&parameter, &found, expected);
        }
        Self::parameter(&parameter, &found, expected)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::UnknownTenant(tenant) = &error {
            return Self::unknown_tenant(&UnknownName::new(tenant.as_str(), []));
        }
        // trying again does not bring a missing table of an existing tenant
        if !error.is_transient() || matches!(error, StoreError::NoTable(_)) {
            return Self::fault(&error);
        }
        Self::unavailable(&error, "The database did not answer in time. Try again, or ask for a shorter window.")
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        if error.is_transient() {
            return Self::unavailable(&error, "The event log or its database did not answer in time. Try again.");
        }
        Self::fault(&error)
    }
}
