//! TLS from files: real handshakes, a new certificate without an end of connections, and one that can't be used.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rcgen::{CertificateParams, KeyPair};
use runtime::http::{HttpError, Listeners};
use runtime::settings::{Server, TlsFiles};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(20);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A server with a certificate for `localhost`, in files.
struct Served {
    address: SocketAddr,
    files: [PathBuf; 2],
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), HttpError>>,
    _directory: tempfile::TempDir,
}

/// Writes a new pair into the files. Returns the certificate.
fn write_pair(files: &[PathBuf; 2]) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(&files[0], certificate.pem()).unwrap();
    std::fs::write(&files[1], key.serialize_pem()).unwrap();
    certificate.der().clone()
}

fn served() -> (Served, CertificateDer<'static>) {
    let directory = tempfile::tempdir().unwrap();
    let files = ["tls.crt", "tls.key"].map(|name| directory.path().join(name));
    let certificate = write_pair(&files);
    let tls = TlsFiles { certificate: Some(files[0].clone()), key: Some(files[1].clone()) };
    let server = Server { listen: "127.0.0.1:0".parse().unwrap(), tls, ..Server::default() };
    let listeners = Listeners::open(&server).unwrap();
    let address = listeners.address().unwrap();
    let shutdown = CancellationToken::new();
    let router = Router::new().route("/", get(async || "here"));
    let task = tokio::spawn(runtime::http::serve(listeners, router, server, shutdown.clone()));
    (Served { address, files, shutdown, task, _directory: directory }, certificate)
}

impl Served {
    /// A handshake of a client that trusts this certificate.
    async fn connect(
        &self,
        trusted: &CertificateDer<'static>,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    /// Whether new connections get this certificate.
    async fn presents(&self, certificate: &CertificateDer<'static>) -> bool {
        self.connect(certificate, rustls::ALL_VERSIONS, &[]).await.is_ok()
    }
}

/// A request over an open connection of HTTP/1.1, which stays open.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(REQUEST).await.unwrap();
    let (mut answer, mut part) = (String::new(), [0; 4096]);
    while !answer.ends_with("here") {
        let bytes = stream.read(&mut part).await.unwrap();
        assert!(bytes > 0, "the connection ended after {answer:?}");
        answer.push_str(str::from_utf8(&part[..bytes]).unwrap());
    }
    answer
}

#[tokio::test]
async fn the_client_chooses_the_version_and_the_protocol() {
    let (served, certificate) = served();
    for version in [&version::TLS12, &version::TLS13] {
        for protocol in ["h2", "http/1.1"] {
            let stream = served.connect(&certificate, &[version], &[protocol]).await.unwrap();
            let (_, connection) = stream.get_ref();
            assert_eq!(connection.protocol_version(), Some(version.version));
            assert_eq!(connection.alpn_protocol(), Some(protocol.as_bytes()));
        }
    }
    let mut stream = served.connect(&certificate, rustls::ALL_VERSIONS, &["http/1.1"]).await.unwrap();
    let answer = ask(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("strict-transport-security: max-age="), "{answer}");
    assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
    let (_, foreign) = self::served();
    assert!(!served.presents(&foreign).await, "a client that trusts another certificate does not connect");
}

#[tokio::test]
async fn a_new_certificate_is_used_for_new_connections_and_open_ones_go_on() {
    let (served, before) = served();
    let mut open = served.connect(&before, rustls::ALL_VERSIONS, &["http/1.1"]).await.unwrap();
    ask(&mut open).await;
    let after = write_pair(&served.files);
    tests::eventually(SOON, async || served.presents(&after).await).await;
    assert!(!served.presents(&before).await);
    ask(&mut open).await;
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_changes_nothing_until_a_good_one_comes() {
    let (served, before) = served();
    let refused = || runtime::metrics().tls_reloads.get_or_create(&runtime::labels::Loaded { ok: false }).get();
    let refused_before = refused();
    // the key of another certificate
    let directory = tempfile::tempdir().unwrap();
    let other = ["other.crt", "other.key"].map(|name| directory.path().join(name));
    write_pair(&other);
    std::fs::copy(&other[1], &served.files[1]).unwrap();
    tests::eventually(SOON, async || refused() > refused_before).await;
    assert!(served.presents(&before).await);
    std::fs::remove_file(&served.files[0]).unwrap();
    tests::eventually(SOON, async || refused() > refused_before + 1).await;
    assert!(served.presents(&before).await);
    let after = write_pair(&served.files);
    tests::eventually(SOON, async || served.presents(&after).await).await;
}

#[tokio::test]
async fn shutdown_ends_it_also_while_a_client_shakes_hands() {
    let (served, certificate) = served();
    let silent = TcpStream::connect(served.address).await.unwrap();
    let mut half = TcpStream::connect(served.address).await.unwrap();
    half.write_all(b"\x16\x03\x01").await.unwrap();
    assert!(served.presents(&certificate).await);
    served.shutdown.cancel();
    served.task.await.unwrap().unwrap();
    drop((silent, half));
}

#[tokio::test]
async fn nothing_is_listened_on_with_files_that_cannot_be_used() {
    let tls = TlsFiles { certificate: Some("/nowhere/tls.crt".into()), key: Some("/nowhere/tls.key".into()) };
    let server = Server { listen: "127.0.0.1:0".parse().unwrap(), tls, ..Server::default() };
    let error = Listeners::open(&server).unwrap_err();
    let text = format!("{:#}", anyhow::Error::new(error));
    assert!(text.contains("server.tls") && text.contains("/nowhere/tls.crt"), "{text}");
}
