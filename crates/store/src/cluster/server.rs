//! The server process as its lock file describes it: whether it runs, and where its socket is. A lock file
//! outlives a server that was killed, and its number may be another process's by now.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::settings::PORT;

/// A server that runs on a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) pid: i32,
    pub(super) port: u16,
    pub(super) socket_directory: PathBuf,
}

/// The server that runs on a data directory, if one does.
pub(super) fn running(data: &Path) -> Option<Server> {
    let server = parse(&std::fs::read_to_string(data.join("postmaster.pid")).ok()?)?;
    (alive(server.pid) && works_in(server.pid, data)).then_some(server)
}

/// Process number, data directory, start time, port, socket directory, address, shared memory, state: a line each.
fn parse(lock: &str) -> Option<Server> {
    let mut lines = lock.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let port = lines.nth(2).and_then(|port| port.trim().parse().ok()).unwrap_or(PORT);
    let socket_directory = PathBuf::from(lines.next().unwrap_or_default().trim());
    Some(Server { pid, port, socket_directory })
}

/// Whether a process of this number runs, whatever user it is of. One that has ended and was not waited for yet does
/// not: in a container there may be no process that ever does.
fn alive(pid: i32) -> bool {
    let exists = pid > 0 && !matches!(kill(Pid::from_raw(pid), None), Err(Errno::ESRCH));
    exists && !is_zombie(&std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default())
}

/// Number, name in parentheses, state, …
fn is_zombie(stat: &str) -> bool {
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('Z'))
}

/// A server works in its data directory. Where the system does not show it, the number has to do.
fn works_in(pid: i32, data: &Path) -> bool {
    match (std::fs::read_link(format!("/proc/{pid}/cwd")), data.canonicalize()) {
        (Ok(directory), Ok(data)) => directory == data,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_says_where_the_server_is_and_a_dead_or_foreign_process_is_none() {
        let lock = "4242\n/srv/data\n1700000000\n5433\n/tmp/x\n\n  123  45\nready   \n";
        let server = Server { pid: 4242, port: 5433, socket_directory: "/tmp/x".into() };
        assert_eq!(parse(lock), Some(server));
        assert_eq!(parse("garbage"), None);

        let data = tempfile::tempdir().unwrap();
        assert_eq!(running(data.path()), None);
        // this test's own process is no server that works there
        std::fs::write(data.path().join("postmaster.pid"), format!("{}\n/x\n1\n5432\n/tmp\n", std::process::id()))
            .unwrap();
        assert_eq!(running(data.path()), None);
        assert!(!alive(0) && !alive(-1) && !alive(i32::MAX));
        assert!(is_zombie("4242 (post) gres) Z 1 4242") && !is_zombie("4242 (Z) S 1 4242") && !is_zombie(""));
    }
}
