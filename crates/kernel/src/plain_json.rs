//! Which JSON may be read into a `serde_json::Value`.
//!
//! `serde_json` keeps some keys to itself. Where a `Value` is read, the text behind one of them is read as JSON once
//! more, with a new limit of depth: a small document from outside could so nest without a limit, and exhaust the stack,
//! which ends the process.

use serde::Deserialize;

/// What the keys that `serde_json` keeps to itself begin with.
const PRIVATE: &str = "$serde_json::private::";

/// Whether `serde_json` keeps a key to itself.
#[must_use]
pub fn is_private_key(key: &str) -> bool {
    key.starts_with(PRIVATE)
}

/// Whether no text of a JSON document could be a key that `serde_json` keeps to itself.
#[must_use]
pub fn is_plain_json(document: &str) -> bool {
    // the ways in which JSON can write the first sign
    ["\"$", "\"\\u0024"].iter().all(|begin| document.match_indices(begin).all(|(at, _)| !is_private_at(document, at)))
}

/// The text of a document that may be read: UTF-8, and plain. Whether it is JSON, reading it says.
#[must_use]
pub fn plain_json(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| is_plain_json(text))
}

/// Whether a text that is private begins at this quotation mark.
fn is_private_at(document: &str, at: usize) -> bool {
    let Some((before, from)) = document.split_at_checked(at) else { return false };
    let is_escaped = before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    !is_escaped
        && String::deserialize(&mut serde_json::Deserializer::from_str(from)).is_ok_and(|text| is_private_key(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_serde_json_keeps_to_itself_is_found_however_it_is_written() {
        for document in [
            r#"{"$serde_json::private::RawValue":"1"}"#,
            r#"[{"a":{"\u0024serde_json::private::RawValue":"1"}}]"#,
            r#"{"$\u0073erde_json::private::RawValue":"1"}"#,
            r#"{"a":"\\","$serde_json::private::Number":"1"}"#,
        ] {
            assert!(!is_plain_json(document), "{document}");
        }
        for document in [
            "",
            r##"{"$":"$","$ref":"#/$defs/a","price":"7 $","a":"\u0024b"}"##,
            r#"{"message":"do not read {\"$serde_json::private::RawValue\":\"1\"}"}"#,
            r#"{"$serde_json::private"#,
        ] {
            assert!(is_plain_json(document), "{document}");
        }
    }

    #[test]
    fn bytes_are_read_if_they_are_a_text_that_is_plain() {
        assert_eq!(plain_json(br#"{"a":1}"#), Some(r#"{"a":1}"#));
        for bytes in [&b"\"\xff\""[..], br#"{"$serde_json::private::RawValue":"[]"}"#] {
            assert_eq!(plain_json(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_plain_does_not_nest_in_texts() {
        // were it plain, each text could hold a whole document more
        let document = r#"{"$serde_json::private::RawValue":"{\"$serde_json::private::RawValue\":\"[1]\"}"}"#;
        let read: serde_json::Value = serde_json::from_str(document).unwrap();
        assert!(read == serde_json::json!([1]) && !is_plain_json(document), "{read}");
    }
}
