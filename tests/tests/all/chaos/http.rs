//! Requests over connections of their own, with a deadline: what does not answer is asked again by the caller.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a sender of webhooks waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The status of the answer, if there is one in time.
pub(super) async fn ask(address: SocketAddr, request: &[u8]) -> Option<u16> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(request).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let (status, _) = answer.strip_prefix(b"HTTP/1.1 ")?.split_at_checked(3)?;
        std::str::from_utf8(status).ok()?.parse().ok()
    };
    timeout(ANSWER_TIMEOUT, exchange).await.ok()?
}

/// The status of a page.
pub(super) async fn get(address: SocketAddr, path: &str) -> Option<u16> {
    ask(address, format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes()).await
}
