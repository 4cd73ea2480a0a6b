//! TLS from files. A pair that has changed is used for new connections; those that are open keep theirs.
//!
//! Promises: a pair that can't be used never replaces one that can; TLS 1.2 is the oldest version; HTTP/2 is offered; a
//! handshake has a bounded time and takes the place of a connection.

mod pair;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::settings::TlsFiles;
use crate::{labels, with_causes};
use pair::Pair;
pub use pair::TlsError;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often it is looked whether the files have changed. They have when they are the same twice: a certificate and its
/// key are seldom written at the same moment.
const LOOK: Duration = Duration::from_secs(1);
/// The first byte of a client's first message.
const CLIENT_HELLO: u8 = 0x16;
/// What a client hears that does not speak TLS.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\
    content-length: 44\r\n\r\nThis address speaks HTTPS: ask by https://.\n";

/// TLS with the pair of two files. Cheap to clone.
#[derive(Clone)]
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: Files,
    /// What the files were when the pair was read.
    loaded: Stamps,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The pair that new connections get.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Fails if the files of the settings can't be used.
pub(crate) fn check(files: &TlsFiles) -> Result<(), TlsError> {
    files.both().map_or(Ok(()), |(certificate, key)| pair::read(certificate, key, SystemTime::now()).map(drop))
}

impl Tls {
    /// With the files of the settings; `None` without any.
    pub(super) fn open(files: &TlsFiles) -> Result<Option<Self>, TlsError> {
        let Some((certificate, key)) = files.both() else { return Ok(None) };
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        // before they are read: what is written meanwhile is read again
        let loaded = files.stamps();
        let pair = files.read()?;
        note_expiry(&pair);
        let current = Arc::new(Current(RwLock::new(Arc::new(pair.certified))));
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Current>::clone(&current);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsError::Unsupported)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Some(Self { acceptor: TlsAcceptor::from(Arc::new(config)), current, files, loaded }))
    }

    /// Shakes hands with a client, or hears nothing more of it.
    pub(super) async fn handshake(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let shaken = tokio::time::timeout(HANDSHAKE, async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 0 {
                return Ok(None);
            }
            if first == [CLIENT_HELLO] {
                return self.acceptor.accept(stream).await.map(Some);
            }
            refuse_plain(stream).await.map(|()| None)
        });
        match shaken.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!("a TLS handshake failed: {error}");
                None
            }
            Err(_) => {
                tracing::debug!("a TLS handshake took longer than {} s", HANDSHAKE.as_secs());
                None
            }
        }
    }

    /// Looks for ever whether the files have changed, and uses the new pair for new connections if it can be used.
    pub(super) async fn watch(self) {
        let (mut loaded, mut seen) = (self.loaded, self.loaded);
        loop {
            tokio::time::sleep(LOOK).await;
            let files = self.files.clone();
            let Ok(found) = tokio::task::spawn_blocking(move || files.stamps()).await else { return };
            let is_settled = found == seen;
            seen = found;
            if !is_settled || seen == loaded {
                continue;
            }
            loaded = seen;
            let files = self.files.clone();
            if let Ok(read) = tokio::task::spawn_blocking(move || files.read()).await {
                self.replace(read);
            }
        }
    }

    fn replace(&self, read: Result<Pair, TlsError>) {
        crate::metrics().tls_reloads.get_or_create(&labels::Loaded { ok: read.is_ok() }).inc();
        match read {
            Ok(pair) => {
                note_expiry(&pair);
                *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair.certified);
                tracing::info!(expires = %pair.expires, "the TLS certificate was read again: new connections get it");
            }
            Err(error) => tracing::error!(
                error = with_causes(&error),
                "the new TLS certificate can't be used; the one from before stays in use"
            ),
        }
    }
}

impl Files {
    fn read(&self) -> Result<Pair, TlsError> {
        pair::read(&self.certificate, &self.key, SystemTime::now())
    }

    fn stamps(&self) -> Stamps {
        [&self.certificate, &self.key].map(|path| stamp(path))
    }
}

/// What says that a file is another one: its inode and device, when it was written, and its size. `None` without a file.
type Stamp = Option<(u64, u64, i64, i64, u64)>;
type Stamps = [Stamp; 2];

fn stamp(path: &Path) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let of = std::fs::metadata(path).ok()?;
    Some((of.ino(), of.dev(), of.mtime(), of.mtime_nsec(), of.size()))
}

fn note_expiry(pair: &Pair) {
    crate::metrics().tls_certificate_expires.set(pair.expires.timestamp());
}

/// Says to a client that speaks HTTP that it should speak HTTPS.
async fn refuse_plain(mut stream: TcpStream) -> std::io::Result<()> {
    // what stays unread would reset the connection before the answer has come
    let mut request = [0; 4096];
    let _bytes = stream.read(&mut request).await?;
    stream.write_all(PLAIN).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests;
