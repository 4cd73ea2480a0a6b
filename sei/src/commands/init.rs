//! `sei init`: a commented settings file for the repository of the current directory.

use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use connector_git as git;
use kernel::RepositoryId;

use crate::cli::Global;
use crate::output;
use crate::settings::Settings;

const EXAMPLES: &str = "\
Examples:
  sei init                                      asks, with defaults found in this directory
  sei init --repo . --deployment-branch main --forge none
  sei init --repo https://git.example.com/team/shop.git --forge gitlab";

/// Write a commented sei.toml for the repository of this directory
///
/// No token is written: the file refers to an environment variable.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    /// The repository, a path or a URL; without it the remote `origin` of this directory, else the directory
    #[arg(long, value_name = "PATH|URL")]
    repo: Option<String>,

    /// A branch each merge to which is a deployment; version tags without it
    #[arg(long, value_name = "BRANCH")]
    deployment_branch: Option<String>,

    /// What to pull merged changes, reviews and runs from; without it GitHub or GitLab if the repository's host is
    /// named so
    #[arg(long, value_enum, value_name = "FORGE")]
    forge: Option<Forge>,

    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Forge {
    /// GitHub, or a GitHub Enterprise Server
    Github,
    /// GitLab.com, or a GitLab of your own
    Gitlab,
    /// Only git
    None,
}

impl Forge {
    /// The forge that a host is of, as far as its name says so.
    fn of_host(host: &str) -> Option<Self> {
        [Self::Github, Self::Gitlab].into_iter().find(|forge| host.contains(forge.connector()))
    }

    const fn connector(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::None => "none",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Gitlab => "GitLab",
            Self::None => "no forge",
        }
    }

    /// The environment variable in which its token is expected.
    const fn token(self) -> &'static str {
        match self {
            Self::Github => "GITHUB_TOKEN",
            Self::Gitlab => "GITLAB_TOKEN",
            Self::None => "",
        }
    }
}

/// A project of a forge.
struct Project {
    forge: Forge,
    host: String,
    /// Such as `octocat/hello-world`.
    name: String,
}

impl Project {
    /// Whether it is on the forge that its vendor runs.
    fn is_at_vendor(&self) -> bool {
        self.host == format!("{}.com", self.forge.connector())
    }
}

/// What the file is to say.
struct Answers {
    /// `None` where the directory is in no repository and none was named.
    repository: Option<String>,
    deployment_branch: Option<String>,
    /// What to pull from beside git.
    project: Option<Project>,
}

impl Init {
    pub(crate) fn run(&self, global: &Global) -> Result<()> {
        let file = global.config.clone().unwrap_or_else(|| PathBuf::from("sei.toml"));
        if file.exists() && !self.force {
            bail!("`{}` is there already, and stays as it is; --force replaces it", file.display());
        }
        let answers = self.answers()?;
        write(&file, &text(&answers), self.force)?;
        let checked = runtime::check::<Settings>(Some(&file), &[]);
        if checked.settings.is_none() {
            let problems: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
            bail!("`{}` is written, and has to be corrected:\n{}", file.display(), problems.join("\n"));
        }
        let mut lines = vec![format!("`{}` is written.", file.display())];
        if answers.repository.is_none() {
            lines.push("This directory is in no git repository: name one under the git source in it.".to_owned());
        }
        if let Some(project) = &answers.project {
            lines.push(token(project));
        }
        lines.push("Next: `sei doctor`, which asks the source what the token may do, then `sei up`.".to_owned());
        output::print(&lines.join("\n"))
    }

    fn answers(&self) -> Result<Answers> {
        let asks = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        // a token in the address of the remote stays out of the file
        let remote = || git(&["remote", "get-url", "origin"]).map(|url| git::shown(&url));
        let found = || remote().or_else(|| git(&["rev-parse", "--git-dir"]).map(|_| ".".to_owned()));
        let repository = match &self.repo {
            Some(repository) => Some(repository.clone()),
            None if asks => Some(ask("Which git repository, a path or a URL?", &found().unwrap_or_default())?),
            None => found(),
        };
        let repository = repository.filter(|repository| !repository.is_empty());
        let deployment_branch = match &self.deployment_branch {
            None if asks => ask("Which branch is deployed with each merge? Empty: version tags are deployments", "")?,
            branch => branch.clone().unwrap_or_default(),
        };
        let project = self.project(repository.as_deref(), asks)?;
        Ok(Answers { repository, deployment_branch: Some(deployment_branch).filter(|name| !name.is_empty()), project })
    }

