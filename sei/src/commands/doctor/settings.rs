//! The settings: whether they can be used, and what about them is not safe.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use runtime::{CheckedSettings, SettingsProblem, Severity};
use serde_json::Value;

use super::diagnosis::Diagnosis;
use crate::settings::Settings;

/// Others than the owner of a file and its group may read it.
const OTHERS_READ: u32 = 0o004;

/// What is wrong with the settings, and what is not safe about them.
pub(super) fn diagnose(checked: &CheckedSettings<Settings>) -> Vec<Diagnosis> {
    let mut all: Vec<Diagnosis> = checked.problems.iter().map(problem).collect();
    if let Some(settings) = &checked.settings {
        all.extend(
            secret_files(&serde_json::to_value(settings).unwrap_or_default()).iter().filter_map(|path| open(path)),
        );
        all.extend(settings.server.public_url.as_deref().and_then(plain));
    }
    if all.is_empty() {
        let file = checked.file.as_ref().map_or("only defaults".to_owned(), |file| file.display().to_string());
        all.push(Diagnosis::ok("settings", file));
    }
    all
}

fn problem(problem: &SettingsProblem) -> Diagnosis {
    let found = format!("{}: found {} ({})", problem.key, problem.found, problem.place);
    let advice = format!("expected {}", problem.expected);
    match problem.severity {
        Severity::Error => Diagnosis::failure("settings", found, advice),
        Severity::Warning => Diagnosis::warning("settings", found, advice),
    }
}

/// The files that secrets are read from: references to them are the only tables with a single key `file`.
fn secret_files(settings: &Value) -> Vec<PathBuf> {
    match settings {
        Value::Object(table) => match (table.len(), table.get("file").and_then(Value::as_str)) {
            (1, Some(path)) => vec![path.into()],
            _ => table.values().flat_map(secret_files).collect(),
        },
        Value::Array(list) => list.iter().flat_map(secret_files).collect(),
        _ => Vec::new(),
    }
}

/// What is wrong with a file of a secret that all users may read. One that is not there is reported elsewhere.
fn open(path: &Path) -> Option<Diagnosis> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let found = format!("every user of this machine may read the secret in `{}`", path.display());
    let advice = format!("chmod o-r {}", path.display());
    (mode & OTHERS_READ != 0).then(|| Diagnosis::warning("settings", found, advice))
}

/// What is wrong with an address of the server that people reach without TLS.
fn plain(url: &str) -> Option<Diagnosis> {
    let url = url::Url::parse(url).ok().filter(|url| url.scheme() == "http")?;
    let is_local = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    let found = "server.public_url begins with http://: passwords and tokens are sent as they are";
    let advice = "let a proxy speak TLS, or set server.tls, and name the https:// address";
    (!is_local).then(|| Diagnosis::warning("settings", found, advice))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::diagnosis::DiagnosisState;
    use super::*;

    #[test]
    fn files_of_secrets_are_found_wherever_they_are_named() {
        let settings = json!({
            "database": { "url": { "file": "/run/secrets/database" }, "connections": 8 },
            "source": [{ "pull": { "token": { "env": "TOKEN" } } }, { "webhook": { "secrets": [{ "file": "/hook" }] } }],
            "other": { "file": "/not/a/secret", "name": "x" },
        });
        assert_eq!(secret_files(&settings), [PathBuf::from("/run/secrets/database"), PathBuf::from("/hook")]);
    }

    #[test]
    fn a_secret_that_every_user_may_read_is_a_warning() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let set = |mode| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        set(0o640);
        assert_eq!(open(file.path()), None);
        set(0o644);
        assert_eq!(open(file.path()).unwrap().state, DiagnosisState::Warning);
        assert_eq!(open(Path::new("/nonexistent/secret")), None);
    }

    #[test]
    fn an_address_without_tls_is_a_warning_unless_it_is_of_this_machine() {
        assert!(plain("http://sei.example.org").is_some());
        assert!(plain("https://sei.example.org").is_none() && plain("http://127.0.0.1:8080").is_none());
    }
}
