//! The network side, which is left to the `git` program: it brings the user's credential helpers, keys
//! and proxies. It fetches branches and tags into a bare mirror; reading is not its business.
//!
//! Promises: no prompt ever waits for an answer; only known protocols are spoken. Credentials of the URL
//! are for its host alone: `git` asks for them by the host that it talks to, so that a redirect to another
//! one gets none. They reach `git` through a pipe that only processes of this user can open: no argument
//! list, no environment, no file, no message shows them, and variables that hold other secrets of `sei`
//! are not passed on.

use std::fs::{File, Permissions, TryLockError};
use std::io::{PipeReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use pull::progress::Progress;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use xxhash_rust::xxh3::xxh3_64;

use super::error::GitError;
use super::location::{PROTOCOLS, Remote};

/// What `git` reads our credentials from. Only on `get`: nothing of it is to be stored anywhere.
const HELPER: &str = "!f() { test \"$1\" = get && cat \"$SEI_GIT_CREDENTIAL\"; }; f";

/// Where a remote repository is mirrored.
pub(super) fn directory(mirrors: &Path, remote: &Remote) -> PathBuf {
    let plain: String = remote
        .url
        .split_once("://")
        .map_or(remote.url.as_str(), |(_, rest)| rest)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
        .take(80)
        .collect();
    mirrors.join(format!("{}-{:016x}.git", plain.trim_matches(['-', '.']), xxh3_64(remote.url.as_bytes())))
}

/// A mirror that is up to date.
pub(super) struct Mirror {
    pub directory: PathBuf,
    /// Keeps other collections away from it, of this process and of others.
    pub lock: File,
}

/// Brings the mirror up to date, making it if it is not there.
pub(super) async fn fetch(remote: &Remote, mirrors: &Path, progress: &dyn Progress) -> Result<Mirror, GitError> {
    let directory = directory(mirrors, remote);
    let io = |error| GitError::Io(format!("`{}` can't be made", directory.display()), error);
    tokio::fs::create_dir_all(mirrors).await.map_err(io)?;
    // they hold private code; also a directory that an earlier version left open
    tokio::fs::set_permissions(mirrors, Permissions::from_mode(0o700)).await.map_err(io)?;
    let lock = lock(&directory).await?;
    let ssh = batch_ssh(&directory, remote).await?;
    let head = list(&directory, remote, ssh, "HEAD").await?;
    let format = match object_format(&head) {
        // an empty repository, or one whose HEAD names a branch that is not there
        None => object_format(&list(&directory, remote, ssh, "refs/heads/*").await?),
        format => format,
    };
    let mirrored = mirrored_format(&directory).await?;
    match (mirrored, format) {
        (None, format) => make(&directory, format.unwrap_or(SHA1), remote).await?,
        (Some(mirrored), Some(format)) if format != mirrored => {
            remove(&directory).await?;
            make(&directory, format, remote).await?;
        }
        _ => {}
    }
    progress.stage("Fetching", Some(100));
    let mut fetch = Git::at(&directory, remote)?;
    fetch.command.envs(ssh).args([
        "fetch",
        "--progress",
        "--prune",
        "--force",
        "--no-tags",
        "--update-shallow",
        "--no-write-fetch-head",
        "--",
        &remote.url,
        "+refs/heads/*:refs/heads/*",
        "+refs/tags/*:refs/tags/*",
    ]);
    fetch.run(Some(progress)).await?;
    if let Some(branch) = default_branch(&head) {
        let mut set = Git::at(&directory, remote)?;
        set.command.args(["symbolic-ref", "HEAD", &branch]);
        set.run(None).await?;
    }
    Ok(Mirror { directory, lock })
}

/// Asks for the HEAD of a remote repository, to see whether it may be read.
pub(super) async fn reach(remote: &Remote) -> Result<(), GitError> {
    // the settings of a repository that this process happens to stand in are not read
    let nowhere = Path::new(NO_REPOSITORY);
    let ssh = batch_ssh(nowhere, remote).await?;
    list(nowhere, remote, ssh, "HEAD").await.map(drop)
}

/// A directory that is not there.
const NO_REPOSITORY: &str = "/nonexistent/sei";

/// Waits until no other collection uses a mirror. The file lock also holds between tasks of one process, since each
/// opens the file for itself.
async fn lock(directory: &Path) -> Result<File, GitError> {
    let path = directory.with_extension("lock");
    let io = |error| GitError::Io(format!("`{}` can't be locked", path.display()), error);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_POLL).await,
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
}

