//! It ends when it is asked to, whatever holds it up: its start, its log, its database.

use std::io::{PipeWriter, Write as _, pipe};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::Program;

use super::parts::{
    get, no_server_is_left, repository, server_pid, silent_database, text, wait_until, with_silent_database,
};
use crate::chaos::link::State;

fn pid(child: &std::process::Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

#[test]
fn a_signal_at_any_moment_of_a_start_ends_it() {
    let directory = tempfile::tempdir().unwrap();
    let database = silent_database();
    for nth in 0..60_u64 {
        let mut command = with_silent_database("sei-dora", directory.path(), &database);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // another part of the first 9 ms each time: a handler that is half there must not take a signal and drop it
        let started = Instant::now();
        while started.elapsed() < Duration::from_micros(150 * nth) {
            std::hint::spin_loop();
        }
        let signal = if nth % 2 == 0 { Signal::SIGTERM } else { Signal::SIGINT };
        kill(pid(&child), signal).unwrap();
        wait_until("it has ended", || child.try_wait().unwrap().is_some());
    }
}

#[test]
fn a_role_that_waits_for_its_database_to_start_ends_at_a_signal() {
    for name in ["sei-webhooks", "sei-collector", "sei-processor", "sei-dora", "sei-api"] {
        let directory = tempfile::tempdir().unwrap();
        let database = silent_database();
        let mut command = with_silent_database(name, directory.path(), &database);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // kept open: without its database a program ends
        let asked = accepted(&database, || child.try_wait().unwrap().is_none());
        kill(pid(&child), Signal::SIGTERM).unwrap();
        let mut ended = None;
        wait_until("it has ended", || {
            ended = child.try_wait().unwrap();
            ended.is_some()
        });
        assert_eq!(ended.unwrap().code(), Some(0), "{name}");
        drop(asked);
    }
}

/// The first connection to a listener of a program that runs.
fn accepted(listener: &TcpListener, mut runs: impl FnMut() -> bool) -> std::net::TcpStream {
    listener.set_nonblocking(true).unwrap();
    let mut accepted = None;
    wait_until("it asks the database", || {
        assert!(runs(), "it has ended");
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    accepted.unwrap().0
}

/// Writes into a pipe until it takes no more: who writes to it then waits.
fn fill(mut pipe: &PipeWriter) {
    fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    while pipe.write(&[b' '; 4096]).is_ok() {}
    fcntl(pipe, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
}

#[test]
fn a_second_signal_ends_it_though_its_log_is_not_read() {
    let program = Program::new();
    let path = text(&repository(&program, 3, Some(2)));
    let (unread, log) = pipe().unwrap();
    fill(&log);
    let mut command = program.command(&["up", "--listen", "127.0.0.1:0", "--repo", &path]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    wait_until("its server runs", || server_pid(&program).is_some());
    wait_until("it has ended", || {
        let _sent = kill(pid(&child), Signal::SIGTERM);
        child.try_wait().unwrap().is_some()
    });
    no_server_is_left(&program, "after an end whose log is not read");
    drop(unread);
}

#[test]
fn it_ends_though_its_database_does_not_answer() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let program = Program::new();
    let database = runtime.block_on(tests::empty_database());
    let link = runtime.block_on(crate::chaos::link::of_database(&database));
    std::fs::write(program.directory().join("url"), link.url(&database)).unwrap();
    std::fs::write(program.directory().join("sei.toml"), "[database.url]\nfile = \"url\"\n").unwrap();
    let mut up = program.up(&[]);
    let address = up.address();
    assert_eq!(get(&address, "/api/v1/services").0, 200);
    link.set(State::Silent);
    let output = up.end(Signal::SIGTERM);
    link.set(State::Open);
    assert_eq!(output.code, Some(0), "{}", output.err);
}
