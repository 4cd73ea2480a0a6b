//! What happens when the log does not keep up, and under many requests at once.

use std::sync::Arc;
use std::time::Duration;

use tests::eventually;

use super::{MemoryLog, Mood, Served, serve, settings};

const PAYLOAD: &[u8] = br#"{"repository":{"full_name":"a/b"}}"#;
const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn nothing_is_accepted_that_the_log_did_not_take() {
    let log = MemoryLog::new();
    let served = serve(&settings(), log.clone()).await;
    for mood in [Mood::Away, Mood::Saturated] {
        log.feel(mood);
        let reply = served.github("push", "d-1", PAYLOAD).await;
        assert_eq!(reply.status, 503, "{mood:?} {reply:?}");
        assert!(reply.headers.contains("retry-after: "), "{mood:?} {reply:?}");
    }
    log.feel(Mood::Small(100));
    assert_eq!(served.github("push", "d-2", &[PAYLOAD, &[b' '; 100]].concat()).await.status, 413);
    assert_eq!(served.github("push", "d-3", PAYLOAD).await.status, 202);
    assert_eq!(log.events().len(), 1);
}

#[tokio::test]
async fn a_refused_event_costs_no_other_request_its_own() {
    let log = MemoryLog::new();
    let served = Arc::new(serve(&settings(), log.clone()).await);
    log.feel(Mood::Asleep);
    let mut requests = Vec::new();
    for number in 0..100 {
        let served: Arc<Served> = Arc::clone(&served);
        let body = if number == 50 { [PAYLOAD, &[b' '; 100]].concat() } else { PAYLOAD.to_vec() };
        requests.push(tokio::spawn(async move { served.github("push", &format!("d-{number}"), &body).await.status }));
        if number == 0 {
            // The first append is under way; all others wait for it.
            eventually(DEADLINE, async || *log.appends.lock().unwrap() == 1).await;
        }
    }
    log.feel(Mood::Small(100));
    let mut statuses = Vec::new();
    for request in requests {
        statuses.push(request.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 99, "{statuses:?}");
    assert_eq!(statuses[50], 413);
    assert_eq!(log.events().len(), 99);
}

#[tokio::test]
async fn above_the_bound_in_flight_requests_are_shed() {
    let log = MemoryLog::new();
    let mut small = settings();
    small.events.in_flight = 1;
    let served = Arc::new(serve(&small, log.clone()).await);
    log.feel(Mood::Asleep);
    let first = tokio::spawn({
        let served = Arc::clone(&served);
        async move { served.github("push", "d-1", PAYLOAD).await.status }
    });
    eventually(DEADLINE, async || *log.appends.lock().unwrap() == 1).await;
    let reply = served.github("push", "d-2", PAYLOAD).await;
    assert_eq!(reply.status, 503);
    assert!(reply.headers.contains("retry-after: "), "{reply:?}");
    log.feel(Mood::Good);
    assert_eq!(first.await.unwrap(), 202);
    assert_eq!(served.github("push", "d-2", PAYLOAD).await.status, 202);
}

#[tokio::test]
async fn a_log_that_does_not_answer_and_a_body_that_does_not_come_end_in_time() {
    let log = MemoryLog::new();
    let mut hasty = settings();
    hasty.server.timeout = Duration::from_millis(200);
    let served = serve(&hasty, log.clone()).await;
    log.feel(Mood::Asleep);
    assert_eq!(served.github("push", "d-1", PAYLOAD).await.status, 503);
    let headers = [("content-type", "application/json"), ("transfer-encoding", "chunked")];
    let reply = served.post("/v1/events", &headers, b"5\r\n[").await;
    assert_eq!(reply.status, 408, "{reply:?}");
}
