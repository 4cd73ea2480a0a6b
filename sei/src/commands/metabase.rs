//! `sei metabase`: the dashboards in a Metabase, made and kept as declared, or as files of its serialization.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::metabase::{Action, Change, Client, Connection, Content, Credentials, Ssl, Wanted, apply};
use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use kernel::{Secret, Tenant};
use runtime::secret::{SecretError, read};
use runtime::settings::SecretRef;
use serde_json::json;
use url::{Host, Url};

use crate::cli::{Global, Usage};
use crate::exported::{self, Earlier};
use crate::output;

const API_KEY: &str = "SEI_METABASE_API_KEY";
const PASSWORD: &str = "SEI_METABASE_PASSWORD";
const DB_PASSWORD: &str = "SEI_METABASE_DB_PASSWORD";

const EXAMPLES: &str = "\
Examples:
  sei analytics grant metabase --tenant main > db.password
  sei metabase apply --url https://metabase.example.org --api-key-file key --db-host db.example.org \\
      --db-password-file db.password --dry-run      prints what would change
  sei metabase export dashboards/metabase           the same as YAML that Metabase imports

docs/metabase.md has more.";

/// Make and keep dashboards, questions, models and metadata in a Metabase
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum MetabaseCommand {
    /// Bring a Metabase to what is declared; what others made is left as it is
    Apply(Box<Apply>),
    /// Write the same content as files of Metabase's serialization
    Export(Export),
}

/// Whether the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DbSsl {
    /// Not encrypted
    Off,
    /// Encrypted
    Require,
}

/// Bring a Metabase to what is declared
#[derive(Args, Debug)]
pub(crate) struct Apply {
    /// The address of Metabase
    #[arg(long, value_name = "URL")]
    url: Url,

    /// Send the key or the password over plain http:// to another machine, where others on the network can
    /// read it
    #[arg(long)]
    allow_http: bool,

    /// A file that holds an API key of the group Administrators; without it the environment variable
    /// `SEI_METABASE_API_KEY`
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    api_key_file: Option<PathBuf>,

    /// The address of an administrator who logs in, in place of an API key
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,

    /// A file that holds their password; without it the environment variable `SEI_METABASE_PASSWORD`
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,

    /// Certificate authorities to trust for the address of Metabase, in PEM form
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    #[command(flatten)]
    scope: Scope,

    /// The group whose members may look at the dashboards
    #[arg(long, value_name = "GROUP", default_value = "sei viewers")]
    viewers: String,

    /// Let all users look at the dashboards
    #[arg(long)]
    all_users: bool,

    /// How long Metabase may take to read the views, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    sync_timeout: u64,

    /// How long all of it may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    timeout: u64,

    /// Print what would change, and write nothing
    #[arg(long)]
    dry_run: bool,

    // its heading holds for all that stands behind it
    #[command(flatten)]
    connection: DbArgs,
}

/// What is applied or written, and under which name.
#[derive(Args, Debug)]
struct Scope {
    /// The tenant whose views are shown
    #[arg(long, value_name = "NAME", default_value_t)]
    tenant: Tenant,

    /// The name of the connection and of the collection that holds all of it
    #[arg(long, value_name = "NAME", default_value = "sei")]
    name: String,
}

/// The connection, as Metabase opens it.
#[derive(Args, Debug)]
#[command(next_help_heading = "Connection of Metabase to the database")]
struct DbArgs {
    /// The host of the database, as Metabase reaches it
    #[arg(long, value_name = "HOST", default_value = "localhost")]
    db_host: String,

    /// Its port
    #[arg(long, value_name = "PORT", default_value_t = 5432)]
    db_port: u16,

    /// The name of the database
    #[arg(long, value_name = "NAME", default_value = "sei")]
    db_name: String,

    /// The role, of `sei analytics grant`
    #[arg(long, value_name = "NAME", default_value = "metabase")]
    db_user: String,

    /// A file that holds its password; without it the environment variable `SEI_METABASE_DB_PASSWORD`. Needed where the
    /// connection is made or changes
    #[arg(long, value_name = "FILE")]
    db_password_file: Option<PathBuf>,

    /// Whether the connection is encrypted
    #[arg(long, value_enum, default_value = "require")]
    db_ssl: DbSsl,

    /// Check the server's certificate and name by the authorities of this file, a path where Metabase runs
    #[arg(long, value_name = "PATH")]
    db_ssl_root_cert: Option<String>,

