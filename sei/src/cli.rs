//! The command line: its commands, and the exit codes.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
pub(crate) use api::questions::ForTenant;
use api::questions::Invalid;
use clap::error::{ContextKind, ContextValue};
use clap::{Args, CommandFactory, Parser, Subcommand};
use kernel::near::UnknownName;
use runtime::SettingsProblem;
use runtime::redact;
use runtime::settings::{LogFormat, Telemetry};

use crate::commands;
use crate::settings::Settings;

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// The settings file; without it ./sei.toml, else /etc/sei/sei.toml, if one exists
    #[arg(long, global = true, value_name = "FILE", env = "SEI_CONFIG", help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,

    /// Override one setting, such as server.listen=127.0.0.1:9000; can be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", help_heading = "Settings")]
    pub(crate) set: Vec<String>,

    /// The data directory (data.directory)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Settings")]
    pub(crate) data: Option<PathBuf>,

    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  sei up                                 start with the repository in this directory, page at http://127.0.0.1:8080
  sei up --repo ~/src/shop --repo https://github.com/octocat/hello-world.git
  sei dora report --window 90d           the five DORA metrics of the last 90 days
  sei dora explain v1.4.0                why a deployment counts as it does
  sei demo load && sei dora report --tenant demo

Exit codes: 0 success, 1 failure (standard error has the reason), 2 invalid command line.";

/// Software engineering intelligence: how fast changes reach production, how often that goes wrong, and
/// why. Every number can be traced to the events it was computed from.
#[derive(Debug, Parser)]
#[command(name = "sei", version, max_term_width = 100, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything in one process: collecting, processing, metrics, API and page
    Up(commands::up::Up),
    /// Run one role as a separate process
    Role(commands::role::Role),
    /// Collect from a source once
    #[command(subcommand)]
    Collect(commands::collect::Collect),
    /// Import files: facts, or an hour of GitHub's public events
    Import(commands::import::Import),
    /// Write all facts and metric facts into files, one per table: Parquet or CSV
    Export(commands::export::Export),
    /// Make, list, verify, restore and delete backups of everything that is stored
    #[command(subcommand)]
    Backup(commands::backup::BackupCommand),
    /// Show and explain the DORA metrics
    #[command(subcommand)]
    Dora(commands::dora::Dora),
    /// Show raw events and dead letters, and replay them
    #[command(subcommand)]
    Events(commands::events::Events),
    /// Load or remove the data of an invented organization
    #[command(subcommand)]
    Demo(commands::demo::DemoCommand),
    /// Show the state of sources, the log, events and computations
    Status(commands::status::Status),
    /// Show how much data there is, how fast it grows, and how long it is kept
    #[command(subcommand)]
    Data(commands::data::DataCommand),
    /// Archive raw events as Parquet files in a directory or in S3, and bring them back
    #[command(subcommand)]
    Log(commands::log::LogCommand),
    /// Check settings, database, log, sources, rights of tokens, clocks, disk and lag, with what to do
    Doctor(commands::doctor::Doctor),
    /// Delete what is known of a repository, a source, a service, a team or a person
    Forget(commands::forget::Forget),
    /// List, verify and export the audit log
    #[command(subcommand)]
    Audit(commands::audit::Audit),
    /// List boards, and write them into files and read them from there
    #[command(subcommand)]
    Board(commands::board::BoardCommand),
    /// List, set and remove targets: what teams, and the organization, have agreed metrics should be
    #[command(subcommand)]
    Target(commands::target::TargetCommand),
    /// List people with their accounts and why these are joined, or change that
    People(commands::people::PeopleCommand),
    /// Export, erase or pseudonymize what is known of a person
    #[command(subcommand)]
    Person(commands::person::PersonCommand),
    /// Migrate the database's schema, and store the services, teams and persons of the settings
    Migrate(commands::migrate::Migrate),
    /// Create, list and drop tenants: separate parts of the database
    #[command(subcommand)]
    Tenant(commands::tenant::TenantCommand),
    /// Create, list and revoke API tokens
    #[command(subcommand)]
    Token(commands::token::TokenCommand),
    /// Grant roles to users and groups, and take them back
    #[command(subcommand)]
    Grant(commands::grant::GrantCommand),
    /// Grant BI tools a login to read the documented views by SQL
    #[command(subcommand)]
    Analytics(commands::analytics::AnalyticsCommand),
    /// Make and keep dashboards, questions, models and metadata in a Metabase
    #[command(subcommand)]
    Metabase(commands::metabase::MetabaseCommand),
    /// Write dashboards as files that Grafana is provisioned with
    #[command(subcommand)]
    Grafana(commands::grafana::GrafanaCommand),
    /// Write dashboards as files that Apache Superset imports
    #[command(subcommand)]
    Superset(commands::superset::SupersetCommand),
    /// List users who may log in, disable them, and have them set a new password
    #[command(subcommand)]
    User(commands::user::UserCommand),
    /// Make the first administrator
    #[command(subcommand)]
    Admin(commands::user::AdminCommand),
    /// Show the facts that a webhook's payload is normalized to
    #[command(subcommand)]
    Webhooks(commands::webhooks::Webhooks),
    /// Check and show the settings
    #[command(subcommand)]
    Config(commands::config::Config),
    /// Print the JSON Schema of the facts for POST /v1/events and `sei import`
    Schema(commands::schema::Schema),
    /// Make the running `sei up` reload its settings
    Reload(commands::reload::Reload),
    /// Ask the running process whether it is ready
    Health(commands::health::Health),
    /// Print a shell completion script
    Completions(commands::shell::Completions),
    /// Print the manual page, or write those of all commands
    Man(commands::shell::Man),
    /// Write a commented sei.toml for the repository of this directory
    Init(commands::init::Init),
    /// Print the version
    Version(commands::version::Version),
}

