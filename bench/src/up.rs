//! `sei up` on a data directory that is there already: how soon it is ready, and what it holds when idle.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::figures::{Figures, median};
use crate::machine::Machine;
use crate::process;

const RUNS: usize = 3;
const DEADLINE: Duration = Duration::from_mins(1);
/// Memory counts as idle when nothing was asked for so long.
const IDLE: Duration = Duration::from_secs(5);

/// Measures it.
pub(crate) fn measure(machine: &Machine, figures: &mut Figures) -> Result<()> {
    let data = machine.data("up-data")?;
    process::run(machine.sei(&data).args(["demo", "load"]), false)?;
    Figures::heading(&format!("sei up on a data directory with the demo's year in it, median of {RUNS} starts:"));
    let mut ready = Vec::new();
    let mut resident = 0_f64;
    for _ in 0..RUNS {
        let (seconds, megabytes) = once(machine, &data)?;
        ready.push(seconds);
        resident = resident.max(megabytes);
    }
    figures.at_most("sei up until /readyz says yes", median(ready), 3.0, "s");
    figures.at_most("sei up when idle, resident (without PostgreSQL)", resident, 150.0, "MB");
    Ok(())
}

fn once(machine: &Machine, data: &Path) -> Result<(f64, f64)> {
    let address = free_address()?;
    let started = Instant::now();
    let mut child = machine
        .sei(data)
        .args(["up", "--listen", &address.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let measured = watch(&mut child, address, started);
    kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGTERM)?;
    ensure!(child.wait()?.success(), "sei up did not end well");
    measured
}

fn watch(child: &mut Child, address: SocketAddr, started: Instant) -> Result<(f64, f64)> {
    wait_until_ready(child, address, "/readyz")?;
    let ready = started.elapsed().as_secs_f64();
    std::thread::sleep(IDLE);
    Ok((ready, process::resident_mb(child)?))
}

/// Waits until a server says at a path that it is ready.
pub(crate) fn wait_until_ready(child: &mut Child, address: SocketAddr, path: &str) -> Result<()> {
    let started = Instant::now();
    while !is_ready(address, path) {
        if let Some(status) = child.try_wait()? {
            bail!("the server ended before it was ready: {status}");
        }
        ensure!(started.elapsed() < DEADLINE, "the server was not ready within {DEADLINE:?}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Ok(())
}

/// An address that no process listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn is_ready(address: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}