/// How often a lock that another collection holds is tried. Waiting in the system could not be canceled.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// What `git ls-remote` lists of a remote repository.
async fn list(directory: &Path, remote: &Remote, ssh: Option<SshCommand>, refs: &str) -> Result<String, GitError> {
    let mut list = Git::at(directory, remote)?;
    list.command.envs(ssh).args(["ls-remote", "--symref", "--", &remote.url, refs]);
    list.run(None).await
}

/// Removes a mirror. What remains when this breaks off does not look like a mirror.
async fn remove(directory: &Path) -> Result<(), GitError> {
    let io = |error| GitError::Io(format!("`{}` can't be removed", directory.display()), error);
    let old = directory.with_extension("old");
    if tokio::fs::try_exists(&old).await.map_err(io)? {
        tokio::fs::remove_dir_all(&old).await.map_err(io)?;
    }
    tokio::fs::rename(directory, &old).await.map_err(io)?;
    tokio::fs::remove_dir_all(&old).await.map_err(io)
}

/// Makes an empty mirror whose ids have a format. One that was made in part is completed.
async fn make(directory: &Path, format: &str, remote: &Remote) -> Result<(), GitError> {
    let io = |error| GitError::Io(format!("`{}` can't be made", directory.display()), error);
    tokio::fs::create_dir_all(directory).await.map_err(io)?;
    let mut init = Git::new(remote)?;
    init.command.args(["init", "--quiet", "--bare", "--object-format", format, "--"]).arg(directory);
    init.run(None).await?;
    Ok(())
}

const SHA1: &str = "sha1";
const SHA256: &str = "sha256";

/// The format of the ids that `git ls-remote` lists; `None` if it lists none.
fn object_format(list: &str) -> Option<&'static str> {
    let mut ids = list.lines().filter_map(|line| line.split_once('\t')).map(|(id, _)| id);
    let id = ids.find(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    Some(if id.len() == 64 { SHA256 } else { SHA1 })
}

/// The format of a mirror's ids; `None` if there is no mirror.
async fn mirrored_format(directory: &Path) -> Result<Option<&'static str>, GitError> {
    let path = directory.join("config");
    let config = match tokio::fs::read_to_string(&path).await {
        Ok(config) => config,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(GitError::Io(format!("`{}` can't be read", path.display()), error)),
    };
    let sha256 = config.lines().any(|line| line.trim().eq_ignore_ascii_case("objectformat = sha256"));
    Ok(Some(if sha256 { SHA256 } else { SHA1 }))
}

/// `ref: refs/heads/main\tHEAD`, as `git ls-remote --symref` says it.
fn default_branch(message: &str) -> Option<String> {
    let (branch, _) = message.lines().find_map(|line| line.strip_prefix("ref: "))?.split_once('\t')?;
    branch.starts_with("refs/heads/").then(|| branch.to_owned())
}

/// A call of `git` with an environment of our making.
struct Git<'r> {
    remote: &'r Remote,
    command: Command,
    /// Where it reads the credentials from, for as long as it runs.
    _credential: Option<PipeReader>,
}

