//! A login between the way to the provider and the way back. Its browser keeps it in a cookie for ten minutes, so that
//! requests of strangers take no place here: the answer of the provider is accepted from that browser only.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::address;
use crate::identity::secrets::{self, NoRandomness};

/// How long a login may take.
pub(crate) const LIFETIME: Duration = Duration::from_mins(10);
/// The longest cookie that is read, in bytes.
const LONGEST: usize = 3000;

/// A login that has begun.
#[derive(Deserialize, Serialize)]
pub(super) struct Pending {
    /// The name of the provider.
    pub provider: String,
    /// What the answer repeats.
    state: String,
    /// What the ID token repeats.
    pub nonce: String,
    /// What the code is exchanged with (PKCE, RFC 7636).
    pub verifier: String,
    /// Where the browser goes when it has logged in.
    pub return_to: String,
}

/// How the provider knows sei.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub scopes: &'a [String],
}

impl Pending {
    /// Begins one.
    pub(super) fn new(provider: &str, return_to: String) -> Result<Self, NoRandomness> {
        let (state, nonce, verifier) = (secrets::secret()?, secrets::secret()?, secrets::secret()?);
        Ok(Self { provider: provider.to_owned(), state, nonce, verifier, return_to })
    }

    /// Whether an answer is to this login.
    pub(super) fn is_answered_by(&self, state: &str) -> bool {
        Secret::new(self.state.as_bytes()).is_some_and(|expected| expected.is(state.as_bytes()))
    }

    /// Where the browser is sent.
    pub(super) fn address(&self, endpoint: &Url, asking: Asking<'_>) -> Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier));
        let mut address = endpoint.clone();
        address.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", asking.client_id),
            ("redirect_uri", asking.redirect_uri),
            ("scope", &asking.scopes.join(" ")),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        address
    }

    /// What its cookie holds.
    pub(super) fn to_cookie(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::json!(self).to_string())
    }

    /// The login of a cookie. What it holds may come from elsewhere, so it is checked again.
    pub(super) fn from_cookie(value: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(Some(value).filter(|value| value.len() <= LONGEST)?).ok()?;
        let pending: Self = serde_json::from_slice(&json).ok()?;
        let is_whole = [&pending.state, &pending.nonce, &pending.verifier].iter().all(|text| text.len() == 43);
        (is_whole && address::is_local(&pending.return_to)).then_some(pending)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_login_is_asked_for_with_pkce_and_survives_in_its_cookie() {
        let pending = Pending::new("sso", "/?window=30d".to_owned()).unwrap();
        let endpoint = Url::parse("https://a.example/authorize?tenant=1").unwrap();
        let scopes = ["openid".to_owned(), "email".to_owned()];
        let asking =
            Asking { client_id: "sei", redirect_uri: "https://sei.example/login/sso/callback", scopes: &scopes };
        let address = pending.address(&endpoint, asking);
        let query: BTreeMap<_, _> = address.query_pairs().into_owned().collect();
        assert_eq!(query["tenant"], "1");
        assert_eq!((query["scope"].as_str(), query["code_challenge_method"].as_str()), ("openid email", "S256"));
        assert_eq!(query["code_challenge"], URL_SAFE_NO_PAD.encode(Sha256::digest(&pending.verifier)));
        assert!(!address.as_str().contains(&pending.verifier));
        let read = Pending::from_cookie(&pending.to_cookie()).unwrap();
        assert!(read.is_answered_by(&query["state"]) && !read.is_answered_by("") && !read.is_answered_by("x"));
        assert_eq!(
            (read.nonce, read.verifier, read.return_to),
            (query["nonce"].clone(), pending.verifier, pending.return_to)
        );
        let another = Pending::new("sso", "/".to_owned()).unwrap();
        assert!(another.state != pending.state && another.nonce != pending.nonce);
    }

    #[test]
    fn a_cookie_that_sends_elsewhere_or_holds_little_is_no_login() {
        let cookie = |change: fn(&mut Pending)| {
            let mut pending = Pending::new("sso", "/".to_owned()).unwrap();
            change(&mut pending);
            Pending::from_cookie(&pending.to_cookie()).is_some()
        };
        assert!(cookie(|_| ()));
        assert!(!cookie(|pending| pending.return_to = "//evil.example".to_owned()));
        assert!(!cookie(|pending| pending.state.clear()));
        assert!(!cookie(|pending| pending.verifier = "short".to_owned()));
        for bad in ["", "x", "e30", &"A".repeat(LONGEST + 1)] {
            assert!(Pending::from_cookie(bad).is_none(), "{bad}");
        }
    }
}
