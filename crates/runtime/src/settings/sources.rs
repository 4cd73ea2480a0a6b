//! The section `[[source]]`: where events come from. A source has a connector and up to two parts: `pull`, whose options
//! are of the connector's own type, and `webhook`.

use std::collections::BTreeSet;

use kernel::near::UnknownName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::findings::{Findings, shown};
use super::options::{OptionsType, RawOptions};
use super::secret_ref::SecretRef;

/// A source of events: collected on a schedule (`[source.pull]`), received as webhooks (`[source.webhook]`), or both.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-hint" = "options of the connector belong under [source.pull], secrets under [source.webhook]"))]
pub struct Source {
    /// The connector. Its page, `collectors/connectors/<connector>/README.md`, states what to set up at the source.
    #[schemars(example = &"github")]
    pub connector: String,
    /// A name of your choice, unique among the sources of a connector.
    #[serde(default = "main_name")]
    pub name: String,
    /// What is pulled, and when.
    #[serde(default)]
    pub pull: Option<RawOptions>,
    /// The tenant that receives the events; `main` without it.
    #[serde(default)]
    #[schemars(example = &"main")]
    pub tenant: Option<String>,
    /// Webhooks, received at `POST /webhooks/<connector>/<name>`.
    #[serde(default)]
    pub webhook: Option<WebhookOptions>,
}

/// What a source that sends webhooks is verified with.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookOptions {
    /// Resolutions and statuses that mean that an issue was canceled, beside the usual ones (Won't Do, Duplicate, …).
    #[serde(default)]
    #[schemars(example = ["Abgelehnt"])]
    pub canceled: Vec<String>,
    /// The secrets that its signatures are made with; several for rotation. At least one, each of 8 bytes or more.
    #[schemars(example = [SecretRef::Env("WEBHOOK_SECRET".to_owned())])]
    pub secrets: Vec<SecretRef>,
}

/// A part of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourcePart {
    /// `[source.pull]`
    Pull,
    /// `[source.webhook]`
    Webhook,
}

/// What a connector takes in the settings.
#[derive(Clone, Copy)]
pub struct SourceType {
    /// Its name.
    pub connector: &'static str,
    /// The type of `[source.pull]`, if it can be pulled.
    pub pull: Option<OptionsType>,
    /// Whether it takes webhooks.
    pub has_webhook: bool,
    /// Whether they can have `canceled`.
    pub has_canceled: bool,
}

fn main_name() -> String {
    "main".to_owned()
}

/// The default schedule of a source.
#[must_use]
pub fn every_five_minutes() -> String {
    "*/5 * * * *".to_owned()
}

impl Source {
    /// A source without parts.
    pub fn new(connector: impl Into<String>, name: impl Into<String>) -> Self {
        Self { connector: connector.into(), name: name.into(), pull: None, tenant: None, webhook: None }
    }

