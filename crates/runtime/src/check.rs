//! What types cannot say of settings: patterns, schedules, names that point to each other, secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use regex::Regex;

use crate::custom::CustomMetric;
use crate::near::nearest;
use crate::problem::Severity;
use crate::schedule::Schedule;
use crate::secret::{self, SecretError};
use crate::settings::{
    GitSource, LogKind, PersonSettings, PullSource, SecretRef, ServiceSettings, Settings, TeamSettings,
};

/// An error or warning, without its location.
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) key: String,
    pub(crate) found: String,
    pub(crate) expected: String,
}

/// Kinds of deployment that a service can be measured by, as `deployments_from` names them.
const DEPLOYMENT_SOURCES: [&str; 6] = ["deployment", "branch", "pipeline", "cdevents", "release", "tag"];

/// All that is wrong with settings whose types are right.
pub(crate) fn findings(settings: &Settings) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    findings.machine(settings);
    findings.log(settings);
    findings.server(settings);
    findings.webhooks(settings);
    for (index, source) in settings.git.iter().enumerate() {
        findings.git(index, source);
    }
    findings.sources(&settings.source);
    findings.services(&settings.service, &settings.team);
    findings.teams(&settings.team);
    findings.metrics(settings);
    findings.persons(&settings.person);
    findings.dora(settings);
    if tracing_subscriber::EnvFilter::try_new(&settings.telemetry.filter).is_err() {
        findings.error("telemetry.filter", shown(&settings.telemetry.filter), "levels such as `info,sqlx=warn`");
    }
    findings.0
}

struct Findings(Vec<Finding>);

fn shown(text: &str) -> String {
    format!("`{}`", crate::redact(text))
}

impl Findings {
    fn push(&mut self, severity: Severity, key: impl Into<String>, found: String, expected: impl Into<String>) {
        self.0.push(Finding { severity, key: key.into(), found, expected: expected.into() });
    }

    fn error(&mut self, key: impl Into<String>, found: String, expected: impl Into<String>) {
        self.push(Severity::Error, key, found, expected);
    }

    fn machine(&mut self, settings: &Settings) {
        if settings.data.folder.as_os_str().is_empty() {
            self.error("data.folder", "nothing".to_owned(), "a directory");
        }
        if settings.database.connections < 3 {
            let found = settings.database.connections.to_string();
            self.error("database.connections", found, "3 or more: one listens, one reads while another writes");
        }
        if let Some(url) = &settings.database.url {
            self.secret("database.url".to_owned(), url);
        }
    }

    fn log(&mut self, settings: &Settings) {
        let log = &settings.log;
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if log.topic.is_empty() || log.topic.len() > 249 || !log.topic.chars().all(named) {
            self.error("log.topic", shown(&log.topic), "1 to 249 letters, digits, `.`, `_` or `-`");
        }
        if !(1..=1024).contains(&log.partitions) {
            self.error("log.partitions", log.partitions.to_string(), "1 to 1024");
        }
        self.positive("log.retention", log.retention);
        self.positive("log.rejected_retention", log.rejected_retention);
        if !(1..=i32::from(i16::MAX)).contains(&log.kafka.replication) {
            self.error("log.kafka.replication", log.kafka.replication.to_string(), "1 or more");
        }
        if log.kind == LogKind::Kafka {
            let good =
                |broker: &str| broker.trim().rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            if !log.kafka.brokers.split(',').all(good) {
                self.error("log.kafka.brokers", shown(&log.kafka.brokers), "host:port, separated by commas");
            }
        }
        for name in log.kafka.properties.keys() {
            if matches!(name.rsplit('.').next(), Some("password" | "secret" | "pem")) {
                let expected = format!("`{name}` under [log.kafka.secret_properties], as a reference to the secret");
                self.error(format!("log.kafka.properties.{name}"), "a secret in the settings".to_owned(), expected);
            }
        }
        for (name, reference) in &log.kafka.secret_properties {
            self.secret(format!("log.kafka.secret_properties.{name}"), reference);
        }
    }

