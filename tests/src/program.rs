//! The program `sei` as a person uses it: started as a process, on a data directory of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_mins(2);

/// `sei` with a directory of its own for everything.
pub struct Program {
    path: PathBuf,
    directory: TempDir,
}

/// What a command has printed, and how it ended.
pub struct CommandOutput {
    /// Its exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A running `sei up`. Killed when dropped.
pub struct Up {
    child: Child,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
}

impl Program {
    /// With a new, empty directory that the database's user can get into.
    ///
    /// # Panics
    /// When there is no room for it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test can't go on without")]
    pub fn new() -> Self {
        let readable = std::fs::Permissions::from_mode(0o755);
        let directory = tempfile::Builder::new().prefix("sei-test-").permissions(readable).tempdir();
        Self { path: crate::binary("sei"), directory: directory.expect("a temporary directory") }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory().join("data")
    }

    /// The command with these arguments, in the directory, with nothing of the tests' own environment.
    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = crate::command(&self.path);
        command.args(arguments).arg("--data").arg(self.data()).current_dir(self.directory());
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it can't be started.
    #[expect(clippy::expect_used, reason = "a test can't go on without")]
    pub fn run(&self, arguments: &[impl AsRef<OsStr>]) -> CommandOutput {
        self.command(arguments).output().map(CommandOutput::from).expect("sei runs")
    }

    /// Runs a command that must work, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn good(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.code, Some(0), "{}{}", output.out, output.err);
        output.out
    }

    /// Runs a command that must print JSON.
    ///
    /// # Panics
    /// When it fails, or prints something else.
    #[expect(clippy::expect_used, reason = "a test can't go on without")]
    #[must_use]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.good(&[arguments, &["--json"]].concat())).expect("JSON")
    }

    /// Starts `sei up` on a free port.
    ///
    /// # Panics
    /// When it can't be started.
    #[must_use]
    pub fn up(&self, arguments: &[&str]) -> Up {
        self.up_with(arguments, &[])
    }

    /// The same with more variables in its environment.
    ///
    /// # Panics
    /// When it can't be started.
    #[expect(clippy::expect_used, reason = "a test can't go on without")]
    pub fn up_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Up {
        let mut command = self.command(&[&["up", "--listen", "127.0.0.1:0"], arguments].concat());
        command.envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("sei starts");
        let (out, err) = (child.stdout.take().map(gather), child.stderr.take().map(gather));
        Up { child, out: out.expect("standard output"), err: err.expect("standard error") }
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads lines as they come.
fn gather(from: impl std::io::Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let to = Arc::clone(&text);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut text = to.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&line);
            text.push('\n');
        }
    });
    text
}

fn read(text: &Mutex<String>) -> String {
    text.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The address of the page that was printed last.
fn page(out: &str) -> String {
    let page = out.lines().filter_map(|line| line.strip_prefix("Page:")).next_back().unwrap_or_default();
    page.trim().trim_start_matches("http://").trim_end_matches('/').to_owned()
}

impl Up {
    /// Waits until it has printed this, and returns all that it has printed.
    ///
    /// # Panics
    /// When it ends before, or does not print it in time.
    pub fn wait_for(&mut self, words: &str) -> String {
        self.wait(words, |up| Some(read(&up.out)).filter(|out| out.contains(words)))
    }

    /// Waits until its log says this.
    ///
    /// # Panics
    /// As [`Up::wait_for`].
    pub fn wait_for_error(&mut self, words: &str) -> String {
        self.wait(words, |up| Some(read(&up.err)).filter(|err| err.contains(words)))
    }

    /// The address that it serves at after it has started once more.
    ///
    /// # Panics
    /// As [`Up::wait_for`].
    pub fn next_address(&mut self) -> String {
        let out = self
            .wait("a second start", |up| Some(read(&up.out)).filter(|out| out.matches("Ctrl-C stops sei").count() > 1));
        page(&out)
    }

    fn wait(&mut self, words: &str, found: impl Fn(&Self) -> Option<String>) -> String {
        let start = Instant::now();
        loop {
            if let Some(text) = found(self) {
                return text;
            }
            let out = read(&self.out);
            let ended = self.child.try_wait().ok().flatten();
            assert!(ended.is_none(), "sei up ended ({ended:?}):\n{out}{}", read(&self.err));
            assert!(start.elapsed() < DEADLINE, "sei up never printed `{words}`:\n{out}{}", read(&self.err));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The address that it serves at, once it has printed it.
    ///
    /// # Panics
    /// As [`Up::wait_for`].
    pub fn address(&mut self) -> String {
        page(&self.wait_for("Ctrl-C stops sei"))
    }

    /// What it has printed until now, on standard output and then on standard error.
    #[must_use]
    pub fn printed(&self) -> String {
        read(&self.out) + &read(&self.err)
    }

    /// Whether its process exists and has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // one that is gone needs no signal
            let _gone = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Sends a signal, and waits for the end.
    ///
    /// # Panics
    /// When it does not end in time.
    #[must_use]
    pub fn end(self, signal: Signal) -> CommandOutput {
        self.signal(signal);
        self.ended(|_| {})
    }

    /// Sends a signal repeatedly until the end.
    ///
    /// # Panics
    /// As [`Up::end`].
    #[must_use]
    pub fn end_by_repeated(self, signal: Signal) -> CommandOutput {
        self.ended(|up| up.signal(signal))
    }

    fn ended(mut self, meanwhile: impl Fn(&Self)) -> CommandOutput {
        let start = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return CommandOutput { code: status.code(), out: read(&self.out), err: read(&self.err) };
            }
            assert!(start.elapsed() < DEADLINE, "sei up did not end:\n{}", read(&self.err));
            meanwhile(&self);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // a test that has failed leaves no database behind
            self.signal(Signal::SIGINT);
            let start = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

impl From<Output> for CommandOutput {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
