//! `/livez`, `/readyz` and `/metrics`, the same in every role.
//!
//! Alive means that the process answers. Ready means that each check that the role declared holds and
//! that no shutdown has begun: then traffic may come.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::http::Hosts;

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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET /livez`, `GET /readyz`, `GET /metrics`, under the names that the server goes by. They take no place from
/// other requests and wait for none.
pub fn router(readiness: Readiness, hosts: Hosts) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route_layer(middleware::from_fn_with_state(hosts, only_own_names))
        .with_state(readiness)
}

async fn only_own_names(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    if hosts.check(&request).is_ok() {
        return next.run(request).await;
    }
    let hint = "not a name of this server; ask by its address, or add the name to server.allowed_hosts\n";
    (StatusCode::MISDIRECTED_REQUEST, hint).into_response()
}

async fn readyz(State(readiness): State<Readiness>) -> Response {
    let report = readiness.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn metrics() -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], crate::metrics().encode()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn status_of(router: &Router, path: &str) -> StatusCode {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn ready_only_while_all_checks_hold_and_no_shutdown_has_begun() {
        let readiness = Readiness::waiting_for(&[Check::Database, Check::Migrations]);
        let hosts = Hosts::of(&crate::settings::Server::default());
        let router = router(readiness.clone(), hosts);
        let foreign = Request::get("/metrics").header("host", "evil.example").body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(foreign).await.unwrap();
        assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "a name that was bent to this address");
        assert_eq!(status_of(&router, "/livez").await, StatusCode::OK);
        assert_eq!(status_of(&router, "/metrics").await, StatusCode::OK);
        assert_eq!(status_of(&router, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        readiness.passed(Check::Database);
        readiness.passed(Check::Migrations);
        assert_eq!(status_of(&router, "/readyz").await, StatusCode::OK);
        readiness.failed(Check::Database, "no answer");
        assert_eq!(status_of(&router, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        readiness.passed(Check::Database);
        readiness.stop();
        assert_eq!(status_of(&router, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status_of(&router, "/livez").await, StatusCode::OK);
    }
}