    fn server(&mut self, settings: &Settings) {
        let server = &settings.server;
        self.positive("server.timeout", server.timeout);
        for (key, value, example) in [
            ("server.body_limit", server.body_limit, "1 byte or more, such as 26214400 (25 MiB)"),
            ("server.in_flight", server.in_flight, "1 or more"),
            ("server.api_in_flight", server.api_in_flight, "1 or more"),
        ] {
            if value == 0 {
                self.error(key, "0".to_owned(), example);
            }
        }
        if server.body_memory < server.body_limit {
            let found = server.body_memory.to_string();
            self.error("server.body_memory", found, format!("server.body_limit ({}) or more", server.body_limit));
        }
        if server.connections < 16 {
            self.error("server.connections", server.connections.to_string(), "16 or more");
        }
        self.names(settings);
        self.access(settings);
    }

    /// By which names the server goes, and which proxies stand before it.
    fn names(&mut self, settings: &Settings) {
        let server = &settings.server;
        for (index, name) in server.allowed_hosts.iter().enumerate() {
            let address = name.parse::<std::net::IpAddr>().is_ok();
            if !address && (name.is_empty() || name.contains(|c: char| "/:@*[]".contains(c) || c.is_whitespace())) {
                let expected = "a name or an address without scheme and port, such as `sei.example.org`";
                self.error(format!("server.allowed_hosts.{index}"), shown(name), expected);
            }
        }
        if let Some(url) = &server.public_url
            && crate::http::host_of(url).is_none()
        {
            let found = shown(url);
            self.error("server.public_url", found, "an http or https URL such as `https://sei.example.org`");
        }
        for (index, proxy) in server.trusted_proxies.iter().enumerate() {
            if proxy.parse::<crate::http::Network>().is_err() {
                let expected = "an address or a network such as `10.0.0.7` or `10.0.0.0/8`";
                self.error(format!("server.trusted_proxies.{index}"), shown(proxy), expected);
            }
        }
    }

    /// Who may read and post.
    fn access(&mut self, settings: &Settings) {
        let (server, events) = (&settings.server, &settings.events);
        for (index, token) in events.tokens.iter().enumerate() {
            self.verifying_secret(format!("events.tokens.{index}"), token);
        }
        if events.allow_without_token && !events.tokens.is_empty() {
            let expected = "false beside events.tokens: with `true` no token is asked for";
            self.error("events.allow_without_token", "true".to_owned(), expected);
        } else if events.allow_without_token {
            let found = "true: everyone who reaches the server may post events, through a proxy as well";
            self.push(Severity::Warning, "events.allow_without_token", found.to_owned(), "events.tokens");
        }
        if !server.listen.ip().is_loopback() && server.allowed_hosts.is_empty() && server.public_url.is_none() {
            let found = format!("{}, without a login: everyone who reaches it reads all tenants", server.listen);
            let expected = "an address of loopback such as 127.0.0.1:8080; or a proxy with a login or a firewall \
                            before it, and server.allowed_hosts set to the names that it is reached by";
            self.push(Severity::Warning, "server.listen", found, expected);
        }
    }

    fn webhooks(&mut self, settings: &Settings) {
        for (connector, sources) in &settings.webhooks {
            for (name, source) in sources {
                let key = format!("webhooks.{connector}.{name}");
                if source.secrets.is_empty() {
                    self.error(format!("{key}.secrets"), "none".to_owned(), "one or more: nothing is taken unverified");
                }
                for (index, reference) in source.secrets.iter().enumerate() {
                    self.verifying_secret(format!("{key}.secrets.{index}"), reference);
                }
                self.tenant(format!("{key}.tenant"), source.tenant.as_deref());
                if connector != "jira" && !source.canceled.is_empty() {
                    self.error(format!("{key}.canceled"), shown(&source.canceled.join(", ")), "none: only Jira has it");
                }
            }
        }
    }

    fn git(&mut self, index: usize, source: &GitSource) {
        let key = |name: &str| format!("git.{index}.{name}");
        if source.url.is_empty() {
            self.error(key("url"), "nothing".to_owned(), "a path, or a URL that git can clone");
        }
        self.pattern(key("tag_pattern"), &source.tag_pattern);
        if let Some(id) = &source.repository {
            self.repository(key("repository"), id);
        }
        self.schedule(key("schedule"), &source.schedule);
    }

