//! What scripts post: facts as Standard Webhooks, and to the addresses of `DevLake`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use collectors::settings::GatewaySettings;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{MemoryLog, serve, settings, webhook};

const DEPLOYMENT: &str = r#"{"fact":"deployment","id":"shop/1","finished_at":"2026-02-03T09:00:00Z"}"#;
const JSON: (&str, &str) = ("content-type", "application/json");
const KEY: &[u8] = b"a key of these tests, not short";

fn with(connector: &str, name: &str, secrets: &[&str]) -> GatewaySettings {
    let mut settings = settings();
    settings.source.push(webhook(connector, name, secrets));
    settings
}

fn signature(id: &str, sent: &str, body: &str) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    hmac.update(format!("{id}.{sent}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_signed_webhook_of_facts_is_taken_while_it_is_fresh_and_whole() {
    let log = MemoryLog::new();
    let settings = with("generic", "deployer", &[&format!("whsec_{}", STANDARD.encode(KEY)), "a bearer token"]);
    let served = serve(&settings, log.clone()).await;
    let now = chrono::Utc::now().timestamp().to_string();
    let path = "/webhooks/generic/deployer";
    let headers = |id: &'static str, sent: &str, body: &str| {
        let signature = signature(id, sent, body);
        [
            (JSON.0, JSON.1.to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", sent.to_owned()),
            ("webhook-signature", signature),
        ]
    };
    let post = async |headers: [(&str, String); 4], body: &str| {
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        served.post(path, &headers, body.as_bytes()).await
    };
    assert_eq!(post(headers("msg_1", &now, DEPLOYMENT), DEPLOYMENT).await.status, 202);
    assert_eq!(post(headers("msg_2", &now, DEPLOYMENT), "{}").await.status, 401, "another body");
    let old = (chrono::Utc::now().timestamp() - 3_600).to_string();
    assert_eq!(post(headers("msg_3", &old, DEPLOYMENT), DEPLOYMENT).await.status, 401, "an hour old");
    let reply = post(headers("msg_4", &now, r#"{"fact":"deploy"}"#), r#"{"fact":"deploy"}"#).await;
    assert_eq!(reply.status, 422);
    assert!(reply.body.contains("did you mean `deployment`"), "{}", reply.body);
    assert_eq!(served.post(path, &[JSON], DEPLOYMENT.as_bytes()).await.status, 401);
    let token = ("authorization", "Bearer a bearer token");
    let lines = format!("{DEPLOYMENT}\n{DEPLOYMENT}\n");
    let reply = served.post(path, &[("content-type", "application/x-ndjson"), token], lines.as_bytes()).await;
    assert_eq!((reply.status, reply.body.as_str()), (202, r#"{"accepted":2}"#));
    let events = log.events();
    assert_eq!(events.iter().map(|event| event.source.as_str()).collect::<Vec<_>>(), ["generic/deployer"; 3]);
    assert_eq!(events[0].id, "msg_1/0");
}

#[tokio::test]
async fn facts_for_another_tenant_are_refused_where_all_are_of_one() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    for (path, more, expected) in [
        ("/v1/events", None, 202),
        ("/v1/events", Some(("sei-tenant", "main")), 202),
        ("/v1/events?tenant=main", None, 202),
        ("/v1/events", Some(("sei-tenant", "acme")), 400),
        ("/v1/events?tenant=acme", None, 400),
        ("/v1/events?tenant=main&tenant=acme", None, 400),
        ("/v1/events?%74enant=acme", None, 400),
        ("/v1/events?tenant=acme", Some(("sei-tenant", "main")), 400),
    ] {
        let headers: Vec<(&str, &str)> = [JSON].into_iter().chain(more).collect();
        let reply = served.post(path, &headers, DEPLOYMENT.as_bytes()).await;
        assert_eq!(reply.status, expected, "{path} {more:?}: {}", reply.body);
    }
    assert_eq!(log.events().len(), 3);
}

#[tokio::test]
async fn every_address_of_devlake_takes_what_its_examples_post() {
    let log = MemoryLog::new();
    let served = serve(&with("devlake", "1", &["token of these tests"]), log.clone()).await;
    // as `curl -d` sends it
    let headers =
        [("authorization", "Bearer token of these tests"), ("content-type", "application/x-www-form-urlencoded")];
    let deployment = br#"{"id":"7","startedDate":"2026-01-01T12:00:00Z","deploymentCommits":[{"repoUrl":"https://h/o/r","commitSha":"x"}]}"#;
    let issue = br#"{"issueKey":"A-1","title":"Down","type":"INCIDENT","status":"TODO","originalStatus":"open","createdDate":"2026-01-01T12:00:00Z"}"#;
    let change = br#"{"id":"x","pullRequestKey":1,"displayTitle":"t","createdDate":"2026-01-01T12:00:00Z"}"#;
    let mut expected = Vec::new();
    for base in ["/api/rest/plugins/webhook", "/api/plugins/webhook"] {
        for connection in ["1", "connections/1", "connections/by-name/1"] {
            for (address, body, kind) in [
                ("deployments", &deployment[..], "devlake.deployments"),
                ("issues", issue, "devlake.issues"),
                ("issue/A-1/close", b"", "devlake.close"),
                ("pull_requests", change, "devlake.pull_requests"),
            ] {
                let reply = served.post(&format!("{base}/{connection}/{address}"), &headers, body).await;
                assert_eq!(reply.status, 200, "{base} {connection} {address}: {}", reply.body);
                expected.push(kind);
            }
        }
    }
    let connector = registry::connector("devlake").unwrap();
    let events = log.events();
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), expected);
    for event in &events {
        assert_eq!(event.source, "devlake/1");
        assert!(!connector.normalize(event).unwrap().is_empty());
    }
    let address = "/api/rest/plugins/webhook/connections/1/deployments";
    assert_eq!(served.post(address, &[JSON], deployment).await.status, 401);
    let basic = [JSON, ("authorization", "Basic dXNlcjpwYXNz")];
    assert_eq!(served.post(address, &basic, deployment).await.status, 401);
    for elsewhere in ["connections/2/deployments", "connections/1/nothing", "connections/1/issue//close"] {
        let reply = served.post(&format!("/api/rest/plugins/webhook/{elsewhere}"), &headers, deployment).await;
        assert_eq!(reply.status, 404, "{elsewhere}");
    }
    assert_eq!(log.events().len(), events.len());
}
