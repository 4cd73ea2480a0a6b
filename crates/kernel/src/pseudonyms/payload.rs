//! Finds identifiers in the payload of an event: in the texts of JSON, and leaves all other bytes as they are.

use serde::de::IgnoredAny;

use super::known::Known;
use super::{branch, scan};

/// What fields are called that hold a user, or a name of one.
const USER_FIELDS: [&str; 18] = [
    "login",
    "user",
    "author",
    "committer",
    "assignee",
    "reviewer",
    "reporter",
    "sender",
    "pusher",
    "owner",
    "actor",
    "creator",
    "nick",
    "accountid",
    "approver",
    "requester",
    "member",
    "participant",
];

/// The payload with the identifiers in it replaced; `None` if it has none.
pub(super) fn replaced(known: &Known, data: &[u8], about: &[&str]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(data).ok()?;
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return scan::replaced(known, text).map(String::into_bytes);
    }
    let lower = text.to_ascii_lowercase();
    let is_about = |host: &str| lower.contains(host) || about.iter().any(|about| about.contains(host));
    let hosts: Vec<&str> = known.hosts.iter().map(String::as_str).filter(|host| is_about(host)).collect();
    Json { known, hosts, text }.replaced().map(String::into_bytes)
}

/// The texts of a document of JSON, in turn.
struct Json<'a> {
    known: &'a Known,
    /// Those whose logins stand in it.
    hosts: Vec<&'a str>,
    text: &'a str,
}

impl Json<'_> {
    fn replaced(&self) -> Option<String> {
        let mut replaced: Option<String> = None;
        let (mut at, mut copied) = (0, 0);
        // the field that each object and array is in, and the last field
        let (mut parents, mut field) = (Vec::new(), "");
        while let Some((position, letter)) = self.next(at) {
            at = position + 1;
            match letter {
                b'{' | b'[' => parents.push(field),
                b'}' | b']' => field = parents.pop().unwrap_or_default(),
                _ => {
                    let end = self.end_of_text(position)?;
                    let literal = self.text.get(position..end)?;
                    let is_field = self.text.get(end..)?.trim_start().starts_with(':');
                    if is_field {
                        field = literal.trim_matches('"');
                    }
                    let fields = (!is_field).then_some((field, parents.last().copied().unwrap_or_default()));
                    if let Some(pseudonym) = self.pseudonym(literal, fields) {
                        let so_far = replaced.get_or_insert_default();
                        so_far.push_str(self.text.get(copied..position)?);
                        so_far.push_str(&serde_json::to_string(&pseudonym).ok()?);
                        copied = end;
                    }
                    at = end;
                }
            }
        }
        let mut replaced = replaced?;
        replaced.push_str(self.text.get(copied..)?);
        Some(replaced)
    }

    /// The next byte that begins a text, or begins or ends an object or an array.
    fn next(&self, at: usize) -> Option<(usize, u8)> {
        let bytes = self.text.as_bytes().get(at..)?;
        let found = bytes.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
        Some((at + found, *bytes.get(found)?))
    }

    /// Where the text ends that begins at a quote.
    fn end_of_text(&self, begin: usize) -> Option<usize> {
        let mut escaped = false;
        for (at, byte) in self.text.as_bytes().iter().enumerate().skip(begin + 1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => return Some(at + 1),
                _ => {}
            }
        }
        None
    }

    /// What takes the place of a text, given as it is written. `fields` are the one that holds it and the one above;
    /// none for the name of a field.
    fn pseudonym(&self, literal: &str, fields: Option<(&str, &str)>) -> Option<String> {
        let text: String = serde_json::from_str(literal).ok()?;
        if let Some((field, above)) = fields {
            if holds_branch(field)
                && let Some(replaced) = branch::replaced(self.known, &text)
            {
                return Some(replaced);
            }
            let is_user = holds_user(field) || (is_name(field) && holds_user(above));
            let login = self.hosts.iter().filter(|_| is_user).find_map(|host| self.known.login(host, &text));
            if let Some(whole) = login.or_else(|| self.known.name(&text)) {
                return Some(whole);
            }
        }
        scan::replaced(self.known, &text)
    }
}

/// The name of a field in lower case, of letters and digits only.
fn plain(field: &str) -> String {
    field.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Whether a field holds the name of a branch.
pub(super) fn holds_branch(field: &str) -> bool {
    branch::is_held_by(&plain(field))
}

fn holds_user(field: &str) -> bool {
    let field = plain(field);
    USER_FIELDS.iter().any(|word| field.contains(word))
}

fn is_name(field: &str) -> bool {
    matches!(plain(field).as_str(), "name" | "displayname" | "key" | "id" | "summary")
}
