use std::fs;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;
use crate::settings::{Findings, Server};

/// A certificate for `localhost` and its key, in a directory.
struct Written {
    directory: tempfile::TempDir,
    files: TlsFiles,
}

fn written(change: impl FnOnce(&mut CertificateParams)) -> Written {
    let directory = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    change(&mut params);
    let certificate = params.self_signed(&key).unwrap();
    let [certificate_path, key_path] = ["tls.crt", "tls.key"].map(|name| directory.path().join(name));
    fs::write(&certificate_path, certificate.pem()).unwrap();
    fs::write(&key_path, key.serialize_pem()).unwrap();
    let files = TlsFiles { certificate: Some(certificate_path), key: Some(key_path) };
    Written { directory, files }
}

/// The key of the settings that is wrong, and what is found there.
fn finding(files: &TlsFiles) -> Option<(String, String)> {
    let mut findings = Findings::default();
    let server = Server { tls: files.clone(), ..Server::default() };
    server.check(&mut findings);
    findings.into_vec().pop().map(|finding| (finding.key, finding.found))
}

#[test]
fn what_is_wrong_with_the_files_is_reported_by_the_file() {
    let good = written(|_| ());
    assert_eq!(finding(&good.files), None);
    let other = written(|_| ());
    let expired = written(|params| params.not_after = date_time_ymd(2020, 1, 1));
    let future = written(|params| params.not_before = date_time_ymd(4000, 1, 1));
    let path = |name: &str, text: &str| {
        let path = good.directory.path().join(name);
        fs::write(&path, text).unwrap();
        Some(path)
    };
    let [certificate, key] = ["server.tls.certificate", "server.tls.key"];
    let files = |certificate: &Option<PathBuf>, key: &Option<PathBuf>| TlsFiles {
        certificate: certificate.clone(),
        key: key.clone(),
    };
    let TlsFiles { certificate: own, key: own_key } = &good.files;
    let secret = fs::read_to_string(own_key.as_ref().unwrap()).unwrap();
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let cases = [
        (files(own, &None), key, "nothing"),
        (files(&None, own_key), certificate, "nothing"),
        (files(&Some("/nowhere/tls.crt".into()), own_key), certificate, "can't be read"),
        (files(own, &Some("/nowhere/tls.key".into())), key, "can't be read"),
        (files(own_key, own_key), certificate, "has no certificate"),
        (files(own, own), key, "has no private key"),
        (files(&path("empty", ""), own_key), certificate, "has no certificate"),
        (files(&path("no_der", no_der), own_key), certificate, "is damaged"),
        (files(own, &path("encrypted", encrypted)), key, "readable without a password"),
        (files(own, &other.files.key), key, "is not that of the first certificate"),
        (expired.files.clone(), certificate, "has expired at 2020-01-01"),
        (future.files.clone(), certificate, "is valid from 4000-01-01"),
    ];
    for (files, expected_key, expected) in cases {
        let (key, found) = finding(&files).unwrap_or_else(|| panic!("{expected} is not found"));
        assert!(key == expected_key && found.contains(expected), "{expected_key} {expected}: {key} {found}");
        assert!(secret.lines().skip(1).all(|line| line.starts_with("---") || !found.contains(line)), "{found}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_shake_hands_is_hung_up_on_in_time() {
    let good = written(|_| ());
    let tls = Tls::open(&good.files).unwrap().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // nothing; a record that promises more than comes; no record
    for first in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"\x16\xff\xff\xff\xff"] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(first).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        tokio::time::pause();
        assert!(tls.handshake(server).await.is_none(), "{first:?}");
        tokio::time::resume();
        drop(client);
    }
    assert!(format!("{tls:?}").contains("tls.crt"));
}

#[tokio::test]
async fn a_client_that_speaks_http_learns_to_speak_https() {
    let good = written(|_| ());
    let tls = Tls::open(&good.files).unwrap().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    assert!(tls.handshake(server).await.is_none());
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400") && head.ends_with(&format!("content-length: {}", body.len())), "{answer}");
    assert!(body.contains("https://"));
}
