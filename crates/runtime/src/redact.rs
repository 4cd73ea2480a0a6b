//! What may be shown of a URL: not the password or token before its host, nor the values of its query.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::{Captures, Regex};

/// The text with each URL in it as it may be shown: `https://…@host/path?token=…`.
///
/// Everything of a user's name and password, and each value of a query goes, whatever its name: which of them
/// are secrets, only the server knows that they are for.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    static URL: OnceLock<Option<Regex>> = OnceLock::new();
    static QUERY_VALUE: OnceLock<Option<Regex>> = OnceLock::new();
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let url = URL.get_or_init(|| {
        Regex::new(r#"(?i)\b([a-z][a-z0-9+.-]*://)([^\s/?#"'`<>\\]*@)?([^\s?#"'`<>\\]*)(\?[^\s#"'`<>\\]*)?"#).ok()
    });
    let value = QUERY_VALUE.get_or_init(|| Regex::new("=[^&;)]*").ok());
    let (Some(url), Some(value)) = (url, value) else { return Cow::Borrowed("") };
    url.replace_all(text, |found: &Captures<'_>| {
        let part = |nth: usize| found.get(nth).map_or("", |part| part.as_str());
        // the user of ssh is part of the address; it takes no password from there
        let user = match part(2) {
            "" => "",
            user if part(1).eq_ignore_ascii_case("ssh://") && !user.contains(':') => user,
            _ => "…@",
        };
        let query = part(4);
        let query = match query.strip_prefix('?') {
            Some(rest) if !rest.is_empty() && !rest.contains('=') => Cow::Borrowed("?…"),
            _ => value.replace_all(query, "=…"),
        };
        format!("{}{user}{}{query}", part(1), part(3))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_user_password_and_values_of_its_query() {
        for (text, expected) in [
            ("no address here: a=b@c", "no address here: a=b@c"),
            ("https://h.example/a/b", "https://h.example/a/b"),
            ("https://ann:s3cret@h.example/a", "https://…@h.example/a"),
            ("https://ghp_s3cret@h.example/a", "https://…@h.example/a"),
            ("postgres://sei:p%40ss@db:5432/sei?sslmode=require", "postgres://…@db:5432/sei?sslmode=…"),
            (
                "error sending request for url (https://h/x?private_token=s3cret&page=2)",
                "error sending request for url (https://h/x?private_token=…&page=…)",
            ),
            ("`https://h/?s3cret`", "`https://h/?…`"),
            ("HTTPS://a@h/x#f then https://b:c@h2?t=1", "HTTPS://…@h/x#f then https://…@h2?t=…"),
            ("ssh://git@github.com/o/r.git", "ssh://git@github.com/o/r.git"),
            ("ssh://git:s3cret@github.com/o/r.git", "ssh://…@github.com/o/r.git"),
            ("https://user:p@ss@h.example/x", "https://…@h.example/x"),
        ] {
            assert_eq!(redact(text), expected, "{text}");
        }
    }
}
