//! The image: every role runs from its root file system, which it can't write to, as a user without rights, with a real
//! Kafka and a real PostgreSQL. `scripts/image up` builds it.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parts::{Part, directory};
use serde_json::Value;
use tests::{Program, empty_database, eventually, kafka, unique};

use crate::up::parts::{asked, get, repository};

const DEADLINE: Duration = Duration::from_mins(2);
const ROLES: [&str; 5] = ["webhooks", "processor", "dora", "api", "collector"];

/// Runs a program as a container would: what an orchestrator mounts is there, and all else is read-only.
const ENTER: &str = r#"
set -e
root=$1 directory=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$directory/settings" "$root/etc/sei"
mount -o remount,bind,ro "$root/etc/sei"
mount --bind "$directory/data" "$root/var/lib/sei"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
exec chroot --userspec=10001:10001 --groups=10001 "$root" "$@"
"#;

/// The image with its mounts.
struct Image {
    root: PathBuf,
    directory: PathBuf,
}

impl Image {
    /// With these settings, and the repository beside them.
    fn new(root: PathBuf, directory: &Path, settings: &str) -> Self {
        let image = Self { root, directory: directory.to_owned() };
        for (name, mode) in [("settings", 0o755), ("data", 0o750)] {
            std::fs::create_dir(directory.join(name)).unwrap();
            std::fs::set_permissions(directory.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        std::fs::write(directory.join("settings/sei.toml"), settings).unwrap();
        std::fs::rename(directory.join("repository"), directory.join("settings/repository")).unwrap();
        // git reads no repository of another user
        let mut chown = Command::new("chown");
        chown.args(["-R", "10001:10001"]).arg(directory.join("data")).arg(directory.join("settings/repository"));
        let owned = chown.status().unwrap();
        assert!(owned.success());
        image
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", ENTER, "sh"]).arg(&self.root).arg(&self.directory).args(arguments);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", "/var/lib/sei");
        command.stdin(Stdio::null());
        command
    }

    fn works(&self, arguments: &[&str]) -> bool {
        self.command(arguments).output().unwrap().status.success()
    }

    /// Starts a role on a port that was free a moment ago.
    fn role(&self, name: &'static str) -> Running {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let log = std::fs::File::create(self.directory.join(format!("{name}.log"))).unwrap();
        let listen = format!("server.listen={address}");
        let child = self.command(&["sei", "role", name, "--set", &listen]).stdout(Stdio::null()).stderr(log).spawn();
        Running { name, child: child.unwrap(), address }
    }

    /// What the role has logged.
    fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.join(format!("{name}.log"))).unwrap_or_default()
    }

    /// The command of the image's health check.
    fn is_healthy(&self, role: &Running) -> bool {
        self.works(&["sei", "health", "--set", &format!("server.listen={}", role.address)])
    }
}

/// A role of the image. Killed when dropped.
struct Running {
    name: &'static str,
    child: Child,
    address: String,
}

impl Running {
    async fn end(mut self) -> ExitStatus {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        let mut ended = None;
        eventually(DEADLINE, async || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        })
        .await;
        ended.unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // one that has ended needs no end
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn settings(brokers: &str) -> String {
    let topic = unique("image");
    format!(
        "[data]\ndirectory = \"/var/lib/sei\"\n[database]\nurl = {{ file = \"/etc/sei/database-url\" }}\nconnections = 4\n\
         [log]\nkind = \"kafka\"\ntopic = \"{topic}\"\npartitions = 2\n\
         [log.kafka]\nbrokers = \"{brokers}\"\ngroup = \"{topic}\"\nreplication = 1\n\
         [events]\nallow_without_token = true\n\
         [[source]]\nconnector = \"git\"\n[source.pull]\nurls = [\"file:///etc/sei/repository\"]\n"
    )
}

const DEPLOYMENT: &str = r#"{ "fact": "deployment", "id": "shop/1", "service": "shop", "environment": "production",
    "name": "2.4.0", "sha": "9fceb02d0ae598e95dc970b74767f19372d61af8", "finished_at": "2026-10-20T14:05:00Z",
    "outcome": "success", "version": { "at": "2026-10-20T14:05:00Z" } }"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_runs_from_the_read_only_image_as_a_user_without_rights() {
    let Some(root) = directory("SEI_TEST_IMAGE", Part::Image) else { return };
    let (database, brokers) = (empty_database().await, kafka().await);
    let program = Program::new();
    repository(&program, 12, Some(4));
    let image = Image::new(root, program.directory(), &settings(&brokers));
    std::fs::write(program.directory().join("settings/database-url"), &database.url).unwrap();

    assert!(image.works(&["git", "--version"]));
    assert!(image.works(&["sh", "-c", "echo kept > /tmp/file && cat /tmp/file"]));
    for written in ["/usr/bin/sei", "/etc/sei/sei.toml", "/file"] {
        assert!(!image.works(&["sh", "-c", &format!("echo more >> {written}")]), "{written} can be written");
    }
    let migrated = image.command(&["sei", "migrate"]).output().unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));

    let mut roles: Vec<Running> = ROLES.into_iter().map(|name| image.role(name)).collect();
    for role in &mut roles {
        eventually(DEADLINE, async || {
            let ended = role.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} has ended ({ended:?}):\n{}", role.name, image.log(role.name));
            image.is_healthy(role)
        })
        .await;
    }
    let address = |name: &str| roles.iter().find(|role| role.name == name).unwrap().address.clone();
    let (webhooks, api) = (address("webhooks"), address("api"));
    // a broker may refuse what comes a moment after it has made the topic: then it is posted again
    eventually(DEADLINE, async || asked(&webhooks, "POST /v1/events", DEPLOYMENT).0 == 202).await;
    // one was posted, the other one was fetched by git
    eventually(DEADLINE, async || {
        let (_, body) = get(&api, "/api/v1/services");
        let answer: Value = serde_json::from_str(&body).unwrap_or_default();
        let services = answer["data"].as_array().cloned().unwrap_or_default();
        services.iter().filter(|service| service["deployments"].as_u64() > Some(0)).count() == 2
    })
    .await;
    for role in roles {
        let name = role.name;
        let status = role.end().await;
        assert!(status.success(), "{name} ended with {status}:\n{}", image.log(name));
    }
}
