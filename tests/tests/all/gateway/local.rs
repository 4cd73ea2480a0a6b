//! Who may post without a token: no one over the network, also not through a proxy of this machine.

use std::net::SocketAddr;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::{MemoryLog, serve, settings};

const DEPLOYMENT: &str = r#"{"fact":"deployment","id":"shop/1","finished_at":"2026-02-03T09:00:00Z"}"#;

/// A proxy that hands on what it gets, and adds nothing that says so: as `proxy_pass` alone does.
async fn proxy(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(to).await.unwrap();
                // either side may hang up first
                let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}

fn request(more: &str) -> String {
    format!(
        "POST /v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         {more}content-length: {}\r\n\r\n{DEPLOYMENT}",
        DEPLOYMENT.len()
    )
}

async fn status(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, more: &str) -> String {
    stream.write_all(request(more).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

async fn over(socket: &Path, more: &str) -> String {
    status(UnixStream::connect(socket).await.unwrap(), more).await
}

#[tokio::test]
async fn what_a_proxy_of_this_machine_passes_on_is_not_local() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("sei.sock");
    let log = MemoryLog::new();
    let mut closed = settings();
    closed.events.allow_without_token = false;
    closed.server.socket = Some(socket.clone());
    let served = serve(&closed, log.clone()).await;
    let proxy = proxy(served.address).await;
    assert_eq!(status(TcpStream::connect(proxy).await.unwrap(), "").await, "401", "through the proxy");
    assert_eq!(status(TcpStream::connect(served.address).await.unwrap(), "").await, "401", "from loopback itself");
    for passed_on in
        ["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 proxy", "Origin: https://e.example"]
    {
        assert_eq!(over(&socket, &format!("{passed_on}\r\n")).await, "401", "{passed_on}");
    }
    assert!(log.events().is_empty());
    assert_eq!(over(&socket, "").await, "202");
    assert_eq!(log.events().len(), 1);
}
