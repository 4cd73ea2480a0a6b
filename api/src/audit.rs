//! What the API records in the audit log: files of rows, views of raw events and of people's data, refusals.
//!
//! Promises: an export or a view that can't be recorded is not answered; a refusal is answered whether or not it can be
//! recorded, and however many there are, few entries say so.

mod refusals;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kernel::Tenant;
use runtime::http::Peer;
use runtime::locked;
use runtime::telemetry::Occasionally;
use serde_json::{Value, json};
use store::audit::{self as log, Action, Actor, ActorKind, Entry};
use store::{Store, StoreError};

use crate::identity::{Identity, Principal, PrincipalKind};
use crate::person_views::PersonView;
use crate::problem::Problem;
use crate::scope::Scope;
use refusals::{Refusal, Refusals};

/// How long refusals of the same kind are counted into one entry.
const WINDOW: Duration = Duration::from_mins(1);

static NOT_RECORDED: Occasionally = Occasionally::new();

/// The audit log, to add to. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    /// It can write.
    store: Store,
    refusals: Arc<Mutex<Refusals>>,
}

/// Who sends a request, as far as a refusal of it is recorded. Cheap to make.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    identity: Option<Arc<Identity>>,
    address: Option<IpAddr>,
    route: Option<MatchedPath>,
    uri: Uri,
}

impl Asker {
    /// Of a request.
    pub(crate) fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        Self {
            identity: extensions.get().cloned(),
            address: Peer::of(extensions).address(),
            route: extensions.get().cloned(),
            uri: request.uri().clone(),
        }
    }

    /// The same once it is known who sends it.
    pub(crate) fn identify(&mut self, request: &Request) {
        self.identity = request.extensions().get().cloned();
    }

    fn actor(&self) -> Actor {
        let anyone = || Actor::new(ActorKind::Anonymous, "anyone");
        self.identity.as_ref().map_or_else(anyone, |identity| actor(&identity.principal))
    }
}

/// The tenant that an answer is about.
fn tenant_of(response: &Response) -> Option<Tenant> {
    Tenant::new(response.headers().get("sei-tenant")?.to_str().ok()?).ok()
}

/// The form of a file that an answer is, if it is one.
fn form_of(response: &Response) -> Option<&'static str> {
    let content_type = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    match content_type.split(';').next()?.trim() {
        "text/csv" => Some("csv"),
        "application/x-ndjson" | "application/ndjson" => Some("ndjson"),
        _ => None,
    }
}

/// A principal as an actor.
pub(crate) fn actor(principal: &Principal) -> Actor {
    let kind = match principal.kind {
        PrincipalKind::Local => ActorKind::Local,
        PrincipalKind::Anyone => ActorKind::Anonymous,
        PrincipalKind::User => ActorKind::User,
        PrincipalKind::Token => ActorKind::Token,
        PrincipalKind::Jwt => ActorKind::Service,
    };
    Actor { kind, id: principal.id.clone(), name: Some(principal.name.clone()) }
}

/// Parameters whose values may name a person. Whose rows were asked for is recorded beside, by a pseudonym.
const NAMING: [&str; 6] = ["author", "assignee", "reviewer", "account", "search", "q"];

/// A query as it is recorded: without names of persons, since the audit log outlives what is known of them.
fn without_names(query: &str) -> String {
    let is_naming = |name: &str| NAMING.contains(&name);
    let mut fields = url::form_urlencoded::parse(query.as_bytes());
    if !fields.any(|(name, _)| is_naming(&name)) {
        return query.to_owned();
    }
    let kept = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| if is_naming(&name) { (name, "…".into()) } else { (name, value) });
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
}

/// That rows leave as a file, if an answer is one.
fn export(asker: &Asker, response: &Response) -> Option<Entry> {
    let detail = json!({ "form": form_of(response)?, "query": asker.uri.query().map(without_names) });
    let entry = Entry::new(asker.actor(), Action::Export, asker.uri.path()).with(detail);
    let entry = entry.from_address(asker.address.map(|address| address.to_string()));
    Some(Entry { tenant: tenant_of(response), ..entry })
}

