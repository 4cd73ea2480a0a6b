//! Where requests come from: a TCP address, and where it is wanted a UNIX socket for programs of the same user.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, UnixListener};

use super::tls::{Tls, TlsError};
use crate::settings::Server;

/// Connections that wait to be accepted. More of them are dropped, and try again after 1 s, then 2 s, then 4 s: a
/// source that sends its webhooks all at once, or while others open connections without end, must not wait so long.
/// The system allows as many as this (`net.core.somaxconn`) unless it is set otherwise.
const BACKLOG: u32 = 4096;

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Another program listens there.
    #[error("{0} is in use by another program; name another address with --listen or server.listen (port 0: any)")]
    Busy(SocketAddr),
    /// The system does not let us listen there.
    #[error("can't listen on {0}; name another address with --listen or server.listen")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The UNIX socket can't be made.
    #[error("can't make the socket `{}`; name another path with server.socket, of at most 107 bytes", .0.display())]
    Socket(PathBuf, #[source] std::io::Error),
    /// The certificate or its key can't be used.
    #[error("server.tls can't be used")]
    Tls(#[source] TlsError),
    /// Another program listens on the UNIX socket.
    #[error("the socket `{}` is in use by another program; name another path with server.socket", .0.display())]
    BusySocket(PathBuf),
}

/// What a server listens on.
#[derive(Debug)]
pub struct Listeners {
    pub(super) tcp: TcpListener,
    pub(super) socket: Option<Socket>,
    /// What the TCP address speaks; the socket speaks plain HTTP.
    pub(super) tls: Option<Tls>,
}

/// A UNIX socket. Its file is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that is gone already needs no removal.
        let _gone = std::fs::remove_file(&self.path);
    }
}

impl Listeners {
    /// Listens on `server.listen`, with TLS if `server.tls` names a certificate, and on `server.socket` if it is set.
    /// To be called within a tokio runtime.
    pub fn open(server: &Server) -> Result<Self, HttpError> {
        let tls = Tls::open(&server.tls).map_err(HttpError::Tls)?;
        let tcp = listen(server.listen)?;
        let socket = server.socket.as_deref().map(socket).transpose()?;
        Ok(Self { tcp, socket, tls })
    }

    /// Fails if it can't be listened with these settings, whatever listens now.
    pub fn check(server: &Server) -> Result<(), HttpError> {
        super::tls::check(&server.tls).map_err(HttpError::Tls)
    }

    /// The TCP address, with the port that the system chose where 0 was asked for.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl From<TcpListener> for Listeners {
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, socket: None, tls: None }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, HttpError> {
    let listening = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // What a server that has just ended leaves behind does not keep the next one from listening.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listening().map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => HttpError::Busy(address),
        _ => HttpError::Listen(address, error),
    })
}

/// A socket that only its own user can open. Who connects is looked at again when they do ([`super::Peer`]), so
/// nothing depends on how the file's mode stands in the moment between its creation and the change.
fn socket(path: &Path) -> Result<Socket, HttpError> {
    let failed = |error| HttpError::Socket(path.to_owned(), error);
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(HttpError::BusySocket(path.to_owned()));
            }
            // Left behind by a process that was killed.
            std::fs::remove_file(path).map_err(failed)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
    .and_then(|listener| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Socket { listener, path: path.to_owned() })
    })
    .map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_taken_address_is_explained() {
        let first = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = listen(first.local_addr().unwrap()).unwrap_err();
        assert!(matches!(error, HttpError::Busy(_)), "{error}");
    }

    #[tokio::test]
    async fn connections_that_come_all_at_once_wait_and_are_not_dropped() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        // nothing accepts: one that is dropped is tried again by the system, repeatedly, and never connects
        let burst = crate::http::descriptors::room_for(1500);
        let mut waiting = Vec::new();
        for nth in 0..burst {
            let connecting = tokio::time::timeout(Duration::from_secs(30), TcpStream::connect(address));
            waiting.push(connecting.await.unwrap_or_else(|_| panic!("connection {nth} was dropped")).unwrap());
        }
        assert_eq!(waiting.len(), burst);
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sei.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let first = socket(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(socket(&path), Err(HttpError::BusySocket(_))));
        drop(first);
        assert!(!path.exists());
        let long = directory.path().join("a".repeat(120));
        assert!(matches!(socket(&long), Err(HttpError::Socket(..))));
    }
}
