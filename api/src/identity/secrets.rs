//! Random secrets: cookies, API tokens, links and ids. What is kept of a secret is its hash.

use sha2::{Digest, Sha256};
use store::identity::SecretHash;

/// What an API token begins with, so that it is recognized where it should not be.
const TOKEN: &str = "sei_";
/// Characters of a secret: with 62 of them 256 bits and a little more.
const SECRET_CHARS: usize = 43;
/// Characters of an id: 119 bits.
const ID_CHARS: usize = 20;
/// Characters of the checksum of a token.
const CHECKSUM_CHARS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The system has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("the system's source of randomness can't be read: {0}")]
pub struct NoRandomness(getrandom::Error);

/// The hash that a secret is known by.
#[must_use]
pub fn hash(secret: &str) -> SecretHash {
    Sha256::digest(secret).into()
}

/// A new secret: of a cookie, a link or a header.
pub fn secret() -> Result<String, NoRandomness> {
    random(SECRET_CHARS)
}

/// A new id.
pub fn id() -> Result<String, NoRandomness> {
    random(ID_CHARS)
}

/// A new API token: `sei_`, 256 random bits, and a checksum.
pub fn token() -> Result<String, NoRandomness> {
    let mut text = format!("{TOKEN}{}", random(SECRET_CHARS)?);
    text.extend(checksum(&text));
    Ok(text)
}

/// Whether a text is an API token by its checksum. Of most others the database needs not be asked.
#[must_use]
pub fn is_token(text: &str) -> bool {
    let parts = text.split_at_checked(TOKEN.len() + SECRET_CHARS).filter(|_| may_be_token(text));
    parts.is_some_and(|(begin, end)| end.chars().eq(checksum(begin)))
}

/// Whether a text is as long as an API token and begins as one. Only such a text can be one that is known.
pub(super) fn may_be_token(text: &str) -> bool {
    text.len() == TOKEN.len() + SECRET_CHARS + CHECKSUM_CHARS && text.starts_with(TOKEN)
}

/// Whether a text is meant as an API token, however wrong it is.
pub(super) fn is_meant_as_token(text: &str) -> bool {
    text.starts_with(TOKEN)
}

fn checksum(text: &str) -> impl Iterator<Item = char> + use<> {
    hash(text).into_iter().take(CHECKSUM_CHARS).map(|byte| char_of(byte % 62))
}

fn char_of(number: u8) -> char {
    ALPHABET.get(usize::from(number)).map_or('0', |byte| char::from(*byte))
}

/// Random letters and digits, each as likely as the others.
fn random(chars: usize) -> Result<String, NoRandomness> {
    let mut text = String::with_capacity(chars);
    while text.len() < chars {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).map_err(NoRandomness)?;
        // six bits of each byte; the two numbers that have no character are drawn again
        let numbers = bytes.iter().map(|byte| byte & 63).filter(|number| *number < 62);
        text.extend(numbers.take(chars - text.len()).map(char_of));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_random_bits_and_a_checksum_that_finds_typing_errors() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert!(is_token(&one) && is_token(&other) && one != other, "{one} {other}");
        assert!(62_f64.powi(i32::try_from(SECRET_CHARS).unwrap()).log2() >= 256.0);
        let typed = one.replacen(&one[10..11], if &one[10..11] == "x" { "y" } else { "x" }, 1);
        for bad in ["", "sei_", &typed, &one[..one.len() - 1], &format!("{one}0"), &one.replace("sei_", "SEI_"), "é"] {
            assert!(!is_token(bad), "{bad}");
        }
        assert!(may_be_token(&one) && may_be_token(&typed) && !may_be_token("sei_"));
    }

    #[test]
    fn secrets_are_as_long_as_they_should_be_and_differ() {
        let made: std::collections::BTreeSet<String> = (0..100).map(|_| secret().unwrap()).collect();
        assert!(made.len() == 100 && made.iter().all(|secret| secret.len() == SECRET_CHARS));
        assert_eq!(id().unwrap().len(), ID_CHARS);
        assert_eq!(hex::encode(hash("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