    /// The connector checks its own options when the source is opened.
    fn sources(&mut self, sources: &[PullSource]) {
        let mut seen = BTreeSet::new();
        for (index, source) in sources.iter().enumerate() {
            let key = |name: &str| format!("source.{index}.{name}");
            self.name(key("name"), &source.name, seen.insert(source.full_name()), "sources of a connector");
            if source.name.contains('/') {
                self.error(key("name"), shown(&source.name), "a name without `/`");
            }
            if let Some(token) = &source.token {
                self.secret(key("token"), token);
            }
            self.schedule(key("schedule"), &source.schedule);
            self.tenant(key("tenant"), source.tenant.as_deref());
        }
    }

    fn schedule(&mut self, key: String, schedule: &str) {
        if schedule.parse::<Schedule>().is_err() {
            let expected = "a cron expression, such as `*/5 * * * *` (minute, hour, day, month, day of week)";
            self.error(key, shown(schedule), expected);
        }
    }

    fn tenant(&mut self, key: String, name: Option<&str>) {
        if let Some(name) = name.filter(|name| kernel::Tenant::new(name).is_err()) {
            self.error(key, shown(name), "a lower-case letter, then letters, digits or `_`");
        }
    }

    fn services(&mut self, services: &[ServiceSettings], teams: &[TeamSettings]) {
        let known: Vec<&str> = teams.iter().map(|team| team.name.as_str()).collect();
        let mut seen = BTreeSet::new();
        for (index, service) in services.iter().enumerate() {
            let key = |name: &str| format!("service.{index}.{name}");
            self.name(key("name"), &service.name, seen.insert(service.name.as_str()), "services");
            for (nth, id) in service.repositories.iter().enumerate() {
                self.repository(format!("service.{index}.repositories.{nth}"), id);
            }
            for (nth, selector) in service.incidents.iter().enumerate() {
                if kernel::incident_selector(selector).is_none() {
                    let expected = format!("what incidents are part of: {}", kernel::SELECTOR_FORMS);
                    self.error(format!("service.{index}.incidents.{nth}"), shown(selector), expected);
                }
            }
            if let Some(team) = &service.team
                && !known.contains(&team.as_str())
            {
                self.unknown_team(key("team"), team, &known);
            }
            if let Some(pattern) = &service.production {
                self.pattern(key("production"), pattern);
            }
            if let Some(pattern) = &service.deployments {
                self.pattern(key("deployments"), pattern);
            }
            for (nth, _) in service.branches.iter().enumerate().filter(|(_, branch)| branch.is_empty()) {
                self.error(key(&format!("branches.{nth}")), "nothing".to_owned(), "the name of a branch");
            }
            if let Some(kind) = &service.deployments_from
                && !DEPLOYMENT_SOURCES.contains(&kind.as_str())
            {
                self.error(key("deployments_from"), shown(kind), format!("one of {}", DEPLOYMENT_SOURCES.join(", ")));
            }
        }
    }

    fn teams(&mut self, teams: &[TeamSettings]) {
        let known: Vec<&str> = teams.iter().map(|team| team.name.as_str()).collect();
        let parents: BTreeMap<&str, &str> =
            teams.iter().filter_map(|team| Some((team.name.as_str(), team.parent.as_deref()?))).collect();
        let mut seen = BTreeSet::new();
        for (index, team) in teams.iter().enumerate() {
            let key = |name: &str| format!("team.{index}.{name}");
            self.name(key("name"), &team.name, seen.insert(team.name.as_str()), "teams");
            let Some(parent) = &team.parent else { continue };
            if !known.contains(&parent.as_str()) {
                self.unknown_team(key("parent"), parent, &known);
            } else if let Some(circle) = circle(&team.name, &parents) {
                self.error(key("parent"), format!("a circle: {circle}"), "teams that end in one without a parent");
            }
        }
    }

    fn metrics(&mut self, settings: &Settings) {
        let mut seen = BTreeSet::new();
        for (index, metric) in settings.metric.iter().enumerate() {
            if !seen.insert(metric.name.as_str()) {
                self.name(format!("metric.{index}.name"), &metric.name, false, "metrics");
            }
            for wrong in CustomMetric::read(metric).err().unwrap_or_default() {
                self.error(format!("metric.{index}.{}", wrong.key), wrong.found, wrong.expected);
            }
        }
    }

