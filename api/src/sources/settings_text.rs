//! What is to be written into the settings for a source, with references in place of secrets.

use kernel::Tenant;

use super::setup::{NewSource, SourceAccount};

/// The environment variables that the text refers to end with these.
pub(crate) const WEBHOOK_SECRET: &str = "WEBHOOK_SECRET";
const TOKEN: &str = "TOKEN";

/// The `[[source]]` of the settings, in TOML.
pub(crate) fn settings_text(source: &NewSource, tenant: &Tenant, has_webhook: bool) -> String {
    let NewSource { connector, name, url, account, projects, .. } = source;
    let mut lines = vec!["[[source]]".to_owned(), format!("connector = {}", quoted(connector))];
    if name != "main" {
        lines.push(format!("name = {}", quoted(name)));
    }
    if *tenant != Tenant::default() {
        lines.push(format!("tenant = {}", quoted(tenant.as_str())));
    }
    lines.push("[source.pull]".to_owned());
    if let Some(url) = url {
        lines.push(format!("url = {}", quoted(url.as_str().trim_end_matches('/'))));
    }
    if let Some(SourceAccount { option, name }) = account {
        lines.push(format!("{option} = {}", quoted(name)));
    }
    lines.push(format!("token = {{ env = \"{}\" }}", variable(source, TOKEN)));
    if !projects.is_empty() {
        let projects: Vec<String> = projects.iter().map(|project| quoted(project)).collect();
        lines.push(format!("projects = [{}]", projects.join(", ")));
    }
    if has_webhook {
        lines.push("[source.webhook]".to_owned());
        lines.push(format!("secrets = [{{ env = \"{}\" }}]", variable(source, WEBHOOK_SECRET)));
    }
    lines.join("\n") + "\n"
}

/// The environment variable of a secret: `GITHUB_TOKEN`, and of a source with a name of its own `GITHUB_OPS_TOKEN`.
pub(crate) fn variable(source: &NewSource, what: &str) -> String {
    let name = if source.name == "main" { String::new() } else { format!("{}_", source.name) };
    let text = format!("{}_{name}{what}", source.connector).to_uppercase();
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use kernel::Secret;

    use super::*;

    #[test]
    fn the_text_refers_to_secrets_and_holds_none() {
        let mut source = NewSource {
            connector: "github".to_owned(),
            name: "main".to_owned(),
            url: None,
            addresses: Vec::new(),
            account: None,
            token: Secret::new(*b"s3cret").unwrap(),
            projects: vec!["octo/shop".to_owned()],
        };
        let text = settings_text(&source, &Tenant::default(), true);
        let expected = "[[source]]\nconnector = \"github\"\n[source.pull]\ntoken = { env = \"GITHUB_TOKEN\" }\n\
                        projects = [\"octo/shop\"]\n[source.webhook]\nsecrets = [{ env = \"GITHUB_WEBHOOK_SECRET\" }]\n";
        assert_eq!(text, expected);
        source.name = "ops-2".to_owned();
        source.url = "https://git.example.com/".parse().ok();
        let text = settings_text(&source, &Tenant::new("acme").unwrap(), false);
        let expected = "[[source]]\nconnector = \"github\"\nname = \"ops-2\"\ntenant = \"acme\"\n[source.pull]\n\
                        url = \"https://git.example.com\"\ntoken = { env = \"GITHUB_OPS_2_TOKEN\" }\n\
                        projects = [\"octo/shop\"]\n";
        assert_eq!(text, expected);
        assert!(toml::from_str::<toml::Table>(&text).is_ok() && !text.contains("s3cret"));
        source.account = Some(SourceAccount { option: "email", name: "ann@example.org".to_owned() });
        let text = settings_text(&source, &Tenant::default(), false);
        assert!(text.contains("\nemail = \"ann@example.org\"\ntoken = "), "{text}");
    }
}
