//! `sei init`: a commented settings file for the repository of the current directory.

use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use connector_git as git;
use kernel::RepositoryId;

use crate::cli::Global;
use crate::output;
use crate::settings::Settings;

/// Where the token of GitHub is expected.
const GITHUB_TOKEN: &str = "GITHUB_TOKEN";

const EXAMPLES: &str = "\
Examples:
  sei init                                      asks, with defaults found in this directory
  sei init --repo . --deployment-branch main --no-github";

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

    /// Pull from GitHub too, for a repository on GitHub
    #[arg(long, overrides_with = "no_github")]
    github: bool,

    /// Do not pull from GitHub
    #[arg(long)]
    no_github: bool,

    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

/// What the file is to say.
struct Answers {
    /// `None` where the directory is in no repository and none was named.
    repository: Option<String>,
    deployment_branch: Option<String>,
    /// `owner/name`, to pull from GitHub.
    github: Option<String>,
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
            lines.push("This directory is in no git repository: name one under [[git]] in it.".to_owned());
        }
        if let Some(project) = &answers.github {
            lines.push(github_token(project));
        }
        lines.push("Next: `sei config check`, then `sei up`.".to_owned());
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
        let on_github = repository
            .as_deref()
            .and_then(RepositoryId::from_url)
            .and_then(|id| id.as_str().strip_prefix("github.com/").map(str::to_owned))
            .filter(|_| !self.no_github);
        let github = match on_github {
            Some(project) if asks && !self.github => {
                let answer = ask(&format!("Pull pull requests and runs of {project} from GitHub, yes or no?"), "yes")?;
                answer.to_lowercase().starts_with('y').then_some(project)
            }
            None if self.github => bail!(
                "`{}` is no URL of a repository on github.com; leave --github out",
                repository.as_deref().unwrap_or(".")
            ),
            project => project,
        };
        Ok(Answers { repository, deployment_branch: Some(deployment_branch).filter(|name| !name.is_empty()), github })
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

/// Where the token comes from, and whether GitHub takes it for the repository: one request of `gh`, which sends it.
fn github_token(project: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "only whether it is set is asked, for the file that is written")]
    let known = std::env::var_os(GITHUB_TOKEN).is_some();
    if !known && run("gh", &["auth", "token"]).is_none() {
        return format!(
            "GitHub needs a token that may read {project}: export {GITHUB_TOKEN}=…, or log in with `gh auth login`."
        );
    }
    let export =
        if known { String::new() } else { format!("\nBefore `sei up`: export {GITHUB_TOKEN}=$(gh auth token)") };
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

fn text(answers: &Answers) -> String {
    let mut text =
        "# Settings of sei. Every key with its default: `sei config default`. What is wrong here: `sei config \
                    check`.\n\n# Commits, merged changes, reverts and version tags.\n"
            .to_owned();
    match &answers.repository {
        Some(repository) => text.extend(["[[git]]\nurl = ", &quoted(repository), "\n"]),
        None => text += "# [[git]]\n# url = \"/path/or/url\"\n",
    }
    match answers.deployment_branch.as_ref().filter(|_| answers.repository.is_some()) {
        Some(branch) => {
            text += "# each merge to this branch is a deployment\ndeployment_branch = ";
            text += &quoted(branch);
            text += "\n";
        }
        None => text += "# version tags are deployments; or each merge to a branch:\n# deployment_branch = \"main\"\n",
    }
    match &answers.github {
        Some(project) => {
            let source = format!(
                "\n# Pull requests, reviews, deployments, releases, runs and issues.\n\
                 [[source]]\n\
                 connector = \"github\"\n\
                 token = {{ env = \"{GITHUB_TOKEN}\" }}\n\
                 projects = [{}]\n",
                quoted(project)
            );
            text += &source;
        }
        None => {
            text += "\n# Pull requests, runs and issues of a forge: connector, token, projects.\n\
                     # [[source]]\n\
                     # connector = \"github\"\n\
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
        let folder = tempfile::tempdir()?;
        for (nth, (repository, branch, github)) in [
            (Some("https://github.com/octocat/hello-world.git"), Some("main"), Some("octocat/hello-world")),
            (Some("a \"quoted\" path"), None, None),
            (None, None, None),
        ]
        .into_iter()
        .enumerate()
        {
            let answers = Answers {
                repository: repository.map(str::to_owned),
                deployment_branch: branch.map(str::to_owned),
                github: github.map(str::to_owned),
            };
            let file = folder.path().join(format!("{nth}.toml"));
            write(&file, &text(&answers), false)?;
            let settings =
                runtime::check::<Settings>(Some(&file), &[]).settings.context("settings that can be used")?;
            assert_eq!(settings.git.first().map(|git| git.url.as_str()), repository);
            assert_eq!(settings.git.first().and_then(|git| git.deployment_branch.as_deref()), branch);
            assert_eq!(settings.source.len(), usize::from(github.is_some()));
            assert!(write(&file, "", false).is_err(), "a file that is there is not replaced");
        }
        Ok(())
    }
}