    /// The project of a forge that a repository is, where it is to be pulled from it.
    fn project(&self, repository: Option<&str>, asks: bool) -> Result<Option<Project>> {
        let id = repository.and_then(RepositoryId::from_url);
        let Some((host, name)) = id.as_ref().and_then(|id| id.as_str().split_once('/')) else {
            if let Some(forge) = self.forge.filter(|forge| *forge != Forge::None) {
                let found = repository.unwrap_or(".");
                bail!("`{found}` is no URL of a repository on {}: name its URL, or leave --forge out", forge.title());
            }
            return Ok(None);
        };
        let forge = match (self.forge, Forge::of_host(host)) {
            (Some(forge), _) => forge,
            (None, known) if asks => {
                let known = known.unwrap_or(Forge::None);
                let question =
                    format!("Pull changes, reviews and runs of {name} from {host} as github, gitlab or none?");
                let answer = ask(&question, known.connector())?;
                Forge::from_str(&answer, true)
                    .map_err(|_| anyhow!("`{answer}` is not one of github, gitlab and none"))?
            }
            (None, known) => known.unwrap_or(Forge::None),
        };
        let project = Project { forge, host: host.to_owned(), name: name.to_owned() };
        Ok((forge != Forge::None).then_some(project))
    }
}

/// Asks on the terminal; an empty answer is the default.
fn ask(question: &str, default: &str) -> Result<String> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    eprint!("{question}{shown} ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("the answer can't be read")?;
    let answer = answer.trim();
    Ok(if answer.is_empty() { default.to_owned() } else { answer.to_owned() })
}

