//! `/livez`, `/readyz` and `/metrics`, the same in every role.
//!
//! Alive means that the process answers. Ready means that each check that the role declared holds and
//! that no shutdown has begun: then traffic may come.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex};

use ::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde::Serialize;

use crate::exposition::OPEN_METRICS;
use crate::http::{self, Body, Hosts, Route, Routes};
use crate::locked;
use crate::settings::Server;

/// What readiness depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The database answers.
    Database,
    /// The event log can be reached.
    Log,
    /// The schema is the one that this version needs.
    Migrations,
    /// What the API answers is right, and most requests have an answer.
    Answers,
}

/// Where a check stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Status {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Default)]
struct Inner {
    checks: BTreeMap<Check, Status>,
    stopping: bool,
}

/// A handle on the readiness of this process: roles report the state of their checks, `/readyz` shows it.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Inner>>);

/// What `/readyz` says.
#[derive(Serialize)]
struct Report {
    ready: bool,
    stopping: bool,
    checks: BTreeMap<Check, Status>,
}

impl Readiness {
    /// Readiness that waits for these checks: none of them holds yet.
    #[must_use]
    pub fn waiting_for(checks: &[Check]) -> Self {
        let readiness = Self::default();
        for check in checks {
            readiness.failed(*check, "not checked yet");
        }
        readiness
    }

    /// The check holds.
    pub fn passed(&self, check: Check) {
        self.set(check, Status { ok: true, detail: None });
    }

    /// The check does not hold. Every client can see the detail: no secrets, no addresses.
    pub fn failed(&self, check: Check, detail: impl Into<String>) {
        self.set(check, Status { ok: false, detail: Some(detail.into()) });
    }

    /// Sets the check from the result of using what it depends on.
    pub fn set_from<T>(&self, check: Check, result: Result<T, impl Display>) {
        match result {
            Ok(_) => self.passed(check),
            Err(error) => self.failed(check, error.to_string()),
        }
    }

    /// Shutdown has begun: not ready any more, whatever the checks say.
    pub fn stop(&self) {
        self.lock().stopping = true;
    }

    /// Whether traffic may come.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.report().ready
    }

    fn set(&self, check: Check, status: Status) {
        self.lock().checks.insert(check, status);
    }

    fn report(&self) -> Report {
        let inner = self.lock();
        Report {
            ready: !inner.stopping && inner.checks.values().all(|status| status.ok),
            stopping: inner.stopping,
            checks: inner.checks.clone(),
        }
    }

    /// A panic elsewhere does not make the state of the checks wrong.
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        locked(&self.0)
    }
}

/// What answers `/livez`, `/readyz` and `/metrics`, under the names that the server goes by. These requests take no place
/// from others and wait for none.
#[derive(Clone)]
pub struct Health {
    readiness: Readiness,
    hosts: Hosts,
}

const PATHS: [&str; 3] = ["/livez", "/readyz", "/metrics"];
const TEXT: &str = "text/plain; charset=utf-8";
const FOREIGN: &str = "not a name of this server; ask by its address, or add the name to server.allowed_hosts\n";

impl Health {
    /// Of a process that is served with these settings.
    #[must_use]
    pub fn new(readiness: Readiness, server: &Server) -> Self {
        Self { readiness, hosts: Hosts::of(server) }
    }

    /// What a server answers: for the health of its process, and these.
    #[must_use]
    pub fn and(self, routes: impl Into<Routes>) -> Routes {
        routes.into().after(move |request| self.answer(request))
    }

    /// The answer to a request for the health of the process.
    #[must_use]
    pub fn answer<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        let path = PATHS.into_iter().find(|path| *path == request.uri().path())?;
        let mut answer = if self.hosts.check(request).is_err() {
            http::text(StatusCode::MISDIRECTED_REQUEST, TEXT, FOREIGN)
        } else if matches!(*request.method(), Method::GET | Method::HEAD) {
            self.get(path)
        } else {
            let mut answer = http::empty(StatusCode::METHOD_NOT_ALLOWED);
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
            answer
        };
        answer.extensions_mut().insert(Route(path.to_owned()));
        Some(answer)
    }

    fn get(&self, path: &str) -> Response<Body> {
        match path {
            "/livez" => http::text(StatusCode::OK, TEXT, "alive\n"),
            "/readyz" => {
                let report = self.readiness.report();
                let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                // texts and truth values are always JSON
                http::text(status, "application/json", serde_json::to_string(&report).unwrap_or_default())
            }
            _ => http::text(StatusCode::OK, OPEN_METRICS, crate::metrics().encode()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(health: &Health, method: Method, path: &str, host: &str) -> Option<StatusCode> {
        let request = Request::builder().method(method).uri(path).header("host", host).body(()).unwrap();
        health.answer(&request).map(|answer| answer.status())
    }

    fn status_of(health: &Health, path: &str) -> StatusCode {
        answer(health, Method::GET, path, "localhost").unwrap()
    }

    #[test]
    fn ready_only_while_all_checks_hold_and_no_shutdown_has_begun() {
        let readiness = Readiness::waiting_for(&[Check::Database, Check::Migrations]);
        let health = Health::new(readiness.clone(), &Server::default());
        assert_eq!(status_of(&health, "/livez"), StatusCode::OK);
        assert_eq!(status_of(&health, "/metrics"), StatusCode::OK);
        assert_eq!(status_of(&health, "/readyz"), StatusCode::SERVICE_UNAVAILABLE);
        readiness.passed(Check::Database);
        readiness.passed(Check::Migrations);
        assert_eq!(status_of(&health, "/readyz"), StatusCode::OK);
        readiness.failed(Check::Database, "no answer");
        assert_eq!(status_of(&health, "/readyz"), StatusCode::SERVICE_UNAVAILABLE);
        readiness.passed(Check::Database);
        readiness.stop();
        assert_eq!(status_of(&health, "/readyz"), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status_of(&health, "/livez"), StatusCode::OK);
    }

    #[test]
    fn health_is_read_under_an_own_name_only() {
        let health = Health::new(Readiness::default(), &Server::default());
        let foreign = answer(&health, Method::GET, "/metrics", "evil.example");
        assert_eq!(foreign, Some(StatusCode::MISDIRECTED_REQUEST), "a name that was bent to this address");
        assert_eq!(answer(&health, Method::HEAD, "/livez", "localhost"), Some(StatusCode::OK));
        assert_eq!(answer(&health, Method::POST, "/livez", "localhost"), Some(StatusCode::METHOD_NOT_ALLOWED));
        assert_eq!(answer(&health, Method::GET, "/livez/", "localhost"), None);
    }
}
