//! The section `[login]`.

use std::time::Duration;

use runtime::duration;
use runtime::settings::{Findings, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::provider::LoginProvider;

/// Who may use the API and the page. Without this section a server on loopback asks for no login, and one on another
/// address does not start.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Login {
    /// Whether people log in and programs send an API token. `sei admin link` makes the first administrator.
    pub enabled: bool,
    /// How long the groups of a user count for the user's API tokens after the identity provider stated them: at a login,
    /// or while a session of the user goes on. After that the tokens have nothing by groups until the next login.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub groups_max_age: Duration,
    /// After this time without a request a session ends.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub idle: Duration,
    /// After this time a session ends.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub lifetime: Duration,
    /// Whether everyone who reaches the server reads all metrics of all tenants without a login, also on another address
    /// than loopback: where a proxy with a login or a firewall is before it.
    pub open_to_everyone: bool,
    /// The identity providers that people log in with.
    pub provider: Vec<LoginProvider>,
}

impl Default for Login {
    fn default() -> Self {
        let hours = |hours| Duration::from_hours(hours);
        Self {
            enabled: false,
            groups_max_age: hours(7 * 24),
            idle: hours(24),
            lifetime: hours(7 * 24),
            open_to_everyone: false,
            provider: Vec::new(),
        }
    }
}

/// The shortest time without a request after which a session may end.
const IDLE_MIN: Duration = Duration::from_mins(5);
/// The key of the address that is listened on.
const LISTEN: &str = "server.listen";
/// What is to be done about one that needs a login.
const EXPECTED: &str = "`login.enabled = true` (`sei admin link` makes the first administrator), an address of loopback \
                        such as 127.0.0.1:8080, or `login.open_to_everyone = true` where a proxy with a login or a \
                        firewall is before it";

impl Login {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        if self.idle < IDLE_MIN {
            findings.error("login.idle", format!("{:?}", self.idle), "5m or more: requests are noted once a minute");
        }
        findings.positive("login.groups_max_age", self.groups_max_age);
        findings.positive("login.lifetime", self.lifetime);
        if self.enabled && self.open_to_everyone {
            findings.error("login.open_to_everyone", "true, beside login.enabled = true", "one of them");
        }
        if !self.enabled && !self.provider.is_empty() {
            findings.warning("login.enabled", "false, beside [[login.provider]]", "true: no one is asked to log in");
        }
        LoginProvider::check(&self.provider, findings);
    }

    /// The names of the identity providers.
    #[must_use]
    pub fn provider_names(&self) -> Vec<String> {
        self.provider.iter().map(|provider| provider.name.clone()).collect()
    }

    /// Whether the API may be served on an address: only who is known reaches it, or only this machine, or the settings
    /// say that everyone may.
    #[must_use]
    pub fn allows(&self, server: &Server) -> bool {
        self.enabled || self.open_to_everyone || server.listen.ip().is_loopback()
    }

    /// Reports an address that the API may not be served on: as an error where the API is served, else as a warning.
    pub fn check_address(&self, server: &Server, is_served: bool, findings: &mut Findings) {
        if !self.provider.is_empty() && server.public_url.is_none() && !server.listen.ip().is_loopback() {
            let expected = "the URL under which people reach the server: providers send them back there";
            findings.error("server.public_url", "nothing, beside [[login.provider]]", expected);
        }
        if self.allows(server) {
            return;
        }
        let found = Self::found(server);
        if is_served {
            findings.error(LISTEN, found, EXPECTED);
        } else {
            findings.warning(LISTEN, found, EXPECTED);
        }
    }

    /// Fails for an address that the API may not be served on, and for an identity provider whose secret is not there.
    pub fn require(&self, server: &Server) -> anyhow::Result<()> {
        anyhow::ensure!(self.allows(server), "{LISTEN}: found {}, expected {EXPECTED}", Self::found(server));
        self.provider.iter().enumerate().try_for_each(|(index, provider)| provider.require(index))
    }

    fn found(server: &Server) -> String {
        format!("{}, without a login: everyone who reaches it would read all tenants", server.listen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_loopback_the_api_is_served_only_with_a_login_or_where_the_settings_open_it() {
        let server = |listen: &str| Server { listen: listen.parse().unwrap(), ..Server::default() };
        let (none, enabled) = (Login::default(), Login { enabled: true, ..Login::default() });
        let open = Login { open_to_everyone: true, ..Login::default() };
        for loopback in ["127.0.0.1:8080", "[::1]:8080", "127.8.0.1:80"] {
            assert!(none.require(&server(loopback)).is_ok(), "{loopback}");
        }
        for beyond in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
            let error = none.require(&server(beyond)).unwrap_err().to_string();
            assert!(error.contains(beyond) && error.contains("login.enabled = true"), "{error}");
            assert!(enabled.require(&server(beyond)).is_ok() && open.require(&server(beyond)).is_ok(), "{beyond}");
        }
    }
}
