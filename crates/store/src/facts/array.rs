//! Arrays as PostgreSQL reads them from text.

use kernel::Sha;

/// Object ids as the text of an array of `bytea`.
pub(super) fn sha_array(shas: &[Sha]) -> String {
    let mut text = String::with_capacity(shas.len() * 48 + 2);
    text.push('{');
    for sha in shas {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str("\"\\\\x");
        for byte in sha.as_bytes() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text.push('"');
    }
    text.push('}');
    text
}

/// Texts as the text of an array of `text`.
pub(super) fn text_array<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut array = String::from("{");
    for text in texts {
        if array.len() > 1 {
            array.push(',');
        }
        array.push('"');
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                array.push('\\');
            }
            array.push(character);
        }
        array.push('"');
    }
    array.push('}');
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_written_so_that_postgresql_reads_them_back() {
        assert_eq!(text_array([]), "{}");
        assert_eq!(text_array(["a", "", "NULL", "\"\\,{}"]), r#"{"a","","NULL","\"\\,{}"}"#);
        assert_eq!(sha_array(&[]), "{}");
        let sha = Sha::from_bytes(&[0xab; 20]).unwrap();
        assert_eq!(sha_array(&[sha, sha]), format!(r#"{{"\\x{sha}","\\x{sha}"}}"#));
    }
}
