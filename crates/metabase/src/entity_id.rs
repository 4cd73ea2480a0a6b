//! The ids that do not depend on a server: those of Metabase's serialized files, and those of parameters. They follow
//! from names, so that files written twice are the same, and a file read twice changes the same object.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The number of characters of an `entity_id`.
const CHARS: usize = 21;

/// The `entity_id` of a name: 21 characters of letters, digits, `_` and `-`.
#[must_use]
pub fn entity_id(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(name)).chars().take(CHARS).collect()
}

/// The UUID of a name.
#[must_use]
pub fn uuid(name: &str) -> String {
    let digest = Sha256::digest(name);
    // version 8, of one's own making, and the variant of RFC 9562
    let digits: Vec<String> = digest
        .iter()
        .take(16)
        .enumerate()
        .map(|(index, byte)| match index {
            6 => format!("{:02x}", (byte & 0x0f) | 0x80),
            8 => format!("{:02x}", (byte & 0x3f) | 0x80),
            _ => format!("{byte:02x}"),
        })
        .collect();
    let mut text = digits.concat();
    for position in [20, 16, 12, 8] {
        text.insert(position, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_names_and_have_the_form_that_metabase_takes() {
        let (id, uuid_of_a) = (entity_id("a"), uuid("a"));
        assert_eq!((id.len(), uuid_of_a.len()), (21, 36));
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'), "{id}");
        assert_eq!((entity_id("a"), uuid("a")), (id.clone(), uuid_of_a.clone()));
        assert_ne!(entity_id("b"), id);
        let parts: Vec<usize> = uuid_of_a.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(uuid_of_a.split('-').nth(2).unwrap().starts_with('8'), "{uuid_of_a}");
    }
}
