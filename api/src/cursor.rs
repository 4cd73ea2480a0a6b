//! Cursors: a position in a list, as an opaque text. A cursor names the last row that was read, so a page
//! after it is the same whatever was inserted before it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use store::queries::{FindingKey, TimeKey};

/// What a cursor may be, in words.
pub const EXPECTED: &str = "a cursor out of an earlier answer, unchanged";

/// A position in a list that a cursor can name.
pub trait ListPosition: Sized {
    /// The texts that make it up.
    fn parts(&self) -> Vec<String>;
    /// From those texts.
    fn from_parts(parts: Vec<String>) -> Option<Self>;

    /// As a cursor.
    fn cursor(&self) -> String {
        let parts = serde_json::Value::from(self.parts());
        URL_SAFE_NO_PAD.encode(parts.to_string())
    }

    /// Decodes a cursor; `None` if it is not one of this list.
    fn read(cursor: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let parts: Vec<String> = serde_json::from_slice(&json).ok()?;
        // PostgreSQL's texts hold no NUL
        if parts.iter().any(|part| part.contains('\0')) {
            return None;
        }
        Self::from_parts(parts)
    }
}

impl ListPosition for TimeKey {
    fn parts(&self) -> Vec<String> {
        vec![self.at.timestamp_micros().to_string(), self.service.clone(), self.id.clone()]
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        let [at, service, id] = parts.try_into().ok()?;
        let at = DateTime::<Utc>::from_timestamp_micros(at.parse().ok()?)?;
        kernel::plausible_instant(at).then_some(Self { at, service, id })
    }
}

impl ListPosition for FindingKey {
    fn parts(&self) -> Vec<String> {
        vec![self.service.clone(), self.kind.clone(), self.subject.clone()]
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        let [service, kind, subject] = parts.try_into().ok()?;
        Some(Self { service, kind, subject })
    }
}

impl ListPosition for i64 {
    fn parts(&self) -> Vec<String> {
        vec![self.to_string()]
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        let [number] = parts.try_into().ok()?;
        number.parse().ok()
    }
}

impl ListPosition for String {
    fn parts(&self) -> Vec<String> {
        vec![self.clone()]
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        let [name] = parts.try_into().ok()?;
        Some(name)
    }
}

impl ListPosition for Vec<String> {
    fn parts(&self) -> Vec<String> {
        self.clone()
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        Some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_cursor_and_a_forged_cursor_is_refused() {
        let place = TimeKey {
            at: "2026-02-28T12:00:00.123456Z".parse().unwrap(),
            service: "shöp/\"x\"".to_owned(),
            id: "github.com/a/b#7".to_owned(),
        };
        assert_eq!(TimeKey::read(&place.cursor()), Some(place.clone()));
        assert!(place.cursor().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        for forged in
            ["", "x", "WzFd", "....", &"shop".to_owned().cursor(), &URL_SAFE_NO_PAD.encode(r#"["1","\u0000",""]"#)]
        {
            assert_eq!(TimeKey::read(forged), None, "{forged}");
        }
    }
}
