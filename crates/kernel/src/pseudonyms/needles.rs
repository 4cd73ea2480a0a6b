//! What a text must contain to name a person: a cheap test for what need not be searched with care.

use std::collections::BTreeSet;

use super::{Identifier, IdentifierKind};

/// The needles of a person's identifiers.
#[derive(Clone, Debug)]
pub struct Needles {
    /// Of which a text or a payload has at least one, in lower case.
    words: BTreeSet<String>,
    /// The same for SQL's `like`, more exactly.
    patterns: BTreeSet<String>,
}

impl Needles {
    /// Those of these identifiers.
    #[must_use]
    pub fn of<'a>(identifiers: impl IntoIterator<Item = &'a Identifier>) -> Self {
        let mut needles = Self { words: BTreeSet::new(), patterns: BTreeSet::new() };
        for identifier in identifiers {
            needles.add(identifier);
        }
        needles
    }

    /// Those that are in everything: where it is not known who is looked for.
    #[must_use]
    pub fn of_anyone() -> Self {
        Self { words: [String::new()].into(), patterns: ["%".to_owned()].into() }
    }

    fn add(&mut self, Identifier { kind, text }: &Identifier) {
        let like = |text: &str| text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        let mut pattern = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|part| like(part)).collect();
            self.patterns.insert(format!("%{}%", parts.join("%")));
        };
        let word = match (kind, text.split_once('/')) {
            (IdentifierKind::Account, Some((host, login))) => {
                pattern(&[text]);
                pattern(&[&format!("@{login}")]);
                pattern(&[&format!("/users/{login}")]);
                // a branch, perhaps one of a fork
                pattern(&[&format!("{login}/")]);
                pattern(&[&format!("{login}:")]);
                pattern(&[&format!("{login}@users.noreply.{host}")]);
                login
            }
            (IdentifierKind::Name, _) => {
                pattern(&text.split(' ').collect::<Vec<_>>());
                text
            }
            _ => {
                pattern(&[text]);
                // many addresses have the domain
                text.split('@').next().unwrap_or(text)
            }
        };
        // JSON may write other letters in another way
        let plain = word.split(|letter: char| !letter.is_ascii_alphanumeric()).max_by_key(|part| part.len());
        self.words.insert(plain.unwrap_or_default().to_owned());
    }

    /// Patterns for SQL's `like`, in lower case, of which a text that names the person has at least one.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        self.patterns.iter().cloned().collect()
    }

    /// Whether bytes may name the person.
    #[must_use]
    pub fn may_be_in(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
        self.words.iter().any(|word| text.contains(word.as_str()))
    }
}
