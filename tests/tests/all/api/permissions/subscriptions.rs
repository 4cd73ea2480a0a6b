//! Subscriptions of GraphQL: everyone subscribes to all of them, in both tenants. What happens then is sent to who may
//! see it, and nothing of it to others.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;

use super::schema::{INTROSPECTION, Schema};
use super::seeded::{self, MARKS, OTHER, PAY, WEB};
use super::{Who, everyone};
use crate::api::live::{connect, run};
use crate::api::served::Served;
use crate::api::sockets::{self, PROTOCOL, Socket};

/// Each of them, by its name, with what is asked of it.
const SUBSCRIPTIONS: [(&str, &str); 5] = [
    ("deployments", "deployments { service id }"),
    ("incidents", "incidents { service id }"),
    ("lag", "lag { consumers { consumer } }"),
    ("metrics", r#"metrics(names: ["change_throughput"], question: {by: SERVICE}) { slices { slice } }"#),
    ("sources", "sources { source }"),
];
/// By then a message is there, if its subscription had begun.
const SOON: Duration = Duration::from_millis(300);
/// How often something happens, at most, until what is expected has come.
const ROUNDS: usize = 100;

/// A socket on which someone has subscribed to everything; `None` for who is refused.
async fn subscribed(served: &Served, who: &Who, tenant: &str) -> Option<Socket> {
    let bearer = who.token.as_ref().map(|token| format!("Bearer {token}"));
    let mut headers = vec![PROTOCOL, ("sei-tenant", tenant)];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let mut socket = match sockets::open(served, &headers).await {
        Ok(socket) => socket,
        Err(tungstenite::Error::Http(answer)) => {
            assert_eq!(answer.status(), 404, "{} of {tenant}", who.name);
            return None;
        }
        Err(other) => panic!("{} of {tenant}: {other}", who.name),
    };
    socket.init(Value::Null).await;
    if who.token.is_none() {
        assert_eq!(socket.closed().await.0, 4401, "{} of {tenant}", who.name);
        return None;
    }
    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }), "{} of {tenant}", who.name);
    for (name, selection) in SUBSCRIPTIONS {
        socket.subscribe(name, &format!("subscription {{ {selection} }}")).await;
    }
    Some(socket)
}

/// Has things happen to the services of both teams, and in the other tenant.
async fn happen(connection: &mut PgConnection) {
    for (tenant, mark) in [("main", PAY), ("main", WEB), ("other", OTHER)] {
        let (own, touched) = (format!("'service_{mark}'"), r#"{"touch": "new", "shown": null}"#);
        for (kind, service, detail) in [
            ("source", "null", r#"{"state": "failing", "error": "401"}"#),
            ("deployment", &*own, touched),
            ("incident", &*own, touched),
        ] {
            let row = format!("'{kind}', '{kind}/{mark}', {service}, '{detail}'");
            let statement = format!("insert into {tenant}.feed (kind, subject, service, detail) values ({row})");
            run(connection, &statement).await;
        }
    }
}

/// What is sent by each subscription until all that is expected was sent; things happen until then.
async fn sent(socket: &mut Socket, who: &Who, connection: &mut PgConnection) -> BTreeMap<String, Vec<Value>> {
    // what belongs to no service may be about any; incidents are expected twice, so that what came with the first is there
    let expected = [("deployments", 1), ("incidents", 2), ("metrics", 1), ("sources", usize::from(!who.is_limited()))];
    let mut sent: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        if expected.iter().all(|(name, times)| sent.get(*name).map_or(0, Vec::len) >= *times) {
            break;
        }
        match timeout(SOON, socket.next()).await {
            Ok(message) => sent.entry(message["id"].as_str().unwrap_or_default().to_owned()).or_default().push(message),
            Err(_) => happen(connection).await,
        }
    }
    for (name, times) in expected {
        assert!(sent.get(name).map_or(0, Vec::len) >= times, "{}: {name} was not sent: {sent:?}", who.name);
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_subscription_sends_what_happens_to_who_may_see_it_and_nothing_of_others() {
    let served = seeded::served().await;
    let everyone = everyone(&served).await;
    let bearer = format!("Bearer {}", everyone.iter().find_map(|who| who.token.as_deref()).unwrap());
    let headers = [("content-type", "application/json"), ("authorization", &*bearer), ("sei-tenant", "main")];
    let body = json!({ "query": INTROSPECTION }).to_string();
    let schema = Schema::new(&served.ask("POST", "/graphql", &headers, &body).await.json());
    let names: Vec<&str> = schema.subscriptions().iter().map(|field| field["name"].as_str().unwrap()).collect();
    let mut stated: Vec<&str> = SUBSCRIPTIONS.iter().map(|(name, _)| *name).collect();
    stated.sort_by_key(|name| names.iter().position(|known| known == name));
    assert_eq!(names, stated, "state in SUBSCRIPTIONS what is asked of each");

    let (mut sockets, mut connection) = (Vec::new(), connect(&served).await);
    for (who, tenant) in everyone.iter().flat_map(|who| ["main", "other"].map(|tenant| (who, tenant))) {
        let socket = subscribed(&served, who, tenant).await;
        assert_eq!(socket.is_some(), who.sees_tenant(tenant), "{} of {tenant}", who.name);
        sockets.extend(socket.map(|socket| (who, tenant, socket)));
    }
    happen(&mut connection).await;
    let (mut wrong, mut shown) = (Vec::new(), [false; 3]);
    for (who, tenant, mut socket) in sockets {
        for message in sent(&mut socket, who, &mut connection).await.into_values().flatten() {
            let text = message.to_string();
            let hidden = who.hidden(tenant).into_iter().find(|mark| text.contains(mark));
            if message["type"] != "next" || message["payload"].get("errors").is_some() || hidden.is_some() {
                wrong.push(format!("{} of {tenant}: {text}", who.name));
            }
            for (shown, mark) in shown.iter_mut().zip(MARKS) {
                *shown |= text.contains(mark);
            }
        }
    }
    assert!(wrong.is_empty(), "{} messages are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(shown, [true; 3]);
}
