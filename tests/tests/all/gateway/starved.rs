//! Senders that prove nothing, and let their requests hang, keep out no sender that is verified.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{MemoryLog, Served, serve, settings};

/// Only a test that hangs takes as long.
const DEADLINE: Duration = Duration::from_mins(1);

const PAYLOAD: &[u8] = br#"{"repository":{"full_name":"a/b"}}"#;

/// A request with nothing of its body but this.
async fn hanging(served: &Served, announced: usize, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let head = format!(
        "POST /webhooks/github/main HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {announced}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // one that is given up while it sends is what the tests are about
    let _given_up = stream.write_all(sent).await;
    stream
}

#[tokio::test]
async fn half_requests_take_no_slot_of_signed_ones() {
    let log = MemoryLog::new();
    let mut small = settings();
    small.events.in_flight = 2;
    let served = serve(&small, log.clone()).await;
    let mut halves = Vec::new();
    for _ in 0..50 {
        halves.push(hanging(&served, 10, b"{").await);
    }
    for number in 0..10 {
        let reply = served.github("push", &format!("d-{number}"), PAYLOAD).await;
        assert_eq!(reply.status, 202, "{reply:?}");
    }
    assert_eq!(log.events().len(), 10);
}

#[tokio::test]
async fn half_requests_of_all_connections_make_room_for_signed_ones() {
    let mut few = settings();
    few.server.connections = 16;
    let served = serve(&few, MemoryLog::new()).await;
    let mut halves = Vec::new();
    for _ in 0..60 {
        halves.push(hanging(&served, 10, b"{").await);
    }
    let reply = served.github("push", "d-1", PAYLOAD).await;
    assert_eq!(reply.status, 202, "{reply:?}");
}

#[tokio::test]
async fn bodies_that_hang_are_given_up_when_their_memory_is_needed() {
    const LARGE: usize = 1 << 20;
    let log = MemoryLog::new();
    let mut small = settings();
    small.events.body_memory = 2 * LARGE;
    small.events.body_limit = LARGE;
    let served = serve(&small, log.clone()).await;
    let part = vec![b' '; LARGE - 1];
    let mut halves = Vec::new();
    for _ in 0..12 {
        halves.push(hanging(&served, LARGE, &part).await);
    }
    let large = [PAYLOAD, &vec![b' '; LARGE - PAYLOAD.len()]].concat();
    let reply = served.github("push", "d-1", &large).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    let is_given_up = halves.into_iter().map(|mut half| async move {
        let mut answer = [0; 12];
        half.read_exact(&mut answer).await.is_err() || answer == *b"HTTP/1.1 503"
    });
    // memory for two is there: ten are given up, and the others go on waiting
    let ended = is_given_up.collect::<FuturesUnordered<_>>().filter(|given_up| std::future::ready(*given_up));
    let given_up = tokio::time::timeout(DEADLINE, ended.take(10).count()).await;
    assert_eq!(given_up, Ok(10), "bodies of 12 that were given up");
    assert_eq!(log.events().len(), 1);
}

#[tokio::test]
async fn what_a_body_inflates_to_is_counted_as_well() {
    let mut small = settings();
    small.events.body_memory = 1 << 20;
    let served = serve(&small, MemoryLog::new()).await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![b' '; 8 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let reply = served.post("/webhooks/github/main", &headers, &bomb).await;
    assert_eq!((reply.status, reply.body.contains("body_memory")), (503, true), "{reply:?}");
}