    /// The connector and the name: `github/main`. Events and cursors of the source have it.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.connector, self.name)
    }

    /// Reports what is wrong with the sources of the settings, beside the options of connectors. Secrets are read only of
    /// the parts that the program uses.
    pub fn check(sources: &[Self], types: &[SourceType], parts: &[SourcePart], findings: &mut Findings) {
        let (mut seen, mut urls) = (BTreeSet::new(), BTreeSet::new());
        for (index, source) in sources.iter().enumerate() {
            let key = format!("source.{index}");
            let first = seen.insert(source.full_name());
            findings.name(format!("{key}.name"), &source.name, first, ONCE);
            if source.name.contains('/') {
                findings.error(format!("{key}.name"), shown(&source.name), "a name without `/`");
            }
            findings.tenant(format!("{key}.tenant"), source.tenant.as_deref());
            source.check_parts(&key, types, findings);
            if let Some(options) = &source.pull {
                options.check(&format!("{key}.pull"), parts.contains(&SourcePart::Pull), findings);
                for (nth, url) in options.urls().enumerate() {
                    if !urls.insert((source.tenant.as_deref().unwrap_or("main"), url)) {
                        let found = format!("{} a second time", shown(url));
                        findings.error(format!("{key}.pull.urls.{nth}"), found, "a URL once among all of a tenant");
                    }
                }
            }
            if let Some(webhook) = &source.webhook {
                let secrets = parts.contains(&SourcePart::Webhook);
                let has_canceled = types.iter().any(|kind| kind.connector == source.connector && kind.has_canceled);
                webhook.check(&format!("{key}.webhook"), has_canceled, secrets, findings);
            }
        }
    }

    /// Whether there is such a connector, and it has the parts of the source.
    fn check_parts(&self, key: &str, types: &[SourceType], findings: &mut Findings) {
        let Some(kind) = types.iter().find(|kind| kind.connector == self.connector) else {
            let names: Vec<&str> = types.iter().map(|kind| kind.connector).collect();
            let expected = UnknownName::new(&self.connector, names.iter().copied());
            let expected = expected.expected(&format!("one of {}", names.join(", ")));
            let found = format!("{}, which no connector is called", shown(&self.connector));
            findings.error(format!("{key}.connector"), found, expected);
            return;
        };
        let parts = kind.parts();
        match (&self.pull, &self.webhook) {
            (None, None) => findings.error(key, format!("neither {PULL} nor {WEBHOOK}"), format!("{parts} below it")),
            (Some(_), _) if kind.pull.is_none() => {
                findings.error(format!("{key}.pull"), format!("{PULL} of {}", self.connector), format!("{parts} only"));
            }
            (_, Some(_)) if !kind.has_webhook => {
                let found = format!("{WEBHOOK} of {}", self.connector);
                findings.error(format!("{key}.webhook"), found, format!("{parts} only"));
            }
            _ => {}
        }
    }
}

/// Among what the name of a source is used once.
const ONCE: &str = "sources of a connector; one can have both [source.pull] and [source.webhook]";
const PULL: &str = "[source.pull]";
const WEBHOOK: &str = "[source.webhook]";
/// The key of [`WebhookOptions`] that only some connectors have.
const CANCELED: &str = "canceled";

impl SourceType {
    fn parts(&self) -> &'static str {
        match (self.pull.is_some(), self.has_webhook) {
            (true, true) => "[source.pull], [source.webhook] or both",
            (false, _) => WEBHOOK,
            (true, false) => PULL,
        }
    }

    /// The schema of `[[source]]` for sources of this connector, made from that for all.
    pub(super) fn section(&self, all: &Value) -> Value {
        let mut section = all.clone();
        if let Some(section) = section.as_object_mut() {
            section.insert("x-variant".to_owned(), self.connector.into());
        }
        let Some(properties) = section.pointer_mut("/items/properties").and_then(Value::as_object_mut) else {
            return section;
        };
        if let Some(connector) = properties.get_mut("connector").and_then(Value::as_object_mut) {
            connector.insert("examples".to_owned(), json!([self.connector]));
        }
        match self.pull {
            Some(options) => properties.insert("pull".to_owned(), (options.schema)()),
            None => properties.remove("pull"),
        };
        if !self.has_webhook {
            properties.remove("webhook");
        }
        if let Some(webhook) =
            section.pointer_mut("/items/properties/webhook/properties").and_then(Value::as_object_mut)
        {
            webhook.retain(|key, _| key != CANCELED || self.has_canceled);
            if let Some(secrets) = webhook.get_mut("secrets").and_then(Value::as_object_mut) {
                let variable = format!("{}_WEBHOOK_SECRET", self.connector.to_ascii_uppercase());
                secrets.insert("examples".to_owned(), json!([[{ "env": variable }]]));
            }
        }
        section
    }
}

impl WebhookOptions {
    fn check(&self, key: &str, has_canceled: bool, secrets: bool, findings: &mut Findings) {
        if self.secrets.is_empty() {
            findings.error(format!("{key}.secrets"), "none", "one or more: nothing is accepted unverified");
        }
        for (index, reference) in self.secrets.iter().enumerate().filter(|_| secrets) {
            findings.verifying_secret(format!("{key}.secrets.{index}"), reference);
        }
        if !has_canceled && !self.canceled.is_empty() {
            let expected = "none: this connector does not read it";
            findings.error(format!("{key}.{CANCELED}"), shown(&self.canceled.join(", ")), expected);
        }
    }
}
