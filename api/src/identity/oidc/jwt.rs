//! A JWT as it comes (RFC 7519), and what it claims once its signature is verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::plain_json;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::claims::Claims;
use super::key::{Algorithm, PublicKey};
use super::token_error::TokenError;

/// The longest token, in bytes.
const LONGEST: usize = 16 * 1024;

/// A token that no one has verified.
pub(super) struct Unverified<'t> {
    /// Header and claims, as they were signed.
    signed: &'t str,
    claims: &'t str,
    signature: &'t str,
    header: Header,
    /// By which it says that it was signed: one of those that are accepted.
    pub algorithm: Algorithm,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

impl<'t> Unverified<'t> {
    /// Reads the header of a token.
    pub(super) fn read(token: &'t str) -> Result<Self, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if claims.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header: Header = decoded(header)?;
        let algorithm = Algorithm::of_name(&header.alg).ok_or(TokenError::Algorithm)?;
        // RFC 7515, section 4.1.11: what must be understood and is not
        if header.crit.is_some() {
            return Err(TokenError::OtherKind("crit"));
        }
        Ok(Self { signed, claims, signature, header, algorithm })
    }

    /// The key that it names.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Its type, in lower case and without `application/`.
    pub(super) fn kind(&self) -> Option<String> {
        let kind = self.header.typ.as_ref()?.to_ascii_lowercase();
        Some(kind.strip_prefix("application/").unwrap_or(&kind).to_owned())
    }

    /// The issuer that it names, which says no more than whose keys to try.
    pub(super) fn named_issuer(&self) -> Result<String, TokenError> {
        #[derive(Deserialize)]
        struct Issuer {
            iss: String,
        }
        Ok(decoded::<Issuer>(self.claims)?.iss)
    }

    /// What it claims, if this key has signed it.
    pub(super) fn verify(&self, key: &PublicKey) -> Result<Claims, TokenError> {
        let signature = URL_SAFE_NO_PAD.decode(self.signature).map_err(|_| TokenError::Malformed)?;
        if key.has_signed(self.algorithm, self.signed.as_bytes(), &signature) {
            decoded(self.claims)
        } else {
            Err(TokenError::Signature)
        }
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    serde_json::from_str(plain_json(&bytes).ok_or(TokenError::Malformed)?).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(r#"{"iss":"https://a.example"}"#))
    }

    fn refused(token: &str) -> Option<TokenError> {
        Unverified::read(token).err()
    }

    #[test]
    fn only_signatures_by_keys_of_pairs_are_accepted() {
        for bad in ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "PS512", "ES512", "rs256"] {
            assert_eq!(refused(&token(&format!(r#"{{"alg":"{bad}"}}"#))), Some(TokenError::Algorithm), "{bad}");
        }
        for good in super::super::token_error::ACCEPTED.split(", ") {
            assert_eq!(refused(&token(&format!(r#"{{"alg":"{good}"}}"#))), None, "{good}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let whole = token(r#"{"alg":"ES256","typ":"application/AT+jwt","kid":"a"}"#);
        let read = Unverified::read(&whole).unwrap();
        assert_eq!((read.key_id(), read.kind().as_deref()), (Some("a"), Some("at+jwt")));
        assert_eq!(read.named_issuer().unwrap(), "https://a.example");
        let long = format!("{whole}{}", "A".repeat(LONGEST));
        for bad in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d.e", &whole[1..], &long] {
            assert_eq!(refused(bad), Some(TokenError::Malformed), "{bad}");
        }
        assert_eq!(refused(&token(r#"{"alg":"ES256","crit":["b64"]}"#)), Some(TokenError::OtherKind("crit")));
        let nested = token(r#"{"alg":"ES256","crit":{"$serde_json::private::RawValue":"[]"}}"#);
        assert_eq!(refused(&nested), Some(TokenError::Malformed));
    }
}
