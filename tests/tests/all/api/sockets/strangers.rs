//! Clients that are not identified hold few sockets, and guess slowly.

use std::time::Duration;

use kernel::Tenant;
use serde_json::json;
use store::audit::{self, Action, AuditFilter, Order};
use tests::eventually;
use tokio_tungstenite::tungstenite;

use super::{PROTOCOL, Socket, open};
use crate::api::live::tokens::Token;
use crate::api::served::{self, Served};

const DEADLINE: Duration = Duration::from_secs(30);
/// Of one address.
const MOST: usize = 10;

/// A server that asks for a login.
async fn with_login() -> Served {
    served::with(|all| all.login.enabled = true).await
}

/// The status that a WebSocket is refused with, if it is.
async fn refusal(served: &Served) -> Option<u16> {
    match open(served, &[PROTOCOL]).await {
        Ok(_) => None,
        Err(tungstenite::Error::Http(answer)) => Some(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_address_holds_few_sockets_that_have_not_begun_and_none_of_those_that_have() {
    let served = with_login().await;
    let token = Token::new(&served.database.store, "known", &Tenant::default(), &[]).await;
    let payload = json!({ "authorization": token.bearer() });
    let mut begun = Vec::new();
    // one after the other each leaves its place to the next
    for _ in 0..=MOST {
        begun.push(Socket::begin_as(&served, payload.clone()).await);
    }
    let mut held = Vec::new();
    let mut refused = None;
    for _ in 0..=2 * MOST {
        match open(&served, &[PROTOCOL]).await {
            Ok(socket) => held.push(socket),
            Err(tungstenite::Error::Http(answer)) => {
                refused = Some(answer.status().as_u16());
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, Some(503));
    // who is known by its request takes none of their places
    assert!(open(&served, &[PROTOCOL, ("authorization", &token.bearer())]).await.is_ok());
    // those that do not begin in time are closed, and leave their places
    eventually(DEADLINE, async || refusal(&served).await.is_none()).await;
    let socket = begun.last_mut().unwrap();
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }), "the others go on");
}

#[tokio::test]
async fn guesses_over_sockets_are_as_slow_as_others() {
    let served = served::with(|all| {
        all.login.enabled = true;
        all.api.limits.address_per_minute = 60;
    })
    .await;
    let mut sockets = Vec::new();
    for _ in 0..6 {
        sockets.push(Socket::open(&served).await);
    }
    let mut codes = Vec::new();
    for socket in &mut sockets {
        socket.init(json!({ "authorization": "Bearer guess" })).await;
        codes.push(socket.closed().await.0);
    }
    assert!(codes.first() == Some(&4401) && codes.contains(&1013), "{codes:?}");
}

#[tokio::test]
async fn a_wrong_credential_of_the_request_itself_costs_as_much() {
    let served = served::with(|all| {
        all.login.enabled = true;
        all.api.limits.address_per_minute = 60;
    })
    .await;
    let mut opened = 0;
    while open(&served, &[PROTOCOL, ("authorization", "Bearer guess")]).await.is_ok() {
        opened += 1;
        assert!(opened < 10);
    }
}

#[tokio::test]
async fn a_socket_that_is_refused_is_recorded_as_a_request_is() {
    let served = with_login().await;
    let mut socket = Socket::open(&served).await;
    socket.init(json!({ "authorization": "Bearer guess" })).await;
    assert_eq!(socket.closed().await.0, 4401);
    let filter = AuditFilter { action: Some(Action::Refused), ..AuditFilter::default() };
    let recorded = async || {
        let entries = audit::list(&served.database.store, &filter, Order::Oldest, None, 10).await.unwrap();
        entries.iter().any(|entry| entry.subject == "/graphql")
    };
    eventually(DEADLINE, recorded).await;
}
