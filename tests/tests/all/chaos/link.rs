//! A network between two parts: a TCP proxy of its own that can be cut, silent or slow. Where the run has a network namespace
//! of its own, the kernel drops the packets of a silent one.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use tests::TestDatabase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What the network does with what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Connections are closed, also new ones.
    Cut,
    /// Connections stay; what is sent waits until it is open again.
    Silent,
    /// Each part of what is sent takes this time.
    Slow(Duration),
}

/// A network, until it is dropped.
pub(crate) struct Link {
    /// Where its near end listens.
    pub(super) address: SocketAddr,
    state: watch::Sender<State>,
    _until: DropGuard,
}

impl Link {
    /// A network whose near end is at `listener`, to the server at `to`.
    pub(super) fn new(listener: TcpListener, to: SocketAddr) -> Self {
        let address = listener.local_addr().unwrap();
        let (state, changed) = watch::channel(State::Open);
        let until = CancellationToken::new();
        let serving = until.clone();
        tokio::spawn(async move { serving.run_until_cancelled(accept(listener, to, changed)).await });
        Self { address, state, _until: until.drop_guard() }
    }

    /// The same at a free port.
    pub(super) async fn to(server: SocketAddr) -> Self {
        Self::new(TcpListener::bind("127.0.0.1:0").await.unwrap(), server)
    }

    /// The URL of a test's database over it.
    pub(crate) fn url(&self, database: &TestDatabase) -> String {
        let options = database.options();
        let server = format!("{}:{}", options.get_host(), options.get_port());
        database.url.replace(&server, &self.address.to_string())
    }

    pub(crate) fn set(&self, state: State) {
        let before = self.state.send_replace(state);
        let is_dropping = state == State::Silent;
        if std::env::var_os("SEI_CHAOS_NAMESPACE").is_some() && is_dropping != (before == State::Silent) {
            drop_packets(self.address.port(), is_dropping);
        }
    }
}

/// A network between a program and a test's database.
pub(crate) async fn of_database(database: &TestDatabase) -> Link {
    let options = database.options();
    let server = tokio::net::lookup_host((options.get_host(), options.get_port())).await.unwrap().next().unwrap();
    Link::to(server).await
}

/// Lets the kernel drop the packets from and to a port, or no longer.
fn drop_packets(port: u16, is_dropping: bool) {
    let action = if is_dropping { "--insert" } else { "--delete" };
    for end in ["--dport", "--sport"] {
        let mut command = Command::new("iptables");
        command.args(["--wait", action, "INPUT", "--in-interface", "lo", "--protocol", "tcp", end, &port.to_string()]);
        assert!(command.args(["--jump", "DROP"]).status().unwrap().success(), "iptables {action} {end} {port}");
    }
}

async fn accept(listener: TcpListener, to: SocketAddr, state: watch::Receiver<State>) {
    loop {
        let Ok((near, _)) = listener.accept().await else { continue };
        if *state.borrow() != State::Cut {
            tokio::spawn(connect(near, to, state.clone()));
        }
    }
}

/// Passes on what both ends send, until one closes or the network is cut.
async fn connect(near: TcpStream, to: SocketAddr, state: watch::Receiver<State>) {
    let Ok(far) = TcpStream::connect(to).await else { return };
    let _delayed = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_reads, near_writes), (far_reads, far_writes)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pass(near_reads, far_writes, state.clone()) => {}
        () = pass(far_reads, near_writes, state.clone()) => {}
        () = cut(state) => {}
    }
}

async fn cut(mut state: watch::Receiver<State>) {
    // without its link it is cut as well
    let _gone = state.wait_for(|state| *state == State::Cut).await;
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut part = vec![0; 16 << 10];
    while let Ok(length) = from.read(&mut part).await {
        let Ok(open) = state.wait_for(|state| *state != State::Silent).await.map(|state| *state) else { return };
        if let State::Slow(delay) = open {
            sleep(delay).await;
        }
        if length == 0 || to.write_all(&part[..length]).await.is_err() {
            return;
        }
    }
}