impl Audit {
    /// Over a store that can write.
    pub(crate) fn new(store: &Store) -> Self {
        Self { store: store.clone(), refusals: Arc::default() }
    }

    /// Records what was done with a tenant's data. Fails if it can't be recorded: then it is not to be answered.
    pub(crate) async fn record(
        &self,
        scope: &Scope,
        action: Action,
        subject: impl Into<String>,
        detail: Value,
    ) -> Result<(), Problem> {
        let entry = Entry::new(actor(&scope.access.principal), action, subject).of(&scope.tenant.tenant).with(detail);
        log::record_alone(&self.store, &entry.from_address(scope.address.map(|address| address.to_string()))).await?;
        Ok(())
    }

    /// Records that data about single persons is shown. Fails as [`Self::record`] does.
    pub(crate) async fn view(&self, scope: &Scope, view: PersonView) -> Result<(), StoreError> {
        let store = self.store.for_tenant(&scope.tenant.tenant);
        view.record(&store, actor(&scope.access.principal), scope.address).await
    }

    /// Records an answer before it is sent, if it is a file of rows or refuses the request. In place of a file that can't
    /// be recorded goes a problem.
    pub(crate) async fn watch(&self, asker: &Asker, response: Response) -> Response {
        match response.status() {
            StatusCode::OK => {
                let Some(entry) = export(asker, &response) else { return response };
                match log::record_alone(&self.store, &entry).await {
                    Ok(_) => response,
                    Err(error) => Problem::from(error).into_response(),
                }
            }
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                self.note(asker, status, tenant_of(&response));
                response
            }
            _ => response,
        }
    }

    /// Notes that a request, or the beginning of a WebSocket, was refused.
    pub(crate) fn note(&self, asker: &Asker, status: StatusCode, tenant: Option<Tenant>) {
        let refusal = Refusal {
            actor: asker.actor(),
            address: asker.address,
            tenant,
            route: asker.route.as_ref().map_or("other", MatchedPath::as_str).to_owned(),
            status: status.as_u16(),
        };
        let noted = locked(&self.refusals).note(refusal, Instant::now());
        // not by the request, which its sender may end before
        if noted.is_first {
            let audit = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(WINDOW).await;
                audit.flush().await;
            });
        }
        if let Some(refusal) = noted.record {
            let audit = self.clone();
            tokio::spawn(async move { audit.record_refusal(&refusal, 1).await });
        }
    }

    /// Records how many refusals there were beside those that are recorded.
    pub(crate) async fn flush(&self) {
        let counted = locked(&self.refusals).take();
        for (refusal, count) in counted {
            self.record_refusal(&refusal, count).await;
        }
    }

    async fn record_refusal(&self, refusal: &Refusal, count: u64) {
        let Refusal { actor, address, tenant, route, status } = refusal;
        let entry = Entry { tenant: tenant.clone(), ..Entry::new(actor.clone(), Action::Refused, route) };
        let entry = entry.with(json!({ "status": status, "requests": count }));
        let entry = entry.from_address(address.map(|address| address.to_string()));
        if let Err(error) = log::record_alone(&self.store, &entry).await
            && let Some(more) = NOT_RECORDED.pass()
        {
            tracing::warn!(error = &error as &dyn std::error::Error, not_logged = more, "a refusal was not recorded");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_an_export_is_recorded_without_names_of_persons() {
        for (query, recorded) in [
            ("limit=3&service=cart", "limit=3&service=cart"),
            ("author=github.com%2Fann&limit=3", "author=%E2%80%A6&limit=3"),
            ("%61uthor=ann&q=Ann+Smith", "author=%E2%80%A6&q=%E2%80%A6"),
        ] {
            assert_eq!(without_names(query), recorded);
        }
    }
}
