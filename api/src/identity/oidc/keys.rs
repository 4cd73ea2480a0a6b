//! The public keys that a provider publishes (RFC 7517).

use kernel::plain_json;
use serde::Deserialize;
use serde_json::Value;

use super::claims::Claims;
use super::jwt::Unverified;
use super::key::PublicKey;
use super::token_error::TokenError;

/// The most keys that are read.
const MOST: usize = 100;

/// Those keys, as far as tokens that they sign are accepted.
#[derive(Debug)]
pub(super) struct Keys(Vec<PublicKey>);

impl Keys {
    /// Reads a set of keys. Those of other kinds are left out; says in words if it is not a set of keys.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let text = plain_json(body).ok_or("its keys can't be read")?;
        let set: Set = serde_json::from_str(text).map_err(|error| format!("its keys can't be read: {error}"))?;
        Ok(Self(set.keys.into_iter().take(MOST).filter_map(PublicKey::read).collect()))
    }

    /// What a token claims, if one of the keys has signed it. A token that names no key is verified with the only one that
    /// its algorithm fits.
    pub(super) fn verify(&self, token: &Unverified<'_>) -> Result<Claims, TokenError> {
        let mut fitting = self.0.iter().filter(|key| key.is_for(token.algorithm));
        let key = match token.key_id() {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        };
        token.verify(key.ok_or(TokenError::UnknownKey)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_sign_nothing_acceptable_are_left_out() {
        let (x, n) = ("A".repeat(43), "A".repeat(342));
        let set = json!({ "keys": [
            { "kty": "EC", "crv": "P-256", "x": x, "y": x, "kid": "ec", "use": "sig", "alg": "ES256" },
            { "kty": "RSA", "n": n, "e": "AQAB", "kid": "rsa" },
            { "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "ed" },
            { "kty": "RSA", "n": n, "e": "AQAB", "kid": "encrypts", "use": "enc", "alg": "RSA-OAEP" },
            { "kty": "oct", "k": x, "kid": "shared", "alg": "HS256" },
            { "kty": "EC", "crv": "P-521", "x": x, "y": x },
            { "kty": "EC", "crv": "P-256", "x": x, "y": x, "alg": "ES384" },
            { "kty": "new", "q": 1 },
            7,
        ] });
        let keys = Keys::read(set.to_string().as_bytes()).unwrap();
        let ids: Vec<_> = keys.0.iter().map(|key| key.id.as_deref().unwrap_or_default()).collect();
        assert_eq!(ids, ["ec", "rsa", "ed"]);
        let nested = r#"{"keys": [{"$serde_json::private::RawValue": "[]"}]}"#;
        for bad in ["{}", "[]", "{\"keys\": 1}", "<html>", nested] {
            assert!(Keys::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
