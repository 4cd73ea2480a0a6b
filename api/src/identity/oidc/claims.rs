//! What a token claims, and whether that is what is expected. Functions of their arguments: the time is passed in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::token_error::TokenError;

/// How much the clocks of two machines may differ, in seconds.
const SKEW: i64 = 60;
/// The longest subject (OpenID Connect Core 1.0, section 2), session id or token id, in bytes.
const LONGEST_ID: usize = 255;
/// How old a logout token may be, in seconds, as providers send it at once.
const LOGOUT_AGE: i64 = 600;
/// Claims by which access tokens state what they are good for or who asked for them, and which no ID token has: `scope` and
/// `client_id` (RFC 9068, section 2.2), `scp` (Entra ID, Okta), `azpacr` (Entra ID, of programs).
const ACCESS_CLAIMS: [&str; 4] = ["scope", "client_id", "scp", "azpacr"];
/// The event of a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4).
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a token whose signature is right.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    aud: Vec<String>,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    exp: Option<i64>,
    #[serde(default, deserialize_with = "seconds")]
    iat: Option<i64>,
    #[serde(default, deserialize_with = "seconds")]
    nbf: Option<i64>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    jti: Option<String>,
    #[serde(default)]
    events: Option<Map<String, Value>>,
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Audience::deserialize(from)? {
        Audience::One(one) => vec![one],
        Audience::Many(many) => many,
    })
}

/// A time, which may have a fraction.
#[expect(clippy::cast_possible_truncation, reason = "it is cut to what fits")]
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.map(|seconds| seconds.floor() as i64))
}

/// Of whom a token is expected, and for whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'e> {
    pub issuer: &'e str,
    pub audience: &'e str,
}

/// Whose session ends, as a logout token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogoutClaims {
    pub sub: Option<String>,
    pub sid: Option<String>,
    pub jti: String,
    /// Until when it has to be remembered.
    pub expires_at: DateTime<Utc>,
}

impl Claims {
    /// Who it is about.
    pub(super) fn subject(&self) -> Result<&str, TokenError> {
        let subject = self.sub.as_deref().filter(|subject| !subject.is_empty()).ok_or(TokenError::Missing("sub"))?;
        if subject.len() > LONGEST_ID { Err(TokenError::Wrong("sub")) } else { Ok(subject) }
    }

    /// The session at the provider.
    pub(super) fn session(&self) -> Option<&str> {
        self.sid.as_deref().filter(|sid| !sid.is_empty() && sid.len() <= LONGEST_ID)
    }

    /// From when it is refused.
    pub(super) fn expires_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.exp?.saturating_add(SKEW), 0)
    }

    /// Whether an audience is among those that it is for.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        self.aud.iter().any(|own| own == audience)
    }

    /// Checks an ID token (OpenID Connect Core 1.0, section 3.1.3.7). One that came with a refresh repeats the nonce or has
    /// none (section 12.2).
    pub(super) fn check_identity(
        &self,
        expected: Expected<'_>,
        nonce: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), TokenError> {
        self.check(expected, now)?;
        self.iat.ok_or(TokenError::Missing("iat"))?;
        if self.events.is_some() {
            return Err(TokenError::OtherKind("events"));
        }
        if self.aud.len() > 1 && self.azp.is_none() {
            return Err(TokenError::Missing("azp"));
        }
        if self.azp.as_deref().is_some_and(|party| party != expected.audience) {
            return Err(TokenError::Wrong("azp"));
        }
        match (nonce, self.nonce.as_deref()) {
            (Some(_), None) => Err(TokenError::Missing("nonce")),
            (Some(expected), Some(found)) if found != expected => Err(TokenError::Wrong("nonce")),
            _ => self.subject().map(drop),
        }
    }

    /// Checks an access token for the API. `is_typed` if its header says that it is one (`at+jwt`, RFC 9068, section 2.1).
    /// Without that a claim has to say it, since the same keys sign ID tokens: `typ` of Keycloak, or one of
    /// [`ACCESS_CLAIMS`]. `auth_time` says nothing: both kinds may have it.
    pub(super) fn check_access(
        &self,
        expected: Expected<'_>,
        is_typed: bool,
        now: DateTime<Utc>,
    ) -> Result<(), TokenError> {
        self.check(expected, now)?;
        for other in ["at_hash", "c_hash", "s_hash"] {
            if self.others.contains_key(other) {
                return Err(TokenError::OtherKind(other));
            }
        }
        if self.events.is_some() {
            return Err(TokenError::OtherKind("events"));
        }
        let kind = self.others.get("typ");
        if kind.is_some_and(|kind| kind != "Bearer") {
            return Err(TokenError::Wrong("typ"));
        }
        if !is_typed && kind.is_none() {
            if self.nonce.is_some() {
                return Err(TokenError::OtherKind("nonce"));
            }
            let has = |name: &&str| self.others.get(*name).is_some_and(|value| !value.is_null());
            if !ACCESS_CLAIMS.iter().any(has) {
                return Err(TokenError::NotForAccess);
            }
        }
        self.subject().map(drop)
    }

    /// Checks a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).
    pub(super) fn check_logout(&self, expected: Expected<'_>, now: DateTime<Utc>) -> Result<LogoutClaims, TokenError> {
        self.check_parties(expected)?;
        self.check_times(now)?;
        let last = self.iat.ok_or(TokenError::Missing("iat"))?.saturating_add(LOGOUT_AGE + SKEW);
        if last <= now.timestamp() {
            return Err(TokenError::Expired);
        }
        if self.nonce.is_some() {
            return Err(TokenError::OtherKind("nonce"));
        }
        let events = self.events.as_ref().ok_or(TokenError::Missing("events"))?;
        if !events.get(LOGOUT).is_some_and(Value::is_object) {
            return Err(TokenError::Wrong("events"));
        }
        let jti = self.jti.clone().filter(|jti| !jti.is_empty()).ok_or(TokenError::Missing("jti"))?;
        if jti.len() > LONGEST_ID {
            return Err(TokenError::Wrong("jti"));
        }
        let sub = self.sub.as_ref().map(|_| self.subject().map(str::to_owned)).transpose()?;
        let sid = self.session().map(str::to_owned);
        if sub.is_none() && sid.is_none() {
            return Err(TokenError::Missing("sub"));
        }
        // later it is refused for its age
        let expires_at = DateTime::from_timestamp(last, 0).ok_or(TokenError::Wrong("iat"))?;
        Ok(LogoutClaims { sub, sid, jti, expires_at })
    }

    /// What all but logout tokens have.
    fn check(&self, expected: Expected<'_>, now: DateTime<Utc>) -> Result<(), TokenError> {
        self.check_parties(expected)?;
        self.exp.ok_or(TokenError::Missing("exp"))?;
        self.check_times(now)
    }

    fn check_parties(&self, expected: Expected<'_>) -> Result<(), TokenError> {
        if self.iss != expected.issuer {
            return Err(TokenError::Wrong("iss"));
        }
        if self.is_for(expected.audience) { Ok(()) } else { Err(TokenError::Wrong("aud")) }
    }

    fn check_times(&self, now: DateTime<Utc>) -> Result<(), TokenError> {
        let now = now.timestamp();
        if self.exp.is_some_and(|end| end.saturating_add(SKEW) <= now) {
            return Err(TokenError::Expired);
        }
        let begins = [self.nbf, self.iat].into_iter().flatten().max();
        if begins.is_some_and(|begin| begin > now + SKEW) { Err(TokenError::NotYetValid) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
