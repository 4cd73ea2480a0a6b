//! `[[login.provider]]`: the identity providers that people log in with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use runtime::duration;
use runtime::settings::{Findings, SecretRef, shown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::identity::oidc::address::is_confidential;

/// An OpenID Connect provider: people log in with it, and its access tokens are accepted by the API.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginProvider {
    /// The audience (`aud`) of access tokens that the API accepts as `Authorization: Bearer`, if it is to accept any:
    /// JWTs that the provider has signed. Not the client's id, which is the audience of ID tokens.
    #[serde(default)]
    #[schemars(example = &"sei-api")]
    pub audience: Option<String>,
    /// Certificates in PEM form to trust in addition to those of the system.
    #[serde(default)]
    #[schemars(example = &"/etc/ssl/certs/example.pem")]
    pub ca_file: Option<PathBuf>,
    /// The id by which the provider knows sei.
    #[schemars(example = &"sei")]
    pub client_id: String,
    /// Where the client's secret comes from; without it the client is a public one, which PKCE protects alone.
    #[serde(default)]
    #[schemars(example = SecretRef::Env("LOGIN_CLIENT_SECRET".to_owned()))]
    pub client_secret: Option<SecretRef>,
    /// The claim that lists the groups of a user; one inside of another is named with dots: `realm_access.roles`.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// The provider's issuer URL, exactly as its tokens have it. Below it is `/.well-known/openid-configuration`.
    #[schemars(example = &"https://login.example.org/realms/main")]
    pub issuer: String,
    /// A name of your choice, unique among providers. The provider sends users back to `/login/<name>/callback`.
    #[schemars(example = &"sso")]
    pub name: String,
    /// What is asked for. Without `offline_access` or a refresh token, groups are as they were when the user logged in.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The maximum time of a request to the provider.
    #[serde(default = "timeout", with = "duration")]
    #[schemars(with = "duration::Text")]
    pub timeout: Duration,
}

fn groups_claim() -> String {
    "groups".to_owned()
}

fn scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).into()
}

fn timeout() -> Duration {
    Duration::from_secs(10)
}

/// Parts of addresses below `/login/` that are no provider.
const RESERVED: [&str; 4] = ["link", "logout", "password", "session"];

impl LoginProvider {
    /// Reports what is wrong with the providers.
    pub fn check(providers: &[Self], findings: &mut Findings) {
        let (mut names, mut audiences) = (BTreeSet::new(), BTreeSet::new());
        for (index, provider) in providers.iter().enumerate() {
            let key = |field: &str| format!("login.provider.{index}.{field}");
            findings.name(key("name"), &provider.name, names.insert(&provider.name), "providers");
            if !is_name(&provider.name) {
                findings.error(key("name"), shown(&provider.name), NAME);
            }
            provider.check_fields(&key, findings);
            let is_client = |audience: &str| {
                providers.iter().any(|other| other.issuer == provider.issuer && other.client_id == audience)
            };
            if let Some(audience) = provider.audience.as_deref().filter(|text| text.is_empty() || is_client(text)) {
                let expected = "an audience that ID tokens don't have: not empty, and not the id of a client";
                findings.error(key("audience"), shown(audience), expected);
            }
            if let Some(audience) = &provider.audience
                && !audiences.insert((&provider.issuer, audience))
            {
                let found = format!("{} a second time for this issuer", shown(audience));
                findings.error(key("audience"), found, "an audience once for an issuer");
            }
        }
    }

    /// Fails if its secret can't be read.
    pub(super) fn require(&self, index: usize) -> anyhow::Result<()> {
        let read = self.client_secret.as_ref().map(runtime::secret::read).transpose();
        read.map(drop).map_err(|error| anyhow::anyhow!("login.provider.{index}.client_secret: {error}"))
    }

