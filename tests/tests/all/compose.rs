//! deploy/compose: valid by the specification, hardened, and what it starts of `sei` runs with its very commands and
//! environment.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use parts::Part;
use serde_json::Value;
use tests::{TestDatabase, binary, command, empty_database, eventually, kafka, unique};

use crate::gateway::{Reply, Served};

const DEADLINE: Duration = Duration::from_mins(2);

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/compose")
}

fn script(name: &str, arguments: &[&str]) -> Result<Result<String, String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts").join(name);
    let output = Command::new(script).args(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) })
}

/// compose.yaml, and what the schema has against it. None where the schema can't be had.
fn compose() -> Result<Option<(Value, Value)>> {
    let schema = match script("schemas", &["compose"])? {
        Ok(schema) => schema,
        Err(why) => {
            parts::missing(Part::Go, &why);
            return Ok(None);
        }
    };
    let file = directory().join("compose.yaml");
    let file = file.to_str().context("the path is text")?;
    let answer = script("manifests", &["compose", file, &schema])?.map_err(anyhow::Error::msg)?;
    let mut answer: Value = serde_json::from_str(&answer)?;
    Ok(Some((answer["document"].take(), answer["problems"].take())))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn services(document: &Value) -> Result<&serde_json::Map<String, Value>> {
    document["services"].as_object().context("it has services")
}

/// Whether a service is one of `sei`.
fn is_ours(service: &Value) -> bool {
    service["image"].as_str().is_some_and(|image| image.starts_with("${SEI_IMAGE"))
}

#[test]
fn compose_yaml_holds_to_the_specification_and_names_only_what_is_there() -> Result<()> {
    let Some((document, problems)) = compose()? else { return Ok(()) };
    assert_eq!(problems, Value::Array(Vec::new()));
    let there = |section: &str, name: &str| document[section].as_object().is_some_and(|all| all.contains_key(name));
    for (name, service) in services(&document)? {
        let profiles: BTreeSet<_> = texts(&service["profiles"]).into_iter().collect();
        assert!(!profiles.is_empty(), "{name} starts with every profile");
        for needed in service["depends_on"].as_object().into_iter().flat_map(|needed| needed.keys()) {
            let others: BTreeSet<_> = texts(&document["services"][needed.as_str()]["profiles"]).into_iter().collect();
            // what `bi` shows is of one of the other two
            let together = profiles.is_subset(&others) || others.is_superset(&["small", "full"].into());
            assert!(together, "{name} needs {needed}, which {profiles:?} does not start");
        }
        for secret in texts(&service["secrets"]) {
            assert!(there("secrets", secret), "{name} has the secret {secret}, which is not declared");
        }
        for config in service["configs"].as_array().into_iter().flatten() {
            let config = config["source"].as_str().context("a config has a source")?;
            assert!(there("configs", config), "{name} has the file {config}, which is not declared");
        }
        for volume in texts(&service["volumes"]) {
            let from = volume.split(':').next().unwrap_or_default();
            let is_there = if from.starts_with('.') { directory().join(from).exists() } else { there("volumes", from) };
            assert!(is_there, "{name} has the volume {volume}, which is not there");
        }
    }
    for config in document["configs"].as_object().into_iter().flat_map(|all| all.values()) {
        let file = directory().join(config["file"].as_str().context("a config is a file")?);
        assert!(file.is_file(), "{} is not there", file.display());
    }
    Ok(())
}

#[test]
fn what_compose_starts_is_hardened_and_reached_from_this_machine_only() -> Result<()> {
    let Some((document, _)) = compose()? else { return Ok(()) };
    for (name, service) in services(&document)? {
        let image = service["image"].as_str().context("it has an image")?;
        let version = image.trim_end_matches('}').rsplit_once(':').map(|(_, version)| version);
        assert!(version.is_some_and(|version| version != "latest" && version.contains('.')), "{name}: {image}");
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} is reached from elsewhere: {port}");
        }
        let environment = service["environment"].to_string().to_ascii_lowercase();
        assert!(!environment.contains("password\":\""), "{name} has a password in its environment");
        let ends = service["restart"] == "on-failure";
        let checked = is_ours(service) || service["healthcheck"]["test"].is_array();
        assert!(checked || ends, "{name} has no health check");
        if is_ours(service) {
            assert_eq!((&service["read_only"], texts(&service["cap_drop"])), (&true.into(), vec!["ALL"]), "{name}");
            assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
            assert_eq!(service["user"], "10001:10001", "{name}");
        }
    }
    for (name, secret) in document["secrets"].as_object().into_iter().flatten() {
        assert_eq!(secret["file"].as_str(), Some(format!("./secrets/{name}").as_str()));
    }
    Ok(())
}

