//! Asking as an App: its signature is exchanged for tokens, which expire.

use super::*;

/// An App's key, made for this test.
const KEY: &str = include_str!("app-key.pem");

#[tokio::test]
async fn an_app_exchanges_its_signature_for_a_token_once_and_asks_with_it() {
    let key_file = std::env::temp_dir().join(format!("sei-app-{}", std::process::id()));
    std::fs::write(&key_file, KEY).unwrap();
    let hub = Arc::new(Hub { changes: 1, commits: 1, ..Hub::default() });
    let exchanged = Arc::new(Mutex::new(Vec::new()));
    let tokens = exchanged.clone();
    let exchange = move |headers: HeaderMap| {
        tokens.lock().unwrap().push(headers["authorization"].to_str().unwrap().to_owned());
        async {
            Json(
                json!({ "token": "ghs_1", "expires_at": "2100-01-01T00:00:00Z", "permissions": { "contents": "read" } }),
            )
        }
    };
    let router = router(&hub)
        .layer(axum::middleware::from_fn(async |request: axum::extract::Request, next: axum::middleware::Next| {
            assert_eq!(request.headers()["authorization"], "Bearer ghs_1");
            next.run(request).await
        }))
        .route("/api/v3/app/installations", get(async || Json(json!([{ "id": 9 }]))))
        .route("/api/v3/app/installations/9/access_tokens", post(exchange));
    let source = source(&json!({ "app_id": 7, "private_key": { "file": key_file } }));
    let summary = Memory::default().pull(&puller_of(router, &source), PullFrom::Cursor).await;
    std::fs::remove_file(&key_file).unwrap();
    assert!(summary.complete() && summary.rows == 1, "{summary:?}");
    let exchanged = exchanged.lock().unwrap();
    let [jwt] = exchanged.as_slice() else { panic!("{exchanged:?}") };
    let parts: Vec<&str> = jwt.strip_prefix("Bearer ").unwrap().split('.').collect();
    assert_eq!(parts.len(), 3);
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, parts[1]).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], 7);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
}

/// Counts the answers that an App was given.
#[derive(Default)]
struct AppServed {
    exchanges: Mutex<u64>,
    requests: Mutex<u64>,
}

/// A GitHub that knows an App's signatures from the second on, has the App wait for more than an hour at the first
/// request, and knows no token but the one with the number `valid` from then on.
fn github_with_waits(hub: &Shared, served: &Arc<AppServed>, valid: u64) -> Router {
    let (exchanged, asked) = (served.clone(), served.clone());
    let exchange = async move || {
        let mut count = exchanged.exchanges.lock().unwrap();
        *count += 1;
        if *count == 1 {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let token = format!("ghs_{}", *count);
        Json(json!({ "token": token, "expires_at": "2100-01-01T00:00:00Z", "permissions": {} })).into_response()
    };
    let known = move |request: axum::extract::Request, next: axum::middleware::Next| {
        let is_first = {
            let mut requests = asked.requests.lock().unwrap();
            *requests += 1;
            *requests == 1
        };
        async move {
            if is_first {
                (StatusCode::FORBIDDEN, [("retry-after", "3660")], "{}").into_response()
            } else if request.headers()["authorization"] == format!("Bearer ghs_{valid}") {
                next.run(request).await
            } else {
                StatusCode::UNAUTHORIZED.into_response()
            }
        }
    };
    router(hub)
        .layer(axum::middleware::from_fn(known))
        .route("/api/v3/app/installations/9/access_tokens", post(exchange))
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_while_a_limit_is_waited_for_is_exchanged_and_asked_with_again() {
    let key = std::env::temp_dir().join(format!("sei-app-waits-{}", std::process::id()));
    std::fs::write(&key, KEY).unwrap();
    let source = source(&json!({ "app_id": 8, "installation_id": 9, "private_key": { "file": key } }));
    let hub = Arc::new(Hub { changes: 1, commits: 1, ..Hub::default() });
    let served = Arc::new(AppServed::default());
    let summary =
        Memory::default().pull(&puller_of(github_with_waits(&hub, &served, 3), &source), PullFrom::Cursor).await;
    assert!(summary.complete() && summary.rows == 1, "{summary:?}");
    assert_eq!(*served.exchanges.lock().unwrap(), 3, "one was refused, one expired");
    // one that is never known is exchanged once more for each request, and no further
    let served = Arc::new(AppServed::default());
    let puller = puller_of(github_with_waits(&hub, &served, 0), &source);
    let error = puller.api.get("repos/Octo/Hello/issues").await.unwrap_err();
    assert!(error.to_string().contains("wrong, expired or revoked"), "{error}");
    assert_eq!((*served.exchanges.lock().unwrap(), *served.requests.lock().unwrap()), (3, 3));
    std::fs::remove_file(&key).unwrap();
}
