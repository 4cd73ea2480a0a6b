//! The ids of Metabase's serialized files. They follow from names, so that files written twice are the same, and a file
//! read twice changes the same object.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_names_and_have_the_form_that_metabase_takes() {
        let id = entity_id("a");
        assert_eq!(id.len(), 21);
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'), "{id}");
        assert_eq!(entity_id("a"), id);
        assert_ne!(entity_id("b"), id);
    }
}
