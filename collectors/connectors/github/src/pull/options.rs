//! The options of GitHub's sources.

use runtime::settings::{Findings, SecretRef, SourceOptions};

pull::pull_options! {
    /// GitHub's API: pull requests with reviews and commits, deployments, releases, workflow runs, issues, alerts.
    pub(crate) struct Options {
        /// Whether alerts are pulled.
        #[serde(default = "yes")]
        pub(super) alerts: bool,
        /// The id of a GitHub App, instead of a token.
        #[serde(default)]
        #[schemars(example = 12345)]
        pub(super) app_id: Option<u64>,
        /// Which installation of the App; without it, its only one.
        #[serde(default)]
        #[schemars(example = 67890)]
        pub(super) installation_id: Option<u64>,
        /// Whether the jobs of workflow runs are pulled: a request for each run.
        #[serde(default = "yes")]
        pub(super) jobs: bool,
        /// The private key of the App, in PEM form.
        #[serde(default)]
        #[schemars(example = SecretRef::File("/etc/sei/app.pem".into()))]
        pub(super) private_key: Option<SecretRef>,
        /// Repositories (`owner/name`) and owners, all of whose repositories are pulled; without any, all that the token
        /// can read.
        #[serde(default)]
        #[schemars(example = ["octocat/hello-world", "my-company"])]
        projects: Vec<String>,
        /// The token to authenticate with.
        #[serde(default)]
        #[schemars(example = SecretRef::Env("GITHUB_TOKEN".to_owned()))]
        token: Option<SecretRef>,
        /// The address of a GitHub Enterprise Server, or of Enterprise Cloud with data residency.
        #[serde(default)]
        #[schemars(example = &"https://github.example.com")]
        url: Option<String>,
    }
}

fn yes() -> bool {
    true
}

impl SourceOptions for Options {
    fn check(&self, key: &str, findings: &mut Findings) {
        match (self.app_id, &self.private_key, &self.token) {
            (Some(_), None, _) => {
                findings.error(format!("{key}.private_key"), "nothing", "the App's key: { file = \"app.pem\" }");
            }
            (None, _, None) => {
                let expected = "a reference to a token: { env = \"GITHUB_TOKEN\" }; or `app_id` and `private_key`";
                findings.error(format!("{key}.token"), "nothing", expected);
            }
            _ => {}
        }
        for (nth, project) in self.projects.iter().enumerate() {
            if project.split('/').filter(|part| !part.is_empty()).count() > 2 {
                let expected = "`owner/name`, or `owner` for all of an owner";
                findings.error(format!("{key}.projects.{nth}"), runtime::settings::shown(project), expected);
            }
        }
    }
}
