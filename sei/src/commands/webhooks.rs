//! `sei webhooks`: what a payload would become, for users who set a source up or ask why nothing came of a
//! delivery. Needs no database and changes nothing.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::Utc;
use clap::{Args, Subcommand};
use connector::check::{CheckedEvent, CheckedRequest, End, check};
use connector::webhook::RawRequest;
use runtime::secret::Secret;
use serde_json::{Value, json};

use crate::cli::Global;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  sei webhooks check github delivery.json --header 'X-GitHub-Event: pull_request'
  sei webhooks check pagerduty body.json --secret s3cret --header 'X-PagerDuty-Signature: v1=0c0b…'
  sei webhooks check cdevents event.json --json

Without a secret the request is not verified; the facts are shown nevertheless.
Exit codes: 0 accepted, 1 refused, rejected or wrongly signed.";

/// Show the facts that a webhook's payload is normalized to
#[derive(Debug, Subcommand)]
pub(crate) enum Webhooks {
    /// Verify a request and show the facts that its payload is normalized to
    Check(Check),
}

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// The source, as in the address: POST /webhooks/SOURCE
    source: String,

    /// The body, byte for byte as it was sent; - for standard input
    file: PathBuf,

    /// A header of the request; can be repeated
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,

    /// A secret of the source; can be repeated
    #[arg(long = "secret", value_name = "SECRET")]
    secrets: Vec<String>,

    /// The path after the source's name
    #[arg(long, value_name = "PATH", default_value = "")]
    path: String,
}

impl Webhooks {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode> {
        let Self::Check(command) = self;
        command.run(global)
    }
}

impl Check {
    fn run(&self, global: &Global) -> Result<ExitCode> {
        let connector = registry::connector(&self.source).filter(|connector| connector.webhook().is_some());
        let Some(connector) = connector else {
            bail!("`{}` takes no webhooks; {} do", self.source, registry::with_webhooks())
        };
        let secrets: Vec<Secret> = self.secrets.iter().filter_map(|secret| Secret::new(secret.as_bytes())).collect();
        if secrets.len() < self.secrets.len() {
            bail!("a secret is empty; an empty secret verifies nothing");
        }
        let request = RawRequest {
            path: self.path.clone(),
            headers: self.headers()?,
            body: self.body()?.into(),
            received: Utc::now(),
        };
        let checked = check(connector, request, &secrets, Utc::now()).context("it takes no webhooks")?;
        let good = taken(&checked) && (checked.verified || secrets.is_empty());
        if global.json {
            output::print_json(&json!({ "verified": verified(&checked, &secrets), "becomes": checked.end }))?;
        } else {
            output::print(&words(&checked, &secrets)?)?;
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn headers(&self) -> Result<HeaderMap> {
        let header = |text: &String| -> Result<_> {
            let (name, value) =
                text.split_once(':').ok_or_else(|| anyhow!("`{text}` is no header; expected `Name: value`"))?;
            let name = HeaderName::from_bytes(name.trim().as_bytes())
                .with_context(|| format!("`{name}` is no name of a header"))?;
            let value = HeaderValue::from_str(value.trim())
                .with_context(|| format!("the value of `{name}` can't stand in a header"))?;
            Ok((name, value))
        };
        let mut headers = HeaderMap::new();
        for text in &self.headers {
            let (name, value) = header(text)?;
            headers.append(name, value);
        }
        Ok(headers)
    }

    fn body(&self) -> Result<Vec<u8>> {
        let unreadable = || format!("`{}` can't be read", self.file.display());
        if self.file.as_os_str() == "-" {
            let mut body = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut body).with_context(unreadable)?;
            return Ok(body);
        }
        std::fs::read(&self.file).with_context(unreadable)
    }
}

/// Whether the gateway would take the payload, and the processor understand it.
fn taken(checked: &CheckedRequest) -> bool {
    match &checked.end {
        End::Refused(_) => false,
        End::Ignored(_) => true,
        End::Accepted(events) => !events.iter().any(|event| matches!(event, CheckedEvent::Rejected { .. })),
    }
}

/// `null` where there was nothing to verify with.
fn verified(checked: &CheckedRequest, secrets: &[Secret]) -> Option<bool> {
    (!secrets.is_empty()).then_some(checked.verified)
}

fn words(checked: &CheckedRequest, secrets: &[Secret]) -> Result<String> {
    let mut lines = vec![match verified(checked, secrets) {
        Some(true) => "verified: yes".to_owned(),
        Some(false) => "verified: NO, the gateway would answer 401; what follows is what the payload says".to_owned(),
        None => "verified: not tried, as there is no --secret".to_owned(),
    }];
    match &checked.end {
        End::Refused(why) => lines.push(format!("refused (400, or 422 for facts): {why}")),
        End::Ignored(reason) => lines.push(format!("ignored (200): {}", reason.as_str())),
        End::Accepted(events) if events.is_empty() => lines.push("accepted (202): no events in it".to_owned()),
        End::Accepted(events) => {
            for event in events {
                match event {
                    CheckedEvent::Stored(facts) => {
                        let kinds: Vec<&str> = facts.iter().map(kernel::Fact::kind).collect();
                        lines.push(format!("accepted (202), becomes {}:", kinds.join(", ")));
                        let facts = facts.iter().map(serde_json::to_value).collect::<Result<Vec<Value>, _>>()?;
                        lines.push(serde_json::to_string_pretty(&facts)?);
                    }
                    CheckedEvent::Ignored(reason) => {
                        lines.push(format!("accepted (202), then ignored: {}", reason.as_str()));
                    }
                    CheckedEvent::Rejected { reason, detail } => {
                        lines.push(format!("accepted (202), then REJECTED: {}: {detail}", reason.as_str()));
                    }
                }
            }
        }
    }
    Ok(lines.join("\n"))
}
