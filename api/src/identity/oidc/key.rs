//! A public key (RFC 7517, RFC 7518, RFC 8037), and whether it has signed something.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;

/// An algorithm by which tokens may be signed: none whose key both sides know, and not `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Es256,
    Es384,
    EdDsa,
}

impl Algorithm {
    /// The algorithm of a name, if tokens that it signs are accepted.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" => Self::EdDsa,
            _ => return None,
        })
    }

    /// How it verifies with a key of RSA. ring refuses those of fewer than 2048 bits.
    fn of_rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Es256 | Self::Es384 | Self::EdDsa => None,
        }
    }
}

/// A key as a set of keys has it (a JWK), as far as it is read.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// A key that may have signed tokens.
#[derive(Debug)]
pub(super) struct PublicKey {
    /// By which tokens name it.
    pub id: Option<String>,
    /// The only algorithm that it is for, if the issuer states one.
    only: Option<Algorithm>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point of a curve, and the algorithm that the curve is for.
    Curve {
        point: Vec<u8>,
        algorithm: Algorithm,
    },
}

impl PublicKey {
    /// Reads a key; `None` if it signs nothing that is accepted.
    pub(super) fn read(value: serde_json::Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let only = match &jwk.alg {
            Some(name) => Some(Algorithm::of_name(name)?),
            None => None,
        };
        let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?.trim_end_matches('=')).ok();
        // RFC 5480, section 2.2: an uncompressed point
        let point = || Some([&[4][..], &bytes(&jwk.x)?, &bytes(&jwk.y)?].concat());
        let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { n: bytes(&jwk.n)?, e: bytes(&jwk.e)? },
            ("EC", Some("P-256")) => Material::Curve { point: point()?, algorithm: Algorithm::Es256 },
            ("EC", Some("P-384")) => Material::Curve { point: point()?, algorithm: Algorithm::Es384 },
            ("OKP", Some("Ed25519")) => Material::Curve { point: bytes(&jwk.x)?, algorithm: Algorithm::EdDsa },
            _ => return None,
        };
        let key = Self { id: jwk.kid, only, material };
        // one that is for an algorithm of another kind of key is for none
        let is_usable = only.is_none_or(|only| key.is_for(only));
        is_usable.then_some(key)
    }

    /// Whether it may have signed by an algorithm.
    pub(super) fn is_for(&self, algorithm: Algorithm) -> bool {
        let fits = match &self.material {
            Material::Rsa { .. } => algorithm.of_rsa().is_some(),
            Material::Curve { algorithm: own, .. } => *own == algorithm,
        };
        fits && self.only.is_none_or(|only| only == algorithm)
    }

    /// Whether it has signed a message by an algorithm.
    pub(super) fn has_signed(&self, algorithm: Algorithm, message: &[u8], signed: &[u8]) -> bool {
        if !self.is_for(algorithm) {
            return false;
        }
        match (&self.material, algorithm.of_rsa()) {
            (Material::Rsa { n, e }, Some(parameters)) => {
                // ring takes numbers without zeros before them
                let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
                RsaPublicKeyComponents { n: number(n), e: number(e) }.verify(parameters, message, signed).is_ok()
            }
            (Material::Curve { point, .. }, None) => {
                let verifier: &'static dyn VerificationAlgorithm = match algorithm {
                    Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
                    _ => &signature::ED25519,
                };
                UnparsedPublicKey::new(verifier, point).verify(message, signed).is_ok()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of RFC 7515, appendix A.2.
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2\
                     lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEM\
                     a2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PA\
                     cDTW9gb54h4FRWyuXpoQ";
    const MESSAGE: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9\
                           pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju\
                             jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07\
                             Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipU\
                             TI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    #[test]
    fn the_example_of_the_standard_is_verified_and_no_other_message_or_algorithm() {
        let key = PublicKey::read(json!({ "kty": "RSA", "n": N, "e": "AQAB" })).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap();
        assert!(key.has_signed(Algorithm::Rs256, MESSAGE.as_bytes(), &signature));
        assert!(!key.has_signed(Algorithm::Rs256, b"another", &signature));
        for other in ["RS384", "RS512", "PS256", "ES256", "EdDSA"] {
            let other = Algorithm::of_name(other).unwrap();
            assert!(!key.has_signed(other, MESSAGE.as_bytes(), &signature), "{other:?}");
        }
        let only = PublicKey::read(json!({ "kty": "RSA", "n": N, "e": "AQAB", "alg": "RS512" })).unwrap();
        assert!(!only.has_signed(Algorithm::Rs256, MESSAGE.as_bytes(), &signature), "it is for another algorithm");
    }

    #[test]
    fn a_key_of_a_wrong_form_signs_nothing() {
        let (x, short) = ("A".repeat(43), "AAAA");
        for (key, algorithm) in [
            (json!({ "kty": "OKP", "crv": "Ed25519", "x": short }), Algorithm::EdDsa),
            (json!({ "kty": "OKP", "crv": "Ed25519", "x": "" }), Algorithm::EdDsa),
            (json!({ "kty": "EC", "crv": "P-256", "x": short, "y": x }), Algorithm::Es256),
            (json!({ "kty": "EC", "crv": "P-256", "x": x, "y": x }), Algorithm::Es256),
            (json!({ "kty": "RSA", "n": "", "e": "" }), Algorithm::Rs256),
            (json!({ "kty": "RSA", "n": &N[..172], "e": "AQAB" }), Algorithm::Rs256),
        ] {
            let read = PublicKey::read(key.clone()).unwrap();
            assert!(read.is_for(algorithm) && !read.has_signed(algorithm, b"", &[0; 64]), "{key}");
        }
    }
}
