//! Who receives what, and for how long.

use std::fmt::Write as _;

use futures::StreamExt as _;
use kernel::{Role, Tenant};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::Store;
use store::identity::tokens::{self, NewToken};

use super::events::Events;
use super::{connect, run};
use crate::api::served::{self, Served};
use crate::api::sockets::Socket;

/// A token of a tenant that is limited to teams.
pub(crate) struct Token {
    id: String,
    secret: String,
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Token {
    pub(crate) async fn new(store: &Store, id: &str, tenant: &Tenant, teams: &[String]) -> Self {
        let mut secret = format!("sei_{id:0>43}");
        let checksum: String =
            Sha256::digest(&secret).iter().take(6).map(|byte| char::from(ALPHABET[usize::from(byte % 62)])).collect();
        write!(secret, "{checksum}").unwrap();
        let token = NewToken {
            id,
            name: id,
            hash: &Sha256::digest(&secret).into(),
            owner_id: None,
            tenant: Some(tenant),
            role: Role::Viewer,
            teams,
            scope: kernel::TokenScope::Write,
            lifetime: None,
        };
        let mut tx = store.begin().await.unwrap();
        tokens::create(&mut tx, token).await.unwrap();
        tx.commit().await.unwrap();
        Self { id: id.to_owned(), secret }
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.secret)
    }

    pub(crate) async fn revoke(&self, store: &Store) {
        let mut tx = store.begin().await.unwrap();
        assert!(tokens::revoke(&mut tx, &self.id).await.unwrap());
        tx.commit().await.unwrap();
    }
}

/// A service with its team, and a service of another team.
async fn services(served: &Served) -> ((String, String), String) {
    let all = served.get("/api/v1/services").await;
    let all: Vec<(String, String)> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| Some((row["name"].as_str()?.to_owned(), row["team"].as_str()?.to_owned())))
        .collect();
    let (own, team) = all[0].clone();
    let other = all.iter().find(|(_, other)| *other != team).unwrap().0.clone();
    ((own, team), other)
}

#[tokio::test]
async fn who_is_limited_to_a_team_is_sent_of_its_services_until_its_token_is_revoked() {
    let served = served::filled().await;
    let store = &served.database.store;
    let ((own, team), other) = services(&served).await;
    let token = Token::new(store, "team", &Tenant::default(), &[team]).await;
    let mut limited = Events::open_with(&served, "", &[("authorization", &token.bearer())]).await;
    let mut connection = connect(&served).await;
    let incident = |service: &str| {
        format!(
            "insert into main.feed (kind, subject, service, detail)
             values ('incident', 'of {service}', '{service}', '{{\"touch\": \"new\", \"shown\": null}}')"
        )
    };
    run(&mut connection, &incident(&other)).await;
    super::fail(&mut connection, "main", "github/main").await;
    // a change of another team, of the whole organization, and of its own
    let mark = |source: &str, owner: &str| {
        format!("insert into main.changed_chunk (source, owner) values ('{source}', '{owner}')")
    };
    run(&mut connection, &mark("deployments", &other)).await;
    run(&mut connection, &mark("items", "SHOP")).await;
    run(&mut connection, &incident(&own)).await;
    let event = limited.next().await.unwrap();
    assert_eq!((event.kind.as_str(), &event.data["service"]), ("incident", &json!(own)), "{event:?}");
    let refused =
        served.ask("GET", &format!("/api/v1/stream?service={other}"), &[("authorization", &token.bearer())], "").await;
    assert_eq!(refused.status, 404, "{refused:?}");
    token.revoke(store).await;
    assert_eq!(limited.next_of("dropped").await["reason"], "access");
    assert!(limited.next().await.is_none());
    let refused = served.ask("GET", "/api/v1/stream", &[("authorization", &token.bearer())], "").await;
    assert_eq!(refused.status, 401, "{refused:?}");
}

#[tokio::test]
async fn a_token_of_one_tenant_opens_no_stream_of_another() {
    let served = served::empty().await;
    let demo = Tenant::new("demo").unwrap();
    served.database.store.create_tenant(&demo, true).await.unwrap();
    let token = Token::new(&served.database.store, "demo", &demo, &[]).await;
    for (query, status) in [("?tenant=main", 404), ("?tenant=unknown", 404)] {
        let path = format!("/api/v1/stream{query}");
        let refused = served.ask("GET", &path, &[("authorization", &token.bearer())], "").await;
        assert_eq!(refused.status, status, "{query}: {refused:?}");
    }
    let mut own = Events::open_with(&served, "?kinds=source", &[("authorization", &token.bearer())]).await;
    let mut connection = connect(&served).await;
    super::fail(&mut connection, "main", "github/main").await;
    super::fail(&mut connection, "demo", "github/demo").await;
    assert_eq!(own.next_of("source").await["source"], "github/demo");
}

#[tokio::test]
async fn a_socket_says_who_it_is_when_it_begins_and_is_closed_when_that_ends() {
    let served = served::with(|settings| settings.login.enabled = true).await;
    let store = &served.database.store;
    let token = Token::new(store, "socket", &Tenant::default(), &[]).await;
    let other = Token::new(store, "revoked", &Tenant::default(), &[]).await;
    other.revoke(store).await;
    assert_eq!(served.ask("GET", "/api/v1/stream", &[], "").await.status, 401);
    for payload in [
        json!(null),
        json!({}),
        json!({ "authorization": "Bearer nonsense" }),
        json!({ "authorization": "\n" }),
        json!({ "authorization": other.bearer() }),
    ] {
        let mut socket = Socket::open(&served).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.closed().await, (4401, "Unauthorized".to_owned()), "{payload}");
    }
    let mut socket = Socket::open(&served).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": token.bearer() } })).await;
    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
    socket.subscribe("1", "subscription { sources { source } }").await;
    // it has begun when it receives
    let mut connection = connect(&served).await;
    let received = async {
        loop {
            super::fail(&mut connection, "main", "github/main").await;
            if tokio::time::timeout(std::time::Duration::from_millis(200), socket.0.next()).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(super::DEADLINE, received).await.unwrap();
    token.revoke(store).await;
    assert_eq!(socket.closed().await.0, 4403);
}