    fn check_fields(&self, key: &impl Fn(&str) -> String, findings: &mut Findings) {
        let issuer = Url::parse(&self.issuer).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
        if !issuer.is_some_and(|url| is_confidential(&url)) {
            let expected = "an https URL without `?` and `#`; http is accepted on loopback only";
            findings.error(key("issuer"), shown(&self.issuer), expected);
        }
        if self.client_id.is_empty() {
            findings.error(key("client_id"), "nothing", "the id by which the provider knows sei");
        }
        if self.groups_claim.is_empty() {
            findings.error(key("groups_claim"), "nothing", "the name of a claim, such as `groups`");
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            findings.error(key("scopes"), "a list without `openid`", "`openid` and what else is needed");
        }
        for (nth, scope) in self.scopes.iter().enumerate() {
            if scope.is_empty() || scope.contains(char::is_whitespace) {
                findings.error(format!("{}.{nth}", key("scopes")), shown(scope), "one scope, without spaces");
            }
        }
        findings.positive(key("timeout"), self.timeout);
        if let Some(secret) = &self.client_secret {
            findings.secret(key("client_secret"), secret);
        }
        if let Some(file) = self.ca_file.as_ref().filter(|file| !file.is_file()) {
            findings.warning(
                key("ca_file"),
                format!("`{}`, which is not a file", file.display()),
                "a file in PEM form",
            );
        }
    }
}

const NAME: &str = "1 to 40 lower-case letters, digits or `-`, and none of link, logout, password, session";

fn is_name(name: &str) -> bool {
    let is_valid = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (1..=40).contains(&name.len()) && name.chars().all(is_valid) && !RESERVED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(change: impl Fn(&mut LoginProvider)) -> Vec<String> {
        let text =
            "name = \"sso\"\nissuer = \"https://login.example.org/a\"\nclient_id = \"sei\"\naudience = \"sei-api\"";
        let mut provider: LoginProvider = serde_json::from_value(serde_json::json!({
            "name": "sso", "issuer": "https://login.example.org/a", "client_id": "sei", "audience": "sei-api",
        }))
        .unwrap_or_else(|error| panic!("{text}: {error}"));
        change(&mut provider);
        let mut findings = Findings::default();
        LoginProvider::check(&[provider], &mut findings);
        findings.keys().map(str::to_owned).collect()
    }

    #[test]
    fn what_can_t_work_is_named_by_its_key() {
        assert_eq!(keys(|_| ()), [""; 0]);
        assert_eq!(keys(|provider| provider.issuer = "http://127.0.0.1:8081/a".into()), [""; 0]);
        for bad in ["http://login.example.org", "login.example.org", "https://a.example/?b", "https://a.example/#b", ""]
        {
            assert_eq!(keys(|provider| provider.issuer = bad.into()), ["login.provider.0.issuer"], "{bad}");
        }
        for bad in ["SSO", "a/b", "password", "a b", "é"] {
            assert_eq!(keys(|provider| provider.name = bad.into()), ["login.provider.0.name"], "{bad}");
        }
        assert_eq!(keys(|provider| provider.audience = Some("sei".into())), ["login.provider.0.audience"]);
        assert_eq!(keys(|provider| provider.scopes = vec!["email".into()]), ["login.provider.0.scopes"]);
        assert_eq!(keys(|provider| provider.timeout = Duration::ZERO), ["login.provider.0.timeout"]);
        assert_eq!(keys(|provider| provider.client_id.clear()), ["login.provider.0.client_id"]);
    }

    #[test]
    fn a_provider_has_its_name_and_an_audience_alone() {
        let provider = |name: &str| {
            serde_json::from_value::<LoginProvider>(serde_json::json!({
                "name": name, "issuer": "https://login.example.org", "client_id": "sei", "audience": "sei-api",
            }))
            .unwrap()
        };
        let mut findings = Findings::default();
        LoginProvider::check(&[provider("a"), provider("a")], &mut findings);
        assert_eq!(findings.keys().collect::<Vec<_>>(), ["login.provider.1.name", "login.provider.1.audience"]);
        let of_client = LoginProvider { client_id: "sei-api".into(), audience: None, ..provider("b") };
        let mut findings = Findings::default();
        LoginProvider::check(&[provider("a"), of_client], &mut findings);
        assert_eq!(findings.keys().collect::<Vec<_>>(), ["login.provider.0.audience"], "of the other's ID tokens");
    }
}