impl<'r> Git<'r> {
    fn new(remote: &'r Remote) -> Result<Self, GitError> {
        let mut command = Command::new("git");
        // those that would point it to another repository when we are run from a hook, and secrets
        for name in FOREIGN.iter().copied().map(std::borrow::Cow::Borrowed).chain(runtime::secret::variables()) {
            command.env_remove(&*name);
        }
        command
            .env("GIT_ALLOW_PROTOCOL", PROTOCOLS.join(":"))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut settings: Vec<(String, String)> = SETTINGS.map(|(key, value)| (key.into(), value.into())).into();
        // for this host only: where the name is a token, it is as secret as a password
        let host = origin(&remote.url);
        if let (Some(user), Some(host)) = (&remote.user, host) {
            settings.push((format!("credential.{host}.username"), user.clone()));
        }
        let mut credential = None;
        if let (Some(password), Some(host)) = (&remote.password, host) {
            let pipe = piped(remote.user.as_deref().unwrap_or_default(), password);
            let pipe = pipe.map_err(|error| GitError::Io("a pipe for `git` can't be made".to_owned(), error))?;
            command.env("SEI_GIT_CREDENTIAL", format!("/proc/{}/fd/{}", std::process::id(), pipe.as_raw_fd()));
            // an empty one takes away those before it, of its own and of less specific keys
            settings.push(("credential.helper".to_owned(), String::new()));
            settings.push((format!("credential.{host}.helper"), String::new()));
            settings.push((format!("credential.{host}.helper"), HELPER.to_owned()));
            credential = Some(pipe);
        }
        let first = users("GIT_CONFIG_COUNT").and_then(|count| count.to_str()?.parse().ok()).unwrap_or(0_usize);
        command.env("GIT_CONFIG_COUNT", (first + settings.len()).to_string());
        for (at, (key, value)) in (first..).zip(settings) {
            command.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        Ok(Self { remote, command, _credential: credential })
    }

    fn at(directory: &Path, remote: &'r Remote) -> Result<Self, GitError> {
        let mut git = Self::new(remote)?;
        git.command.arg("--git-dir").arg(directory);
        Ok(git)
    }

    /// Runs it and returns what it printed; its complaints become the error.
    async fn run(mut self, progress: Option<&dyn Progress>) -> Result<String, GitError> {
        let remote = self.remote;
        let io = |error| GitError::Io("`git` can't be listened to".to_owned(), error);
        let mut child = runtime::taking_signals(|| self.command.spawn()).map_err(|error| missing(error, remote))?;
        let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
        let printed = async {
            let mut text = Vec::new();
            match &mut stdout {
                Some(stdout) => {
                    (&mut *stdout).take(MAX_PRINTED_BYTES).read_to_end(&mut text).await?;
                    // `git` would wait for ever for a reader of the rest
                    tokio::io::copy(stdout, &mut tokio::io::sink()).await.map(|_| text)
                }
                None => Ok(text),
            }
        };
        let complained = async {
            match &mut stderr {
                Some(stderr) => listen(stderr, progress).await,
                None => Ok(String::new()),
            }
        };
        let (printed, complained) = tokio::try_join!(printed, complained).map_err(io)?;
        if child.wait().await.map_err(io)?.success() {
            return Ok(String::from_utf8_lossy(&printed).into_owned());
        }
        let message = redacted(&complained, remote);
        Err(GitError::Remote {
            url: remote.url.clone(),
            transient: is_transient(&message),
            message: with_advice(message, &remote.url),
        })
    }
}

/// Variables that would point `git` to another repository, or make it write down what is secret.
const FOREIGN: [&str; 12] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_TRACE",
    "GIT_TRACE_CURL",
    "GIT_CURL_VERBOSE",
];

/// Settings of every call.
const SETTINGS: [(&str, &str); 6] = [
    // objects that a force-push has left behind show what it took away, so they are kept for a while
    ("gc.pruneExpire", "90.days.ago"),
    ("fetch.fsckObjects", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    // a repository that moved is found again; later redirects, in the middle of a fetch, are refused
    ("http.followRedirects", "initial"),
    ("credential.useHttpPath", "false"),
];

/// The most that is read of what `git` prints.
const MAX_PRINTED_BYTES: u64 = 1 << 20;

/// The protocol, host and port of an `http` URL: what credentials are bound to.
fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())?;
    scheme.starts_with("http").then(|| url.get(..scheme.len() + 3 + host.len()))?
}

/// A pipe that holds credentials in the form that `git` reads.
fn piped(user: &str, password: &str) -> std::io::Result<PipeReader> {
    let (reader, mut writer) = std::io::pipe()?;
    let text = format!("username={user}\npassword={password}\n");
    // what does not fit into a pipe's buffer would wait for a reader that is not there yet
    if text.len() > 16_384 {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "the password is longer than 16 KiB"));
    }
    writer.write_all(text.as_bytes())?;
    Ok(reader)
}