    fn persons(&mut self, persons: &[PersonSettings]) {
        let mut seen = BTreeSet::new();
        for (index, person) in persons.iter().enumerate() {
            let key = |name: &str| format!("person.{index}.{name}");
            self.name(key("name"), &person.name, seen.insert(person.name.as_str()), "persons");
            for account in person.accounts.iter().filter(|account| !account.contains('/')) {
                self.error(key("accounts"), shown(account), "an account: host/login, or email/address");
            }
            for email in person.emails.iter().filter(|email| !email.contains('@')) {
                self.error(key("emails"), shown(email), "an address");
            }
        }
    }

    fn dora(&mut self, settings: &Settings) {
        let optional = [
            ("dora.production", &settings.dora.production),
            ("dora.deployment_pipelines", &settings.dora.deployment_pipelines),
        ];
        for (key, pattern) in optional {
            if let Some(pattern) = pattern {
                self.pattern(key.to_owned(), pattern);
            }
        }
        self.pattern("dora.hotfix".to_owned(), &settings.dora.hotfix);
        self.pattern("dora.assistants".to_owned(), &settings.dora.assistants);
        self.positive("dora.attribution_window", settings.dora.attribution_window);
        if settings.dora.workers == 0 {
            self.error("dora.workers", "0".to_owned(), "1 or more");
        }
    }

    fn name(&mut self, key: String, name: &str, first: bool, of: &str) {
        if name.is_empty() {
            self.error(key, "nothing".to_owned(), "a name");
        } else if !first {
            self.error(key, format!("{} a second time", shown(name)), format!("a name once among all {of}"));
        }
    }

    fn unknown_team(&mut self, key: String, name: &str, known: &[&str]) {
        let expected = match nearest(name, known) {
            Some(known) => format!("the name of a [[team]]; did you mean `{known}`?"),
            None => "the name of a [[team]]".to_owned(),
        };
        self.error(key, format!("{}, which no [[team]] has", shown(name)), expected);
    }

    fn repository(&mut self, key: String, id: &str) {
        if let Some(good) = kernel::RepositoryId::from_url(id) {
            self.error(key, shown(id), format!("the id of a repository, host/owner/name: `{good}`"));
        } else if !id.contains('/') || id.chars().any(|c| c.is_whitespace() || c.is_uppercase()) {
            self.error(key, shown(id), "the id of a repository: host/owner/name in lower case");
        }
    }

    fn pattern(&mut self, key: String, pattern: &str) {
        if let Err(error) = Regex::new(pattern) {
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            self.error(key, shown(pattern), format!("a regular expression ({why})"));
        }
    }

    fn positive(&mut self, key: &str, duration: Duration) {
        if duration.is_zero() {
            self.error(key, "0".to_owned(), "a duration above 0, such as \"24h\"");
        }
    }

    /// A secret that is not there (yet) is a warning: where settings are checked is seldom where the
    /// secrets are, and the role that needs it refuses to start without it. A blank one is an error.
    fn secret(&mut self, key: String, reference: &SecretRef) {
        self.read_secret(key, secret::read(reference), "a secret of at least one character");
    }

    /// The same for one that requests are verified with, which may not be short either.
    fn verifying_secret(&mut self, key: String, reference: &SecretRef) {
        let expected = format!("a secret of at least {} bytes", secret::SHORTEST);
        self.read_secret(key, secret::read_verifying(reference), &expected);
    }

    fn read_secret(&mut self, key: String, read: Result<secret::Secret, SecretError>, expected: &str) {
        if let Err(error) = read {
            let there = matches!(error, SecretError::Empty(_) | SecretError::Short(..));
            let severity = if there { Severity::Error } else { Severity::Warning };
            self.push(severity, key, error.to_string(), expected);
        }
    }
}

/// `a → b → a`, if following parents from `start` comes back to it.
fn circle(start: &str, parents: &BTreeMap<&str, &str>) -> Option<String> {
    let mut way = vec![start];
    let mut here = start;
    while let Some(parent) = parents.get(here) {
        way.push(parent);
        if *parent == start {
            return Some(way.join(" → "));
        }
        if way.len() > parents.len() + 1 {
            return None;
        }
        here = parent;
    }
    None
}