#[test]
fn each_role_is_a_service_of_the_profile_full() -> Result<()> {
    let Some((document, _)) = compose()? else { return Ok(()) };
    for role in ["collector", "webhooks", "processor", "dora", "api"] {
        let service = &document["services"][role];
        assert_eq!((texts(&service["entrypoint"]), texts(&service["command"])), (vec!["sei"], vec!["role", role]));
        assert_eq!(texts(&service["profiles"]), ["full"]);
    }
    Ok(())
}

/// A profile as processes of this machine.
struct Stack {
    document: Value,
    /// Has the secrets.
    copy: tempfile::TempDir,
    database: TestDatabase,
    broker: String,
    topic: String,
    /// The role of BI tools. It is one of the whole server, so its name is of this test alone.
    login: String,
    running: Vec<Child>,
}

impl Drop for Stack {
    fn drop(&mut self) {
        for child in &mut self.running {
            // it may have ended already
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }
}

impl Stack {
    async fn new() -> Result<Option<Self>> {
        let Some((document, _)) = compose()? else { return Ok(None) };
        let copy = tempfile::tempdir()?;
        std::fs::copy(directory().join("secrets.sh"), copy.path().join("secrets.sh"))?;
        let made = Command::new(copy.path().join("secrets.sh")).status()?;
        ensure!(made.success(), "secrets.sh ended with {made}");
        let database = empty_database().await;
        let url = copy.path().join("secrets/database_url");
        ensure!(std::fs::read_to_string(&url)?.starts_with("postgres://sei:"), "it is the URL of a database");
        std::fs::remove_file(&url)?;
        std::fs::write(&url, &database.url)?;
        let (topic, login) = (unique("compose"), unique("bi").replace('-', "_"));
        Ok(Some(Self { document, copy, database, broker: kafka().await, topic, login, running: Vec::new() }))
    }

    /// A text of compose.yaml or sei.toml, with the paths and addresses of this machine.
    fn here(&self, text: &str, service: &str, port: u16) -> String {
        let path = |name: &str| self.copy.path().join(name).display().to_string();
        text.replace("/run/secrets", &path("secrets"))
            .replace("/var/lib/sei", &path(&format!("{service}-data")))
            .replace("0.0.0.0:8080", &format!("127.0.0.1:{port}"))
            .replace("kafka:9092", &self.broker)
            .replace("${SEI_PUBLIC_URL:-http://127.0.0.1:8080}", &format!("http://127.0.0.1:{port}"))
    }

    /// The command of a service, with its environment and nothing else of `sei`.
    fn command(&self, name: &str, port: u16) -> Result<Command> {
        let service = &self.document["services"][name];
        let settings = self.here(&std::fs::read_to_string(directory().join("sei.toml"))?, name, port);
        let own = format!("[log]\ntopic = \"{}\"\n", self.topic);
        let settings = settings.replace("[log.kafka]\n", &format!("{own}[log.kafka]\ngroup = \"{}\"\n", self.topic));
        ensure!(settings.contains(&own), "sei.toml has no [log.kafka]");
        let file = self.copy.path().join(format!("{name}.toml"));
        std::fs::write(&file, settings)?;
        let mut command = command(binary("sei"));
        command.current_dir(self.copy.path()).env("SEI_CONFIG", &file);
        for (variable, value) in service["environment"].as_object().into_iter().flatten() {
            let value = value.as_str().with_context(|| format!("{name}: {variable} is a text"))?;
            command.env(variable, self.here(value, name, port));
        }
        let argument = |text: &str| if text == "bi" { self.login.clone() } else { self.here(text, name, port) };
        command.args(texts(&service["command"]).into_iter().map(argument));
        Ok(command)
    }