/// What the user configures for `git` by the environment.
#[expect(clippy::disallowed_methods, reason = "a setting of `git` that it inherits from us, not one of ours")]
fn users(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// A variable for `git`, and its value.
type SshCommand = (&'static str, &'static str);

/// What keeps `ssh` from asking for input, unless the user has a command of their own for it.
async fn batch_ssh(directory: &Path, remote: &Remote) -> Result<Option<SshCommand>, GitError> {
    let over_ssh = remote.url.starts_with("ssh:") || !remote.url.contains("://");
    if !over_ssh || users("GIT_SSH_COMMAND").is_some() || users("GIT_SSH").is_some() {
        return Ok(None);
    }
    let mut ask = Git::at(directory, remote)?;
    let own = ask.command.args(["config", "--get", "core.sshCommand"]).output().await;
    let own = own.map_err(|error| missing(error, remote))?;
    let command = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15";
    Ok((!own.status.success()).then_some(("GIT_SSH_COMMAND", command)))
}

fn missing(error: std::io::Error, remote: &Remote) -> GitError {
    match error.kind() {
        std::io::ErrorKind::NotFound => GitError::NoGit(remote.url.clone()),
        _ => GitError::Io("`git` can't be run".to_owned(), error),
    }
}

/// Reads what `git` says beside its output: progress, and at most 8 KiB of the rest.
async fn listen(stderr: &mut (impl AsyncReadExt + Unpin), progress: Option<&dyn Progress>) -> std::io::Result<String> {
    let (mut kept, mut line, mut done) = (String::new(), Vec::new(), 0);
    let mut buffer = [0; 4_096];
    loop {
        let read = stderr.read(&mut buffer).await?;
        for byte in buffer.iter().take(read) {
            if !matches!(byte, b'\r' | b'\n') {
                if line.len() < 8_192 {
                    line.push(*byte);
                }
                continue;
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            match percentage(&text) {
                Some(now) => {
                    if let Some(progress) = progress {
                        progress.advance(u64::from(now.saturating_sub(done)));
                    }
                    done = now.max(done);
                }
                None if kept.len() < 8_192 && !text.trim().is_empty() => {
                    kept.push_str(text.trim_end());
                    kept.push('\n');
                }
                None => {}
            }
        }
        if read == 0 {
            kept.push_str(&String::from_utf8_lossy(&line));
            return Ok(kept);
        }
    }
}

/// `Receiving objects:  42% (420/1000)`.
fn percentage(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once("Receiving objects:")?;
    rest.split_once('%')?.0.trim().parse().ok().filter(|percent| *percent <= 100)
}

/// One line for a person, without anything secret.
fn redacted(message: &str, remote: &Remote) -> String {
    let mut message: String = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("remote: Counting") && !line.starts_with("hint:"))
        .take(6)
        .collect::<Vec<_>>()
        .join("; ");
    for secret in [&remote.password, &remote.user].into_iter().flatten().filter(|secret| secret.len() > 2) {
        message = message.replace(secret.as_str(), "…");
    }
    message = runtime::redact(&message).into_owned();
    if message.is_empty() { "`git` failed without saying why".to_owned() } else { message }
}

fn is_transient(message: &str) -> bool {
    [
        "Could not resolve host",
        "Connection refused",
        "Connection timed out",
        "Connection reset",
        "Operation too slow",
        "early EOF",
        "unexpected disconnect",
        "The remote end hung up",
        "Failed to connect",
        "returned error: 5",
        "returned error: 429",
        "Temporary failure",
        "Network is unreachable",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

/// What to do about it, where `git` does not say.
fn with_advice(message: String, url: &str) -> String {
    let elsewhere = message.split_once("could not read Username for '").is_some_and(|(_, asked)| {
        origin(url).is_some_and(|origin| !asked.strip_prefix(origin).is_some_and(|rest| rest.starts_with(['\'', '/'])))
    });
    let advice = if elsewhere {
        "the address redirects to another host, which the credentials are not for: give the address that it leads to"
    } else if message.contains("could not read Username")
        || message.contains("could not read Password")
        || message.contains("Authentication failed")
    {
        "give `git` credentials for it: a credential helper, or a token in the URL"
    } else if message.contains("Permission denied (publickey") || message.contains("Host key verification failed") {
        "`ssh` must reach this host without asking: add the key to the agent, and the host to known_hosts"
    } else if message.contains("dubious ownership") {
        "give its path instead of a file:// URL"
    } else if message.contains("does not appear to be a git repository")
        || message.contains("not found")
        || message.contains("returned error: 404")
    {
        "check the address, and that the credentials may read it"
    } else {
        return message;
    };
    format!("{message}; {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let remote = Remote { url: "https://h/a".into(), user: Some("ann".into()), password: Some("s3cret".into()) };
        let query = redacted("fatal: unable to access 'https://h/a?private_token=t0ken': 403", &remote);
        assert_eq!(query, "fatal: unable to access 'https://h/a?private_token=…': 403");
        let message = redacted("fatal: https://ann:s3cret@h/a\nhint: x\n", &remote);
        assert_eq!(message, "fatal: https://…@h/a");
        assert!(!directory(Path::new("/m"), &remote).display().to_string().contains("ann"));
    }

    #[tokio::test]
    async fn the_password_stands_in_no_environment_and_comes_through_the_pipe() {
        let remote = Remote { url: "https://h/a".into(), user: Some("ann".into()), password: Some("s3cret".into()) };
        let git = Git::new(&remote).unwrap();
        let set: Vec<(String, String)> = git
            .command
            .as_std()
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value?.to_str()?.to_owned())))
            .collect();
        assert!(set.iter().all(|(_, value)| !value.contains("s3cret")), "{set:?}");
        let (_, pipe) = set.iter().find(|(name, _)| name == "SEI_GIT_CREDENTIAL").unwrap();
        let read = Command::new("cat").arg(pipe).output().await.unwrap();
        assert_eq!(String::from_utf8_lossy(&read.stdout), "username=ann\npassword=s3cret\n");
    }

    #[test]
    fn credentials_are_bound_to_protocol_host_and_port() {
        assert_eq!(origin("https://host.org:8443/a/b.git"), Some("https://host.org:8443"));
        assert_eq!(origin("http://[::1]:80/a"), Some("http://[::1]:80"));
        assert_eq!(origin("https://host.org?x"), Some("https://host.org"));
        for no in ["git@host.org:a/b", "ssh://git@host.org/a", "file:///srv/x", "https:///a"] {
            assert_eq!(origin(no), None, "{no}");
        }
    }

    #[test]
    fn a_redirect_that_asks_for_credentials_is_distinguished_from_missing_ones() {
        let message = |host: &str| format!("fatal: could not read Username for '{host}': terminal prompts disabled");
        let advice = |host: &str| with_advice(message(host), "https://h.org/a.git");
        assert!(advice("https://h.org").contains("give `git` credentials for it"));
        for other in ["https://other.org", "https://h.org:8443", "http://h.org", "https://h.org.evil"] {
            assert!(advice(other).contains("redirects to another host"), "{other}");
        }
    }

    #[test]
    fn mirrors_of_two_addresses_are_two_directories() {
        let remote = |url: &str| Remote { url: url.into(), user: None, password: None };
        let one = directory(Path::new("/m"), &remote("https://h/a/../b?c"));
        assert!(one.display().to_string().starts_with("/m/h-a-..-b-c-"), "{}", one.display());
        assert_ne!(one, directory(Path::new("/m"), &remote("https://h/a/../b&c")));
    }

    #[test]
    fn progress_and_the_default_branch_are_read() {
        assert_eq!(percentage("Receiving objects:  42% (420/1000), 1.2 MiB"), Some(42));
        assert_eq!(percentage("fatal: no"), None);
        assert_eq!(default_branch("ref: refs/heads/main\tHEAD\nabc\tHEAD\n").as_deref(), Some("refs/heads/main"));
        assert_eq!(default_branch(""), None);
    }

    #[test]
    fn the_format_of_a_remote_is_that_of_its_ids() {
        let of = |id: &str| object_format(&format!("ref: refs/heads/main\tHEAD\n{id}\tHEAD\n{id}\trefs/heads/main\n"));
        assert_eq!([of(&"a".repeat(40)), of(&"0".repeat(64))], [Some(SHA1), Some(SHA256)]);
        assert_eq!(object_format(""), None);
    }
}
