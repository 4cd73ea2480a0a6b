//! Tokens of a provider at rest: encrypted by a key that is made from the cookie of the session. The database holds the
//! hash of the cookie only, so what is stored can be read only while the browser of the session asks.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};

/// What the key is for.
const PURPOSE: &[u8] = b"sei login tokens";

fn key(cookie: &str) -> Option<LessSafeKey> {
    let secret = Salt::new(HKDF_SHA256, &[]).extract(cookie.as_bytes());
    let key = UnboundKey::from(secret.expand(&[PURPOSE], &AES_256_GCM).ok()?);
    Some(LessSafeKey::new(key))
}

/// Encrypts; the nonce, which is random, comes before the rest. `None` without randomness.
pub(super) fn seal(cookie: &str, plain: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    let mut sealed = plain.to_vec();
    key(cookie)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
    Some([&nonce[..], &sealed].concat())
}

/// Decrypts what was encrypted for the same cookie.
pub(super) fn open(cookie: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut plain = sealed.to_vec();
    let length = key(cookie)?.open_in_place(nonce, Aad::empty(), &mut plain).ok()?.len();
    plain.truncate(length);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cookie_opens_what_was_sealed_for_it() {
        let (one, two) = (seal("cookie", b"secret").unwrap(), seal("cookie", b"secret").unwrap());
        assert_ne!(one, two);
        assert!(!one.windows(6).any(|part| part == b"secret"));
        assert_eq!(open("cookie", &one).as_deref(), Some(&b"secret"[..]));
        assert_eq!(open("another", &one), None);
        let mut changed = one;
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(open("cookie", &changed), None);
        assert_eq!(open("cookie", &[]), None);
        assert_eq!(open("cookie", &[0; NONCE_LEN]), None);
    }
}