    /// Runs a service to its end, which has to be good.
    fn run(&self, name: &str) -> Result<()> {
        let output = self.command(name, 0)?.output()?;
        ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Starts a service, and waits until the health check of the image finds it ready.
    async fn start(&mut self, name: &str) -> Result<SocketAddr> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = std::fs::File::create(self.copy.path().join(format!("{name}.log")))?;
        let mut command = self.command(name, address.port())?;
        self.running.push(command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?);
        let health = || -> Result<Command> {
            let mut health = Command::new(binary("sei"));
            health.arg("health").env("SEI_CONFIG", self.copy.path().join(format!("{name}.toml")));
            Ok(health)
        };
        eventually(DEADLINE, async || {
            let mut health = health().unwrap();
            tokio::task::spawn_blocking(move || health.output().unwrap().status.success()).await.unwrap()
        })
        .await;
        Ok(address)
    }

    /// Posts a deployment as a script does that has the token.
    async fn post(&self, address: SocketAddr) -> Result<Reply> {
        let token = std::fs::read_to_string(self.copy.path().join("secrets/events_token"))?;
        let fact = r#"{"fact":"deployment","id":"shop/1","service":"shop","environment":"production","finished_at":"2026-02-03T09:00:00Z","outcome":"success"}"#;
        let headers = [("content-type", "application/json"), ("authorization", &format!("Bearer {token}"))];
        Ok(Served::at(address).post("/v1/events", &headers, fact.as_bytes()).await)
    }

    /// Waits until the deployment is stored and computed.
    async fn computed(&self) {
        eventually(DEADLINE, async || {
            let rows: BTreeMap<_, _> = crate::rows::all(&self.database.options()).await;
            let waits = store::invalidations::any(&self.database.store).await.unwrap();
            rows["deployment"].len() == 1 && !waits
        })
        .await;
    }
}

#[tokio::test]
async fn the_profile_full_stores_what_is_posted_by_its_commands_and_environment() -> Result<()> {
    let Some(mut stack) = Stack::new().await? else { return Ok(()) };
    stack.run("migrate")?;
    let mut addresses = BTreeMap::new();
    for role in ["collector", "webhooks", "processor", "dora", "api"] {
        addresses.insert(role, stack.start(role).await?);
    }
    let reply = stack.post(addresses["webhooks"]).await?;
    assert_eq!(reply.status, 202, "{reply:?}");
    let json = [("content-type", "application/json")];
    let without = Served::at(addresses["webhooks"]).post("/v1/events", &json, b"{}").await;
    assert_eq!(without.status, 401, "{without:?}");
    stack.computed().await;
    let (status, _) = crate::gateway::roles::page(addresses["api"], "/api/v1/services").context("the API answers")?;
    assert_eq!(status, 401, "it asks for a login");
    Ok(())
}

#[tokio::test]
async fn the_profiles_small_and_bi_do_so_without_kafka_and_let_bi_tools_log_in() -> Result<()> {
    let Some(mut stack) = Stack::new().await? else { return Ok(()) };
    stack.run("migrate")?;
    let address = stack.start("sei").await?;
    let reply = stack.post(address).await?;
    assert_eq!(reply.status, 202, "{reply:?}");
    stack.computed().await;
    // as at each start again
    stack.run("analytics")?;
    stack.run("analytics")?;
    crate::analytics_roles::revoke(&stack.database.store, &stack.login).await;
    Ok(())
}
