//! Ids that follow from names, so that files written twice are the same, and a file read twice changes the same object.

use sha2::{Digest, Sha256};

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
    fn a_uuid_follows_from_its_name_and_is_one_of_version_8() {
        let id = uuid("a");
        assert_eq!((uuid("a"), id.len()), (id.clone(), 36));
        assert_ne!(uuid("b"), id);
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(id.split('-').nth(2).unwrap().starts_with('8'), "{id}");
        let variant = id.split('-').nth(3).unwrap();
        assert!(variant.starts_with(['8', '9', 'a', 'b']), "{id}");
    }
}