    /// Write the password even if nothing else changes: Metabase shows none that it could be compared with
    #[arg(long)]
    replace_password: bool,
}

/// Write the content as files of Metabase's serialization
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The directory to write to; files of an earlier export are replaced, or deleted
    directory: PathBuf,

    #[command(flatten)]
    scope: Scope,
}

impl MetabaseCommand {
    pub(crate) fn run(&self, global: &Global) -> Result<()> {
        match self {
            Self::Apply(command) => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(Box::pin(command.run(global)))
            }
            Self::Export(command) => command.run(global),
        }
    }
}

impl Scope {
    fn content(&self) -> Result<Content> {
        let is_valid = !self.name.is_empty() && self.name.trim() == self.name;
        if !is_valid || self.name.contains('/') || self.name.chars().any(char::is_control) {
            let text = format!("--name: found `{}`; expected a name in one line without `/`", self.name.escape_debug());
            return Err(Usage(text).into());
        }
        Ok(Content::of(&self.tenant, &self.name)?)
    }
}

impl Apply {
    async fn run(&self, global: &Global) -> Result<()> {
        let wanted = self.wanted()?;
        let limit = Duration::from_secs(self.timeout);
        let progress = |text: &str| {
            if !global.json {
                eprintln!("{text}");
            }
        };
        let work = async {
            let hidden = wanted.connection.password.iter().cloned().collect();
            let client =
                Client::connect(self.url.clone(), &self.credentials()?, self.ca_file.as_deref(), hidden).await?;
            let changes = apply(&client, &wanted, &progress).await;
            client.close().await;
            Ok::<_, anyhow::Error>(changes?)
        };
        let Ok(changes) = tokio::time::timeout(limit, Box::pin(work)).await else {
            bail!(
                "Metabase was not brought to what is declared within {} s; run the command again to go on, or give a longer \
                 --timeout",
                self.timeout
            )
        };
        self.report(&changes?, global)
    }

    /// Fails for an address that credentials are not sent to.
    fn check_url(&self) -> Result<(), Usage> {
        let url = &self.url;
        let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !matches!(url.scheme(), "http" | "https") || !is_bare || url.fragment().is_some() {
            let text = "--url: expected http:// or https://, without user, password, query and fragment";
            return Err(Usage(text.to_owned()));
        }
        if url.scheme() == "http" && !self.allow_http && !is_own_machine(url) {
            let host = url.host_str().unwrap_or_default();
            return Err(Usage(format!(
                "--url: the key or password would be sent to {host} over plain http://, which others on the network can \
                 read; give an address with https://, or --allow-http"
            )));
        }
        Ok(())
    }

    fn wanted(&self) -> Result<Wanted> {
        self.check_url()?;
        let db = &self.connection;
        let ssl = match (&db.db_ssl_root_cert, db.db_ssl) {
            (Some(path), DbSsl::Require) => Ssl::Verified(path.clone()),
            (None, DbSsl::Require) => Ssl::Required,
            (None, DbSsl::Off) => Ssl::Off,
            (Some(_), DbSsl::Off) => {
                return Err(
                    Usage("--db-ssl-root-cert: checks a connection that --db-ssl off leaves open".to_owned()).into()
                );
            }
        };
        Ok(Wanted {
            name: self.scope.name.clone(),
            connection: Connection {
                host: db.db_host.clone(),
                port: db.db_port,
                database: db.db_name.clone(),
                user: db.db_user.clone(),
                password: secret(db.db_password_file.as_deref(), DB_PASSWORD)?,
                ssl,
            },
            content: self.scope.content()?,
            viewers: self.viewers.clone(),
            is_for_all_users: self.all_users,
            replaces_password: db.replace_password,
            sync_timeout: Duration::from_secs(self.sync_timeout),
            is_dry_run: self.dry_run,
        })
    }

    fn credentials(&self) -> Result<Credentials> {
        if let Some(user) = &self.user {
            let password = secret(self.password_file.as_deref(), PASSWORD)?;
            let password = password.ok_or_else(|| {
                anyhow!("the password of {user} is missing: give --password-file FILE, or set {PASSWORD}")
            })?;
            return Ok(Credentials::Login { user: user.clone(), password });
        }
        let key = secret(self.api_key_file.as_deref(), API_KEY)?;
        key.map(Credentials::ApiKey).ok_or_else(|| {
            anyhow!("Metabase asks who you are: give --api-key-file FILE, set {API_KEY}, or give --user EMAIL")
        })
    }

