//! What PostgreSQL keeps of a password: computed here, so that the password itself is in no statement and no log of the
//! server (RFC 5803).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use kernel::Secret;
use sha2::{Digest, Sha256};

const ITERATIONS: u32 = 4_096;

fn mac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32], InvalidLength> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

/// PBKDF2 with HMAC-SHA-256, for one block.
fn salted(password: &[u8], salt: &[u8]) -> Result<[u8; 32], InvalidLength> {
    let mut last = mac(password, &[salt, &1_u32.to_be_bytes()])?;
    let mut sum = last;
    for _ in 1..ITERATIONS {
        last = mac(password, &[&last])?;
        for (sum, last) in sum.iter_mut().zip(last) {
            *sum ^= last;
        }
    }
    Ok(sum)
}

/// The verifier of a password of printable ASCII.
pub(super) fn verifier(password: &Secret, salt: &[u8]) -> Result<String, InvalidLength> {
    let salted = salted(password.expose(), salt)?;
    let stored = Sha256::digest(mac(&salted, &[b"Client Key"])?);
    let server = mac(&salted, &[b"Server Key"])?;
    let [salt, stored, server] = [salt, stored.as_slice(), &server].map(|bytes| STANDARD.encode(bytes));
    Ok(format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_that_of_the_example_of_rfc_7677() {
        // user `user`, password `pencil`: the server's signature there follows from this key
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = verifier(&Secret::new(b"pencil".to_vec()).unwrap(), &salt).unwrap();
        let keys = verifier.strip_prefix("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$").unwrap();
        let (_, server) = keys.split_once(':').unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                       s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,\
                       r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = mac(&STANDARD.decode(server).unwrap(), &[message.as_bytes()]).unwrap();
        assert_eq!(STANDARD.encode(signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }
}