impl Command {
    /// Flags of the command that stand for a setting.
    fn overrides(&self) -> Option<String> {
        if let Self::Up(up) = self { up.overrides() } else { None }
    }

    /// Whether the command serves the API.
    const fn serves_api(&self) -> bool {
        match self {
            Self::Up(_) => true,
            Self::Role(role) => role.serves_api(),
            _ => false,
        }
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    runtime::catch_signals();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let json = cli.global.json;
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            let text = redact(&error.to_string()).to_string();
            let causes: Vec<String> =
                error.chain().skip(1).map(|cause| redact(&cause.to_string()).to_string()).collect();
            if json {
                eprintln!("{}", serde_json::json!({ "error": text, "causes": causes }));
            } else {
                eprintln!("error: {text}");
                for cause in causes {
                    eprintln!("  because: {cause}");
                }
            }
            if error.is::<Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// An error of a command line whose arguments are valid one by one.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

impl From<Invalid> for Usage {
    fn from(invalid: Invalid) -> Self {
        Self(invalid.of_flag())
    }
}

/// Prints help, the version, or an error of clap, as JSON if `--json` is given.
fn refused(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    let instead = commands_instead(error);
    if json && error.use_stderr() {
        let text = error.render().to_string();
        let text = text.trim().trim_start_matches("error: ");
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let mut causes: Vec<&str> = rest.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        causes.extend(instead.as_deref());
        eprintln!("{}", serde_json::json!({ "error": first, "causes": causes }));
    } else if error.print().is_err() {
        // the output is closed
        return ExitCode::FAILURE;
    } else if let Some(instead) = instead {
        eprintln!("\n{instead}");
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// The commands that there are, in place of an unknown one for which clap suggests none.
fn commands_instead(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    if error.get(ContextKind::SuggestedSubcommand).is_some() {
        return None;
    }
    let mut command = Cli::command();
    for argument in std::env::args_os().skip(1).take_while(|argument| *argument != **unknown) {
        if let Some(inner) = command.find_subcommand(argument).cloned() {
            command = inner;
        }
    }
    let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    UnknownName::new(unknown, known).hint()
}

fn run(Cli { mut global, command }: Cli) -> Result<ExitCode> {
    global.set.extend(command.overrides());
    match command {
        Command::Config(command) => return command.run(&global),
        Command::Schema(command) => return done(command.run()),
        Command::Webhooks(command) => return command.run(&global),
        Command::Version(command) => return done(command.run(&global)),
        Command::Doctor(command) => return command.run(&global),
        Command::Health(command) => return done(command.run(&global)),
        Command::Completions(command) => return done(command.run(&mut Cli::command())),
        Command::Man(command) => return done(command.run(Cli::command())),
        Command::Init(command) => return done(command.run(&global)),
        Command::Metabase(command) => return done(command.run(&global)),
        Command::Grafana(command) => return done(command.run(&global)),
        Command::Superset(command) => return done(command.run(&global)),
        _ => {}
    }
    let (mut settings, warnings) = global.settings()?;
    if command.serves_api() {
        // before the same is a warning: other commands work with these settings
        settings.login.require(&settings.server)?;
    }
    let program = match &command {
        Command::Up(_) => Some("sei"),
        Command::Role(command) => Some(command.program()),
        Command::Backup(command) => command.program(),
        _ => None,
    };
    if let Some(program) = program {
        runtime::telemetry::init(&settings.telemetry, program)?;
        runtime::log_warnings(&warnings);
    } else {
        quiet(&mut settings.telemetry);
        runtime::telemetry::init_logs(&settings.telemetry)?;
    }
    let work = run_with_settings(command, settings, &global);
    let ended = runtime::block_on(work)?;
    runtime::telemetry::end();
    done(ended)
}

/// Runs a command that needs the settings; those that need none were run before.
async fn run_with_settings(command: Command, settings: Settings, global: &Global) -> Result<()> {
    match command {
        Command::Up(command) => Box::pin(command.run(settings, global)).await,
        Command::Role(command) => Box::pin(command.run(settings, global)).await,
        Command::Collect(command) => Box::pin(command.run(settings, global)).await,
        Command::Import(command) => command.run(settings, global).await,
        Command::Export(command) => command.run(settings, global).await,
        Command::Backup(command) => Box::pin(command.run(settings, global)).await,
        Command::Dora(command) => Box::pin(command.run(settings, global)).await,
        Command::Events(command) => command.run(settings, global).await,
        Command::Demo(command) => command.run(settings, global).await,
        Command::Status(command) => command.run(settings, global).await,
        Command::Data(command) => command.run(settings, global).await,
        Command::Log(command) => command.run(settings, global).await,
        Command::Forget(command) => command.run(settings, global).await,
        Command::Audit(command) => command.run(settings, global).await,
        Command::Board(command) => command.run(settings, global).await,
        Command::Target(command) => command.run(settings, global).await,
        Command::People(command) => command.run(settings, global).await,
        Command::Person(command) => Box::pin(command.run(settings, global)).await,
        Command::Reload(command) => command.run(&settings, global).await,
        Command::Migrate(command) => command.run(settings, global).await,
        Command::Tenant(command) => command.run(settings, global).await,
        Command::Token(command) => command.run(settings, global).await,
        Command::Grant(command) => command.run(settings, global).await,
        Command::Analytics(command) => Box::pin(command.run(settings, global)).await,
        Command::User(command) => command.run(settings, global).await,
        Command::Admin(command) => command.run(settings, global).await,
        Command::Config(_)
        | Command::Doctor(_)
        | Command::Schema(_)
        | Command::Webhooks(_)
        | Command::Health(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Init(_)
        | Command::Metabase(_)
        | Command::Grafana(_)
        | Command::Superset(_)
        | Command::Version(_) => Ok(()),
    }
}

fn done(result: Result<()>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

/// Makes a short command log warnings and errors only, unless the settings say otherwise.
fn quiet(telemetry: &mut Telemetry) {
    if telemetry.filter == Telemetry::default().filter && telemetry.format == LogFormat::Text {
        "warn".clone_into(&mut telemetry.filter);
    }
}

impl Global {
    /// Flags that are settings, as `key=value`.
    pub(crate) fn overrides(&self) -> Vec<String> {
        let data = self.data.as_ref().map(|path| format!("data.directory={:?}", path.display().to_string()));
        self.set.iter().cloned().chain(data).collect()
    }

    pub(crate) fn settings(&self) -> Result<(Settings, Vec<SettingsProblem>)> {
        Ok(runtime::load_with_warnings(self.config.as_deref(), &self.overrides())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_flag_is_checked_like_the_setting() {
        let Cli { mut global, command } = Cli::try_parse_from(["sei", "up", "--listen", "0.0.0.0:80"]).unwrap();
        global.set.extend(command.overrides());
        let (settings, warnings) = global.settings().unwrap();
        assert_eq!(settings.server.listen.to_string(), "0.0.0.0:80");
        assert!(warnings.iter().any(|warning| warning.key == "server.listen"), "{warnings:?}");
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn short_commands_are_quiet_unless_configured_otherwise() {
        let mut telemetry = Telemetry::default();
        assert!(telemetry.filter.starts_with("info"));
        quiet(&mut telemetry);
        assert_eq!(telemetry.filter, "warn");
        let mut configured = Telemetry { filter: "debug".into(), ..Telemetry::default() };
        quiet(&mut configured);
        assert_eq!(configured.filter, "debug");
    }
}