    fn report(&self, changes: &[Change], global: &Global) -> Result<()> {
        if global.json {
            return output::print_json(&json!({ "dry_run": self.dry_run, "changes": changes }));
        }
        if changes.is_empty() {
            return output::print("nothing to change: Metabase has all that is declared");
        }
        if self.dry_run {
            let lines: Vec<String> = changes.iter().map(Change::to_string).collect();
            output::print(&lines.join("\n"))?;
        }
        let mut counts: BTreeMap<(Action, &str), usize> = BTreeMap::new();
        for change in changes {
            *counts.entry((change.action, change.kind.as_str())).or_default() += 1;
        }
        let mut table = output::table(&[if self.dry_run { "would" } else { "done" }, "what", "number"]);
        for ((action, kind), number) in counts {
            table.add_row([action.to_string(), kind.to_owned(), number.to_string()]);
        }
        output::print(&format!("\n{table}"))
    }
}

/// Whether an address is on the machine that asks.
fn is_own_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A secret out of a file, or else out of an environment variable; `None` where neither is given.
fn secret(file: Option<&Path>, variable: &str) -> Result<Option<Secret>> {
    let reference = match file {
        Some(path) => SecretRef::File(path.to_owned()),
        None => SecretRef::Env(variable.to_owned()),
    };
    match read(&reference) {
        Ok(secret) => Ok(Some(secret)),
        Err(SecretError::Unset(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Export {
    fn run(&self, global: &Global) -> Result<()> {
        let files = self.scope.content()?.files(&self.scope.name);
        let files = files.map_err(|reference| anyhow!("a declaration refers to {reference}, which does not exist"))?;
        let (sign, directories) = (Content::sign(&self.scope.name), Content::directories(&self.scope.name));
        exported::write_all(&self.directory, &files, Some(&Earlier { sign, directories: &directories }))?;
        exported::report(global, &self.directory, &files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_replaces_what_an_earlier_one_has_written_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let scope = Scope { tenant: Tenant::default(), name: "sei".to_owned() };
        let export = Export { directory: directory.path().to_owned(), scope };
        let global = Global { config: None, set: Vec::new(), data: None, json: true };
        export.run(&global).unwrap();
        let old = directory.path().join("collections/main/sei/old.yaml");
        let others = directory.path().join("collections/main/ours.yaml");
        for path in [&old, &others] {
            std::fs::write(path, "name: x\n").unwrap();
        }
        export.run(&global).unwrap();
        assert!(!old.exists() && others.exists());
        assert!(directory.path().join("collections/main/sei/models/team.yaml").exists());
    }

    #[derive(clap::Parser)]
    struct Parsed {
        #[command(flatten)]
        apply: Apply,
    }

    #[test]
    fn an_address_that_may_hold_a_secret_is_refused_and_not_repeated() {
        for url in [
            "ftp://metabase",
            "http://ann@metabase",
            "http://:pw@metabase",
            "http://metabase/?k=pw",
            "http://metabase/#pw",
        ] {
            let parsed = <Parsed as clap::Parser>::try_parse_from(["apply", "--url", url]).unwrap();
            let error = parsed.apply.wanted().unwrap_err().to_string();
            assert!(error.starts_with("--url: expected") && !error.contains("pw"), "{url}: {error}");
        }
    }

    #[test]
    fn credentials_leave_the_machine_unencrypted_only_if_that_is_asked_for() {
        let checked = |arguments: &[&str]| {
            let arguments = ["apply", "--url"].iter().chain(arguments);
            let parsed = <Parsed as clap::Parser>::try_parse_from(arguments).unwrap();
            parsed.apply.check_url().map_err(|error| error.to_string())
        };
        for url in ["http://metabase.example.org", "http://10.0.0.5:3000", "http://localhost.example.org"] {
            let error = checked(&[url]).unwrap_err();
            assert!(error.contains("https://") && error.contains("--allow-http"), "{url}: {error}");
            assert_eq!(checked(&[url, "--allow-http"]), Ok(()));
        }
        for url in
            ["https://metabase.example.org", "http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost:3000"]
        {
            assert_eq!(checked(&[url]), Ok(()));
        }
    }

    #[test]
    fn a_name_that_can_t_be_found_again_in_descriptions_is_refused() {
        for name in ["", " sei", "a/b", "a\nb"] {
            let scope = Scope { tenant: Tenant::default(), name: name.to_owned() };
            assert!(scope.content().is_err(), "{name:?}");
        }
    }
}