/// What `git` prints, if it works.
fn git(arguments: &[&str]) -> Option<String> {
    run("git", arguments)
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// Where the token of a project comes from, and for github.com whether it takes it.
fn token(project: &Project) -> String {
    let variable = project.forge.token();
    #[expect(clippy::disallowed_methods, reason = "only whether it is set is asked, for the file that is written")]
    let is_set = std::env::var_os(variable).is_some();
    match project.forge {
        Forge::Github if project.is_at_vendor() => github_token(&project.name, variable, is_set),
        _ if is_set => format!("The token for {} is taken from {variable}.", project.host),
        forge => format!("{} needs a token that may read {}: export {variable}=…", forge.title(), project.name),
    }
}

/// Where the token comes from, and whether GitHub takes it for the repository: one request of `gh`, which sends it.
fn github_token(project: &str, variable: &str, is_set: bool) -> String {
    if !is_set && run("gh", &["auth", "token"]).is_none() {
        return format!(
            "GitHub needs a token that may read {project}: export {variable}=…, or log in with `gh auth login`."
        );
    }
    let export = if is_set { String::new() } else { format!("\nBefore `sei up`: export {variable}=$(gh auth token)") };
    let rights = run("gh", &["api", &format!("repos/{project}"), "--jq", ".permissions.pull // true"]);
    let checked = match rights.as_deref() {
        Some("true") => format!("The token may read {project}."),
        Some(_) => format!("The token may not read {project}: it needs the permission to read contents."),
        None => format!("Whether the token may read {project} could not be checked: `gh api repos/{project}` failed."),
    };
    format!("{checked}{export}")
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The beginning of a git source.
const GIT: &str = "[[source]]\nconnector = \"git\"\n[source.pull]\n";

fn text(answers: &Answers) -> String {
    let mut text =
        "# Settings of sei. Every key with its default: `sei config default`. What is wrong here: `sei config \
                    check`.\n\n# Commits, merged changes, reverts and version tags.\n"
            .to_owned();
    match &answers.repository {
        Some(repository) => text.extend([GIT, "urls = [", &quoted(repository), "]\n"]),
        None => text += "# [[source]]\n# connector = \"git\"\n# [source.pull]\n# urls = [\"/path/or/url\"]\n",
    }
    match answers.deployment_branch.as_ref().filter(|_| answers.repository.is_some()) {
        Some(branch) => {
            text += "# each merge to this branch is a deployment\ndeployment_branch = ";
            text += &quoted(branch);
            text += "\n";
        }
        None => text += "# version tags are deployments; or each merge to a branch:\n# deployment_branch = \"main\"\n",
    }
    match &answers.project {
        Some(project) => {
            let url = if project.is_at_vendor() {
                String::new()
            } else {
                format!("url = {}\n", quoted(&format!("https://{}", project.host)))
            };
            let source = format!(
                "\n# Pull requests, reviews, deployments, releases, runs and issues.\n\
                 [[source]]\n\
                 connector = \"{}\"\n\
                 [source.pull]\n{url}\
                 token = {{ env = \"{}\" }}\n\
                 projects = [{}]\n",
                project.forge.connector(),
                project.forge.token(),
                quoted(&project.name)
            );
            text += &source;
        }
        None => {
            text += "\n# Pull requests, runs and issues of a forge: connector, token, projects.\n\
                     # [[source]]\n\
                     # connector = \"github\"\n\
                     # [source.pull]\n\
                     # token = { env = \"GITHUB_TOKEN\" }\n\
                     # projects = [\"octocat/hello-world\"]\n";
        }
    }
    text += "\n# Which code is which service, and whose. Without them each repository is a service.\n\
             # [[service]]\n\
             # name = \"checkout\"\n\
             # repositories = [\"github.com/octocat/hello-world\"]\n";
    text
}

fn write(file: &Path, text: &str, force: bool) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    // what was written meanwhile is not replaced either
    if force {
        options.truncate(true)
    } else {
        options.create_new(true)
    };
    let mut out = options.open(file).with_context(|| format!("`{}` can't be written", file.display()))?;
    out.write_all(text.as_bytes()).with_context(|| format!("`{}` can't be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_is_written_is_right_whatever_was_answered() -> Result<()> {
        let directory = tempfile::tempdir()?;
        for (nth, (repository, branch, forge)) in [
            (Some("https://github.com/octocat/hello-world.git"), Some("main"), None),
            (Some("git@gitlab.com:team/shop/api.git"), Some("main"), None),
            (Some("https://git.example.com/team/shop.git"), None, Some(Forge::Gitlab)),
            (Some("a \"quoted\" path"), None, None),
            (None, None, None),
        ]
        .into_iter()
        .enumerate()
        {
            let init = Init { repo: None, deployment_branch: None, forge, force: false };
            let answers = Answers {
                repository: repository.map(str::to_owned),
                deployment_branch: branch.map(str::to_owned),
                project: init.project(repository, false)?,
            };
            let file = directory.path().join(format!("{nth}.toml"));
            write(&file, &text(&answers), false)?;
            let settings =
                runtime::check::<Settings>(Some(&file), &[]).settings.context("settings that can be used")?;
            let git = collectors::sources::repositories(&settings.source)?;
            assert_eq!(git.first().map(|git| git.source.url.as_str()), repository);
            assert_eq!(git.first().and_then(|git| git.source.deployment_branch.as_deref()), branch);
            assert_eq!(collectors::sources::pulled(&settings.source).count(), usize::from(nth < 3));
            assert!(write(&file, "", false).is_err(), "a file that is there is not replaced");
        }
        Ok(())
    }

    #[test]
    fn a_repository_is_pulled_from_the_forge_that_its_host_is_named_after_or_that_was_named() -> Result<()> {
        for (url, forge, expected) in [
            ("https://github.com/octocat/hello-world", None, Some(("github", "octocat/hello-world", true))),
            ("git@gitlab.com:team/shop/api.git", None, Some(("gitlab", "team/shop/api", true))),
            ("https://gitlab.example.com/team/shop", None, Some(("gitlab", "team/shop", false))),
            ("ssh://git@git.example.com:2222/team/shop.git", None, None),
            ("https://git.example.com/team/shop", Some(Forge::Gitlab), Some(("gitlab", "team/shop", false))),
            ("https://gitlab.com/team/shop", Some(Forge::None), None),
        ] {
            let init = Init { repo: None, deployment_branch: None, forge, force: false };
            let project = init.project(Some(url), false)?;
            let found = project
                .as_ref()
                .map(|project| (project.forge.connector(), project.name.as_str(), project.is_at_vendor()));
            assert_eq!(found, expected, "{url}");
        }
        let init = Init { repo: None, deployment_branch: None, forge: Some(Forge::Gitlab), force: false };
        assert!(init.project(Some("/srv/shop"), false).is_err());
        Ok(())
    }
}
