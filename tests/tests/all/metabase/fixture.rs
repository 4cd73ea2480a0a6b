//! A database, a role that may read its views, and an empty Metabase.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::metabase::{Change, Client, Connection, Content, Credentials, MetabaseError, Ssl, Wanted, apply};
use axum::http::Method;
use kernel::{Secret, Tenant};
use serde_json::{Value, json};
use store::analytics::{self, NewRole};
use store::audit::{Action, Actor, Entry};

use super::server::Server;
use crate::api::served::{self, Served};

/// The password of the role.
pub(crate) const PASSWORD: &str = "battery-of-the-role";

pub(crate) struct Fixture {
    pub(crate) served: Served,
    pub(crate) server: Server,
    /// The name of the role.
    pub(crate) role: String,
}

impl Fixture {
    /// Without data.
    pub(crate) async fn new() -> Self {
        Self::of(served::empty().await).await
    }

    /// With the invented organization.
    pub(crate) async fn filled() -> Self {
        Self::of(served::filled().await).await
    }

    async fn of(served: Served) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let store = &served.database.store;
        let role = format!("sei_test_metabase_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let password = Secret::new(PASSWORD.as_bytes()).unwrap();
        let new = NewRole {
            name: &role,
            tenant: Some(&Tenant::default()),
            teams: &[],
            people: false,
            password: &password,
            salt: b"salt of a test",
            statement_timeout: Duration::from_mins(1),
            connections: 10,
        };
        let entry = Entry::new(Actor::sei(), Action::AnalyticsGranted, &role);
        analytics::grant(store, &new, &entry).await.unwrap();
        served::refresh(store, &[]).await;
        Self { server: Server::start().await, served, role }
    }

    /// What is declared, of the role's connection.
    pub(crate) fn wanted(&self) -> Wanted {
        let options = self.served.database.options();
        Wanted {
            name: "sei".to_owned(),
            connection: Connection {
                host: options.get_host().to_owned(),
                port: options.get_port(),
                database: options.get_database().unwrap().to_owned(),
                user: self.role.clone(),
                password: Secret::new(PASSWORD.as_bytes()),
                ssl: Ssl::Off,
            },
            content: Content::of(&Tenant::default(), "sei").unwrap(),
            viewers: "sei viewers".to_owned(),
            is_for_all_users: false,
            replaces_password: false,
            sync_timeout: Duration::from_mins(1),
            is_dry_run: false,
        }
    }

    /// A client with the key of an administrator.
    pub(crate) async fn client(&self) -> Client {
        let key = Secret::new(self.server.key.as_bytes()).unwrap();
        Client::connect(self.server.url.parse().unwrap(), &Credentials::ApiKey(key), None, Vec::new()).await.unwrap()
    }

    pub(crate) async fn try_apply(&self, wanted: &Wanted) -> Result<Vec<Change>, MetabaseError> {
        apply(&self.client().await, wanted, &|_: &str| {}).await
    }

    /// Applies, and checks that the server was asked, and has answered, as the description states.
    pub(crate) async fn apply(&self, wanted: &Wanted) -> Vec<Change> {
        let changes = self.try_apply(wanted).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(self.server.violations(), Vec::<String>::new(), "the server does not answer as Metabase does");
        assert_eq!(self.server.dropped(), Vec::<String>::new(), "Metabase does not know what it was sent");
        changes
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.client().await.get(path).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.client().await.write(Method::POST, path, &body).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// All that is in no trash, of some models: `card`, `dataset`, `metric`, `dashboard`, `collection`.
    pub(crate) async fn items(&self, models: &[&str]) -> Vec<Value> {
        let models: String = models.iter().map(|model| format!("&models={model}")).collect();
        let found = self.get(&format!("/api/search?archived=false{models}")).await;
        found["data"].as_array().unwrap().clone()
    }

    /// The dashboards, with the cards on them.
    pub(crate) async fn dashboards(&self) -> Vec<Value> {
        let mut dashboards = Vec::new();
        for item in self.items(&["dashboard"]).await {
            dashboards.push(self.get(&format!("/api/dashboard/{}", item["id"])).await);
        }
        dashboards
    }

    /// What a card on a dashboard answers with these filters, which must be rows.
    pub(crate) async fn rows(&self, dashboard: &Value, dashcard: &Value, filters: &[(&str, &str)]) -> Value {
        let path = format!(
            "/api/dashboard/{}/dashcard/{}/card/{}/query",
            dashboard["id"], dashcard["id"], dashcard["card_id"]
        );
        let parameters: Vec<Value> = filters.iter().map(|(id, value)| json!({ "id": id, "value": value })).collect();
        let answer = self.post(&path, json!({ "parameters": parameters })).await;
        assert_eq!(answer["status"], "completed", "{}: {answer}", dashcard["card"]["name"]);
        answer["data"].clone()
    }
}
